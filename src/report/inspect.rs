//! What `inspect` says of files: one block per file in text, one entry per file in JSON.

use super::{escape, json, profile, words};
use crate::apple::Service;
use crate::certificate::Certificate;
use crate::container::{CertificatePart, Contents, JAVA_KEYSTORE, KeyPart, Protection};
use crate::crl::Crl;
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::inputs::{Input, State};
use crate::issuer::Issuer;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// A file with what was found about it.
pub struct Inspected<'a> {
    /// The file.
    pub input: &'a Input,
    /// What is wrong or worth knowing about it, and why it could not be read.
    pub findings: Vec<Finding>,
}

/// The text of all files. `all` is asked which key fits which certificate.
pub fn text(files: &[Inspected], all: &[Input], now: OffsetDateTime) -> String {
    let blocks: Vec<String> = files.iter().map(|file| block(file, all, now)).collect();
    blocks.join("\n")
}

fn block(file: &Inspected, all: &[Input], now: OffsetDateTime) -> String {
    let path = escape::text(&file.input.name());
    let Some(contents) = file.input.contents() else {
        let reason = file
            .input
            .trouble()
            .map(|e| e.cause().to_string())
            .unwrap_or_default();
        let next = next(&file.findings)
            .map(|next| words::columns(&[("next".to_string(), escape::text(next))]));
        return format!(
            "{path}   not read: {}\n{}",
            escape::text(&reason),
            next.unwrap_or_default()
        );
    };
    let mut rows = vec![("file".to_string(), contents.description.clone())];
    for part in &contents.certificates {
        certificate_rows(part, contents, all, &mut rows);
    }
    for part in &contents.keys {
        rows.push(("key".to_string(), key_fact(part, contents, all)));
    }
    for request in &contents.requests {
        let proof = if request.signature_valid {
            "signature valid"
        } else {
            "signature not valid"
        };
        rows.push((
            "request".to_string(),
            format!("{}, {proof}", escape::text(&request.subject.text)),
        ));
        rows.push((
            "key".to_string(),
            format!(
                "{}, SPKI {}…",
                request.public_key.describe(),
                request.public_key.spki_sha256.short()
            ),
        ));
    }
    for crl in &contents.crls {
        rows.push(("list".to_string(), crl_fact(crl)));
    }
    if let Some(signed) = &contents.profile {
        rows.extend(profile::rows(signed));
    }
    let repeats = |finding: &&Finding| {
        contents.leaf().is_some() || !matches!(finding.id, "locked" | "wrong-passphrase")
    };
    rows.extend(file.findings.iter().filter(repeats).map(words::finding_row));
    rows.extend(next(&file.findings).map(|next| ("next".to_string(), escape::text(next))));
    format!(
        "{path}   {}\n{}",
        headline(file.input, contents, now),
        words::columns(&rows)
    )
}

/// What to type about the worst of the findings that need something done.
fn next(findings: &[Finding]) -> Option<&str> {
    [Severity::Critical, Severity::Unknown, Severity::Warning]
        .into_iter()
        .flat_map(|severity| {
            findings
                .iter()
                .filter(move |finding| finding.severity == severity)
        })
        .find_map(|finding| finding.hint.as_deref())
}

fn headline(input: &Input, contents: &Contents, now: OffsetDateTime) -> String {
    if let Some(leaf) = contents.leaf() {
        return words::summary(leaf, now);
    }
    if matches!(input.state, State::Locked { .. }) {
        let why = input.trouble().map(|e| e.cause().to_string());
        return why.unwrap_or_default();
    }
    if let Some(signed) = &contents.profile {
        return profile::headline(signed, now);
    }
    match (contents.keys.len(), contents.requests.len()) {
        (0, 0) => "a certificate revocation list".to_string(),
        (0, _) => "a request".to_string(),
        (1, _) => "one key, no certificate".to_string(),
        (n, _) => format!("{n} keys, no certificate"),
    }
}

