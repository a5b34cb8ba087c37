//! The look before the first word: what a server has to say about the certificate once the handshake is over.

use std::pin::Pin;

use openssl::ssl::SslVersion;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_openssl::SslStream;

use super::Patience;
use super::binary::AFTER_TICKET;
use super::dial::after;
use super::outcome::{Outcome, closed, tls_ending};
use super::tls::Signals;

/// Waits for the server's first word without taking it: our own, written too early, can destroy an alert that is on its
/// way. `None` if the server has something to say, or nothing.
pub(super) async fn peek(
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    patience: &Patience,
) -> Option<Outcome> {
    // Before TLS 1.3 a refusal is a part of the handshake; a moment is left to a server that judges after it and closes.
    let wait = match stream.ssl().version2() {
        Some(SslVersion::TLS1_3) => patience.wait,
        _ => patience.wait.min(AFTER_TICKET),
    };
    let mut deadline = after(wait);
    loop {
        let first = async {
            let mut byte = [0];
            tokio::select! {
                biased;
                peeked = stream.as_mut().peek(&mut byte) => Some(peeked),
                () = signals.ticket_arrived.notified() => None,
            }
        };
        match timeout_at(deadline, first).await {
            Ok(Some(Ok(0))) => return Some(closed()),
            Ok(Some(Ok(_))) | Err(_) => return None,
            Ok(Some(Err(error))) => return Some(tls_ending(&error)),
            Ok(None) if Instant::now() >= deadline => return None,
            Ok(None) => deadline = deadline.min(Instant::now() + AFTER_TICKET),
        }
    }
}
