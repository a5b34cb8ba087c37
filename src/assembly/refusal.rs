//! Why no identity came out: what each certificate and each key lacks, or that the flags rule it out.

use super::{LeafPart, Parts, Wishes};
use crate::finding::{Finding, Severity, id};
use crate::inputs::Input;

pub(super) fn nothing_fits(inputs: &[Input], parts: &Parts) -> Vec<Finding> {
    let path = |sources: &[usize]| {
        sources
            .first()
            .and_then(|index| inputs.get(*index))
            .map(Input::name)
            .unwrap_or_default()
    };
    let mut findings = Vec::new();
    for leaf in &parts.leaves {
        let certificate = &leaf.certificate;
        let wanted = certificate.public_key.spki_sha256.short();
        let (id, message) = match parts.keys.as_slice() {
            [] => (
                id::NO_KEY,
                format!(
                    "no private key is here; the certificate {} wants the key with SPKI {wanted}",
                    certificate.title()
                ),
            ),
            keys => {
                let here: Vec<String> = keys
                    .iter()
                    .map(|k| k.key.public_key().spki_sha256.short())
                    .collect();
                (
                    id::KEY_MISMATCH,
                    format!(
                        "the private key does not fit the certificate (key SPKI {}, certificate wants {wanted})",
                        here.join(", ")
                    ),
                )
            }
        };
        findings.push(
            Finding {
                identity: Some(certificate.sha256.to_string()),
                ..Finding::new(id, Severity::Critical, message)
            }
            .in_path(path(&leaf.sources)),
        );
    }
    if parts.leaves.is_empty() {
        for key in &parts.keys {
            let public = key.key.public_key();
            let (message, hint) = if public.algorithm == "EC" {
                (
                    format!(
                        "is a token-signing key ({}), not a certificate's key",
                        public.describe()
                    ),
                    "token authentication needs no ck.pem; give the .p8 to the server together with its key id and the team id",
                )
            } else {
                (
                    format!(
                        "no certificate for this key is here (SPKI {})",
                        public.spki_sha256.short()
                    ),
                    "download the certificate that was made from its request at the portal",
                )
            };
            findings.push(
                Finding::new(id::NO_CERTIFICATE, Severity::Critical, message)
                    .with_hint(hint)
                    .in_path(path(&key.sources)),
            );
        }
    }
    findings
}

pub(super) fn none_wanted(
    inputs: &[Input],
    identities: &[&LeafPart],
    wishes: &Wishes,
) -> Vec<Finding> {
    identities
        .iter()
        .map(|leaf| {
            let certificate = &leaf.certificate;
            let path = leaf
                .sources
                .first()
                .and_then(|index| inputs.get(*index))
                .map(Input::name);
            let environments: Vec<&str> = certificate
                .environments
                .iter()
                .map(|e| e.as_str())
                .collect();
            let (id, message) = if wishes.certificate.is_none() && !certificate.kind.is_push() {
                (
                    id::NOT_A_PUSH_CERTIFICATE,
                    format!("{} is {}", certificate.title(), certificate.kind.describe()),
                )
            } else {
                (
                    id::NOT_WANTED,
                    format!(
                        "{} ({}, SHA-256 {}) is not what the flags ask for",
                        certificate.topic_names().join(", "),
                        environments.join(" + "),
                        certificate.sha256.short()
                    ),
                )
            };
            Finding {
                path,
                identity: Some(certificate.sha256.to_string()),
                ..Finding::new(id, Severity::Critical, message)
            }
        })
        .collect()
}
