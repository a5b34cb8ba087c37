//! One endpoint from dial to verdict. After TLS: read before writing anything, because a TLS 1.3 rejection arrives after the handshake
//! has ended and a write may destroy it; then the probe of the binary protocol, and its answer.

use super::alert::End;
use super::tls::{Client, Notices};
use super::{Handshake, Proof, Protocol, Stage, Target, Verdict, Wishes, dial};
use crate::finding::{Severity, id};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};
use tokio_openssl::SslStream;

/// Before a probe under TLS 1.2 a refusal has come with the handshake; this is for a gateway that closes right after it.
const GLANCE: Duration = Duration::from_millis(200);

/// Dials, shakes hands, and finds the verdict.
pub(super) async fn shake_hands(target: &Target, client: Client, wishes: &Wishes) -> Handshake {
    let deadline = Instant::now() + wishes.timeout;
    let (tcp, mut handshake) = match dial::dial(target, deadline, Handshake::new()).await {
        Ok(dialled) => dialled,
        Err(failed) => return *failed,
    };
    let (ssl, notices) = client.split();
    let mut stream = match SslStream::new(ssl, tcp) {
        Ok(stream) => stream,
        Err(_) => return handshake.failed(Stage::Tls, "TLS could not be set up"),
    };
    let start = Instant::now();
    let connected = timeout_at(deadline.into(), Pin::new(&mut stream).connect()).await;
    let facts = notices.facts(stream.ssl());
    let answered = !facts.server_chain.is_empty();
    let server_error = facts.server_verify_error.clone();
    let alpn = facts.alpn.clone();
    handshake.tls = answered.then_some(facts);
    if let Some(error) = server_error {
        let message = format!(
            "the server's chain does not verify ({error}); this is the server's chain, not your certificate"
        );
        handshake.note(id::SERVER_NOT_VERIFIED, Severity::Critical, message);
    }
    match connected {
        Err(_) => return handshake.failed(Stage::Tls, "no answer within the time"),
        Ok(Err(error)) => return refused_in_handshake(handshake, End::of(&error), &notices),
        Ok(Ok(())) => {}
    }
    handshake.stages.tls_ms = Some(dial::ms_since(start));
    handshake.verdict = Verdict::NotRejected;
    handshake.protocol = match alpn.as_deref() {
        None => Protocol::Binary,
        Some("h2") => Protocol::Http2,
        Some(_) => Protocol::Unknown,
    };
    let handshake = listen(&mut stream, handshake, &notices, wishes).await;
    close(stream).await;
    handshake
}

/// An alert that speaks of the certificate, after it was asked for, is a rejection; anything else came before it was judged.
fn refused_in_handshake(mut handshake: Handshake, end: End, notices: &Notices) -> Handshake {
    if let End::Alert(alert) = &end {
        handshake.alert = Some(alert.clone());
        if notices.requested() && alert.refuses_certificate() {
            handshake.verdict = Verdict::Rejected;
            handshake.reason = Some(end.words());
            return handshake;
        }
    }
    let words = end.words();
    handshake.failed(Stage::Tls, words)
}

/// What is seen on a connection without writing to it.
enum Seen {
    Data,
    Ticket,
    Ended(End),
    Silence,
}

/// Peeks until something happens. `until_ticket`: a ticket of TLS 1.3 is something.
async fn peek(
    stream: &mut SslStream<TcpStream>,
    notices: &Notices,
    within: Duration,
    until_ticket: bool,
) -> Seen {
    let mut byte = [0u8; 1];
    let looking = poll_fn(|context| {
        let peeked = Pin::new(&mut *stream).poll_peek(context, &mut byte);
        match peeked {
            Poll::Ready(Ok(0)) => Poll::Ready(Seen::Ended(End::Closed(
                "the server closed the connection".to_string(),
            ))),
            Poll::Ready(Ok(_)) => Poll::Ready(Seen::Data),
            Poll::Ready(Err(error)) => Poll::Ready(Seen::Ended(End::of(&error))),
            Poll::Pending if until_ticket && notices.ticket() => Poll::Ready(Seen::Ticket),
            Poll::Pending => Poll::Pending,
        }
    });
    timeout(within, looking).await.unwrap_or(Seen::Silence)
}

