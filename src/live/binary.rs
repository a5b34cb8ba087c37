//! The conversation after the handshake: listen, then on the binary protocol one probe that can reach nobody.
//! Source: Apple's archived "Binary Provider API".

use std::pin::Pin;
use std::time::Duration;

use openssl::ssl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_openssl::SslStream;

use super::alert::{Alert, is_close};
use super::dial::{after, io_reason};
use super::tls::{Signals, text};
use super::{Probe, Wishes};

/// How the conversation ended, or what decided it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An alert.
    Alert(Alert),
    /// A close or reset without an alert before any probe.
    Closed(String),
    /// The error packet, with a status that proves the certificate.
    Answered,
    /// A close or reset without an alert or a packet after the probe.
    ClosedEarly,
    /// Bytes that are no error packet.
    Foreign,
    /// TLS itself broke.
    Broken(String),
    /// Nothing that decides.
    Quiet,
}

/// What was said, and when an alert came.
pub(super) struct Conversation {
    pub(super) outcome: Outcome,
    pub(super) probe: Probe,
    pub(super) alert_at: Option<Instant>,
}

/// After a ticket the server has seen the certificate; what it does at once (a close) is still its judgement.
const AFTER_TICKET: Duration = Duration::from_millis(200);
/// More than this before any probe is no silence to wait for.
const CHATTER: usize = 64 * 1024;
const ERROR_PACKET: usize = 6;
const IDENTIFIER: [u8; 4] = *b"test";

enum Event {
    Data(usize),
    Ticket,
    Silence,
    End(Outcome),
}

/// Listens, probes if that is wanted and of use, and listens again.
pub(super) async fn converse(
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    binary: bool,
    wishes: &Wishes,
) -> Conversation {
    let mut probe = Probe::default();
    // Read before writing: the server closes right after its alert, and our write would draw a reset that can
    // destroy the alert unread.
    let mut outcome = listen(stream.as_mut(), signals, binary, wishes).await;
    if outcome == Outcome::Quiet && binary && wishes.probe && signals.presented(stream.ssl()) {
        outcome = ask(stream.as_mut(), signals, wishes, &mut probe).await;
    }
    let alert_at = matches!(outcome, Outcome::Alert(_)).then(Instant::now);
    Conversation {
        outcome,
        probe,
        alert_at,
    }
}

async fn listen(
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    binary: bool,
    wishes: &Wishes,
) -> Outcome {
    let mut deadline = after(wishes.wait);
    let mut buffer = [0; 4096];
    let mut heard = 0;
    while heard < CHATTER {
        match next(stream.as_mut(), signals, &mut buffer, deadline).await {
            Event::Data(length) => heard += length,
            Event::Ticket if binary && wishes.probe => {
                deadline = deadline.min(Instant::now() + AFTER_TICKET);
            }
            Event::Ticket => {}
            Event::Silence => break,
            // What talks first is no gateway, however it ends.
            Event::End(Outcome::Closed(_)) if binary && heard > 0 => break,
            Event::End(outcome) => return outcome,
        }
    }
    if binary && heard > 0 {
        Outcome::Foreign
    } else {
        Outcome::Quiet
    }
}

async fn ask(
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    wishes: &Wishes,
    probe: &mut Probe,
) -> Outcome {
    let written = async {
        stream.write_all(&frame()).await?;
        stream.flush().await
    };
    // A write that fails says less than what the server sent before it closed, which is read below.
    probe.sent = matches!(timeout_at(after(wishes.wait), written).await, Ok(Ok(())));
    let mut packet = Vec::new();
    let mut buffer = [0; 4096];
    let mut deadline = after(wishes.wait);
    let mut heard = 0;
    while heard < CHATTER {
        match next(stream.as_mut(), signals, &mut buffer, deadline).await {
            Event::Data(length) if probe.status.is_none() => {
                packet.extend(buffer.iter().take(length));
                if packet.first() != Some(&8) {
                    return Outcome::Foreign;
                }
                if packet.len() >= ERROR_PACKET {
                    probe.status = packet.get(1).copied();
                    if !matches!(probe.status, Some(1 | 10 | 255)) {
                        return Outcome::Answered;
                    }
                }
                deadline = after(wishes.wait);
            }
            // After a packet that decides nothing only a refusal counts, and the deadline stands.
            Event::Data(length) => heard += length,
            Event::Ticket => {}
            Event::Silence => break,
            Event::End(Outcome::Closed(reason)) => {
                return match (probe.status, packet.is_empty(), probe.sent) {
                    (Some(_), _, _) => Outcome::Quiet,
                    (None, true, true) => Outcome::ClosedEarly,
                    (None, true, false) => Outcome::Closed(reason),
                    (None, false, _) => Outcome::Foreign,
                };
            }
            Event::End(Outcome::Broken(_)) if probe.sent => return Outcome::Foreign,
            Event::End(outcome) => return outcome,
        }
    }
    if probe.status.is_none() && !packet.is_empty() {
        Outcome::Foreign
    } else {
        Outcome::Quiet
    }
}

/// The next thing that happens; a ticket is told once.
async fn next(
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    buffer: &mut [u8],
    deadline: Instant,
) -> Event {
    let event = async {
        tokio::select! {
            biased;
            read = stream.read(buffer) => match read {
                Ok(0) => Event::End(Outcome::Closed("the server closed the connection".to_owned())),
                Ok(length) => Event::Data(length),
                Err(error) => Event::End(ending(&error)),
            },
            () = signals.ticket_arrived.notified() => Event::Ticket,
        }
    };
    // Not a third branch above: a flood of records that are no data would use up the task's budget before it.
    match timeout_at(deadline, event).await {
        Ok(Event::Ticket) if Instant::now() >= deadline => Event::Silence,
        Ok(event) => event,
        Err(_) => Event::Silence,
    }
}

fn ending(error: &std::io::Error) -> Outcome {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ssl::Error>())
    {
        Some(error) => tls_ending(error),
        None => Outcome::Closed(io_reason(error)),
    }
}

/// What an error of OpenSSL's means: an alert, a close, or broken TLS.
pub(super) fn tls_ending(error: &ssl::Error) -> Outcome {
    let closed = || Outcome::Closed("the server closed the connection".to_owned());
    match (error.ssl_error(), error.io_error()) {
        (Some(errors), _) => match Alert::among(errors) {
            Some(alert) => Outcome::Alert(alert),
            None if is_close(errors) || errors.errors().is_empty() => closed(),
            None => Outcome::Broken(text(errors)),
        },
        (None, Some(error)) => Outcome::Closed(io_reason(error)),
        (None, None) => closed(),
    }
}

/// One well-formed command-2 frame to the token of 32 zero bytes, with a payload that shows nothing.
fn frame() -> Vec<u8> {
    let items: [(u8, &[u8]); 5] = [
        (1, &[0; 32]),
        (2, br#"{"aps":{}}"#),
        (3, &IDENTIFIER),
        (4, &[0; 4]),
        (5, &[5]),
    ];
    let mut body = Vec::new();
    for (id, data) in items {
        body.push(id);
        body.extend((data.len() as u16).to_be_bytes());
        body.extend(data);
    }
    let mut frame = vec![2];
    frame.extend((body.len() as u32).to_be_bytes());
    frame.extend(body);
    frame
}
