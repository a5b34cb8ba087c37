//! Why a handshake led to no connection to send over, in the words of a sender.

use crate::dictionary::{self, Kind};
use crate::finding::{Finding, Severity, id};
use crate::live::{Handshake, Stage, Verdict};

/// What was found: a refusal of the certificate is a no, everything else could not be told.
pub(super) fn findings(handshake: &Handshake) -> Vec<Finding> {
    let mut findings: Vec<Finding> = handshake.findings.clone();
    for finding in &mut findings {
        // A server that is not verified is not sent to, which is no word about certificate or notification.
        finding.severity = Severity::Unknown;
    }
    if handshake.verdict == Verdict::Rejected {
        findings.insert(0, rejected(handshake));
    } else if findings.is_empty() {
        findings.push(unreachable(handshake));
    }
    findings
}

fn rejected(handshake: &Handshake) -> Finding {
    let message = format!("{}: {}", host(handshake), handshake.explanation());
    let finding = Finding::new(id::REJECTED, Severity::Critical, message);
    let entry = handshake
        .alert
        .and_then(|alert| dictionary::find(Kind::Alert, alert.name));
    match entry {
        Some(entry) => finding.with_hint(entry.next),
        None => finding,
    }
}

fn unreachable(handshake: &Handshake) -> Finding {
    let (host, reason) = (
        host(handshake),
        handshake.reason.as_deref().unwrap_or("no reason is known"),
    );
    let message = match handshake.failed_stage {
        Some(Stage::Dns | Stage::Tcp) => format!("{host} does not answer: {reason}"),
        Some(Stage::Tls) => format!("the handshake with {host} failed: {reason}"),
        Some(Stage::Proxy) | None => reason.to_owned(),
    };
    Finding::new(id::UNREACHABLE, Severity::Unknown, message)
}

fn host(handshake: &Handshake) -> String {
    format!("{}:{}", handshake.host, handshake.port)
}
