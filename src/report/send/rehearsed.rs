//! What a dry run would send, as a person reads it.

use super::row;
use crate::report::{escape, words};
use crate::send::{Notification, Tokens, Via};

/// What a dry run would send.
pub fn rehearsed(
    notification: &Notification,
    tokens: &Tokens,
    host: &str,
    via: Option<Via>,
) -> String {
    let topic = &notification.topic;
    let what = match tokens.listed.len() {
        1 => "one notification".to_owned(),
        count => format!("{count} notifications"),
    };
    let mut text = format!("ok   {topic}: {what} would go to {host}; nothing was sent\n\n");
    let mut rows = Vec::new();
    if let Some(first) = tokens.listed.first() {
        let more = match tokens.listed.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        rows.push(row("token", format!("{}{more}", first.token)));
    }
    match via {
        Some(Via::Legacy) => {
            rows.push(row("priority", notification.priority.to_string()));
            let expiration = notification.expiration.map(|t| t.to_string());
            rows.extend(expiration.map(|t| row("expiration", t)));
        }
        _ => {
            rows.push(row("path", "/3/device/TOKEN".to_owned()));
            rows.extend(
                notification
                    .post()
                    .headers
                    .into_iter()
                    .map(|(name, value)| row(name, value)),
            );
        }
    }
    let payload = String::from_utf8_lossy(notification.payload.bytes());
    let shown = words::one_line(&payload);
    rows.push(row("payload", format!("{} bytes", payload.len())));
    rows.push(row("", shown));
    text.push_str(&words::columns(&rows));
    escape::lines(&text)
}
