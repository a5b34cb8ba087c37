//! What one handshake showed, as plain data. What it proves is said in `verdict` and `explain`.

use std::net::IpAddr;
use std::time::Duration;

use time::OffsetDateTime;

use super::Target;
use super::alert::Alert;
use crate::finding::Finding;

/// What one endpoint answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Handshake {
    /// The host that was asked.
    pub host: String,
    /// The port that answered, or the first that was tried.
    pub port: u16,
    /// The proxy in between, as HOST:PORT.
    pub proxy: Option<String>,
    /// The address that answered, or the last one tried; the proxy's where one is used.
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
    /// Being let through by the proxy.
    pub proxy_ms: Option<f64>,
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
    /// That is that it leads to no root that is trusted.
    pub server_untrusted: bool,
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
    /// Reaching the proxy and being let through by it.
    Proxy,
    /// The TLS handshake.
    Tls,
}

impl Stage {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Dns => "dns",
            Stage::Tcp => "tcp",
            Stage::Proxy => "proxy",
            Stage::Tls => "tls",
        }
    }
}

/// What became of the probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// It was written.
    pub sent: bool,
    /// The status of the error packet or of the HTTP answer.
    pub status: Option<u16>,
    /// The reason in the HTTP answer, or in the GOAWAY that came instead of one. Foreign text.
    pub reason: Option<String>,
}

impl Handshake {
    pub(super) fn new(target: &Target) -> Handshake {
        Handshake {
            host: target.host().to_owned(),
            port: target.port(),
            proxy: None,
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

    /// Nothing was sent, since nothing could be verified.
    pub(super) fn no_roots(&mut self, finding: Finding) {
        self.reason = Some("no CA store to verify the server with".to_owned());
        self.findings.push(finding);
    }

    /// An acceptance that no answer to a probe proved.
    pub(super) fn rests_on_handshake(&self) -> bool {
        matches!(self.proof, Some(Proof::Handshake | Proof::Ticket))
    }
}

/// A span as the stages show it: milliseconds, to a hundredth.
pub(super) fn milliseconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e5).round() / 100.0
}
