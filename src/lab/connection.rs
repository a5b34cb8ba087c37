//! One connection to the stand-in gateway: the judgement on its certificate, then its protocol; every wait and size is bounded.

use super::client::Client;
use super::conversation::{CLOSE_DEADLINE, Connection, End, HANDSHAKE_DEADLINE, Rules};
use super::event::What;
use super::settings::{Protocol, Stage};
use super::{binary, http2, tls};
use openssl::ssl::SslContext;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;

const MOST_DRAINED: u64 = 1 << 20;

impl Connection {
    /// Shakes hands, takes notifications, and closes so that the last word arrives.
    pub(super) async fn serve(self, mut tcp: TcpStream, context: SslContext, rules: Arc<Rules>) {
        // A small answer that waits for the acknowledgement of the one before costs 40 ms.
        let _ = tcp.set_nodelay(true);
        if rules.ends_at(Stage::Tcp) || rules.ends_at(Stage::Hello) && begins(&tcp).await {
            drain(&mut tcp).await;
            return;
        }
        let Ok((ssl, notes)) = tls::session(&context, (self.log.clock)(), rules.clone()) else {
            return;
        };
        let Ok(mut stream) = SslStream::new(ssl, tcp) else {
            return;
        };
        let outcome = timeout(HANDSHAKE_DEADLINE, Pin::new(&mut stream).accept()).await;
        let ssl = stream.ssl();
        let client = notes.leaf(ssl).and_then(|der| Client::parse(&der));
        let accepted = matches!(outcome, Ok(Ok(())));
        let alert = match &outcome {
            Ok(Err(error)) => tls::alert(ssl, error),
            _ => None,
        };
        let chosen = rules.protocol == Protocol::Http2 || tls::chose_h2(ssl);
        self.log.tell(What::Handshake {
            connection: self.number,
            tls: tls::version(ssl, alert),
            alpn: ssl
                .selected_alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            certificate: client.as_ref().map(|client| client.presented.clone()),
            accepted,
            alert,
        });
        if accepted && !rules.ends_at(Stage::Handshake) {
            let lenient = rules.faults.lenient;
            let refused = lenient && (notes.refused() || client.is_none());
            // Whoever is closed without a word is not waited for.
            let heard = !refused && !rules.ends_at(Stage::Settings);
            let by_preface = rules.protocol == Protocol::Auto && heard;
            let http2 = chosen || by_preface && speaks_http2(&mut stream).await;
            let end = if http2 {
                http2::converse(&self, &mut stream, client.as_ref(), refused, &rules).await
            } else if refused {
                End::Orderly
            } else {
                let topic = client.map(|client| client.topic).unwrap_or_default();
                binary::converse(&self, &mut stream, &topic, &rules).await
            };
            if end == End::Orderly {
                // Anything but a graceful end here is the client's own doing.
                let _ = timeout(CLOSE_DEADLINE, stream.shutdown()).await;
            }
        }
        drain(stream.get_mut()).await;
    }
}

/// Waits for the first byte of a client; whether it comes.
async fn begins(tcp: &TcpStream) -> bool {
    let first = timeout(HANDSHAKE_DEADLINE, tcp.peek(&mut [0])).await;
    matches!(first, Ok(Ok(length)) if length > 0)
}

/// Whether the client's first word is HTTP/2's, although it offered nothing; Apple's servers answer such clients too. No frame
/// of the binary protocol begins like it.
async fn speaks_http2(stream: &mut SslStream<TcpStream>) -> bool {
    const PREFACE: &[u8] = b"PRI";
    let mut first = [0; PREFACE.len()];
    let peeked = timeout(HANDSHAKE_DEADLINE, Pin::new(stream).peek(&mut first)).await;
    match peeked {
        Ok(Ok(length @ 1..)) => PREFACE.starts_with(first.get(..length).unwrap_or_default()),
        _ => false,
    }
}

/// Waits for the client's end: closing with bytes unread would send a reset, which can destroy the alert or packet on its way.
async fn drain(tcp: &mut TcpStream) {
    let _ = tcp.shutdown().await;
    let mut rest = tcp.take(MOST_DRAINED);
    let mut nowhere = tokio::io::sink();
    let _ = timeout(CLOSE_DEADLINE, tokio::io::copy(&mut rest, &mut nowhere)).await;
}
