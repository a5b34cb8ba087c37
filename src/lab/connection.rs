//! One connection to the stand-in gateway: the judgement on its certificate, then its frames; every wait and size is bounded.

use super::client::{Client, Policy, alert_of, hex};
use super::event::{Event, What};
use super::wire;
use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslRef, SslVerifyMode};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;

const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
const IDLE_DEADLINE: Duration = Duration::from_secs(60);
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
const MOST_DRAINED: u64 = 1 << 20;

/// Where events go, and the clock that dates them.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) clock: fn() -> OffsetDateTime,
    pub(super) events: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Log {
    pub(super) fn tell(&self, what: What) {
        (self.events)(Event {
            time: (self.clock)(),
            what,
        });
    }
}

/// One client, from its first byte to its last.
pub(super) struct Connection {
    /// From 1.
    pub(super) number: u64,
    pub(super) log: Log,
}

/// Told on drop, so that a connection which is cut off when the gateway stops ends in the log too.
impl Drop for Connection {
    fn drop(&mut self) {
        self.log.tell(What::Closed {
            connection: self.number,
        });
    }
}

impl Connection {
    /// Shakes hands, takes notifications, and closes so that the last word arrives.
    pub(super) async fn serve(self, tcp: TcpStream, context: SslContext, policy: Arc<Policy>) {
        // A refused certificate is not in the session: the verify callback is the only place that sees it.
        let seen = Arc::new(Mutex::new(None));
        let Ok(ssl) = session(&context, (self.log.clock)(), policy, seen.clone()) else {
            return;
        };
        let Ok(mut stream) = SslStream::new(ssl, tcp) else {
            return;
        };
        let outcome = timeout(HANDSHAKE_DEADLINE, Pin::new(&mut stream).accept()).await;
        let ssl = stream.ssl();
        let client = seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .or_else(|| ssl.peer_certificate()?.to_der().ok())
            .and_then(|der| Client::parse(&der));
        let accepted = matches!(outcome, Ok(Ok(())));
        let alert = match &outcome {
            Ok(Err(error)) => alert(ssl, error),
            _ => None,
        };
        self.log.tell(What::Handshake {
            connection: self.number,
            tls: version(ssl, alert),
            alpn: ssl
                .selected_alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            certificate: client.as_ref().map(|client| client.presented.clone()),
            accepted,
            alert,
        });
        if accepted && let Some(client) = client {
            self.notifications(&mut stream, &client.topic).await;
            // Anything but a graceful end here is the client's own doing.
            let _ = timeout(CLOSE_DEADLINE, stream.shutdown()).await;
        }
        drain(stream.get_mut()).await;
    }

    /// Reads frames until the client ends, falls silent, or sends one that is refused.
    async fn notifications(&self, stream: &mut SslStream<TcpStream>, topic: &str) {
        let mut unread = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            while let Some((frame, length)) = wire::next(&unread) {
                unread.drain(..length);
                self.log.tell(What::Notification {
                    connection: self.number,
                    token: hex(&frame.token),
                    topic: topic.to_string(),
                    status: frame.status,
                });
                if frame.status != 0 {
                    let packet = wire::packet(frame.status, frame.identifier);
                    let _ = timeout(CLOSE_DEADLINE, stream.write_all(&packet)).await;
                    return;
                }
            }
            match timeout(IDLE_DEADLINE, stream.read(&mut chunk)).await {
                Ok(Ok(length)) if length > 0 => {
                    unread.extend(chunk.iter().take(length));
                }
                _ => return,
            }
        }
    }
}

fn session(
    context: &SslContext,
    now: OffsetDateTime,
    policy: Arc<Policy>,
    seen: Arc<Mutex<Option<Vec<u8>>>>,
) -> std::result::Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    ssl.param_mut().set_time(now.unix_timestamp());
    ssl.set_verify_callback(
        SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
        move |good, chain| {
            let leaf = chain.chain().and_then(|chain| chain.get(0)?.to_der().ok());
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = leaf;
            policy.verify(good, chain)
        },
    );
    Ok(ssl)
}

const PROTOCOL_VERSION: u8 = 70;

/// The version that was agreed on. Before there is one, OpenSSL names the highest that it would speak.
fn version(ssl: &SslRef, alert: Option<u8>) -> Option<String> {
    let mut random = [0; 32];
    ssl.client_random(&mut random);
    let agreed = random != [0; 32] && alert != Some(PROTOCOL_VERSION);
    agreed.then(|| ssl.version_str().to_string())
}

/// The alert that the gateway refused with, as far as OpenSSL's reasons tell.
fn alert(ssl: &SslRef, error: &openssl::ssl::Error) -> Option<u8> {
    const NO_SHARED_CIPHER: i32 = 193;
    const NO_CERTIFICATE: i32 = 199;
    const VERIFY_FAILED: i32 = 134;
    const UNSUPPORTED_PROTOCOL: i32 = 258;
    let stack = error.ssl_error()?;
    stack.errors().iter().find_map(|error| {
        Some(match error.reason_code() {
            VERIFY_FAILED => alert_of(ssl.verify_result()),
            NO_CERTIFICATE if ssl.version_str() == "TLSv1.3" => 116,
            NO_CERTIFICATE | NO_SHARED_CIPHER => 40,
            UNSUPPORTED_PROTOCOL => PROTOCOL_VERSION,
            _ => return None,
        })
    })
}

/// Waits for the client's end: closing with bytes unread would send a reset, which can destroy the alert or packet on its way.
async fn drain(tcp: &mut TcpStream) {
    let _ = tcp.shutdown().await;
    let mut rest = tcp.take(MOST_DRAINED);
    let mut nowhere = tokio::io::sink();
    let _ = timeout(CLOSE_DEADLINE, tokio::io::copy(&mut rest, &mut nowhere)).await;
}
