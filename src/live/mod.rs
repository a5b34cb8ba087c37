//! The only outgoing sockets: name to address, connection, TLS with the client certificate, and the binary protocol's probe.
//! What happened is returned as data; what it means for the exit code is judged elsewhere.
//! The one use of a clock of our own is the monotonic one, for stages and deadlines; OpenSSL judges the server's dates by the system's.

mod alert;
mod binary;
mod dial;
pub mod ffi;
mod tls;

pub use alert::Alert;
pub use tls::{Roots, ServerCertificate, TlsFacts};

use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::secret::SecretBytes;
use std::fmt;
use std::time::Duration;

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Target {
    /// Reads `host:port` or `[address]:port`.
    pub fn parse(text: &str) -> std::result::Result<Target, String> {
        let wrong = || "not HOST:PORT, as in localhost:2195 or [::1]:2195".to_string();
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        if host.is_empty() || bare == Some("") || (bare.is_none() && host.contains(':')) {
            return Err(wrong());
        }
        Ok(Target {
            host: bare.unwrap_or(host).to_string(),
            port: port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(wrong)?,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// What is presented: exactly these certificates in this order, nothing added.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// DER, the leaf first.
    pub certificates: &'a [Vec<u8>],
    /// DER PrivateKeyInfo.
    pub key: &'a SecretBytes,
}

/// How long, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Bounds dns, tcp and tls together.
    pub timeout: Duration,
    /// Bounds each silence after the handshake and after the probe.
    pub wait: Duration,
    /// Whether the probe is sent.
    pub probe: bool,
}

/// What the server says of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Proven to be taken.
    Accepted,
    /// Sent and not refused, and nothing proves it.
    NotRejected,
    /// Never asked for.
    NotRequested,
    /// Refused.
    Rejected,
    /// Failed before it was judged.
    Unreachable,
}

/// What proved an [`Verdict::Accepted`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The answer to the probe.
    Probe,
    /// The server's end of a TLS 1.2 handshake.
    Handshake,
    /// A TLS 1.3 session ticket after the certificate.
    Ticket,
}

/// What is spoken after TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The binary protocol: no ALPN.
    Binary,
    /// HTTP/2, by ALPN.
    Http2,
    /// Not known, or nothing of Apple's.
    Unknown,
}

/// Where it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Name to address.
    Dns,
    /// Connection.
    Tcp,
    /// TLS handshake.
    Tls,
}

macro_rules! words {
    ($kind:ty { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $kind {
            /// The word that text and JSON use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

words!(Verdict { Accepted => "accepted", NotRejected => "not-rejected", NotRequested => "not-requested", Rejected => "rejected", Unreachable => "unreachable" });
words!(Proof { Probe => "probe", Handshake => "handshake", Ticket => "ticket" });
words!(Protocol { Binary => "binary", Http2 => "http2", Unknown => "unknown" });
words!(Stage { Dns => "dns", Tcp => "tcp", Tls => "tls" });

/// Durations in milliseconds of the stages that were finished.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Stages {
    pub dns_ms: Option<f64>,
    pub tcp_ms: Option<f64>,
    pub tls_ms: Option<f64>,
}

/// The probe and its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbeFacts {
    /// Whether it was written.
    pub sent: bool,
    /// The status of the error packet.
    pub status: Option<u8>,
}

/// Everything that happened with one endpoint.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Handshake {
    pub stages: Stages,
    /// The address that answered, or the first one tried.
    pub address: Option<String>,
    /// What is known of TLS, from the server's first answer on.
    pub tls: Option<TlsFacts>,
    pub protocol: Protocol,
    pub verdict: Verdict,
    pub proof: Option<Proof>,
    pub alert: Option<Alert>,
    pub failed_stage: Option<Stage>,
    /// Why it failed or was refused, in words.
    pub reason: Option<String>,
    pub probe: ProbeFacts,
    pub findings: Vec<Finding>,
}

impl Handshake {
    fn new() -> Handshake {
        Handshake {
            stages: Stages::default(),
            address: None,
            tls: None,
            protocol: Protocol::Unknown,
            verdict: Verdict::Unreachable,
            proof: None,
            alert: None,
            failed_stage: None,
            reason: None,
            probe: ProbeFacts::default(),
            findings: Vec::new(),
        }
    }

    fn failed(mut self, stage: Stage, reason: impl Into<String>) -> Handshake {
        self.failed_stage = Some(stage);
        self.reason = Some(reason.into());
        self
    }

    fn note(&mut self, id: &'static str, severity: Severity, message: impl Into<String>) {
        self.findings.push(Finding::new(id, severity, message));
    }

    /// What the verdict rests on, in a sentence.
    pub fn explanation(&self) -> String {
        let reason = || self.reason.clone().unwrap_or_default();
        match (self.verdict, self.proof) {
            (Verdict::Accepted, Some(Proof::Probe)) => {
                "the gateway read the probe and answered it, which it does only for an accepted certificate".to_string()
            }
            (Verdict::Accepted, Some(Proof::Ticket)) => {
                "the gateway sent a TLS 1.3 session ticket after the certificate, and did not refuse it".to_string()
            }
            (Verdict::Accepted, _) => "the gateway finished the handshake after the certificate, and did not refuse it".to_string(),
            (Verdict::NotRejected, _) if self.reason.is_some() => format!("not refused, and not proven: {}", reason()),
            (Verdict::NotRejected, _) => "nothing refused the certificate while pushcert waited, and nothing proved it".to_string(),
            (Verdict::NotRequested, _) => "the server never asked for a certificate, so the handshake says nothing about it".to_string(),
            (Verdict::Rejected, _) => match &self.alert {
                Some(alert) => format!("the server answered the certificate with alert {} {}", alert.number, alert.name),
                None => format!("the server answered the certificate without an alert: {}", reason()),
            },
            (Verdict::Unreachable, _) => match self.failed_stage {
                Some(stage) => format!("{} failed before the certificate was judged: {}", stage.as_str(), reason()),
                None => reason(),
            },
        }
    }
}

/// Shakes hands with an endpoint and, on the binary protocol, sends the probe.
///
/// # Errors
/// `crypto` where OpenSSL takes certificate or key not at all; everything the network does is in the [`Handshake`].
pub fn ask(
    target: &Target,
    credentials: &Credentials,
    roots: &Roots,
    wishes: &Wishes,
) -> Result<Handshake> {
    let Some(client) = tls::Client::new(target, credentials, roots)? else {
        let mut handshake = Handshake::new();
        handshake.reason =
            Some("no CA store was found on this machine, so nothing was sent".to_string());
        let finding = Finding::new(
            id::NO_ROOTS,
            Severity::Unknown,
            "no CA store was found on this machine",
        );
        handshake.findings.push(
            finding.with_hint("install the package ca-certificates, or name the CA with --ca-file"),
        );
        return Ok(handshake);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Error::Network {
        reason: error.to_string(),
    })?;
    let handshake = runtime.block_on(binary::shake_hands(target, client, wishes));
    // A name lookup that is still under way must not hold the command back.
    runtime.shutdown_background();
    Ok(handshake)
}
