//! SARIF 2.1.0, for code scanning: a result for every row that needs attention. Nothing in it changes from one day to the next
//! while the certificates stay as they are, so that an alert stays the same alert.

use super::Outcome;
use crate::dictionary::{self, Kind};
use crate::expiry::Row;
use crate::finding::{Finding, Severity};
use crate::public_key::Fingerprint;
use crate::report::escape;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Component, Path};

/// The log.
pub fn log(outcome: &Outcome) -> String {
    let mut rules: Vec<&'static str> = Vec::new();
    let mut results = Vec::new();
    let mut seen = HashSet::new();
    for row in outcome.urgent() {
        let Some(finding) = row.finding() else {
            continue;
        };
        let fingerprint = fingerprint(row, &finding);
        // The same certificate twice in one file is one problem in one place.
        if !seen.insert((fingerprint, row.path.as_path())) {
            continue;
        }
        let rule = rules.iter().position(|id| *id == finding.id);
        let rule = rule.unwrap_or_else(|| {
            rules.push(finding.id);
            rules.len() - 1
        });
        results.push(result(row, &finding, fingerprint, rule));
    }
    let rules: Vec<Value> = rules.into_iter().map(self::rule).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pushcert",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(row: &Row, finding: &Finding, fingerprint: Fingerprint, rule: usize) -> Value {
    json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": plain(&escape::data(&finding.message)) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&row.path) },
            // Code scanning wants a line, and a certificate has no other.
            "region": { "startLine": 1 },
        } }],
        "partialFingerprints": {
            "certificateAndRule/v1": fingerprint.to_string(),
            // The one that GitHub compares; without it the bytes of the line would be hashed.
            "primaryLocationLineHash": format!("{:.16}:1", fingerprint.to_string()),
        },
    })
}

/// What makes two results the same: the certificate and the rule; where no certificate could be read, its place.
fn fingerprint(row: &Row, finding: &Finding) -> Fingerprint {
    let what = match (&finding.identity, row.dated()) {
        (Some(sha256), _) => sha256.clone(),
        (None, Some(dated)) if dated.serial_number.is_some() => {
            dated.serial_number.clone().unwrap_or_default()
        }
        _ => row.name(),
    };
    Fingerprint::of(format!("{}\n{what}", finding.id).as_bytes())
}

/// A finding's entry in the dictionary.
fn rule(id: &'static str) -> Value {
    let Some(entry) = dictionary::find(Kind::Finding, id) else {
        return json!({ "id": id });
    };
    let help = format!("Likely cause: {}.\nNext: {}", entry.cause, entry.next);
    let level = match entry.source.starts_with("warning") {
        true => "warning",
        false => "error",
    };
    json!({
        "id": id,
        "shortDescription": { "text": plain(&sentence(entry.meaning)) },
        "fullDescription": { "text": plain(&format!("{} Likely cause: {}.", sentence(entry.meaning), entry.cause)) },
        "help": { "text": plain(&help) },
        "defaultConfiguration": { "level": level },
        "properties": { "tags": ["certificate", "expiry"] },
    })
}

/// What could not be told may have ended already.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::Unknown => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase());
    first
        .into_iter()
        .flatten()
        .chain(characters)
        .collect::<String>()
        + "."
}

/// Text as a plain message takes it: no placeholder (SARIF 3.11.5), no embedded link (3.11.6).
fn plain(text: &str) -> String {
    text.replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "] (")
}

/// The path as a URI reference: relative as the path is, `/` between the parts, every byte that is not unreserved in percent.
fn uri(path: &Path) -> String {
    let mut parts = Vec::new();
    let mut root = "";
    for component in path.components() {
        match component {
            Component::RootDir => root = "file:///",
            Component::Normal(part) => parts.push(percent(part.as_encoded_bytes())),
            Component::ParentDir => parts.push("..".to_string()),
            Component::Prefix(_) | Component::CurDir => {}
        }
    }
    match (root, parts.is_empty()) {
        ("", true) => ".".to_string(),
        _ => format!("{root}{}", parts.join("/")),
    }
}

fn percent(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}
