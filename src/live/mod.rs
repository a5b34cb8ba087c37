//! One mutual-TLS handshake with a gateway, and what it proves about the certificate presented. The only outgoing
//! sockets. Judges no certificate by itself and prints nothing.

mod alert;
mod binary;
mod dial;
mod handshake;
mod tls;

use std::pin::Pin;
use std::time::Duration;

use openssl::ssl::SslVersion;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_openssl::SslStream;

use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::secret::SecretBytes;
use binary::{Conversation, Outcome, converse, tls_ending};
use tls::Signals;

pub use alert::Alert;
pub use dial::Target;
pub use handshake::{
    Handshake, Probe, Proof, Protocol, ServerCertificate, Stage, Stages, TlsFacts, Verdict,
};

/// What is presented: exactly these certificates in this order, nothing is added.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// DER, the leaf first.
    pub certificates: &'a [Vec<u8>],
    /// The leaf's key, PKCS#8 DER, not encrypted.
    pub key: &'a SecretBytes,
}

/// What a server's chain may end in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// These certificates (DER) and no others.
    Certificates(Vec<Vec<u8>>),
    /// The CA store of the system, where OpenSSL's distributors are known to put it.
    System,
}

/// How long to try, and whether to probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Bounds dns, tcp and tls together.
    pub timeout: Duration,
    /// Bounds each silence before and after the probe.
    pub wait: Duration,
    /// Send the probe of the binary protocol.
    pub probe: bool,
}

/// Shakes hands and reports what happened. Whatever a server does is an answer; it ends within `timeout` and a few `wait`.
///
/// # Errors
/// Certificates, key or roots that OpenSSL cannot load or that do not fit each other, before anything is sent.
pub fn ask(
    target: &Target,
    credentials: &Credentials<'_>,
    roots: &Roots,
    wishes: &Wishes,
) -> Result<Handshake> {
    let mut handshake = Handshake::new(target);
    let (mut context, signals) = tls::context(credentials)?;
    if !tls::trust(&mut context, roots)? {
        handshake.reason = Some("no CA store to verify the server with".to_owned());
        handshake.findings.push(Finding::new(
            id::NO_ROOTS,
            Severity::Unknown,
            "this machine has no CA store to verify the server with; nothing was sent",
        ));
        return Ok(handshake);
    }
    let ssl = tls::connection(&context.build(), target)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Network {
            reason: dial::io_reason(&error),
        })?;
    let end = runtime.block_on(async {
        let deadline = dial::after(wishes.timeout);
        match dial::connect(target, deadline, &mut handshake.stages).await {
            Ok((stream, address)) => {
                handshake.address = Some(address);
                let stream = SslStream::new(ssl, stream).map_err(|errors| Error::Crypto {
                    what: "preparing the handshake",
                    reason: tls::text(&errors),
                })?;
                shake(&mut handshake, stream, &signals, wishes, deadline).await;
            }
            Err(failure) => {
                handshake.address = failure.address;
                handshake.unreachable(failure.stage, failure.reason);
            }
        }
        Ok(handshake)
    });
    // A name server that never answers holds a thread, which must not hold the answer.
    runtime.shutdown_background();
    end
}

async fn shake(
    handshake: &mut Handshake,
    stream: SslStream<TcpStream>,
    signals: &Signals,
    wishes: &Wishes,
    deadline: Instant,
) {
    let mut stream = Box::pin(stream);
    let started = Instant::now();
    let connected = timeout_at(deadline, stream.as_mut().connect()).await;
    handshake.stages.tls_ms = Some(milliseconds(started.elapsed()));
    handshake.protocol = protocol(&stream);
    match connected {
        Ok(Ok(())) => finished(handshake, stream.as_mut(), signals, wishes).await,
        Ok(Err(error)) => {
            let presented = signals.presented(stream.ssl());
            failed(handshake, tls_ending(&error), presented);
        }
        Err(_) => handshake.unreachable(
            Stage::Tls,
            "the handshake did not finish in time".to_owned(),
        ),
    }
    handshake.tls = tls::facts(stream.ssl(), signals);
    handshake.note_server();
}

fn protocol(stream: &SslStream<TcpStream>) -> Protocol {
    match tls::alpn(stream.ssl()).as_deref() {
        Some("h2") => Protocol::Http2,
        Some(_) => Protocol::Unknown,
        // Before the server has shown its certificate nothing was chosen yet.
        None if stream.ssl().peer_certificate().is_none() => Protocol::Unknown,
        None => Protocol::Binary,
    }
}

fn failed(handshake: &mut Handshake, outcome: Outcome, presented: bool) {
    match outcome {
        Outcome::Alert(alert) => handshake.alerted(alert, presented),
        Outcome::Closed(_) if presented && handshake.protocol == Protocol::Binary => {
            handshake.verdict = Verdict::Rejected;
        }
        Outcome::Closed(reason) | Outcome::Broken(reason) => {
            handshake.unreachable(Stage::Tls, reason);
        }
        Outcome::Answered | Outcome::ClosedEarly | Outcome::Foreign | Outcome::Quiet => {}
    }
}

async fn finished(
    handshake: &mut Handshake,
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    wishes: &Wishes,
) {
    let since = Instant::now();
    let binary = handshake.protocol == Protocol::Binary;
    let asked_in_time = signals.asked();
    let Conversation {
        outcome,
        probe,
        alert_at,
    } = converse(stream.as_mut(), signals, binary, wishes).await;
    handshake.probe = probe;
    handshake.alert_after_ms = alert_at.map(|at| milliseconds(at.duration_since(since)));
    if let Outcome::Alert(alert) = outcome {
        handshake.alert = Some(alert);
    }
    if !signals.asked() {
        handshake.verdict = Verdict::NotRequested;
        return;
    }
    if !signals.presented(stream.ssl()) {
        handshake.unreachable(
            Stage::Tls,
            "the server allows no signature that this key can make, so no certificate was sent"
                .to_owned(),
        );
        return;
    }
    handshake.verdict = Verdict::NotRejected;
    match outcome {
        Outcome::Alert(alert) => handshake.alerted(alert, true),
        Outcome::Closed(_) if binary => handshake.verdict = Verdict::Rejected,
        Outcome::Broken(reason) => handshake.unreachable(Stage::Tls, reason),
        Outcome::Answered => {
            handshake.verdict = Verdict::Accepted;
            handshake.proof = Some(Proof::Probe);
        }
        Outcome::ClosedEarly => handshake.findings.push(Finding::new(
            id::CLOSED_EARLY,
            Severity::Unknown,
            "the server closed after the probe without an error packet",
        )),
        Outcome::Foreign => handshake.findings.push(Finding::new(
            id::NOT_A_GATEWAY,
            Severity::Unknown,
            "what the server sent is no error packet of a push gateway",
        )),
        Outcome::Quiet if binary => {
            let modern = stream.ssl().version2() == Some(SslVersion::TLS1_3);
            let proof = match modern {
                true => signals.ticket().then_some(Proof::Ticket),
                false => asked_in_time.then_some(Proof::Handshake),
            };
            if proof.is_some() {
                // A gateway may judge in its application and close; so much time it has on every version.
                sleep_until(since + wishes.wait.min(Duration::from_secs(86_400))).await;
                handshake.verdict = Verdict::Accepted;
                handshake.proof = proof;
            }
        }
        Outcome::Quiet | Outcome::Closed(_) => {}
    }
}

fn milliseconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e5).round() / 100.0
}
