//! The next thing to type about a finding, ready to paste with the user's own path.

use crate::finding::{Finding, Severity, id};
use crate::report::words::{renewal, shell};

/// Adds what to do next to findings that do not say it themselves.
pub(super) fn add(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.hint.is_none()) {
        finding.hint = hint(finding);
    }
}

fn hint(finding: &Finding) -> Option<String> {
    let path = shell(finding.path.as_deref().unwrap_or("FILE"));
    Some(match finding.id {
        id::NO_KEY | id::KEY_MISMATCH => {
            "pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)".to_string()
        }
        // A finding about a certificate names it.
        id::EXPIRED | id::EXPIRING if finding.identity.is_none() => {
            "make the profile anew at the developer portal, and sign the next build with it"
                .to_string()
        }
        id::EXPIRED | id::EXPIRING => renewal(None),
        id::NOT_WANTED => {
            format!("pushcert inspect {path}    (shows its topics, environments and SHA-256)")
        }
        id::LEAF_NOT_FIRST => format!("pushcert merge {path} -o ordered.pem"),
        id::NOT_SERVER_READABLE => format!("pushcert convert {path} -o clean.pem"),
        id::KEY_WORLD_READABLE => format!("chmod 600 {path}"),
        id::LEGACY_ENCRYPTION => format!("pushcert convert {path} --to p12 -o modern.p12"),
        id::TRAILING_BYTES | id::REPAIRED_INPUT => format!("pushcert convert {path} -o clean.pem"),
        _ if matches!(finding.severity, Severity::Info) => return None,
        other => format!("pushcert explain {other}"),
    })
}
