//! One HTTP/2 connection and the requests on it. Knows APNs' path and headers only as they are given; what an answer proves
//! is judged in `probe`. Many requests at a time are `batch`'s.

mod batch;
mod goaway;
pub(super) mod probe;
mod tap;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_openssl::SslStream;

use super::Alert;
use super::outcome::Outcome;
use tap::{Notes, Tap};

pub use batch::{Batch, Lost};
pub use goaway::GoAway;

/// An open connection. [`Connection::close`] ends it in order; dropped, it ends at once.
pub struct Connection {
    requests: SendRequest<Bytes>,
    authority: Authority,
    notes: Notes,
    driver: Driver,
}

/// The task that reads and writes.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A POST request, but for its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The payload.
    pub body: Vec<u8>,
}

/// The same, ready to be sent any number of times.
#[derive(Clone, Debug)]
pub struct Letter {
    headers: HeaderMap,
    body: Bytes,
}

/// A request that was sent, and whose answer is still to come.
pub struct Pending {
    stream: u32,
    response: ResponseFuture,
    notes: Notes,
}

/// An answer. Foreign text throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The id that the server gave the notification.
    pub apns_id: Option<String>,
    /// The body, cut off where it is long.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The server sent an alert.
    Alert(Alert),
    /// The server announced the end of the connection.
    GoAway(GoAway),
    /// The server took this one request back, for this reason of HTTP/2.
    Reset(String),
    /// The connection ended without a word.
    Closed(String),
    /// TLS itself broke.
    Tls(String),
    /// What came is no HTTP/2.
    Foreign,
    /// A header's value cannot be sent.
    Header(&'static str),
}

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(250);
const LONGEST_BODY: usize = 64 * 1024;
const LONGEST_HEADERS: u32 = 64 * 1024;

impl Post {
    /// Makes it ready.
    ///
    /// # Errors
    /// [`Broken::Header`] for a value that cannot stand in a header.
    pub fn seal(self) -> Result<Letter, Broken> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).map_err(|_| Broken::Header(name))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Letter {
            headers,
            body: self.body.into(),
        })
    }
}

impl Connection {
    /// Begins HTTP/2 on a stream that has chosen it. Needs a tokio runtime; the connection is driven by a task of its own.
    pub(super) async fn open(
        stream: Pin<Box<SslStream<TcpStream>>>,
        authority: String,
    ) -> Result<Connection, Broken> {
        let notes = Notes::default();
        let tap = Tap {
            stream,
            notes: notes.clone(),
        };
        let authority = Authority::try_from(authority).map_err(|_| Broken::Header(":authority"))?;
        let opened = Builder::new()
            .enable_push(false)
            // One, until the server has said how many.
            .initial_max_send_streams(1)
            .max_header_list_size(LONGEST_HEADERS)
            .handshake(tap)
            .await;
        let (requests, connection) = opened.map_err(|error| broken(&notes, &error))?;
        Ok(Connection {
            requests,
            authority,
            notes,
            // How it ends is noted by the tap.
            driver: Driver(tokio::spawn(async { drop(connection.await) })),
        })
    }

    /// Sends a request to a path ("/3/device/..."), as soon as the server's limit of concurrent ones allows.
    ///
    /// # Errors
    /// Why it could not be sent.
    pub fn post(&self, letter: &Letter, path: &str) -> Result<Pending, Broken> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::builder()
            .scheme(Scheme::HTTPS)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|_| Broken::Header(":path"))?;
        *request.headers_mut() = letter.headers.clone();
        let failed = |error: h2::Error| broken(&self.notes, &error);
        // A sender of its own: h2 allows each one request beyond the server's limit, and queues it.
        let mut sender = self.requests.clone();
        let sent = sender.send_request(request, letter.body.is_empty());
        let (response, mut body) = sent.map_err(failed)?;
        if !letter.body.is_empty() {
            body.send_data(letter.body.clone(), true).map_err(failed)?;
        }
        Ok(Pending {
            stream: response.stream_id().as_u32(),
            response,
            notes: self.notes.clone(),
        })
    }

    /// How many requests the server takes at a time.
    fn limit(&self) -> usize {
        self.requests.current_max_send_streams()
    }

    /// Ends when the connection does.
    pub(super) async fn ended(&mut self) -> Broken {
        let _ = (&mut self.driver.0).await;
        self.why()
    }

    /// Says goodbye, which takes no longer than a moment, since nobody waits for what the server makes of it.
    pub async fn close(self) {
        let Connection {
            requests,
            mut driver,
            ..
        } = self;
        // Without anyone to send requests, h2 sends GOAWAY and closes TLS.
        drop(requests);
        let _ = timeout(GOODBYE, &mut driver.0).await;
    }

    /// What is known of the end of the connection.
    fn why(&self) -> Broken {
        noted(&self.notes).unwrap_or(Broken::Foreign)
    }
}

