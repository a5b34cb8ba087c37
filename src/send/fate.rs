//! What became of a notification to one token, and what the answer means.

use crate::apple::reason::{self, Judgement};
use crate::dictionary::{self, Kind};
use crate::live::http2::Answer;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not sent, or the server has said that it did not look at it.
    Unsent,
    /// Sent, and no answer came: it may have been delivered.
    Unknown,
    /// The server took it.
    Accepted,
    /// The server refused it, and will again.
    Refused,
    /// The server did not take it now; later it may.
    Deferred,
}

impl State {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Unsent => "unsent",
            State::Unknown => "unknown",
            State::Accepted => "accepted",
            State::Refused => "refused",
            State::Deferred => "deferred",
        }
    }
}

/// The same with the answer. Reason and id are foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What became of it.
    pub state: State,
    /// The HTTP status, or that of the binary protocol; 0 there for silence.
    pub status: Option<u16>,
    /// The id that APNs gave it.
    pub apns_id: Option<String>,
    /// The reason in the answer; the name of the status in the binary protocol.
    pub reason: Option<String>,
    /// Why there is no answer.
    pub why: Option<String>,
    /// It is nginx's page, which speaks of the certificate.
    page: bool,
    binary: bool,
}

impl Fate {
    /// Of an answer over HTTP/2.
    pub fn answered(answer: &Answer) -> Fate {
        let state = match answer.status {
            200 => State::Accepted,
            429 | 500.. => State::Deferred,
            _ => State::Refused,
        };
        Fate {
            state,
            status: Some(answer.status),
            apns_id: answer.apns_id.clone(),
            reason: answer.reason().or_else(|| answer.page()),
            why: None,
            page: answer.reason().is_none() && answer.page().is_some(),
            binary: false,
        }
    }

    /// Of a status of the binary protocol; 0 is what silence means there.
    pub fn packet(status: u8) -> Fate {
        let state = match status {
            0 => State::Accepted,
            1 | 10 | 255 => State::Deferred,
            _ => State::Refused,
        };
        let name = crate::apple::gateway::status_name(status);
        Fate {
            state,
            status: Some(u16::from(status)),
            apns_id: None,
            reason: name.filter(|_| status != 0).map(str::to_owned),
            why: None,
            page: false,
            binary: true,
        }
    }

    /// Without an answer.
    pub fn without(state: State, why: impl Into<String>) -> Fate {
        Fate {
            state,
            status: None,
            apns_id: None,
            reason: None,
            why: Some(why.into()),
            page: false,
            binary: false,
        }
    }

    /// The certificate itself is refused, and every other notification with it.
    pub fn refuses_certificate(&self) -> bool {
        let known = self.reason.as_deref().and_then(reason::find);
        let named = known.is_some_and(|known| known.judgement == Judgement::Rejected);
        !self.binary && (named || self.page)
    }

    /// The code by which `explain` knows the answer.
    pub fn code(&self) -> Option<String> {
        match (self.status, self.binary) {
            (Some(status), true) => Some(format!("status {status}")),
            _ => self.reason.clone(),
        }
    }

    /// What the dictionary says of the answer.
    pub fn entry(&self) -> Option<&'static dictionary::Entry> {
        let kind = match self.binary {
            true => Kind::Status,
            false => Kind::Reason,
        };
        dictionary::find(kind, &self.code()?)
    }

    /// One sentence: what the answer means, or why there is none. Nothing for what was accepted.
    pub fn explanation(&self) -> Option<String> {
        if self.state == State::Accepted {
            return None;
        }
        let meant = self.entry().map(|entry| match self.binary {
            // There the cause is the status's own name.
            true => format!("{}: {}", entry.cause, entry.meaning),
            false => format!("{}: {}", entry.meaning, entry.cause),
        });
        meant.or_else(|| self.why.clone())
    }
}
