//! The wire of a sender: frames out, and an ear for the one packet that the gateway may say. Judges nothing.

use std::pin::Pin;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::ErrorPacket;
use crate::live::Alert;
use crate::live::outcome::{Outcome, closed, ending};

/// An open connection of the binary protocol. Once the gateway has said something, it is over.
pub struct Wire {
    ear: ReadHalf<Stream>,
    mouth: WriteHalf<Stream>,
    heard: Vec<u8>,
}

type Stream = Pin<Box<SslStream<TcpStream>>>;

/// What came from the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It did not take a notification.
    Packet(ErrorPacket),
    /// It refused the certificate, or gave up.
    Alert(Alert),
    /// It closed without a word; why, as far as the system knows.
    Closed(String),
    /// Bytes that are no error packet.
    Foreign,
}

impl Wire {
    pub(in crate::live) fn new(stream: Stream) -> Wire {
        let (ear, mouth) = split(stream);
        Wire {
            ear,
            mouth,
            heard: Vec::new(),
        }
    }

    /// Writes bytes, all of them unless the gateway says something meanwhile.
    pub async fn push(&mut self, bytes: &[u8]) -> Option<Said> {
        let Wire { ear, mouth, heard } = self;
        let written = async {
            mouth.write_all(bytes).await?;
            mouth.flush().await
        };
        tokio::select! {
            biased;
            said = listen(ear, heard) => return Some(said),
            written = written => if written.is_ok() { return None },
        }
        // A write that fails says less than what the gateway said before it closed.
        Some(self.heard().await)
    }

    /// What the gateway says next.
    pub async fn heard(&mut self) -> Said {
        listen(&mut self.ear, &mut self.heard).await
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        let _ = self.mouth.shutdown().await;
    }
}

async fn listen(ear: &mut ReadHalf<Stream>, heard: &mut Vec<u8>) -> Said {
    let mut buffer = [0; ErrorPacket::LENGTH];
    loop {
        let outcome = match ear.read(&mut buffer).await {
            Ok(0) => closed(),
            Ok(length) => {
                heard.extend(buffer.iter().take(length));
                if heard.first() != Some(&ErrorPacket::COMMAND) {
                    return Said::Foreign;
                }
                match ErrorPacket::parse(heard) {
                    Some(packet) => return Said::Packet(packet),
                    None => continue,
                }
            }
            Err(error) => ending(&error),
        };
        return match outcome {
            Outcome::Alert(alert) => Said::Alert(alert),
            Outcome::Closed(_) if !heard.is_empty() => Said::Foreign,
            Outcome::Closed(reason) | Outcome::Broken(reason) => Said::Closed(reason),
            _ => Said::Foreign,
        };
    }
}
