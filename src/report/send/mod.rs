//! What `send` says, in text and JSON: the answer, each notification, what was not sent, and what a dry run would send.

mod document;
mod each;
mod headline;
mod next;
mod rehearsed;

use super::{escape, words};
use crate::finding::{Finding, Status};
use crate::live::{Handshake, Protocol};
use crate::send::{Counts, Fate, Ledger, Notification, Tally, Tokens};

pub use document::{notification, request};
pub use rehearsed::rehearsed;

/// All that is known when a run has ended.
pub struct Sent<'a> {
    /// What was sent.
    pub notification: &'a Notification,
    /// To whom.
    pub tokens: &'a Tokens,
    /// The path of the tokens' file, as it was typed.
    pub file: Option<&'a str>,
    /// The first file of the identity, as it was typed.
    pub path: &'a str,
    /// The server, as HOST:PORT.
    pub host: &'a str,
    /// It was named by a flag, and is not one of Apple's own.
    pub named: bool,
    /// The last handshake.
    pub handshake: Option<&'a Handshake>,
    /// How many connections there were.
    pub connections: usize,
    /// What is known of each.
    pub ledger: &'a Ledger,
    /// The answers alike.
    pub tally: &'a Tally,
    /// Those that are told one by one, with their places among the tokens.
    pub kept: &'a [(usize, Fate)],
    /// What kept it from going on.
    pub findings: &'a [Finding],
    /// The answer.
    pub status: Status,
    /// A note on the server, where one is due.
    pub why: Option<&'a str>,
}

/// So many notifications are told a line each; of more only those that were not accepted, and no more of them.
pub const LINES: usize = 20;

impl Sent<'_> {
    /// The whole text.
    pub fn text(&self) -> String {
        let counts = self.ledger.counts();
        let mut text = format!("{}   {}\n\n", self.status.as_str(), self.sentence(&counts));
        let mut rows = Vec::new();
        match (self.tokens.listed.as_slice(), self.kept) {
            ([one], [(_, fate)]) => {
                rows.push(row("token", one.token.to_string()));
                rows.extend(each::single(fate));
            }
            _ => {
                let groups = self.tally.groups().iter();
                rows.extend(
                    groups
                        .filter(|_| !self.is_nothing(&counts))
                        .map(each::group),
                );
            }
        }
        if counts.accepted + counts.refused + counts.deferred > 0 {
            let Notification {
                push_type,
                priority,
                ..
            } = self.notification;
            let how = format!("{}, priority {priority}", push_type.as_str());
            rows.push(row("type", how));
        }
        rows.push(row("endpoint", self.endpoint()));
        let mut hints = self
            .findings
            .iter()
            .filter_map(|finding| finding.hint.as_deref());
        // One that is a command comes last, as what to type next.
        let hint = hints.find(|hint| !hint.starts_with("pushcert "));
        if let Some(why) = self.why.or(hint) {
            rows.push(row("why", escape::text(why)));
        }
        text.push_str(&words::columns(&rows));
        if self.tokens.listed.len() > 1 && !self.is_nothing(&counts) {
            text.push_str(&self.each(&counts));
        }
        if let Some(next) = self.next() {
            text.push_str(&format!("\nnext  {next}\n"));
        }
        text
    }

    fn is_nothing(&self, counts: &Counts) -> bool {
        counts.unsent == counts.total
    }

    fn endpoint(&self) -> String {
        let mut parts = vec![self.host.to_owned()];
        if let Some(handshake) = self.handshake {
            parts.extend(match handshake.protocol {
                Protocol::Http2 => Some("HTTP/2".to_owned()),
                Protocol::Binary => Some("binary protocol".to_owned()),
                Protocol::Unknown => None,
            });
            if let Some(tls) = &handshake.tls {
                parts.push(tls.version.replace("TLSv", "TLS "));
                parts.push(match tls.server_verified {
                    true => "server verified".to_owned(),
                    false => "server not verified".to_owned(),
                });
            }
            if self.connections > 1 {
                parts.push(format!("{} connections", self.connections));
            }
        }
        escape::text(&parts.join(", "))
    }
}

fn row(word: &str, fact: String) -> (String, String) {
    (word.to_owned(), fact)
}
