//! A notification as HTTP/2 brings it, judged as APNs does: which reason, or none. Nothing is read, sent or told here.
//!
//! The order in which Apple looks is documented only so far: the certificate before the token. Here it is method and path, the
//! certificate, the headers one by one, the topic, the payload, the token.

use super::tokens::Tokens;
use crate::apple::reason::{self, Reason};
use serde_json::Value;

/// The longest payload, in bytes.
pub const LONGEST_PAYLOAD: usize = 4096;
/// The longest payload of a VoIP notification.
pub const LONGEST_VOIP_PAYLOAD: usize = 5120;

const DEVICE: &str = "/3/device";
const LONGEST_COLLAPSE_ID: usize = 64;
const PUSH_TYPES: [&str; 11] = [
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
    "widgets",
];

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notification {
    /// Of HTTP.
    pub method: String,
    /// Of HTTP, as it came.
    pub path: String,
    /// Names in lower case, and values, in order; a name may stand more than once.
    pub headers: Vec<(String, String)>,
    /// The payload; of one that is too long, more than is allowed.
    pub body: Vec<u8>,
}

/// What the connection says about who sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// No certificate was presented.
    Nobody,
    /// The certificate is none for push.
    Stranger,
    /// It is for the environment that is not served.
    Elsewhere,
    /// It may push.
    Certificate {
        /// To these topics.
        topics: Vec<String>,
        /// The topic of a notification that names none; a certificate with several has no such.
        assumed: Option<String>,
    },
}

impl Notification {
    /// The value of a header, the first one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The token in the path; empty where there is none.
    pub fn token(&self) -> &str {
        let rest = self.path.strip_prefix(DEVICE).unwrap_or_default();
        rest.strip_prefix('/').unwrap_or_default()
    }

    /// Where it goes: its header, else what the sender's certificate implies.
    pub fn topic<'a>(&'a self, sender: &'a Sender) -> Option<&'a str> {
        let assumed = match sender {
            Sender::Certificate { assumed, .. } => assumed.as_deref(),
            _ => None,
        };
        self.header("apns-topic").or(assumed)
    }

    /// Why it is refused; `None` if it is delivered.
    pub fn refusal(&self, sender: &Sender, tokens: &Tokens) -> Option<&'static Reason> {
        if let Some(answer) = tokens.answer() {
            return Some(answer);
        }
        let name = self
            .misaddressed()
            .or_else(|| self.unauthorized(sender))
            .or_else(|| self.malformed())
            .or_else(|| self.off_topic(sender))
            .or_else(|| self.unfit());
        match name {
            Some(name) => reason::find(name),
            None => tokens.refusal(self.token()),
        }
    }

    fn misaddressed(&self) -> Option<&'static str> {
        let known = self
            .path
            .strip_prefix(DEVICE)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if self.method != "POST" {
            Some("MethodNotAllowed")
        } else if !known || self.token().contains('/') {
            Some("BadPath")
        } else if self.token().is_empty() {
            Some("MissingDeviceToken")
        } else {
            None
        }
    }

    fn unauthorized(&self, sender: &Sender) -> Option<&'static str> {
        match sender {
            // No key of anybody's is known here, so no provider token is good.
            Sender::Nobody => Some(match self.header("authorization") {
                Some(_) => "InvalidProviderToken",
                None => "MissingProviderToken",
            }),
            Sender::Stranger => Some("BadCertificate"),
            Sender::Elsewhere => Some("BadCertificateEnvironment"),
            Sender::Certificate { .. } => None,
        }
    }

    fn malformed(&self) -> Option<&'static str> {
        let mut names: Vec<&str> = self
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.starts_with("apns-"))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        let push_type = self.header("apns-push-type");
        let priority = self.header("apns-priority");
        let wrong = |name: &str, good: fn(&str) -> bool| {
            let value = self.header(name);
            value.is_some_and(|value| !good(value))
        };
        if names.len() < all {
            Some("DuplicateHeaders")
        } else if wrong("apns-id", is_uuid) {
            Some("BadMessageId")
        } else if push_type.is_some_and(|kind| !PUSH_TYPES.contains(&kind)) {
            Some("InvalidPushType")
        } else if wrong("apns-priority", |value| ["1", "5", "10"].contains(&value))
            || (push_type, priority) == (Some("background"), Some("10"))
        {
            Some("BadPriority")
        } else if wrong("apns-expiration", |value| value.parse::<u64>().is_ok()) {
            Some("BadExpirationDate")
        } else if wrong("apns-collapse-id", |value| {
            value.len() <= LONGEST_COLLAPSE_ID
        }) {
            Some("BadCollapseId")
        } else {
            None
        }
    }

    fn off_topic(&self, sender: &Sender) -> Option<&'static str> {
        let Sender::Certificate { topics, .. } = sender else {
            return None;
        };
        match self.topic(sender) {
            None => Some("MissingTopic"),
            Some(topic) if !is_topic(topic) => Some("BadTopic"),
            Some(topic) if !topics.iter().any(|known| known == topic) => Some("TopicDisallowed"),
            Some(_) => None,
        }
    }

    fn unfit(&self) -> Option<&'static str> {
        let voip = self.header("apns-push-type") == Some("voip");
        let longest = match voip {
            true => LONGEST_VOIP_PAYLOAD,
            false => LONGEST_PAYLOAD,
        };
        if self.body.len() > longest {
            Some("PayloadTooLarge")
        } else if payload(&self.body).is_none() {
            // Apple has no reason for what is no JSON object, and nothing could be delivered of it.
            Some("PayloadEmpty")
        } else {
            None
        }
    }
}

/// The payload, if it is a JSON object.
pub fn payload(body: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.is_object().then_some(value)
}

/// Whether it is a UUID of hex digits, grouped 8-4-4-4-12. Apple asks for lower case and writes upper case itself.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(hex)
}

fn is_topic(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !text.is_empty() && text.bytes().all(allowed)
}
