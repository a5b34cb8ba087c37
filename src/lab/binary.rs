//! The binary protocol on a connection that TLS has let in: frames are read until one is refused.

use super::client::hex;
use super::conversation::{CLOSE_DEADLINE, Connection, End, Rules};
use super::event::{Details, What};
use super::notification;
use super::settings::Stage;
use super::wire::{self, Frame};
use crate::apple::gateway::status_name;
use crate::apple::reason::Reason;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_openssl::SslStream;

const IDLE_DEADLINE: Duration = Duration::from_secs(60);

/// Reads frames until the client ends, falls silent, or sends one that is refused.
pub(super) async fn converse(
    connection: &Connection,
    stream: &mut SslStream<TcpStream>,
    topic: &str,
    rules: &Rules,
) -> End {
    if rules.ends_at(Stage::Settings) {
        return End::Abrupt;
    }
    let mut unread = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        while let Some((frame, length)) = wire::next(&unread) {
            unread.drain(..length);
            let status = status(&frame, rules);
            let unanswered = rules.ends_at(Stage::Response);
            connection.log.tell(What::Notification {
                connection: connection.number,
                token: hex(&frame.token),
                topic: topic.to_string(),
                status: status.into(),
                reason: status_name(status)
                    .filter(|_| status != 0)
                    .map(str::to_string),
                details: Details {
                    payload: notification::payload(&frame.payload),
                    unanswered,
                    ..Details::default()
                },
            });
            if unanswered {
                return End::Abrupt;
            }
            if status != 0 {
                sleep(rules.faults.delay).await;
                let packet = wire::packet(status, frame.identifier);
                let _ = timeout(CLOSE_DEADLINE, stream.write_all(&packet)).await;
                return End::Orderly;
            }
        }
        match timeout(IDLE_DEADLINE, stream.read(&mut chunk)).await {
            Ok(Ok(length)) if length > 0 => {
                unread.extend(chunk.iter().take(length));
            }
            _ => return End::Orderly,
        }
    }
}

/// 0, or the status of the packet that refuses the frame.
fn status(frame: &Frame, rules: &Rules) -> u8 {
    let is_frame = frame.status != wire::PROTOCOL_ERROR;
    match rules.tokens.answer() {
        Some(answer) if is_frame => status_of(answer),
        _ if frame.status != 0 => frame.status,
        _ => rules
            .tokens
            .refusal(&hex(&frame.token))
            .map_or(0, status_of),
    }
}

/// The status that comes nearest to a reason of HTTP/2.
fn status_of(reason: &Reason) -> u8 {
    match reason.name {
        "InternalServerError" => 1,
        "MissingDeviceToken" => 2,
        "MissingTopic" => 3,
        "PayloadEmpty" => 4,
        "BadTopic" => 6,
        "PayloadTooLarge" => 7,
        "BadDeviceToken" | "DeviceTokenNotForTopic" | "ExpiredToken" | "Unregistered" => 8,
        "ServiceUnavailable" | "Shutdown" => 10,
        _ => 255,
    }
}
