//! What one handshake showed, as plain data, and the sentence that says what it proves.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::alert::Alert;
use super::dial::Target;
use crate::finding::{Finding, Severity, id};

/// What one endpoint answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Handshake {
    /// The host that was asked.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The address that answered, or the last one tried.
    pub address: Option<IpAddr>,
    /// How long each stage took.
    pub stages: Stages,
    /// What TLS showed, if the server showed anything.
    pub tls: Option<TlsFacts>,
    /// What the endpoint speaks.
    pub protocol: Protocol,
    /// The answer.
    pub verdict: Verdict,
    /// What an acceptance rests on.
    pub proof: Option<Proof>,
    /// The alert that the server sent.
    pub alert: Option<Alert>,
    /// When it came, in milliseconds after the handshake had finished; `None` if it came within the handshake.
    pub alert_after_ms: Option<f64>,
    /// Where it ended, if it was unreachable.
    pub failed_stage: Option<Stage>,
    /// Why it was unreachable.
    pub reason: Option<String>,
    /// What became of the probe.
    pub probe: Probe,
    /// What else is worth knowing.
    pub findings: Vec<Finding>,
}

/// Milliseconds spent in each stage, whether it succeeded or not; `None` for a stage that did not begin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stages {
    /// Looking the name up; `None` for an address.
    pub dns_ms: Option<f64>,
    /// Connecting.
    pub tcp_ms: Option<f64>,
    /// The TLS handshake.
    pub tls_ms: Option<f64>,
}

/// What the TLS handshake showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// As OpenSSL calls it ("TLSv1.3").
    pub version: String,
    /// The cipher suite, if one was agreed on.
    pub cipher: Option<String>,
    /// The protocol that the server chose by ALPN.
    pub alpn: Option<String>,
    /// The server's chain ends in a root and names the host.
    pub server_verified: bool,
    /// The first thing wrong with it.
    pub server_verify_error: Option<String>,
    /// As sent, the leaf first.
    pub server_chain: Vec<ServerCertificate>,
    /// The server sent a CertificateRequest.
    pub client_certificate_requested: bool,
    /// The CAs that it names in the request; often none.
    pub acceptable_cas: Vec<String>,
}

/// A certificate of the server's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The subject as text. Foreign text.
    pub subject: String,
    /// The issuer as text. Foreign text.
    pub issuer: String,
    /// SHA-256 of the DER, lowercase hex.
    pub sha256: String,
    /// The end of its validity; `None` if the certificate does not hold a readable one.
    pub not_after: Option<OffsetDateTime>,
}

/// What an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// No protocol was chosen by ALPN.
    Binary,
    /// `h2`.
    Http2,
    /// `http/1.1`, or it never came so far.
    Unknown,
}

impl Protocol {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Binary => "binary",
            Protocol::Http2 => "http2",
            Protocol::Unknown => "unknown",
        }
    }
}

/// The answer of one endpoint about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Asked for, sent, and proved.
    Accepted,
    /// Asked for and sent; nothing refused it and nothing proved it.
    NotRejected,
    /// Never asked for.
    NotRequested,
    /// Asked for, sent, and refused.
    Rejected,
    /// It ended before the certificate was judged.
    Unreachable,
}

impl Verdict {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::NotRejected => "not-rejected",
            Verdict::NotRequested => "not-requested",
            Verdict::Rejected => "rejected",
            Verdict::Unreachable => "unreachable",
        }
    }
}

/// What an acceptance rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The server answered the probe.
    Probe,
    /// The server finished a handshake of TLS 1.2 or older.
    Handshake,
    /// The server sent a session ticket of TLS 1.3 after the certificate.
    Ticket,
}

impl Proof {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Proof::Probe => "probe",
            Proof::Handshake => "handshake",
            Proof::Ticket => "ticket",
        }
    }
}

/// A part of reaching an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking the name up.
    Dns,
    /// Connecting.
    Tcp,
    /// The TLS handshake.
    Tls,
}

