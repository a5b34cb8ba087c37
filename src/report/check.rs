//! What `check` says: the answer first, then the identity, each endpoint stage by stage, and the next step.

use super::{escape, json, words};
use crate::apple::gateway;
use crate::check::{Asked, Checked};
use crate::finding::{Finding, Severity, Status};
use crate::inputs::Input;
use crate::live::{Handshake, Verdict};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The text about all identities, the worst first, and about the files that could not be read.
pub fn texts(
    checked: &[Checked],
    unread: &[Finding],
    inputs: &[Input],
    now: OffsetDateTime,
) -> String {
    let mut order: Vec<&Checked> = checked.iter().collect();
    order.sort_by_key(|one| match one.status {
        Status::Critical => 0,
        Status::Unknown => 1,
        Status::Warning => 2,
        Status::Ok => 3,
    });
    let mut blocks: Vec<String> = order.iter().map(|one| text(one, inputs, now)).collect();
    for finding in unread {
        let path = escape::text(finding.path.as_deref().unwrap_or_default());
        blocks.push(format!(
            "unknown   {path}: {}\n",
            escape::text(&finding.message)
        ));
    }
    blocks.join("\n")
}

/// The text about one identity.
fn text(checked: &Checked, inputs: &[Input], now: OffsetDateTime) -> String {
    let path = inputs
        .get(checked.subject.source)
        .map(Input::name)
        .unwrap_or_default();
    let leaf = &checked.subject.leaf;
    let key = match (
        &checked.subject.key,
        checked
            .subject
            .key_source
            .and_then(|index| inputs.get(index)),
    ) {
        (Some(_), Some(input)) => format!(", key fits (in {})", escape::text(&input.name())),
        (Some(_), None) => ", key fits".to_string(),
        (None, _) => String::new(),
    };
    let mut rows = vec![
        ("file".to_string(), escape::text(&path)),
        (
            "identity".to_string(),
            format!("{}{key}", words::summary(leaf, now)),
        ),
    ];
    for asked in &checked.asked {
        endpoint_rows(asked, &mut rows);
    }
    let shown = checked
        .findings
        .iter()
        .filter(|finding| !is_told(finding, checked));
    rows.extend(shown.map(words::finding_row));
    let next = next(checked, &words::shell(&path));
    let next = next
        .map(|next| format!("\nnext  {next}\n"))
        .unwrap_or_default();
    format!(
        "{}\n\n{}{}",
        first_line(checked, &path),
        words::columns(&rows),
        escape::lines(&next)
    )
}

/// The verdict row has said it.
fn is_told(finding: &Finding, checked: &Checked) -> bool {
    use crate::finding::id::{REJECTED, UNREACHABLE};
    [REJECTED, UNREACHABLE].contains(&finding.id) && !checked.asked.is_empty()
}

fn first_line(checked: &Checked, path: &str) -> String {
    let status = checked.status.as_str();
    let title = escape::text(checked.subject.leaf.title());
    let first = checked
        .findings
        .iter()
        .find(|finding| match checked.status {
            Status::Critical => finding.severity == Severity::Critical,
            Status::Unknown => finding.severity == Severity::Unknown,
            Status::Warning => finding.severity == Severity::Warning,
            Status::Ok => false,
        });
    let rejected = checked
        .asked
        .iter()
        .find(|asked| asked.handshake.verdict == Verdict::Rejected);
    let unreachable = checked
        .asked
        .iter()
        .find(|asked| asked.handshake.verdict == Verdict::Unreachable);
    let sentence = match (checked.status, rejected, unreachable, first) {
        (Status::Critical, Some(asked), ..) => {
            let host = escape::text(&asked.endpoint.target.to_string());
            let reason = match &asked.handshake.alert {
                Some(alert) => alert.name.replace('_', " "),
                None => "the connection was closed after the certificate was sent".to_string(),
            };
            format!("{title} is rejected by {host}: {reason}")
        }
        (Status::Unknown, _, Some(asked), _) => {
            format!(
                "{} does not answer",
                escape::text(&asked.endpoint.target.to_string())
            )
        }
        (Status::Critical | Status::Unknown | Status::Warning, _, _, Some(finding)) => {
            format!("{title}: {}", escape::text(&finding.message))
        }
        _ => match checked.asked.as_slice() {
            [] => format!(
                "{} is good as far as it can be told offline",
                escape::text(path)
            ),
            asked => {
                let hosts: Vec<String> = asked
                    .iter()
                    .map(|a| escape::text(&a.endpoint.target.to_string()))
                    .collect();
                format!("{title} is accepted by {}", hosts.join(" and "))
            }
        },
    };
    format!("{status}   {sentence}")
}

