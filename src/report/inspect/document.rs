//! `inspect --json`: one entry per file.

use super::Inspected;
use crate::certificate::Certificate;
use crate::container::{Contents, JAVA_KEYSTORE, Protection};
use crate::error::Error;
use crate::inputs::Input;
use crate::report::{json, profile};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The `files[]` of JSON.
pub fn files(files: &[Inspected], now: OffsetDateTime) -> Vec<Value> {
    files.iter().map(|file| entry(file.input, now)).collect()
}

fn entry(input: &Input, now: OffsetDateTime) -> Value {
    let Some(contents) = input.contents() else {
        let keystore = |error: Error| matches!(error.cause(), Error::WrongKind { found, .. } if found == JAVA_KEYSTORE);
        let container = match input.trouble().is_some_and(keystore) {
            true => "jks",
            false => "unknown",
        };
        return json!({
            "path": input.name(), "container": container, "encrypted": false,
            "certificates": [], "keys": [], "requests": [], "crls": [], "identities": [],
        });
    };
    let encrypted = |protection: &Protection| *protection != Protection::Plain;
    let identities: Vec<Value> = contents
        .certificates
        .iter()
        .filter(|part| {
            contents.keys.iter().any(|key| {
                key.key.public_key().spki_sha256 == part.certificate.public_key.spki_sha256
            })
        })
        .map(|part| {
            let chain: Vec<String> =
                crate::identity::chain_of(&part.certificate, &authorities(contents))
                    .iter()
                    .map(|ca| ca.sha256.to_string())
                    .collect();
            json!({
                "certificate": part.certificate.sha256.to_string(),
                "key": part.certificate.public_key.spki_sha256.to_string(),
                "chain": chain,
            })
        })
        .collect();
    json!({
        "path": input.name(),
        "container": contents.format.as_str(),
        "encrypted": contents.encrypted,
        "certificates": contents.certificates.iter()
            .map(|part| json::certificate(&part.certificate, part.friendly_name.as_deref(), now))
            .collect::<Vec<_>>(),
        "keys": contents.keys.iter().map(|part| json::key(part, encrypted(&part.protection))).collect::<Vec<_>>(),
        "requests": contents.requests.iter().map(json::request).collect::<Vec<_>>(),
        "crls": contents.crls.iter().map(json::crl).collect::<Vec<_>>(),
        "identities": identities,
        "profile": contents.profile.as_ref().map(profile::document),
    })
}

fn authorities(contents: &Contents) -> Vec<Certificate> {
    contents
        .certificates
        .iter()
        .map(|part| part.certificate.clone())
        .filter(|certificate| certificate.is_ca)
        .collect()
}
