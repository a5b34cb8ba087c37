//! From what each endpoint answered to what each question is worth, and to one answer. Pure arithmetic.

use super::{Asked, Endpoint};
use crate::apple::Service;
use crate::finding::{Finding, Severity, Status, id};
use crate::live::Verdict;

/// What an endpoint answered to its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Nothing,
}

fn answer(asked: &Asked) -> Answer {
    let handshake = &asked.handshake;
    let broadcast = asked.endpoint.service() == Some(Service::Broadcast);
    match handshake.verdict {
        // Broadcast gets no probe, and nothing but an alert of its says anything about a certificate.
        Verdict::Rejected if broadcast && handshake.alert.is_none() => Answer::Nothing,
        Verdict::Rejected => Answer::No,
        Verdict::Accepted if !broadcast => Answer::Yes,
        _ => Answer::Nothing,
    }
}

/// Whether an endpoint that counts has settled the question of this one.
fn is_settled(asked: &[Asked], endpoint: &Endpoint) -> bool {
    asked
        .iter()
        .filter(|one| one.endpoint.counts && one.endpoint.question == endpoint.question)
        .any(|one| answer(one) != Answer::Nothing)
}

/// The findings that the endpoints add.
pub fn live_findings(asked: &[Asked]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in asked {
        let settled = is_settled(asked, &one.endpoint);
        for mut finding in of_endpoint(one) {
            let elsewhere = settled && finding.id == id::UNREACHABLE;
            if !one.endpoint.counts || elsewhere {
                finding.severity = Severity::Info;
            }
            findings.push(finding);
        }
    }
    findings
}

fn of_endpoint(asked: &Asked) -> Vec<Finding> {
    let handshake = &asked.handshake;
    let mut findings = handshake.findings.clone();
    let has_own = findings
        .iter()
        .any(|finding| finding.severity == Severity::Unknown);
    let (id, severity) = match (handshake.verdict, answer(asked)) {
        (_, Answer::Yes) => return findings,
        (_, Answer::No) => (id::REJECTED, Severity::Critical),
        (Verdict::NotRequested, _) => (id::NOT_REQUESTED, Severity::Unknown),
        _ if has_own => return findings,
        (Verdict::Unreachable, _) => (id::UNREACHABLE, Severity::Unknown),
        _ => (id::UNPROVEN, Severity::Unknown),
    };
    let message = format!("{}: {}", asked.endpoint.question, handshake.explanation());
    findings.push(Finding::new(id, severity, message));
    findings
}

/// The answer about one subject: critical findings and refusals beat a question without proof, which beats a warning.
pub fn status(findings: &[Finding], asked: &[Asked], offline: bool) -> Status {
    let worst = Status::of(findings);
    if offline {
        return worst;
    }
    let counting: Vec<&Asked> = asked.iter().filter(|one| one.endpoint.counts).collect();
    let refused = counting.iter().any(|one| answer(one) == Answer::No);
    let proven = |question: &str| {
        counting
            .iter()
            .any(|one| one.endpoint.question == question && answer(one) == Answer::Yes)
    };
    let open = counting.iter().any(|one| !proven(&one.endpoint.question));
    match (refused, open || counting.is_empty()) {
        (true, _) => Status::Critical,
        (false, true) => worst.worst(Status::Unknown),
        (false, false) => worst,
    }
}