fn endpoint_rows(asked: &Asked, rows: &mut Vec<(String, String)>) {
    let handshake = &asked.handshake;
    let mut add = |word: &str, fact: String| rows.push((word.to_string(), escape::text(&fact)));
    let protocol = match handshake.protocol.as_str() {
        "unknown" => String::new(),
        "binary" => ", binary protocol".to_string(),
        other => format!(", {other}"),
    };
    add("endpoint", format!("{}{protocol}", asked.endpoint.target));
    let failed = handshake.failed_stage.map(|stage| stage.as_str());
    let reason = handshake.reason.clone().unwrap_or_default();
    for (stage, time) in [
        ("dns", handshake.stages.dns_ms),
        ("tcp", handshake.stages.tcp_ms),
    ] {
        let address = match (stage, &handshake.address) {
            ("dns", Some(address)) => format!("   {address}"),
            _ => String::new(),
        };
        match time {
            _ if failed == Some(stage) => add(&format!("  {stage}"), reason.clone()),
            Some(ms) => add(&format!("  {stage}"), format!("{ms:.0} ms{address}")),
            None => {}
        }
    }
    match (&handshake.tls, failed) {
        (_, Some("tls")) => add("  tls", reason.clone()),
        (Some(tls), _) => {
            let server = match &tls.server_verify_error {
                None if tls.server_verified => "server verified".to_string(),
                error => format!("server not verified: {}", error.clone().unwrap_or_default()),
            };
            let time = handshake.stages.tls_ms.unwrap_or_default();
            add(
                "  tls",
                format!(
                    "{time:.0} ms   {}, {}, {server}",
                    tls.version.replace("TLSv", "TLS "),
                    tls.cipher.as_deref().unwrap_or("no cipher")
                ),
            );
        }
        (None, _) => {}
    }
    if let Some(tls) = &handshake.tls
        && tls.client_certificate_requested
    {
        let from = match tls.acceptable_cas.as_slice() {
            [] => "from any CA".to_string(),
            cas => format!("from {}", cas.join("; ")),
        };
        add("  asked", format!("for a certificate {from}"));
    }
    if let Some(alert) = &handshake.alert {
        add("  alert", format!("{} {}", alert.number, alert.name));
    }
    if let (true, Some(status)) = (handshake.probe.sent, handshake.probe.status) {
        let name = gateway::status_name(status).unwrap_or("a status without a name");
        add("  probe", format!("status {status}, {name}"));
    }
    add("  verdict", handshake.verdict.as_str().to_string());
    add("  why", why(asked));
}

fn why(asked: &Asked) -> String {
    match (asked.endpoint.apple, asked.handshake.verdict) {
        (Some(_), Verdict::Unreachable) => format!(
            "Apple turned the binary gateways off on {}; this says nothing about the certificate",
            gateway::RETIRED
        ),
        _ => asked.handshake.explanation(),
    }
}

/// The next thing to type; none where the job is done.
fn next(checked: &Checked, path: &str) -> Option<String> {
    use crate::finding::id;
    let has = |id: &str| checked.findings.iter().any(|finding| finding.id == id);
    if has(id::EXPIRED) || has(id::EXPIRING) {
        return Some("pushcert csr --out-key NewKey.pem --out-csr new.certSigningRequest    (the first step of renewing it)".to_string());
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
    let apple_unreachable = checked.asked.iter().any(|asked| {
        asked.endpoint.apple.is_some() && asked.handshake.verdict == Verdict::Unreachable
    });
    if has(id::SERVER_NOT_VERIFIED) {
        return Some(format!(
            "pushcert check {path} --gateway HOST:PORT --ca-file CA.pem    (names the CA of a private gateway)"
        ));
    }
    match checked.status {
        Status::Ok => None,
        _ if apple_unreachable => Some(format!(
            "pushcert check {path} --offline    (what can be told without a gateway)"
        )),
        _ => None,
    }
}

/// The entry of JSON's `results[]`.
pub fn result(checked: &Checked, inputs: &[Input], now: OffsetDateTime) -> Value {
    let name = |index: usize| inputs.get(index).map(Input::name);
    let mut value = json!({
        "path": name(checked.subject.source),
        "status": checked.status.as_str(),
        "identity": json::certificate(&checked.subject.leaf, None, now),
        "endpoints": checked.asked.iter().map(endpoint).collect::<Vec<_>>(),
    });
    if let (Some(key_path), Some(map)) = (
        checked.subject.key_source.and_then(name),
        value.as_object_mut(),
    ) {
        map.insert("key_path".to_string(), json!(key_path));
    }
    value
}

fn endpoint(asked: &Asked) -> Value {
    let handshake = &asked.handshake;
    json!({
        "host": asked.endpoint.target.host(),
        "port": asked.endpoint.target.port(),
        "protocol": handshake.protocol.as_str(),
        "question": asked.endpoint.question,
        "stages": { "dns_ms": handshake.stages.dns_ms, "tcp_ms": handshake.stages.tcp_ms, "tls_ms": handshake.stages.tls_ms },
        "tls": tls(handshake),
        "verdict": handshake.verdict.as_str(),
        "proof": handshake.proof.map(|proof| proof.as_str()),
        "alert": handshake.alert.as_ref().map(|alert| json!({ "number": alert.number, "name": alert.name })),
        "probe": { "sent": handshake.probe.sent, "status": handshake.probe.status },
        "explanation": why(asked),
    })
}

fn tls(handshake: &Handshake) -> Option<Value> {
    let tls = handshake.tls.as_ref()?;
    let chain: Vec<Value> = tls
        .server_chain
        .iter()
        .map(|certificate| {
            json!({
                "subject": certificate.subject,
                "issuer": certificate.issuer,
                "sha256": certificate.sha256,
                "not_after": certificate.not_after.map(words::rfc3339),
            })
        })
        .collect();
    Some(json!({
        "version": tls.version,
        "cipher": tls.cipher,
        "alpn": tls.alpn,
        "server_verified": tls.server_verified,
        "server_verify_error": tls.server_verify_error,
        "server_chain": chain,
        "client_certificate_requested": tls.client_certificate_requested,
        "acceptable_cas": tls.acceptable_cas,
    }))
}
