//! Frames over the binary protocol: one after the other, with silence for success. The first that is refused ends the
//! connection, and those after it are lost and sent again.

use tokio::time::timeout;

use super::{Delivery, Link};
use crate::finding::{Finding, Severity, id};
use crate::live::binary::{ErrorPacket, Frame, Said};
use crate::send::{Fate, Ledger, State};

/// Frames are written in pieces of about so many bytes.
const PIECE: usize = 16 * 1024;
const SHUTDOWN: u8 = 10;

impl Delivery<'_> {
    /// Writes the next frames; after the last of them listens until nothing was said for a while.
    pub(super) async fn frames(&mut self, ledger: &mut Ledger) {
        let Link::Binary(mut wire, begin) = std::mem::replace(&mut self.link, Link::None) else {
            return;
        };
        let patience = *self.connector.patience();
        let piece = self.piece(ledger);
        let said = match piece.is_empty() {
            false => timeout(patience.timeout, wire.push(&piece)).await,
            true => match timeout(patience.wait, wire.heard()).await {
                Ok(said) => Ok(Some(said)),
                Err(_) => {
                    self.settle(begin, self.next, Fate::packet(0));
                    // A peer that takes no goodbye is not waited for.
                    let _ = timeout(patience.wait, wire.close()).await;
                    return;
                }
            },
        };
        match said {
            Ok(None) => self.link = Link::Binary(wire, begin),
            Ok(Some(said)) => self.heard(said, begin),
            Err(_) => {
                let why = "the server took no more bytes";
                self.stopped.get_or_insert(why.to_owned());
                self.settle(begin, self.next, Fate::without(State::Unknown, why));
            }
        }
    }

    /// The next frames; none when all are written.
    fn piece(&mut self, ledger: &mut Ledger) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < PIECE
            && let Some(listed) = self.tokens.listed.get(self.next)
        {
            let frame = Frame {
                token: listed.token.bytes(),
                payload: self.notification.payload.bytes(),
                // A file of 16 MiB holds fewer tokens than 32 bits can number.
                identifier: self.next as u32,
                expiration: self.notification.expiration.map(|t| t as u32),
                priority: self.notification.priority,
            };
            frame.write(&mut bytes);
            ledger.note(self.next, State::Unknown);
            self.next += 1;
        }
        bytes
    }

    /// What was said ends the connection; `begin` is the first token whose frame went over it.
    fn heard(&mut self, said: Said, begin: usize) {
        let sent = begin..self.next;
        match said {
            Said::Packet(ErrorPacket { status, identifier }) => {
                let index = identifier as usize;
                if !sent.contains(&index) {
                    let why = format!(
                        "the server answered with status {status} and named no notification of this connection"
                    );
                    self.settle(begin, sent.end, Fate::without(State::Unknown, why.clone()));
                    return self.over(why);
                }
                self.fruitful = true;
                // With this one status the packet names the last that was taken.
                let (taken, refused) = match status {
                    SHUTDOWN => (begin..index + 1, index + 1..index + 1),
                    _ => (begin..index, index..index + 1),
                };
                self.settle(taken.start, taken.end, Fate::packet(0));
                self.settle(refused.start, refused.end, Fate::packet(status));
                self.next = refused.end;
                self.over(format!("the server closed with status {status}"));
            }
            Said::Alert(alert) => {
                let why = self.alerted(alert);
                let state = match alert.refuses_certificate() {
                    true => State::Unsent,
                    false => State::Unknown,
                };
                self.settle(begin, sent.end, Fate::without(state, why.clone()));
                self.over(why);
            }
            Said::Closed(reason) => {
                self.settle(
                    begin,
                    sent.end,
                    Fate::without(State::Unknown, reason.clone()),
                );
                self.over(reason);
            }
            Said::Foreign => {
                let message = "what the server sent is no error packet of a push gateway";
                let finding = Finding::new(id::NOT_A_GATEWAY, Severity::Unknown, message);
                self.stop_for(vec![finding]);
                self.settle(begin, sent.end, Fate::without(State::Unknown, message));
            }
        }
    }

    fn settle(&mut self, from: usize, to: usize, fate: Fate) {
        if from < to {
            self.outbox.push_back((from..to, fate));
        }
    }
}
