//! What became of each input that is not in the result, and why.

use super::{Chain, Choice, LeafPart, Parts, same_purpose};
use crate::finding::{Finding, Severity, id};
use crate::inputs::{Input, State};

/// Says what became of one input: used, left out with a reason, or named without a use.
pub(super) fn account_for(
    choice: &mut Choice,
    parts: &Parts,
    index: usize,
    input: &Input,
    chain: Chain,
) {
    let used = choice.leaf_sources.contains(&index) || choice.key_sources.contains(&index);
    let in_chain = |part: &LeafPart| choice.identity.chain().contains(&part.certificate);
    let from_here = |sources: &[usize]| sources.contains(&index);
    if used
        || parts
            .authorities
            .iter()
            .any(|part| from_here(&part.sources) && in_chain(part))
    {
        return;
    }
    if let Some(error) = input.trouble() {
        match &input.state {
            State::Locked { tried: false, .. } => {
                let reason = "locked: give its passphrase with --passin".to_string();
                choice.left_out.push((index, reason));
            }
            _ => choice.left_out.push((index, error.cause().to_string())),
        }
        return;
    }
    let (reason, excused) = reason_left_out(choice, parts, index, input, chain);
    if input.named && !excused {
        let name = input.name();
        choice.unused.push(
            Finding::new(
                id::UNUSED_INPUT,
                Severity::Critical,
                format!("{name} has no use here: {reason}"),
            )
            .in_path(name),
        );
    } else {
        choice.left_out.push((index, reason));
    }
}

/// The reason, and whether a named file is excused by it (it lost to a later certificate or to a flag).
fn reason_left_out(
    choice: &Choice,
    parts: &Parts,
    index: usize,
    input: &Input,
    chain: Chain,
) -> (String, bool) {
    let leaf = parts
        .leaves
        .iter()
        .find(|part| part.sources.contains(&index));
    if let Some(leaf) = leaf {
        let certificate = &leaf.certificate;
        let wanted = certificate.public_key.spki_sha256.short();
        return match parts.key_for(certificate) {
            None if certificate.kind.is_push() => {
                (format!("its key is not here (SPKI {wanted})"), false)
            }
            _ if !certificate.kind.is_push() => (certificate.kind.describe().to_string(), false),
            _ if same_purpose(certificate, choice.identity.leaf())
                && choice.identity.leaf().not_after > certificate.not_after =>
            {
                ("a certificate that expires later is here".to_string(), true)
            }
            _ => ("another identity was chosen".to_string(), true),
        };
    }
    if let Some(key) = parts.keys.iter().find(|part| part.sources.contains(&index)) {
        let spki = key.key.public_key().spki_sha256;
        let lost = parts
            .leaves
            .iter()
            .any(|leaf| leaf.certificate.public_key.spki_sha256 == spki);
        return match lost {
            true => (
                "the key of an identity that was not chosen".to_string(),
                true,
            ),
            false => (
                format!(
                    "no certificate for this key is here (SPKI {})",
                    spki.short()
                ),
                false,
            ),
        };
    }
    if parts
        .authorities
        .iter()
        .any(|part| part.sources.contains(&index))
    {
        return match chain {
            Chain::None => ("a CA certificate, left out by --no-chain".to_string(), true),
            _ => (
                "a CA certificate outside the leaf's chain".to_string(),
                false,
            ),
        };
    }
    let contents = input.contents();
    let reason = match contents {
        Some(contents) if contents.profile.is_some() => {
            "a provisioning profile, which no server loads"
        }
        Some(contents) if !contents.crls.is_empty() => "a revocation list",
        _ => "a request; the certificate made from it is what counts",
    };
    (reason.to_string(), false)
}
