//! The first line of a check, which answers the question by itself.

use super::endpoint::address;
use crate::apple::Service;
use crate::check::{Asked, Checked};
use crate::finding::{Finding, Severity, Status, id};
use crate::live::{Stage, Verdict};
use crate::report::{escape, words};

/// The answer in one sentence, escaped.
pub(super) fn sentence(checked: &Checked, path: &str) -> String {
    let title = checked.subject.leaf.title();
    let counting: Vec<&Asked> = checked
        .asked
        .iter()
        .filter(|asked| asked.endpoint.counts)
        .collect();
    let first = |severity: Severity| {
        let mut all = checked.findings.iter().filter(|f| f.severity == severity);
        // No key makes a push certificate of it.
        let no_push = |finding: &&Finding| finding.id == id::NOT_A_PUSH_CERTIFICATE;
        let finding = all.clone().find(no_push).or_else(|| all.next());
        finding.map(|finding| finding.message.clone())
    };
    let accepted = acceptance(title, &counting);
    let plain = match checked.status {
        Status::Critical => match critical(title, &counting, &checked.findings) {
            Some(sentence) => Some(sentence),
            None => first(Severity::Critical).map(|message| match message.starts_with(title) {
                true => message,
                false => format!("{title}: {message}"),
            }),
        },
        Status::Unknown => match unknown(title, &counting, &checked.findings) {
            Some(sentence) => Some(sentence),
            None => first(Severity::Unknown).map(|message| format!("{title}: {message}")),
        },
        Status::Warning => first(Severity::Warning).map(|message| match &accepted {
            Some(accepted) => format!("{accepted}, but {message}"),
            None => format!("{title}: {message}"),
        }),
        Status::Ok => accepted,
    };
    let offline = || {
        let file = words::file(path);
        format!("{file} is good as far as it can be told offline")
    };
    escape::text(&plain.unwrap_or_else(offline))
}

/// Who accepts it, if anyone does.
fn acceptance(title: &str, counting: &[&Asked]) -> Option<String> {
    let hosts: Vec<String> = counting
        .iter()
        .filter(|asked| asked.handshake.verdict == Verdict::Accepted)
        .filter(|asked| asked.endpoint.service() != Some(Service::Broadcast))
        .map(|asked| address(asked))
        .collect();
    (!hosts.is_empty()).then(|| format!("{title} is accepted by {}", hosts.join(" and ")))
}

fn critical(title: &str, counting: &[&Asked], findings: &[Finding]) -> Option<String> {
    let rejected = counting
        .iter()
        .find(|asked| asked.handshake.verdict == Verdict::Rejected);
    if let Some(asked) = rejected {
        let probe = &asked.handshake.probe;
        let reason = match (&asked.handshake.alert, &probe.reason, probe.status) {
            (Some(alert), ..) => alert.name.replace('_', " "),
            (None, Some(reason), _) => reason.clone(),
            (None, None, Some(status)) => format!("HTTP status {status}"),
            (None, None, None) => {
                "the connection was closed after the certificate was sent".to_string()
            }
        };
        return Some(format!(
            "{title} is rejected by {}: {reason}",
            address(asked)
        ));
    }
    let critical = |id: &str| {
        let found = |finding: &&Finding| finding.id == id && finding.severity == Severity::Critical;
        findings.iter().find(found)
    };
    // A finding about the file itself weighs more than what a server is.
    let of_file = findings.iter().any(|finding| {
        finding.severity == Severity::Critical
            && ![id::SERVER_NOT_VERIFIED, id::TOPIC_REFUSED].contains(&finding.id)
    });
    let accepted = acceptance(title, counting).filter(|_| !of_file);
    if critical(id::TOPIC_REFUSED).is_some() {
        let reason = counting
            .iter()
            .find_map(|asked| asked.handshake.probe.reason.clone());
        let reason = reason.unwrap_or_default();
        return accepted.map(|accepted| format!("{accepted}, and its topic is not: {reason}"));
    }
    let unverified = critical(id::SERVER_NOT_VERIFIED)?;
    accepted.map(|accepted| format!("{accepted}, but {}", unverified.message))
}

fn unknown(title: &str, counting: &[&Asked], findings: &[Finding]) -> Option<String> {
    if findings.iter().any(|finding| finding.id == id::NO_ROOTS) {
        return Some(format!(
            "{title} was not checked: this machine has no CA store to verify a server with"
        ));
    }
    let open = counting.iter().find(|asked| {
        asked.handshake.verdict != Verdict::Accepted
            || asked.endpoint.service() == Some(Service::Broadcast)
    })?;
    let handshake = &open.handshake;
    let silent = |asked: &&&Asked| {
        let stage = asked.handshake.failed_stage;
        matches!(stage, Some(Stage::Dns | Stage::Tcp))
    };
    let silent: Vec<String> = counting
        .iter()
        .filter(silent)
        .map(|asked| address(asked))
        .collect();
    let host = address(open);
    let reason = handshake.reason.as_deref().unwrap_or_default();
    let open = match (handshake.verdict, handshake.failed_stage) {
        (Verdict::Unreachable, Some(Stage::Dns | Stage::Tcp)) => match silent.as_slice() {
            [one] => format!("{one} does not answer"),
            several => format!("{} do not answer", several.join(" and ")),
        },
        (Verdict::Unreachable, Some(Stage::Proxy)) => {
            format!("{host} is out of reach: {reason}")
        }
        (Verdict::Unreachable, _) => format!("the handshake with {host} failed: {reason}"),
        (Verdict::NotRequested, _) => format!("{host} never asked for a certificate"),
        _ => format!("{host} neither refused nor proved it"),
    };
    let dead = handshake.verdict == Verdict::Unreachable;
    Some(match acceptance(title, counting) {
        Some(accepted) => format!("{accepted}, but {open}"),
        None if dead => open,
        None => format!("{title} is not proven: {open}"),
    })
}