async fn listen(
    stream: &mut SslStream<TcpStream>,
    mut handshake: Handshake,
    notices: &Notices,
    wishes: &Wishes,
) -> Handshake {
    let tls13 = handshake
        .tls
        .as_ref()
        .is_some_and(|tls| tls.version == "TLSv1.3");
    if !notices.requested() {
        handshake.verdict = Verdict::NotRequested;
        return handshake;
    }
    let binary = handshake.protocol == Protocol::Binary;
    if !binary {
        let picked = handshake
            .tls
            .as_ref()
            .and_then(|tls| tls.alpn.clone())
            .unwrap_or_default();
        let message =
            format!("the server picked {picked} by ALPN: no gateway of the binary protocol");
        handshake.note(id::NOT_A_GATEWAY, Severity::Unknown, message);
    }
    let probes = binary && wishes.probe;
    let within = if probes && !tls13 {
        GLANCE.min(wishes.wait)
    } else {
        wishes.wait
    };
    match peek(stream, notices, within, probes && tls13).await {
        Seen::Ended(end) => return ended(handshake, end, binary),
        Seen::Data if binary => {
            return not_a_gateway(handshake, "it speaks before it is spoken to");
        }
        Seen::Data => return handshake,
        Seen::Ticket | Seen::Silence => {}
    }
    if probes && let Some(decided) = probe(stream, &mut handshake, wishes).await {
        return decided;
    }
    // Nothing refused it within the wait: what the handshake itself proves.
    if binary {
        handshake.proof = match (tls13, notices.ticket()) {
            (false, _) => Some(Proof::Handshake),
            (true, true) => Some(Proof::Ticket),
            (true, false) => None,
        };
        if handshake.proof.is_some() {
            handshake.verdict = Verdict::Accepted;
        }
    }
    handshake
}

/// The end of a connection before anything was written.
fn ended(mut handshake: Handshake, end: End, binary: bool) -> Handshake {
    handshake.reason = Some(end.words());
    match end {
        End::Alert(alert) => {
            handshake.verdict = match alert.refuses_certificate() {
                true => Verdict::Rejected,
                false => Verdict::NotRejected,
            };
            handshake.alert = Some(alert);
        }
        End::Closed(_) if binary => handshake.verdict = Verdict::Rejected,
        End::Closed(_) | End::Other(_) => {}
    }
    handshake
}

fn not_a_gateway(mut handshake: Handshake, why: &str) -> Handshake {
    handshake.reason = Some(why.to_string());
    handshake.note(
        id::NOT_A_GATEWAY,
        Severity::Unknown,
        format!("what answers is no push gateway: {why}"),
    );
    handshake
}

/// One notification to the all-zero token, command 2: well-formed, and for nobody.
fn frame() -> Vec<u8> {
    let payload = br#"{"aps":{}}"#;
    let items: [(u8, &[u8]); 5] = [
        (1, &[0; 32]),
        (2, payload),
        (3, &[0; 4]),
        (4, &[0; 4]),
        (5, &[5]),
    ];
    let mut body = Vec::new();
    for (item, data) in items {
        body.push(item);
        body.extend_from_slice(&(data.len() as u16).to_be_bytes());
        body.extend_from_slice(data);
    }
    let mut frame = vec![2];
    frame.extend_from_slice(&(body.len() as u32).to_be_bytes());
    frame.extend_from_slice(&body);
    frame
}

/// Sends the probe and reads its answer. `None`: silence, which changes nothing.
async fn probe(
    stream: &mut SslStream<TcpStream>,
    handshake: &mut Handshake,
    wishes: &Wishes,
) -> Option<Handshake> {
    handshake.probe.sent = true;
    let frame = frame();
    let write = async {
        stream.write_all(&frame).await?;
        stream.flush().await
    };
    // A write that fails says less than what can still be read: the alert, if there is one.
    let _ = timeout(wishes.wait, write).await;
    let mut packet = [0u8; 6];
    let mut filled = 0;
    while let Some(room) = packet.get_mut(filled..).filter(|room| !room.is_empty()) {
        match timeout(wishes.wait, stream.read(room)).await {
            Err(_) if filled == 0 => return None,
            Err(_) => {
                return Some(not_a_gateway(
                    handshake.clone(),
                    "its answer is no error packet",
                ));
            }
            Ok(Ok(0)) => {
                return Some(closed_early(
                    handshake.clone(),
                    "the server closed the connection",
                ));
            }
            Ok(Ok(count)) => filled += count,
            Ok(Err(error)) => return Some(failed_read(handshake.clone(), &error)),
        }
        if packet[0] != 8 {
            return Some(not_a_gateway(
                handshake.clone(),
                "its answer is no error packet",
            ));
        }
    }
    let mut handshake = handshake.clone();
    let status = packet[1];
    handshake.probe.status = Some(status);
    if matches!(status, 1 | 10 | 255) {
        handshake.reason = Some(format!("status {status} decides nothing"));
        return Some(handshake);
    }
    handshake.verdict = Verdict::Accepted;
    handshake.proof = Some(Proof::Probe);
    Some(handshake)
}

fn failed_read(handshake: Handshake, error: &std::io::Error) -> Handshake {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<openssl::ssl::Error>());
    let end = inner.map_or_else(|| End::of_io(error), End::of);
    match end {
        End::Alert(_) => ended(handshake, end, true),
        other => closed_early(handshake, &other.words()),
    }
}

fn closed_early(mut handshake: Handshake, words: &str) -> Handshake {
    handshake.verdict = Verdict::NotRejected;
    handshake.proof = None;
    handshake.reason = Some(format!("{words} after the probe, without an answer"));
    let message = "the connection ended after the probe without an answer, which decides nothing";
    handshake.note(id::CLOSED_EARLY, Severity::Unknown, message);
    handshake
}

/// A polite end, in bounded time.
async fn close(mut stream: SslStream<TcpStream>) {
    let _ = timeout(GLANCE, stream.shutdown()).await;
}