impl Pending {
    /// The answer: its status, and its body as far as it comes before the connection ends.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn answer(self) -> Result<Answer, Broken> {
        self.settled().await.map_err(|lost| lost.why)
    }

    /// The same, and where there is none, whether the server has looked at the request at all.
    async fn settled(self) -> Result<Answer, Lost> {
        let response = self.response.await;
        let (head, mut stream) = response
            .map_err(|error| Lost::new(&error, self.stream, &self.notes))
            .map(Response::into_parts)?;
        let mut body = Vec::new();
        while body.len() < LONGEST_BODY {
            // A body that breaks off is judged by what came of it.
            let Some(Ok(data)) = stream.data().await else {
                break;
            };
            let _ = stream.flow_control().release_capacity(data.len());
            body.extend(data);
        }
        body.truncate(LONGEST_BODY);
        let apns_id = head.headers.get("apns-id");
        Ok(Answer {
            status: head.status.as_u16(),
            apns_id: apns_id.and_then(|id| id.to_str().ok()).map(str::to_owned),
            body,
        })
    }
}

impl Answer {
    /// The reason in its JSON.
    pub fn reason(&self) -> Option<String> {
        reason_in(&self.body)
    }

    /// The words of nginx's page about a certificate that it does not take.
    pub fn page(&self) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body);
        let words = [
            "No required SSL certificate was sent",
            "The SSL certificate error",
            "SSL certificate",
        ];
        let found = words.into_iter().find(|words| body.contains(words))?;
        (self.status == 400).then(|| found.to_owned())
    }
}

impl GoAway {
    /// The reason in the JSON that came with it.
    pub fn reason(&self) -> Option<String> {
        reason_in(&self.debug)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Alert(alert) => {
                write!(f, "the server sent alert {} ({})", alert.number, alert.name)
            }
            Broken::GoAway(goaway) => match goaway.reason() {
                Some(reason) => write!(f, "the server ended the connection: {reason}"),
                None => write!(
                    f,
                    "the server ended the connection (GOAWAY {})",
                    goaway.code
                ),
            },
            Broken::Reset(reason) => write!(f, "the server took the request back: {reason}"),
            Broken::Closed(reason) | Broken::Tls(reason) => write!(f, "{reason}"),
            Broken::Foreign => write!(f, "what the server sent is no HTTP/2"),
            Broken::Header(name) => write!(f, "the value of {name} cannot stand in a header"),
        }
    }
}

fn reason_in(json: &[u8]) -> Option<String> {
    /// Apple's longest has 28 letters.
    const LONGEST: usize = 200;
    let value: Value = serde_json::from_slice(json).ok()?;
    let reason = value.get("reason")?.as_str()?;
    Some(reason.chars().take(LONGEST).collect())
}

fn broken(notes: &Notes, error: &h2::Error) -> Broken {
    if error.is_reset() && error.is_remote() {
        let reason = error.reason().unwrap_or(h2::Reason::NO_ERROR);
        return Broken::Reset(reason.description().to_owned());
    }
    if error.is_library() {
        return Broken::Foreign;
    }
    noted(notes).unwrap_or(Broken::Foreign)
}

fn noted(notes: &Notes) -> Option<Broken> {
    match (notes.end(), notes.goaway()) {
        (Some(Outcome::Alert(alert)), _) => Some(Broken::Alert(alert)),
        (Some(Outcome::Broken(reason)), _) => Some(Broken::Tls(reason)),
        (_, Some(goaway)) => Some(Broken::GoAway(goaway)),
        (Some(Outcome::Closed(reason)), None) => Some(Broken::Closed(reason)),
        _ => None,
    }
}
