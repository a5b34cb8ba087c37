//! The next thing to type after a check; none where the job is done.

use super::endpoint::address;
use crate::apple::Service;
use crate::check::Checked;
use crate::dictionary::{self, Answer};
use crate::finding::{Finding, Severity, Status, id};
use crate::issuer::Issuer;
use crate::live::{Protocol, Verdict};
use crate::report::words;
use time::{Duration, OffsetDateTime};

/// The command to type, with the file's path as a shell takes it.
pub(super) fn next(checked: &Checked, path: &str) -> Option<String> {
    let find = |id: &str| checked.findings.iter().find(|finding| finding.id == id);
    let has = |id: &str| find(id).is_some();
    // A profile expires too, and a new certificate does not help it.
    let ends = [id::EXPIRED, id::EXPIRING].iter().any(|id| {
        let of_leaf = |finding: &&Finding| finding.id == *id && finding.identity.is_some();
        checked.findings.iter().any(|finding| of_leaf(&finding))
    });
    // What came on stdin has no place where a rotation could put its successor.
    let is_whole =
        checked.subject.key.is_some() && checked.subject.key_source.is_none() && path != "-";
    if has(id::NOT_A_PUSH_CERTIFICATE) {
        return Some(format!("pushcert explain {}", id::NOT_A_PUSH_CERTIFICATE));
    }
    if ends && is_whole {
        return Some(format!("pushcert rotate start {path}"));
    }
    if has("locked") || has("wrong-passphrase") {
        return Some(format!("pushcert check {path} --passin prompt"));
    }
    if ends {
        return Some(words::renewal(None));
    }
    if has(id::LEAF_NOT_FIRST) {
        return Some(format!("pushcert merge {path} -o ordered.pem"));
    }
    if has(id::NOT_SERVER_READABLE) {
        return Some(format!("pushcert convert {path} -o clean.pem"));
    }
    if has(id::NO_KEY) || has(id::KEY_MISMATCH) {
        return Some(
            "pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)".to_string(),
        );
    }
    let of_service = |service: Service| {
        checked
            .asked
            .iter()
            .any(|asked| asked.endpoint.counts && asked.endpoint.service() == Some(service))
    };
    let silent = |asked: &&crate::check::Asked| {
        asked.endpoint.counts && asked.handshake.verdict == Verdict::Unreachable
    };
    if checked.status == Status::Ok || checked.status == Status::Warning {
        let readable = find(id::KEY_WORLD_READABLE)?;
        let file = words::shell(readable.path.as_deref()?);
        return Some(format!("chmod 600 {file}"));
    }
    if of_service(Service::Legacy) || of_service(Service::Broadcast) {
        let what = "asks the HTTP/2 API and what Apple runs on port 2195 now";
        return Some(format!("pushcert check {path}    ({what})"));
    }
    if has(id::NO_ROOTS) {
        return Some(
            "apt-get install ca-certificates    (or name the CA with --ca-file)".to_string(),
        );
    }
    let unverified = checked.asked.iter().find(|asked| {
        let tls = asked.handshake.tls.as_ref();
        tls.is_some_and(|tls| tls.server_verify_error.is_some()) && asked.endpoint.apple.is_none()
    });
    if let Some(asked) = unverified {
        let tls = asked.handshake.tls.as_ref();
        if !tls.is_some_and(|tls| tls.server_untrusted) {
            return Some(words::ABOUT_SERVER.to_owned());
        }
        let gateway = address(asked);
        return Some(format!(
            "pushcert check {path} --gateway {gateway} --ca-file CA.pem    (names the CA of a private gateway)"
        ));
    }
    let unprobed = checked
        .asked
        .iter()
        .any(|asked| asked.handshake.protocol == Protocol::Http2 && !asked.handshake.probe.sent);
    if has(id::UNPROVEN) && unprobed {
        return Some("the same without --no-probe    (the probe can reach nobody)".to_string());
    }
    let asked_apple = checked
        .asked
        .iter()
        .any(|asked| asked.endpoint.apple.is_some());
    if asked_apple && matches!(Issuer::of(&checked.subject.leaf), Issuer::Lab) {
        let lab = words::check_at_lab(path);
        return Some(format!(
            "{lab}    (its issuer has the name of a lab's; pushcert lab gateway answers there)"
        ));
    }
    if checked.asked.iter().any(|asked| silent(&asked)) {
        return Some(format!(
            "pushcert check {path} --offline    (what can be told without a gateway)"
        ));
    }
    code(checked).map(|code| format!("pushcert explain {code}"))
}

/// What `explain` can tell more about: the answer that refused the certificate, else the worst that was found.
fn code(checked: &Checked) -> Option<&str> {
    let rejected = checked
        .asked
        .iter()
        .filter(|asked| asked.handshake.verdict == Verdict::Rejected);
    let mut answers = rejected.filter_map(|asked| {
        let alert = asked.handshake.alert.as_ref().map(|alert| alert.name);
        alert.or(asked.handshake.probe.reason.as_deref())
    });
    let known = |code: &&str| matches!(dictionary::explain(code), Answer::Known(_));
    let critical = |finding: &&Finding| finding.severity == Severity::Critical;
    let finding = checked.findings.iter().find(critical);
    answers.find(known).or(finding.map(|finding| finding.id))
}

/// How new a certificate is that has just taken another's place.
const NEW: Duration = Duration::days(30);

/// What a renewal needs that no check can see: said only where Apple accepts a certificate that is new.
pub(super) fn note(checked: &Checked, now: OffsetDateTime) -> Option<&'static str> {
    let is_new = now - checked.subject.leaf.not_before < NEW;
    let by_apple = checked.asked.iter().any(|asked| {
        asked.endpoint.apple.is_some() && asked.handshake.verdict == Verdict::Accepted
    });
    let good = matches!(checked.status, Status::Ok | Status::Warning);
    (good && is_new && by_apple).then_some(
        "a sender that was running before keeps the certificate it has loaded: restart it",
    )
}
