//! What one endpoint answered, stage by stage, and why that is its verdict.

use crate::apple::{Service, gateway};
use crate::check::Asked;
use crate::dictionary::{self, Kind};
use crate::live::{Handshake, Probe, Proof, Protocol, Stage, Verdict};
use crate::report::escape;

/// The rows of an endpoint. Foreign text in them is escaped.
pub(super) fn rows(asked: &Asked) -> Vec<(String, String)> {
    let handshake = &asked.handshake;
    let mut rows = Vec::new();
    let mut add = |word: &str, fact: String| rows.push((word.to_string(), escape::text(&fact)));
    let protocol = match handshake.protocol {
        Protocol::Unknown => "",
        Protocol::Binary => ", binary protocol",
        Protocol::Http2 => ", HTTP/2",
    };
    let weight = match asked.endpoint.counts {
        true => "",
        false => ", for information",
    };
    add("endpoint", format!("{}{protocol}{weight}", address(asked)));
    for stage in [Stage::Dns, Stage::Tcp, Stage::Proxy, Stage::Tls] {
        let fact = match handshake.failed_stage {
            Some(failed) if failed == stage => Some(handshake.reason.clone().unwrap_or_default()),
            _ => passed(stage, handshake),
        };
        if let Some(fact) = fact {
            add(&format!("  {}", stage.as_str()), fact);
        }
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
        let when = match handshake.alert_after_ms {
            Some(ms) => format!(", {ms:.0} ms after the handshake had ended"),
            None => String::new(),
        };
        add("  alert", format!("{} {}{when}", alert.number, alert.name));
    }
    if let Some(answer) = answer(&handshake.probe, handshake.protocol) {
        let meaning = match (handshake.proof, handshake.protocol) {
            (Some(Proof::Probe), Protocol::Binary) => {
                ": the answer only an accepted certificate gets"
            }
            (Some(Proof::Probe), _) => ": an answer that comes after the certificate is accepted",
            _ => "",
        };
        add("  probe", format!("{answer}{meaning}"));
    }
    add("  verdict", handshake.verdict.as_str().to_string());
    if let Some(why) = untold(asked) {
        add("  why", why);
    }
    rows
}

/// Why it is the verdict, where the rows above have not said it.
fn untold(asked: &Asked) -> Option<String> {
    let handshake = &asked.handshake;
    let answered = handshake.probe.status.is_some();
    let told = match handshake.verdict {
        Verdict::Accepted => handshake.proof == Some(Proof::Probe),
        Verdict::Rejected => handshake.alert.is_some() || answered,
        Verdict::Unreachable => true,
        Verdict::NotRejected | Verdict::NotRequested => false,
    };
    special(asked)
        .or_else(|| (!told).then(|| handshake.explanation()))
        .or_else(|| refusal(handshake))
}

/// What the dictionary says of the alert or reason that refused it.
fn refusal(handshake: &Handshake) -> Option<String> {
    let entry = match (&handshake.alert, &handshake.probe.reason) {
        _ if handshake.verdict != Verdict::Rejected => None,
        (Some(alert), _) => dictionary::find(Kind::Alert, alert.name),
        (None, Some(reason)) => dictionary::find(Kind::Reason, reason),
        (None, None) => None,
    }?;
    Some(format!("{}; likely: {}", entry.meaning, entry.cause))
}

/// Where it was asked, at the port that answered.
pub(super) fn address(asked: &Asked) -> String {
    asked.endpoint.target.at(asked.handshake.port).to_string()
}

fn passed(stage: Stage, handshake: &Handshake) -> Option<String> {
    let stages = &handshake.stages;
    let time = match stage {
        Stage::Dns => stages.dns_ms,
        Stage::Tcp => stages.tcp_ms,
        Stage::Proxy => stages.proxy_ms,
        Stage::Tls => stages.tls_ms,
    }?;
    let address = handshake.address.map(|address| address.to_string());
    let fact = match stage {
        Stage::Dns => address,
        Stage::Tcp => None,
        Stage::Proxy => handshake.proxy.clone(),
        Stage::Tls => Some(handshake.tls.as_ref().map(|tls| {
            let server = match &tls.server_verify_error {
                None if tls.server_verified => "server verified".to_string(),
                error => format!(
                    "server not verified: {}",
                    error.as_deref().unwrap_or_default()
                ),
            };
            let version = tls.version.replace("TLSv", "TLS ");
            let cipher = tls.cipher.as_deref().unwrap_or("no cipher");
            format!("{version}, {cipher}, {server}")
        })?),
    };
    Some(match fact {
        Some(fact) => format!("{time:.0} ms   {fact}"),
        None => format!("{time:.0} ms"),
    })
}

fn answer(probe: &Probe, protocol: Protocol) -> Option<String> {
    let binary = protocol == Protocol::Binary;
    let name = |status: u16| u8::try_from(status).ok().and_then(gateway::status_name);
    match (probe.status, &probe.reason) {
        (Some(status), _) if binary => {
            let name = name(status).unwrap_or("a status without a name");
            Some(format!("status {status}, {name}"))
        }
        (Some(status), Some(reason)) => Some(format!("HTTP status {status}, {reason}")),
        (Some(status), None) => Some(format!("HTTP status {status}")),
        (None, Some(reason)) => Some(format!("GOAWAY, {reason}")),
        (None, None) => probe.sent.then(|| "no answer".to_string()),
    }
}

/// One sentence: what was proved and by what, or what it means that nothing was.
pub(super) fn why(asked: &Asked) -> String {
    let explanation = || asked.handshake.explanation();
    match (special(asked), asked.handshake.verdict) {
        (Some(special), Verdict::Unreachable) => format!("{}; {special}", explanation()),
        (Some(special), _) => special,
        (None, _) => explanation(),
    }
}

/// What is known of Apple's endpoints and no handshake tells.
fn special(asked: &Asked) -> Option<String> {
    let port = asked.endpoint.target.port();
    Some(match (asked.endpoint.service()?, asked.handshake.verdict) {
        (Service::Legacy, Verdict::Unreachable) => format!(
            "Apple turned the binary gateways off on {}; this says nothing about the certificate",
            gateway::RETIRED
        ),
        (Service::Broadcast, Verdict::NotRejected | Verdict::Accepted) => format!(
            "what answers on port {port} today manages broadcast channels: it did not refuse the certificate, and proves nothing"
        ),
        (Service::Broadcast, Verdict::Unreachable) => {
            format!("what answers on port {port} today manages broadcast channels")
        }
        (_, Verdict::NotRequested) => format!(
            "the server never asked for a certificate, as Apple's do: something in between may answer in its place ({})",
            issuer(&asked.handshake).unwrap_or_default()
        ),
        _ => return None,
    })
}

/// Who issued what the server showed.
fn issuer(handshake: &Handshake) -> Option<String> {
    let chain = &handshake.tls.as_ref()?.server_chain;
    chain
        .last()
        .map(|last| format!("its chain is issued by {}", last.issuer))
}
