//! What `check` puts into JSON.

use super::endpoint::why;
use crate::check::{Asked, Checked};
use crate::inputs::Input;
use crate::live::{Handshake, Probe};
use crate::report::{json, words};
use serde_json::{Value, json};
use time::OffsetDateTime;

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
        "port": handshake.port,
        "proxy": handshake.proxy,
        "protocol": handshake.protocol.as_str(),
        "question": asked.endpoint.question,
        "stages": stages(handshake),
        "tls": tls(handshake),
        "verdict": handshake.verdict.as_str(),
        "proof": handshake.proof.map(|proof| proof.as_str()),
        "alert": handshake.alert.as_ref().map(|alert| json!({ "number": alert.number, "name": alert.name })),
        "probe": probe(&handshake.probe),
        "explanation": why(asked),
    })
}

fn stages(handshake: &Handshake) -> Value {
    let stages = &handshake.stages;
    let mut value =
        json!({ "dns_ms": stages.dns_ms, "tcp_ms": stages.tcp_ms, "tls_ms": stages.tls_ms });
    if let (Some(_), Some(map)) = (&handshake.proxy, value.as_object_mut()) {
        map.insert("proxy_ms".to_string(), json!(stages.proxy_ms));
    }
    value
}

fn probe(probe: &Probe) -> Value {
    let mut value = json!({ "sent": probe.sent, "status": probe.status });
    if let (Some(reason), Some(map)) = (&probe.reason, value.as_object_mut()) {
        map.insert("reason".to_string(), json!(reason));
    }
    value
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
