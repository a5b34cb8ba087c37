//! From a route to a finished TLS handshake. What is said on it afterwards is for `binary`, `http2` and `connector`.

use std::pin::Pin;

use openssl::ssl::SslContext;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_openssl::SslStream;

use super::handshake::{Handshake, Protocol, Stage, milliseconds};
use super::outcome::tls_ending;
use super::tls::Signals;
use super::{Credentials, Patience, Roots, Route, Terms, dial, facts, tls};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};

/// A connection whose handshake the client holds for finished.
pub(super) struct Session {
    pub(super) stream: Pin<Box<SslStream<TcpStream>>>,
    pub(super) signals: Signals,
    /// When the handshake had finished.
    pub(super) since: Instant,
}

impl Session {
    /// Milliseconds since the handshake had finished.
    pub(super) fn elapsed_ms(&self) -> f64 {
        milliseconds(self.since.elapsed())
    }
}

/// Connects and shakes hands. What happened is written into the handshake; `None` if that was the end.
///
/// # Errors
/// Certificates or key that OpenSSL cannot load or that do not fit each other, before anything is sent.
pub(super) async fn shake(
    context: &SslContext,
    route: &Route,
    credentials: &Credentials,
    terms: Terms,
    patience: &Patience,
    handshake: &mut Handshake,
) -> Result<Option<Session>> {
    let (ssl, signals) = tls::connection(context, &route.target, credentials, terms)?;
    let deadline = dial::after(patience.timeout);
    let Some(tcp) = dial::connect(route, deadline, handshake).await else {
        return Ok(None);
    };
    let stream = SslStream::new(ssl, tcp).map_err(|errors| Error::Crypto {
        what: "preparing the handshake",
        reason: tls::text(&errors),
    })?;
    let mut stream = Box::pin(stream);
    let started = Instant::now();
    let connected = timeout_at(deadline, stream.as_mut().connect()).await;
    handshake.stages.tls_ms = Some(milliseconds(started.elapsed()));
    handshake.protocol = protocol(&stream);
    handshake.tls = facts::facts(stream.ssl(), &signals);
    match connected {
        Ok(Ok(())) => {
            return Ok(Some(Session {
                stream,
                signals,
                since: Instant::now(),
            }));
        }
        Ok(Err(error)) => {
            let presented = signals.presented(stream.ssl());
            handshake.judge_failed(&tls_ending(&error), presented);
        }
        Err(_) => handshake.unreachable(
            Stage::Tls,
            "the handshake did not finish in time".to_owned(),
        ),
    }
    Ok(None)
}

fn protocol(stream: &SslStream<TcpStream>) -> Protocol {
    match facts::alpn(stream.ssl()).as_deref() {
        Some("h2") => Protocol::Http2,
        Some(_) => Protocol::Unknown,
        // Before the server has shown its certificate nothing was chosen yet.
        None if stream.ssl().peer_certificate().is_none() => Protocol::Unknown,
        None => Protocol::Binary,
    }
}

/// A context that trusts the roots; without any, the handshake says so and nothing can be sent.
pub(super) fn context(roots: &Roots) -> Result<std::result::Result<SslContext, Finding>> {
    Ok(tls::context(roots)?.ok_or_else(no_roots))
}

fn no_roots() -> Finding {
    Finding::new(
        id::NO_ROOTS,
        Severity::Unknown,
        "this machine has no CA store to verify a server with; nothing was sent",
    )
    .with_hint(
        "install the package ca-certificates (Debian, Ubuntu, Alpine, Fedora), or name the CA with --ca-file",
    )
}
