//! What the gateway tells about itself, one JSON document each.

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Something that happened at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub time: OffsetDateTime,
    /// What.
    pub what: What,
}

/// What happened. Connections are numbered from 1; each ends with [`What::Closed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The gateway can be connected to. Always the first.
    Listening {
        /// Host and port, the port that was picked.
        address: String,
    },
    /// A TLS handshake came to its end, good or bad.
    Handshake {
        /// Which connection.
        connection: u64,
        /// The TLS version, in OpenSSL's spelling ("TLSv1.3"); none where none was agreed on.
        tls: Option<String>,
        /// The protocol that ALPN chose.
        alpn: Option<String>,
        /// What the client sent.
        certificate: Option<Presented>,
        /// Whether TLS let the client in.
        accepted: bool,
        /// The number of the TLS alert that the gateway refused with, where it is known.
        alert: Option<u8>,
    },
    /// A notification was read and judged.
    Notification {
        /// Which connection.
        connection: u64,
        /// Hex, as it was sent (lowercase of the bytes on the binary protocol); empty where there is none.
        token: String,
        /// The topic of the request, else that of the certificate; the binary protocol names none.
        topic: String,
        /// HTTP's status, or that of the error packet, 0 where none is sent.
        status: u16,
        /// Why it is refused: APNs' reason, or what the status of the packet is called.
        reason: Option<String>,
        /// What else there is to know of it.
        details: Details,
    },
    /// A connection is over.
    Closed {
        /// Which connection.
        connection: u64,
    },
}

/// What a sender's test may want to see of its notification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The `apns-id` of the answer.
    pub apns_id: Option<String>,
    /// The headers that came: the name in JSON, and the value.
    pub headers: Vec<(&'static str, String)>,
    /// The payload, if it is a JSON object.
    pub payload: Option<Value>,
    /// Whether the connection is closed in place of the answer that the status speaks of.
    pub unanswered: bool,
}

/// A client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Of the DER, lowercase hex.
    pub sha256: String,
    /// Those of the topics extension, else the user id.
    pub topics: Vec<String>,
}

impl Event {
    /// The document of the command-line contract: `time`, `event`, then what the event has; what is absent has no key.
    pub fn to_json(&self) -> Value {
        let mut document = Map::new();
        let mut put = |key: &str, value: Value| {
            if !value.is_null() {
                document.insert(key.to_string(), value);
            }
        };
        put("time", json!(rfc3339(self.time)));
        match &self.what {
            What::Listening { address } => {
                put("event", json!("listening"));
                put("address", json!(address));
            }
            What::Handshake {
                connection,
                tls,
                alpn,
                certificate,
                accepted,
                alert,
            } => {
                put("event", json!("handshake"));
                put("connection", json!(connection));
                put("tls", json!(tls));
                put("alpn", json!(alpn));
                let certificate = certificate
                    .as_ref()
                    .map(|c| json!({"sha256": c.sha256, "topics": c.topics}));
                put("certificate", json!(certificate));
                put("accepted", json!(accepted));
                put("alert", json!(alert));
            }
            What::Notification {
                connection,
                token,
                topic,
                status,
                reason,
                details,
            } => {
                put("event", json!("notification"));
                put("connection", json!(connection));
                put("token", json!(token));
                put("topic", json!(topic));
                put("status", json!(status));
                put("reason", json!(reason));
                put("apns_id", json!(details.apns_id));
                for (name, value) in &details.headers {
                    put(name, json!(value));
                }
                put("payload", json!(details.payload));
                put("answered", json!(details.unanswered.then_some(false)));
            }
            What::Closed { connection } => {
                put("event", json!("closed"));
                put("connection", json!(connection));
            }
        }
        Value::Object(document)
    }
}

/// UTC, to the millisecond.
fn rfc3339(time: OffsetDateTime) -> String {
    let utc = time.to_offset(UtcOffset::UTC);
    let milliseconds = u32::from(utc.millisecond()) * 1_000_000;
    utc.replace_nanosecond(milliseconds)
        .unwrap_or(utc)
        .format(&Rfc3339)
        .unwrap_or_default()
}
