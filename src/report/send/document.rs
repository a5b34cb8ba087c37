//! The same for scripts.

use super::Sent;
use crate::send::{Fate, Notification, Tokens, Via};
use serde_json::{Map, Value, json};

impl Sent<'_> {
    /// The command's own part of the document, but for the notifications.
    pub fn document(&self) -> Map<String, Value> {
        let mut own = Map::new();
        let counts = self.ledger.counts();
        let protocol = self.handshake.map(|handshake| handshake.protocol.as_str());
        own.insert(
            "summary".into(),
            json!({
                "total": counts.total,
                "accepted": counts.accepted,
                "refused": counts.refused,
                "deferred": counts.deferred,
                "unknown": counts.unknown,
                "unsent": counts.unsent,
                "repeated": self.tokens.repeated.len(),
                "connections": self.connections,
                "endpoint": self.host,
                "protocol": protocol,
            }),
        );
        own
    }
}

/// JSON's `notifications[]`, and a line of `--jsonl`.
pub fn notification(topic: &str, tokens: &Tokens, index: usize, fate: &Fate) -> Value {
    let listed = tokens.listed.get(index);
    let mut value = Map::new();
    let token = listed.map(|listed| listed.token.to_string());
    value.insert("token".into(), json!(token));
    value.insert("topic".into(), json!(topic));
    if let Some(id) = &fate.apns_id {
        value.insert("apns_id".into(), json!(id));
    }
    value.insert("status".into(), json!(fate.status));
    for (key, text) in [
        ("reason", fate.reason.clone()),
        ("explanation", fate.explanation()),
    ] {
        if let Some(text) = text {
            value.insert(key.into(), json!(text));
        }
    }
    value.insert("state".into(), json!(fate.state.as_str()));
    if let Some(line) = listed.map(|listed| listed.line).filter(|line| *line > 0) {
        value.insert("line".into(), json!(line));
    }
    Value::Object(value)
}

/// JSON's `request` of a dry run.
pub fn request(notification: &Notification, host: &str, via: Option<Via>) -> Value {
    let headers: Map<String, Value> = notification
        .post()
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let payload: Value = serde_json::from_slice(notification.payload.bytes()).unwrap_or_default();
    let mut request = json!({ "endpoint": host, "payload": payload });
    if let Some(map) = request.as_object_mut() {
        match via {
            Some(Via::Legacy) => {
                map.insert("protocol".into(), json!("binary"));
                map.insert("priority".into(), json!(notification.priority));
                map.insert("expiration".into(), json!(notification.expiration));
            }
            _ => {
                map.insert("headers".into(), json!(headers));
            }
        }
    }
    request
}