impl Stage {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Dns => "dns",
            Stage::Tcp => "tcp",
            Stage::Tls => "tls",
        }
    }
}

/// What became of the probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// It was written.
    pub sent: bool,
    /// The status of the error packet that answered it.
    pub status: Option<u8>,
}

impl Handshake {
    pub(super) fn new(target: &Target) -> Handshake {
        Handshake {
            host: target.host().to_owned(),
            port: target.port(),
            address: None,
            stages: Stages::default(),
            tls: None,
            protocol: Protocol::Unknown,
            verdict: Verdict::Unreachable,
            proof: None,
            alert: None,
            alert_after_ms: None,
            failed_stage: None,
            reason: None,
            probe: Probe::default(),
            findings: Vec::new(),
        }
    }

    pub(super) fn unreachable(&mut self, stage: Stage, reason: String) {
        self.verdict = Verdict::Unreachable;
        self.failed_stage = Some(stage);
        self.reason = Some(reason);
    }

    pub(super) fn alerted(&mut self, alert: Alert, asked: bool) {
        self.alert = Some(alert);
        if asked && alert.refuses_certificate() {
            self.verdict = Verdict::Rejected;
        } else {
            self.unreachable(
                Stage::Tls,
                format!("the server sent alert {} ({})", alert.number, alert.name),
            );
        }
    }

    /// Adds what the server's chain and its choice of protocol are worth.
    pub(super) fn note_server(&mut self) {
        let Some(tls) = &self.tls else { return };
        let mut findings = Vec::new();
        if let Some(alpn) = &tls.alpn {
            findings.push(Finding::new(
                id::NOT_A_GATEWAY,
                Severity::Unknown,
                format!("the server chose {alpn}, which is no binary push gateway"),
            ));
        }
        if let Some(error) = &tls.server_verify_error {
            findings.push(
                Finding::new(
                    id::SERVER_NOT_VERIFIED,
                    Severity::Critical,
                    format!("the server's chain does not verify: {error}"),
                )
                .with_hint("this is the server's chain, not your certificate"),
            );
        }
        self.findings.extend(findings);
    }

    /// One sentence: what was proved, and by what.
    pub fn explanation(&self) -> String {
        let alert = self
            .alert
            .map(|alert| format!("alert {} ({})", alert.number, alert.name));
        match (self.verdict, self.proof) {
            (Verdict::Accepted, Some(Proof::Probe)) => format!(
                "the gateway asked for the certificate and answered a probe that can reach nobody, with status {}",
                self.probe.status.unwrap_or_default()
            ),
            (Verdict::Accepted, Some(Proof::Ticket)) => {
                "the gateway asked for the certificate, sent a session ticket after it, and refused nothing".to_owned()
            }
            (Verdict::Accepted, _) => {
                "the gateway asked for the certificate, finished the handshake with it, and refused nothing".to_owned()
            }
            (Verdict::NotRejected, _) => match self.findings.iter().find(|finding| {
                matches!(finding.id, id::CLOSED_EARLY | id::NOT_A_GATEWAY)
            }) {
                Some(finding) => format!(
                    "the server asked for the certificate and did not refuse it, but proved nothing: {}",
                    finding.message
                ),
                None => "the server asked for the certificate and stayed silent: nothing refused it, nothing proved it"
                    .to_owned(),
            },
            (Verdict::NotRequested, _) => {
                "the server never asked for a certificate: the handshake proves nothing about it".to_owned()
            }
            (Verdict::Rejected, _) => match alert {
                Some(alert) => format!("the server refused the certificate with {alert}"),
                None => "the server closed the connection after the certificate, without an alert".to_owned(),
            },
            (Verdict::Unreachable, _) => {
                let reason = self.reason.as_deref().unwrap_or("unknown");
                match self.failed_stage {
                    Some(stage) => format!(
                        "the certificate was not judged: {} failed: {reason}",
                        stage.as_str()
                    ),
                    None => format!("the certificate was not judged: {reason}"),
                }
            }
        }
    }
}
