//! The HTTP/2 provider API on a connection that TLS has let in: each request is one notification, judged in `notification`.

use super::client::{Client, hex};
use super::conversation::{Connection, End, HANDSHAKE_DEADLINE, Log, Rules};
use super::event::{Details, What};
use super::notification::{self, LONGEST_VOIP_PAYLOAD, Notification, Sender};
use super::settings::Stage;
use crate::apple::Environment;
use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::{Request, Response};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_openssl::SslStream;

/// Apple asks senders to keep connections for hours.
const IDLE_DEADLINE: Duration = Duration::from_secs(3600);
/// As many requests at a time as Apple has been seen to allow.
const MOST_STREAMS: u32 = 1000;
const LONGEST_HEADERS: u32 = 16 * 1024;
/// Of one request, in bytes.
const MOST_UPLOADED: usize = 1 << 20;

/// The headers of a request that are told, and their names in an event.
const TOLD: [(&str, &str); 4] = [
    ("apns-push-type", "push_type"),
    ("apns-priority", "priority"),
    ("apns-expiration", "expiration"),
    ("apns-collapse-id", "collapse_id"),
];

/// What an answer is made from, whichever request it is for.
struct Desk {
    number: u64,
    log: Log,
    sender: Sender,
    /// In place of every answer.
    page: Option<&'static str>,
    rules: Arc<Rules>,
}

/// Answers requests until the client ends or falls silent. One whose certificate is `refused`, and who was let in all the
/// same, gets nginx's page.
pub(super) async fn converse(
    connection: &Connection,
    stream: &mut SslStream<TcpStream>,
    client: Option<&Client>,
    refused: bool,
    rules: &Arc<Rules>,
) -> End {
    let desk = Arc::new(Desk {
        number: connection.number,
        log: connection.log.clone(),
        sender: rules.policy.sender(client),
        page: refused.then_some(match client {
            Some(_) => "The SSL certificate error",
            None => "No required SSL certificate was sent",
        }),
        rules: rules.clone(),
    });
    let mut builder = Builder::new();
    builder.max_concurrent_streams(MOST_STREAMS);
    builder.max_header_list_size(LONGEST_HEADERS);
    let Ok(Ok(mut requests)) = timeout(HANDSHAKE_DEADLINE, builder.handshake(stream)).await else {
        return End::Orderly;
    };
    if rules.ends_at(Stage::Settings) {
        return End::Abrupt;
    }
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            // What is held back is let go of with the connection: before, it would reset the stream.
            Some(answered) = answers.join_next() => if let Ok(Some(_held)) = answered {
                return End::Abrupt;
            },
            request = timeout(IDLE_DEADLINE, requests.accept()) => match request {
                Ok(Some(Ok((request, respond)))) => {
                    answers.spawn(desk.clone().answer(request, respond));
                }
                _ => return End::Orderly,
            }
        }
    }
}

impl Desk {
    /// Reads a request, tells what is made of it, and answers. A client that has gone gets no answer; what is not to be
    /// answered is handed back.
    async fn answer(
        self: Arc<Self>,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) -> Option<SendResponse<Bytes>> {
        let notification = read(request).await?;
        let asked = notification.header("apns-id");
        let apns_id = match asked.filter(|id| notification::is_uuid(id)) {
            Some(id) => id.to_string(),
            None => uuid(),
        };
        let answer = match self.page {
            Some(words) => page(words),
            None => self.judgement(&notification),
        };
        let unanswered = self.rules.ends_at(Stage::Response);
        self.log.tell(What::Notification {
            connection: self.number,
            token: notification.token().to_string(),
            topic: notification
                .topic(&self.sender)
                .unwrap_or_default()
                .to_string(),
            status: answer.status,
            reason: answer.reason.clone(),
            details: details(&notification, &apns_id, unanswered),
        });
        if unanswered {
            return Some(respond);
        }
        sleep(self.rules.faults.delay).await;
        self.send(respond, &apns_id, answer);
        None
    }

    fn judgement(&self, notification: &Notification) -> Answer {
        let Some(reason) = notification.refusal(&self.sender, &self.rules.tokens) else {
            return Answer {
                status: 200,
                reason: None,
                body: String::new(),
            };
        };
        let body = match reason.status {
            // When the token was found to be no longer good.
            410 => json!({"reason": reason.name, "timestamp": milliseconds((self.log.clock)())}),
            _ => json!({"reason": reason.name}),
        };
        Answer {
            status: reason.status,
            reason: Some(reason.name.to_string()),
            body: body.to_string(),
        }
    }

    /// Whatever cannot be sent has nobody to send it to.
    fn send(&self, mut respond: SendResponse<Bytes>, apns_id: &str, answer: Answer) {
        let mut head = Response::builder().status(answer.status);
        if self.page.is_none() {
            head = head.header("apns-id", apns_id);
        }
        if answer.status == 200 && self.rules.policy.environment == Some(Environment::Sandbox) {
            head = head.header("apns-unique-id", uuid());
        }
        let Ok(head) = head.body(()) else {
            return;
        };
        if let Ok(mut sending) = respond.send_response(head, answer.body.is_empty())
            && !answer.body.is_empty()
        {
            let _ = sending.send_data(answer.body.into(), true);
        }
    }
}

/// What is sent back.
struct Answer {
    status: u16,
    reason: Option<String>,
    body: String,
}

/// The page that nginx shows to a client whose certificate it does not take.
fn page(words: &str) -> Answer {
    Answer {
        status: 400,
        reason: Some(words.to_string()),
        body: format!(
            "<html>\n<head><title>400 {words}</title></head>\n<body><h1>400 Bad Request</h1>\n<p>{words}</p></body>\n</html>\n"
        ),
    }
}

/// The request, of its body no more than it takes to know that it is too long; `None` if it breaks off. The rest is read and
/// left, since an answer in the midst of an upload is an error to some clients.
async fn read(request: Request<RecvStream>) -> Option<Notification> {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    let mut length = 0;
    while length < MOST_UPLOADED {
        let Some(data) = stream.data().await else {
            break;
        };
        let data = data.ok()?;
        // A connection that takes no more is one without a request to answer.
        let _ = stream.flow_control().release_capacity(data.len());
        length += data.len();
        body.extend(data);
        body.truncate(LONGEST_VOIP_PAYLOAD + 1);
    }
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_string(), value)
    });
    Some(Notification {
        method: head.method.as_str().to_string(),
        path: head.uri.path().to_string(),
        headers: headers.collect(),
        body,
    })
}

fn details(notification: &Notification, apns_id: &str, unanswered: bool) -> Details {
    let headers = TOLD.into_iter().filter_map(|(header, name)| {
        let value = notification.header(header)?;
        Some((name, value.to_string()))
    });
    Details {
        apns_id: Some(apns_id.to_string()),
        headers: headers.collect(),
        payload: notification::payload(&notification.body),
        unanswered,
    }
}

/// A random one (RFC 9562, version 4), in lower case.
fn uuid() -> String {
    let mut bytes = [0; 16];
    // Without randomness there is no TLS, and no request to answer.
    let _ = openssl::rand::rand_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
    groups.map(|group| &digits[group]).join("-")
}

fn milliseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}
