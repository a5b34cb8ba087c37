//! The conversation after the handshake: listen, then on the binary protocol one probe that can reach nobody.

use std::future::ready;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_openssl::SslStream;

use super::{ErrorPacket, Frame};
use crate::apple::reason::Judgement;
use crate::live::dial::after;
use crate::live::outcome::{Outcome, closed, ending};
use crate::live::tls::Signals;
use crate::live::{Patience, Probe};

/// What was said, and when an alert came.
pub(in crate::live) struct Conversation {
    pub(in crate::live) outcome: Outcome,
    pub(in crate::live) probe: Probe,
    pub(in crate::live) alert_at: Option<Instant>,
}

/// After a ticket the server has seen the certificate; what it does at once (a close) is still its judgement.
pub(in crate::live) const AFTER_TICKET: Duration = Duration::from_millis(200);
/// More than this before any probe is no silence to wait for.
const CHATTER: usize = 64 * 1024;
const IDENTIFIER: u32 = u32::from_be_bytes(*b"test");

enum Event {
    Data(usize),
    Ticket,
    Silence,
    End(Outcome),
}

/// Listens, probes if that is wanted and of use, and listens again. Off the binary protocol bytes mean nothing.
pub(in crate::live) async fn converse(
    mut stream: Pin<&mut SslStream<TcpStream>>,
    signals: &Signals,
    binary: bool,
    probing: bool,
    patience: &Patience,
) -> Conversation {
    let mut probe = Probe::default();
    // Read before writing: the server closes right after its alert, and our write would draw a reset that can
    // destroy the alert unread.
    let mut outcome = listen(stream.as_mut(), signals, binary, probing, patience).await;
    if outcome == Outcome::Quiet && probing && signals.presented(stream.ssl()) {
        outcome = ask(stream.as_mut(), signals, patience, &mut probe).await;
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
    probing: bool,
    patience: &Patience,
) -> Outcome {
    let mut deadline = after(patience.wait);
    let mut buffer = [0; 4096];
    let mut heard = 0;
    while heard < CHATTER {
        match next(stream.as_mut(), signals, &mut buffer, deadline).await {
            Event::Data(length) => heard += length,
            Event::Ticket if probing => {
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
    patience: &Patience,
    probe: &mut Probe,
) -> Outcome {
    let written = async {
        stream.write_all(&frame()).await?;
        stream.flush().await
    };
    // A write that fails says less than what the server sent before it closed, which is read below.
    probe.sent = matches!(timeout_at(after(patience.wait), written).await, Ok(Ok(())));
    let mut packet = Vec::new();
    let mut buffer = [0; 4096];
    let mut deadline = after(patience.wait);
    let mut heard = 0;
    while heard < CHATTER {
        match next(stream.as_mut(), signals, &mut buffer, deadline).await {
            Event::Data(length) if probe.status.is_none() => {
                packet.extend(buffer.iter().take(length));
                if packet.first() != Some(&ErrorPacket::COMMAND) {
                    return Outcome::Foreign;
                }
                if let Some(said) = ErrorPacket::parse(&packet) {
                    probe.status = Some(u16::from(said.status));
                    if !matches!(probe.status, Some(1 | 10 | 255)) {
                        return Outcome::Answered(Judgement::Accepted);
                    }
                }
                deadline = after(patience.wait);
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
                Ok(0) => Event::End(closed()),
                Ok(length) => Event::Data(length),
                Err(error) => Event::End(ending(&error)),
            },
            () = signals.ticket_arrived.notified() => Event::Ticket,
        }
    };
    let event = match Instant::now() < deadline {
        // Not a third branch above: a flood of records that are no data would use up the task's budget before it.
        true => timeout_at(deadline, event).await.ok(),
        // What is there already counts; the timer would wait for its next tick.
        false => tokio::select! {
            biased;
            event = event => Some(event),
            () = ready(()) => None,
        },
    };
    match event {
        // A flood of tickets must not outlast the deadline.
        Some(Event::Ticket) if Instant::now() >= deadline => Event::Silence,
        Some(event) => event,
        None => Event::Silence,
    }
}

/// One well-formed command-2 frame to the token of 32 zero bytes, with a payload that shows nothing.
fn frame() -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = Frame {
        token: &[0; 32],
        payload: br#"{"aps":{}}"#,
        identifier: IDENTIFIER,
        expiration: Some(0),
        priority: 5,
    };
    frame.write(&mut bytes);
    bytes
}
