//! The JSON documents: the envelope of every command and the shapes that several of them share.

use super::escape;
use super::words::rfc3339;
use crate::certificate::{Certificate, Name, Topic};
use crate::container::{KeyPart, pem};
use crate::crl::Crl;
use crate::finding::{Finding, Status};
use crate::issuer::Issuer;
use crate::public_key::PublicKey;
use crate::request::Request;
use crate::validity::days_remaining;
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use time::OffsetDateTime;

/// The version of the shapes.
pub const SCHEMA_VERSION: u32 = 1;

/// The document of a command: its envelope, then its own part.
pub fn envelope(
    command: &str,
    status: Status,
    exit_code: u8,
    findings: &[Finding],
    own: Map<String, Value>,
) -> Value {
    let mut document = Map::new();
    document.insert("schema_version".into(), json!(SCHEMA_VERSION));
    document.insert("command".into(), json!(command));
    document.insert("status".into(), json!(status.as_str()));
    document.insert("exit_code".into(), json!(exit_code));
    document.insert("findings".into(), findings.iter().map(finding).collect());
    document.extend(own);
    Value::Object(document)
}

/// A finding; what it does not have is left out.
pub fn finding(finding: &Finding) -> Value {
    let mut value = json!({
        "id": finding.id,
        "severity": finding.severity.as_str(),
        "message": finding.message,
    });
    for (key, content) in [
        ("hint", &finding.hint),
        ("path", &finding.path),
        ("identity", &finding.identity),
    ] {
        if let (Some(content), Some(map)) = (content, value.as_object_mut()) {
            map.insert(key.into(), json!(content));
        }
    }
    value
}

/// A certificate with everything that was read from it.
pub fn certificate(
    certificate: &Certificate,
    friendly_name: Option<&str>,
    now: OffsetDateTime,
) -> Value {
    let environments: Vec<&str> = certificate
        .environments
        .iter()
        .map(|e| e.as_str())
        .collect();
    json!({
        "sha256": certificate.sha256.to_string(),
        "spki_sha256": certificate.public_key.spki_sha256.to_string(),
        "subject": name(&certificate.subject),
        "issuer": {
            "common_name": certificate.issuer.common_name,
            "organizational_unit": certificate.issuer.organizational_unit,
            "text": certificate.issuer.text,
        },
        "serial_number": certificate.serial_number,
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "days_remaining": days_remaining(certificate.not_after, now),
        "signature_algorithm": certificate.signature_algorithm,
        "key": public_key(&certificate.public_key),
        "kind": certificate.kind.as_str(),
        "environments": environments,
        "topics": certificate.topics.iter().map(topic).collect::<Vec<_>>(),
        "team_id": certificate.team_id,
        "bundle_id": certificate.bundle_id,
        "apple_extensions": certificate.unexplained.iter()
            .map(|(oid, value)| json!({ "oid": oid, "value": value }))
            .collect::<Vec<_>>(),
        "issued_by": Issuer::of(certificate).id(),
        "friendly_name": friendly_name,
        "pem": pem::encode_certificate(certificate),
    })
}

/// A private key's public facts.
pub fn key(part: &KeyPart, encrypted: bool) -> Value {
    let public = part.key.public_key();
    json!({
        "algorithm": public.algorithm,
        "bits": public.bits,
        "curve": public.curve,
        "encrypted": encrypted,
        "spki_sha256": public.spki_sha256.to_string(),
        "friendly_name": part.friendly_name,
    })
}

/// A request.
pub fn request(request: &Request) -> Value {
    json!({
        "subject": name(&request.subject),
        "email": request.subject.email,
        "key": public_key(&request.public_key),
        "spki_sha256": request.public_key.spki_sha256.to_string(),
        "signature_valid": request.signature_valid,
    })
}

/// A revocation list.
pub fn crl(crl: &Crl) -> Value {
    json!({
        "issuer": name(&crl.issuer),
        "this_update": rfc3339(crl.this_update),
        "next_update": crl.next_update.map(rfc3339),
        "entries": crl.entries,
    })
}

fn name(name: &Name) -> Value {
    json!({
        "common_name": name.common_name,
        "user_id": name.user_id,
        "organizational_unit": name.organizational_unit,
        "organization": name.organization,
        "country": name.country,
        "text": name.text,
    })
}

fn public_key(key: &PublicKey) -> Value {
    json!({ "algorithm": key.algorithm, "bits": key.bits, "curve": key.curve })
}

fn topic(topic: &Topic) -> Value {
    json!({ "topic": topic.name, "kinds": topic.kinds })
}

/// A document as it is printed: indented, and harmless where a terminal shows it.
pub fn text(document: &Value) -> String {
    escape::json(&format!("{document:#}\n"))
}

/// A command's own part with a single key.
pub fn part(key: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(key.to_string(), value)])
}

/// A list too long to be made as a tree, which takes many times the memory of its text.
pub struct List {
    /// Its key, which the document has with null.
    pub key: &'static str,
    /// The documents in it, indented.
    pub items: Vec<String>,
}

impl List {
    /// Writes a document with the list in its place.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn write_into(&self, document: &Value, to: &mut impl Write) -> io::Result<()> {
        let text = text(document);
        // JSON has no line breaks in its strings: only the key itself stands so at the beginning of a line.
        let place = format!("\n  \"{}\": null", self.key);
        let Some((head, tail)) = text.split_once(&place) else {
            return to.write_all(text.as_bytes());
        };
        write!(to, "{head}\n  \"{}\": [", self.key)?;
        let mut comma = "";
        for item in &self.items {
            let indented = escape::json(item).replace('\n', "\n    ");
            write!(to, "{comma}\n    {indented}")?;
            comma = ",";
        }
        let close = if comma.is_empty() { "" } else { "\n  " };
        write!(to, "{close}]{tail}")
    }
}
