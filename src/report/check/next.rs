//! The next thing to type after a check; none where the job is done.

use super::endpoint::address;
use crate::apple::Service;
use crate::check::Checked;
use crate::finding::{Status, id};
use crate::issuer::Issuer;
use crate::live::{Protocol, Verdict};
use crate::report::words;
use time::{Duration, OffsetDateTime};

/// The command to type, with the file's path as a shell takes it.
pub(super) fn next(checked: &Checked, path: &str) -> Option<String> {
    let has = |id: &str| checked.findings.iter().any(|finding| finding.id == id);
    // What came on stdin has no place where a rotation could put its successor.
    let is_whole =
        checked.subject.key.is_some() && checked.subject.key_source.is_none() && path != "-";
    if (has(id::EXPIRED) || has(id::EXPIRING)) && is_whole {
        return Some(format!("pushcert rotate start {path}"));
    }
    if has("locked") || has("wrong-passphrase") {
        return Some(format!("pushcert check {path} --passin prompt"));
    }
    if has(id::EXPIRED) || has(id::EXPIRING) {
        return Some(words::renewal(None));
    }
    if has(id::NO_KEY)
        || has(id::KEY_MISMATCH)
        || has(id::LEAF_NOT_FIRST)
        || has(id::NOT_SERVER_READABLE)
    {
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
        return None;
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
    let one = checked.asked.iter().find(silent)?;
    one.endpoint.apple?;
    Some(format!(
        "pushcert check {path} --offline    (what can be told without a gateway)"
    ))
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
