//! What several files have in common: the same certificate twice, one key under several certificates.

use crate::certificate::Certificate;
use crate::container::Contents;
use crate::finding::{Finding, Severity, id};
use crate::public_key::Fingerprint;
use std::collections::HashMap;

/// For each file (its path and what is readable of it) what its leaves share with those of the others.
pub fn across(files: &[(String, Option<&Contents>)]) -> Vec<Vec<Finding>> {
    let mut by_key: HashMap<Fingerprint, Vec<(usize, &Certificate)>> = HashMap::new();
    for (index, (_, contents)) in files.iter().enumerate() {
        for certificate in leaves(*contents) {
            let same_key = by_key
                .entry(certificate.public_key.spki_sha256)
                .or_default();
            same_key.push((index, certificate));
        }
    }
    let path = |index: usize| files.get(index).map_or("", |(path, _)| path.as_str());
    let of_file = |(index, (_, contents)): (usize, &(String, Option<&Contents>))| {
        let mut findings = Vec::new();
        for certificate in leaves(*contents) {
            let others = by_key.get(&certificate.public_key.spki_sha256);
            let others = others.into_iter().flatten().filter(|(at, _)| *at != index);
            let (same, renewed): (Vec<_>, Vec<_>) =
                others.partition(|(_, other)| *other == certificate);
            if let Some((at, _)) = same.first() {
                let message = format!("the same certificate is in {}", path(*at));
                findings.push(about(certificate, id::DUPLICATE_CERTIFICATE, message));
            }
            if let Some((at, other)) = renewed.first() {
                let message = format!(
                    "it has the same key as {} (until {}) in {}",
                    other.title(),
                    other.not_after.date(),
                    path(*at)
                );
                findings.push(about(certificate, id::SAME_KEY_AS, message));
            }
        }
        findings
    };
    files.iter().enumerate().map(of_file).collect()
}

fn leaves(contents: Option<&Contents>) -> impl Iterator<Item = &Certificate> {
    contents
        .into_iter()
        .flat_map(|contents| &contents.certificates)
        .map(|part| &part.certificate)
        .filter(|certificate| !certificate.is_ca)
}

fn about(certificate: &Certificate, id: &'static str, message: String) -> Finding {
    Finding {
        identity: Some(certificate.sha256.to_string()),
        ..Finding::new(id, Severity::Info, message)
    }
}
