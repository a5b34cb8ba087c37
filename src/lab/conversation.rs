//! What every conversation with a client shares: the rules, the log, the deadlines, and how it may end.

use super::client::Policy;
use super::event::{Event, What};
use super::settings::{Faults, Protocol, Stage};
use super::tokens::Tokens;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

pub(super) const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// For a last word and a client's end.
pub(super) const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

/// What every connection is held to.
pub(super) struct Rules {
    pub(super) policy: Policy,
    pub(super) protocol: Protocol,
    pub(super) tokens: Tokens,
    pub(super) faults: Faults,
}

impl Rules {
    /// Whether a connection is closed here.
    pub(super) fn ends_at(&self, stage: Stage) -> bool {
        self.faults.close_at == Some(stage)
    }
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As it has to.
    Orderly,
    /// As a fault wants it, without the end of TLS.
    Abrupt,
}

/// Where events go, and the clock that dates them.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) clock: fn() -> OffsetDateTime,
    pub(super) events: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Log {
    pub(super) fn tell(&self, what: What) {
        (self.events)(Event {
            time: (self.clock)(),
            what,
        });
    }
}

/// One client, from its first byte to its last.
pub(super) struct Connection {
    /// From 1.
    pub(super) number: u64,
    pub(super) log: Log,
}

/// Told on drop, so that a connection which is cut off when the gateway stops ends in the log too.
impl Drop for Connection {
    fn drop(&mut self) {
        self.log.tell(What::Closed {
            connection: self.number,
        });
    }
}
