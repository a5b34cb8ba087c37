//! One notification for any number of tokens: its headers from wishes and from the certificate, each within Apple's rules.

use super::token::BINARY_LENGTH;
use super::{Payload, Tokens};
use crate::apple::push_type::{LONGEST_BINARY_PAYLOAD, LONGEST_COLLAPSE_ID, PushType};
use crate::apple::{Kind, kind};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::live::http2::Post;

/// What flags say; the rest comes from the certificate.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `apns-topic`.
    pub topic: Option<String>,
    /// `apns-push-type`.
    pub push_type: Option<PushType>,
    /// `apns-priority`.
    pub priority: Option<u8>,
    /// `apns-expiration`, in seconds since 1970; 0 for one attempt.
    pub expiration: Option<u64>,
    /// `apns-collapse-id`.
    pub collapse_id: Option<String>,
    /// `apns-id`, which APNs otherwise makes.
    pub apns_id: Option<String>,
}

/// A notification within the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Notification {
    pub topic: String,
    pub push_type: PushType,
    pub priority: u8,
    pub expiration: Option<u64>,
    pub collapse_id: Option<String>,
    pub apns_id: Option<String>,
    pub payload: Payload,
}

impl Notification {
    /// Fills in what is not wished for.
    ///
    /// # Errors
    /// [`Error::Usage`] for wishes that cannot be sent, or that Apple's documentation calls an error.
    pub fn new(leaf: &Certificate, wishes: Wishes, payload: Payload) -> Result<Notification> {
        let wrong = |reason: String| Error::Usage { reason };
        let topic = match &wishes.topic {
            Some(topic) => topic.clone(),
            None => topic_for(leaf, wishes.push_type)
                .ok_or_else(|| wrong("the certificate names no topic; give --topic".to_owned()))?,
        };
        if topic.is_empty() || !topic.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "a topic is made of letters, digits and signs without spaces";
            return Err(wrong(reason.to_owned()));
        }
        let push_type = wishes
            .push_type
            .unwrap_or_else(|| type_for(leaf, &topic, &payload));
        let priority = wishes.priority.unwrap_or(push_type.priority());
        if !matches!(priority, 1 | 5 | 10) {
            return Err(wrong("a priority is 1, 5 or 10".to_owned()));
        }
        if push_type == PushType::Background && priority == 10 {
            let reason = "priority 10 is an error for the push type background; it takes 5 or 1";
            return Err(wrong(reason.to_owned()));
        }
        if let Some(collapse_id) = &wishes.collapse_id {
            let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
            if collapse_id.is_empty() || !collapse_id.bytes().all(plain) {
                let reason = "a collapse id is printable ASCII";
                return Err(wrong(reason.to_owned()));
            }
            if collapse_id.len() > LONGEST_COLLAPSE_ID {
                return Err(wrong(format!(
                    "the collapse id has {} bytes; {LONGEST_COLLAPSE_ID} are the most",
                    collapse_id.len()
                )));
            }
        }
        if let Some(apns_id) = &wishes.apns_id
            && !is_uuid(apns_id)
        {
            let reason = "an apns-id is a UUID in lowercase, 8-4-4-4-12 hex digits";
            return Err(wrong(reason.to_owned()));
        }
        Ok(Notification {
            topic,
            push_type,
            priority,
            expiration: wishes.expiration,
            collapse_id: wishes.collapse_id,
            apns_id: wishes.apns_id,
            payload,
        })
    }

    /// The request of the HTTP/2 API, but for the token in its path.
    pub fn post(&self) -> Post {
        let optional = [
            ("apns-expiration", self.expiration.map(|t| t.to_string())),
            ("apns-collapse-id", self.collapse_id.clone()),
            ("apns-id", self.apns_id.clone()),
        ];
        let fixed = [
            ("apns-topic", self.topic.clone()),
            ("apns-push-type", self.push_type.as_str().to_owned()),
            ("apns-priority", self.priority.to_string()),
        ];
        let given = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Post {
            headers: fixed.into_iter().chain(given).collect(),
            body: self.payload.bytes().to_vec(),
        }
    }

    /// What keeps it from being sent over the HTTP/2 API.
    pub fn api_findings(&self) -> Vec<Finding> {
        let longest = self.push_type.longest_payload();
        let of = format!("of the push type {}", self.push_type.as_str());
        self.too_long(longest, &of).into_iter().collect()
    }

    /// What keeps it, or any of the tokens, from being sent over the binary protocol.
    pub fn binary_findings(&self, tokens: &Tokens) -> Vec<Finding> {
        let refused = |id, message: &str| Finding::new(id, Severity::Critical, message.to_owned());
        let mut findings: Vec<Finding> = self
            .too_long(LONGEST_BINARY_PAYLOAD, "of the binary protocol")
            .into_iter()
            .collect();
        if self.collapse_id.is_some() || self.apns_id.is_some() {
            let message = "the binary protocol has neither a collapse id nor an apns-id";
            findings.push(refused(id::NOT_IN_BINARY, message));
        }
        if self.priority == 1 {
            let message = "the binary protocol has the priorities 5 and 10 only";
            findings.push(refused(id::NOT_IN_BINARY, message));
        }
        if self.expiration.is_some_and(|t| u32::try_from(t).is_err()) {
            let message = "the binary protocol has 32 bits for the expiration";
            findings.push(refused(id::NOT_IN_BINARY, message));
        }
        let longer = tokens.listed.iter().filter(|one| !one.token.fits_binary());
        findings.extend(longer.take(20).map(|one| {
            let place = match one.line {
                0 => String::new(),
                line => format!("line {line}: "),
            };
            let length = one.token.bytes().len();
            let message = format!(
                "{place}the token has {length} bytes, and the binary protocol takes {BINARY_LENGTH} only"
            );
            refused(id::BAD_TOKEN, &message)
        }));
        findings
    }

    fn too_long(&self, longest: usize, of: &str) -> Option<Finding> {
        let length = self.payload.bytes().len();
        let message =
            format!("the payload has {length} bytes, and a payload {of} {longest} at most");
        (length > longest).then(|| Finding::new(id::BAD_PAYLOAD, Severity::Critical, message))
    }
}

/// The topic of the certificate for a push type: one that it lists for that, else its first `app` topic, or its user id.
fn topic_for(leaf: &Certificate, push_type: Option<PushType>) -> Option<String> {
    let listed = |kind: &str| {
        let found = |topic: &&crate::certificate::Topic| topic.kinds.iter().any(|k| k == kind);
        leaf.topics.iter().find(found).map(|t| t.name.clone())
    };
    let suffix = push_type.map_or("", PushType::suffix);
    let own = push_type
        .filter(|_| !suffix.is_empty())
        .and_then(|push_type| listed(push_type.as_str()));
    let app = || listed("app").or_else(|| leaf.subject.user_id.clone());
    own.or_else(|| {
        let app = app()?;
        Some(match app.ends_with(suffix) {
            true => app,
            false => app + suffix,
        })
    })
}

fn type_for(leaf: &Certificate, topic: &str, payload: &Payload) -> PushType {
    let is_mdm = leaf.kind == Kind::Mdm || topic.starts_with(kind::MDM_USER_ID);
    match PushType::of_topic(topic) {
        _ if is_mdm => PushType::Mdm,
        Some(push_type) => push_type,
        None if leaf.kind == Kind::Voip => PushType::Voip,
        None if payload.is_silent() => PushType::Background,
        None => PushType::Alert,
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.chars().all(digit))
}