fn certificate_rows(
    part: &CertificatePart,
    own: &Contents,
    all: &[Input],
    rows: &mut Vec<(String, String)>,
) {
    let certificate = &part.certificate;
    let mut add = |word: &str, fact: String| rows.push((word.to_string(), fact));
    let subject = certificate
        .subject
        .common_name
        .as_deref()
        .unwrap_or(&certificate.subject.text);
    add("subject", escape::text(subject));
    if certificate.is_ca {
        add("kind", certificate.describe().to_string());
    } else {
        if let Some(team) = &certificate.team_id {
            add("team", escape::text(team));
        }
        if !certificate.topics.is_empty() {
            let topics: Vec<String> = certificate
                .topics
                .iter()
                .map(|topic| {
                    format!(
                        "{} ({})",
                        escape::text(&topic.name),
                        escape::text(&topic.kinds.join(", "))
                    )
                })
                .collect();
            add("topics", topics.join(", "));
        }
        for (oid, value) in &certificate.unexplained {
            let last = oid
                .rsplit_once(".100.")
                .map_or(oid.as_str(), |(_, last)| last);
            add(last, escape::text(value));
        }
        if certificate.kind.is_push() {
            let hosts: Vec<&str> = certificate
                .environments
                .iter()
                .map(|environment| Service::Api.host(*environment))
                .collect();
            add("hosts", hosts.join(", "));
        }
    }
    if own.certificates.len() > 1 {
        add(
            "validity",
            format!(
                "{} to {}",
                certificate.not_before.date(),
                certificate.not_after.date()
            ),
        );
    }
    add("issuer", issuer_fact(certificate));
    let key = &certificate.public_key;
    let fits = |contents: &Contents| {
        let mut keys = contents.keys.iter();
        keys.any(|part| part.key.public_key().spki_sha256 == key.spki_sha256)
    };
    let fit = match holder(own, all, fits) {
        Some(path) => format!(", its key is in {}", escape::text(&path)),
        None => String::new(),
    };
    add(
        "key",
        format!("{}, SPKI {}…{fit}", key.describe(), key.spki_sha256.short()),
    );
    add("sha256", certificate.sha256.to_string());
}

fn crl_fact(crl: &Crl) -> String {
    let next = crl
        .next_update
        .map(|next| format!(", next {}", next.date()));
    format!(
        "{} revoked, by {}, of {}{}",
        crl.entries,
        escape::text(&crl.issuer.text),
        crl.this_update.date(),
        next.unwrap_or_default()
    )
}

fn issuer_fact(certificate: &Certificate) -> String {
    match Issuer::of(certificate) {
        Issuer::Apple(authority) => format!("{}, proven by signature", authority.name),
        Issuer::Lab => format!("{}, of the lab", escape::text(&certificate.issuer.text)),
        Issuer::Unknown => format!(
            "{}, none of Apple's",
            escape::text(&certificate.issuer.text)
        ),
    }
}

fn key_fact(part: &KeyPart, own: &Contents, all: &[Input]) -> String {
    let public = part.key.public_key();
    let mut words = vec![public.describe()];
    if let Some(name) = &part.friendly_name {
        words.push(format!("\"{}\"", escape::text(name)));
    }
    if matches!(part.protection, Protection::Encrypted(_)) {
        words.push("encrypted".to_string());
    }
    words.push(format!("SPKI {}…", public.spki_sha256.short()));
    let fits = holder(own, all, |contents| {
        contents
            .certificates
            .iter()
            .any(|c| c.certificate.public_key.spki_sha256 == public.spki_sha256)
    });
    if let Some(path) = fits {
        words.push(format!("fits {}", escape::text(&path)));
    }
    words.join(", ")
}

/// Another file whose contents answer the question; none where the file itself does.
fn holder(own: &Contents, all: &[Input], question: impl Fn(&Contents) -> bool) -> Option<String> {
    if question(own) {
        return None;
    }
    all.iter()
        .find(|input| input.contents().is_some_and(&question))
        .map(Input::name)
}

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
