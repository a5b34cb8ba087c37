//! What a code means here, its likely cause, and the next step: APNs reasons, statuses of both protocols, TLS alerts,
//! findings, verdicts, and the messages of other programs that people paste. Data and look-up; nothing is judged here.

mod alerts;
mod findings;
mod http_statuses;
mod lookup;
mod messages;
mod reasons;
mod statuses;

pub use lookup::{Answer, LONGEST, explain, find};

/// What kind of code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A reason of the HTTP/2 API.
    Reason,
    /// A status of the HTTP/2 API's answers.
    HttpStatus,
    /// A status of the binary protocol's error packet.
    Status,
    /// A TLS alert.
    Alert,
    /// A finding of pushcert's, or why it could not do something.
    Finding,
    /// A verdict of `check`.
    Verdict,
    /// What another program prints.
    Message,
}

impl Kind {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Reason => "reason",
            Kind::HttpStatus => "http-status",
            Kind::Status => "status",
            Kind::Alert => "alert",
            Kind::Finding => "finding",
            Kind::Verdict => "verdict",
            Kind::Message => "message",
        }
    }
}

/// One code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What kind of code.
    pub kind: Kind,
    /// The code, or what the message is known by.
    pub code: &'static str,
    /// Other forms of the code; for messages the words by which a line is recognised, each group with `+` between them.
    pub forms: &'static [&'static str],
    /// What it means here, in one sentence without full stop.
    pub meaning: &'static str,
    /// The likely cause.
    pub cause: &'static str,
    /// The next step; a command where there is one.
    pub next: &'static str,
    /// Where this is known from.
    pub source: &'static str,
}

const fn entry(
    kind: Kind,
    source: &'static str,
    code: &'static str,
    forms: &'static [&'static str],
    [meaning, cause, next]: [&'static str; 3],
) -> Entry {
    Entry {
        kind,
        code,
        forms,
        meaning,
        cause,
        next,
        source,
    }
}

/// Every entry.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    [
        reasons::ALL,
        alerts::ALL,
        statuses::ALL,
        http_statuses::ALL,
        findings::VERDICTS,
        findings::ALL,
        messages::ALL,
    ]
    .into_iter()
    .flatten()
}
