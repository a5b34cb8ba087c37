//! The TLS stream under HTTP/2, with a note of how it ended: h2 turns an alert into text, and its number decides.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_openssl::SslStream;

use super::goaway::{GoAway, Scan};
use crate::live::outcome::{Outcome, closed, ending};

/// What was noted, shared with whoever judges.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Arc<Mutex<Seen>>, Arc<Notify>);

#[derive(Debug, Default)]
struct Seen {
    end: Option<Outcome>,
    frames: Scan,
}

impl Notes {
    /// How reading ended, if it did.
    pub(super) fn end(&self) -> Option<Outcome> {
        self.seen().end.clone()
    }

    /// The last GOAWAY.
    pub(super) fn goaway(&self) -> Option<GoAway> {
        self.seen().frames.last().cloned()
    }

    /// Waits until the peer has said what it allows, or the connection has ended.
    pub(super) async fn settings(&self) {
        while !self.is_begun() {
            self.1.notified().await;
        }
    }

    fn is_begun(&self) -> bool {
        let seen = self.seen();
        seen.frames.has_settings() || seen.end.is_some()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream.
pub(super) struct Tap {
    pub(super) stream: Pin<Box<SslStream<TcpStream>>>,
    pub(super) notes: Notes,
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.stream.as_mut().poll_read(context, buffer);
        if let Poll::Ready(result) = &read {
            let mut seen = self.notes.seen();
            match (result, buffer.filled().get(before..)) {
                (Err(error), _) => drop(seen.end.get_or_insert_with(|| ending(error))),
                (Ok(()), Some([]) | None) => drop(seen.end.get_or_insert_with(closed)),
                (Ok(()), Some(bytes)) => seen.frames.push(bytes),
            }
            drop(seen);
            self.notes.1.notify_one();
        }
        read
    }
}

/// A write that fails is taken for written: what the server said before it closed tells more, and the next read has it.
impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream.as_mut().poll_write(context, bytes);
        written.map(|result| Ok(result.unwrap_or(bytes.len())))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context).map(|_| Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }
}
