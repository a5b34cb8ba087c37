//! Many tokens over one connection at a time: what is sent when, what is sent again on a new connection, and when it ends.
//! What is said on the wire is in `http2` and `binary`.

mod binary;
mod http2;
mod obstacle;

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use tokio::time::timeout;

use super::{Destination, Fate, Ledger, Notification, State, Tokens, Via};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::live::binary::Wire;
use crate::live::http2::{Batch, Letter};
use crate::live::{Alert, Connector, Handshake, Opened};

/// Connections that end without having settled a single notification, one after the other, before no more are opened.
const MOST_BARREN: usize = 2;
/// Connections in all over HTTP/2. The binary protocol needs one for every notification that it refuses.
const MOST_CONNECTIONS: usize = 100;
/// So many of a run are told at a time.
const MOST_TOLD: usize = 1000;

/// A delivery under way.
pub struct Delivery<'a> {
    connector: Connector,
    destination: &'a Destination,
    tokens: &'a Tokens,
    notification: &'a Notification,
    letter: Letter,
    link: Link,
    /// The first token that nothing was sent to yet.
    next: usize,
    /// Earlier ones that a server handed back.
    again: Vec<usize>,
    /// Sent and not settled.
    open: BTreeSet<usize>,
    /// Settled and not told yet.
    outbox: VecDeque<(Range<usize>, Fate)>,
    connections: usize,
    barren: usize,
    /// The connection has settled something.
    fruitful: bool,
    /// Requests handed back since the last answer.
    handed_back: usize,
    /// Why no more is sent.
    stopped: Option<String>,
    handshake: Option<Handshake>,
    findings: Vec<Finding>,
}

enum Link {
    None,
    Http2(Box<Batch>),
    /// With the first token whose frame went over this connection.
    Binary(Box<Wire>, usize),
}

/// What became of the notification to one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its place among the tokens.
    pub index: usize,
    /// What became of it.
    pub fate: Fate,
}

impl<'a> Delivery<'a> {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Usage`] for a header that cannot be sent.
    pub fn new(
        connector: Connector,
        destination: &'a Destination,
        notification: &'a Notification,
        tokens: &'a Tokens,
    ) -> Result<Delivery<'a>> {
        let letter = notification.post().seal().map_err(|broken| Error::Usage {
            reason: broken.to_string(),
        })?;
        Ok(Delivery {
            connector,
            destination,
            tokens,
            notification,
            letter,
            link: Link::None,
            next: 0,
            again: Vec::new(),
            open: BTreeSet::new(),
            outbox: VecDeque::new(),
            connections: 0,
            barren: 0,
            fruitful: false,
            handed_back: 0,
            stopped: None,
            handshake: None,
            findings: Vec::new(),
        })
    }

    /// What was settled since the last call, in whatever order; `None` when all of it is. Each token is told once, sent or not.
    /// The ledger knows at any moment what is written.
    ///
    /// # Errors
    /// Certificates or key that OpenSSL cannot load, before anything is sent.
    pub async fn next(&mut self, ledger: &mut Ledger) -> Result<Option<Vec<Settled>>> {
        loop {
            if let Some(told) = self.tell(ledger) {
                return Ok(Some(told));
            }
            let settled = match self.link {
                Link::Http2(_) => self.requests(ledger).await,
                Link::Binary(..) => {
                    self.frames(ledger).await;
                    Vec::new()
                }
                Link::None if self.has_more() && self.stopped.is_none() => {
                    self.connect().await?;
                    Vec::new()
                }
                Link::None if self.has_more() => {
                    self.give_up();
                    Vec::new()
                }
                Link::None => return Ok(None),
            };
            if !settled.is_empty() {
                for one in &settled {
                    ledger.settle(one.index, one.fate.state);
                }
                return Ok(Some(settled));
            }
        }
    }

    /// Nothing more is sent, for this reason. What is sent already is waited for.
    pub fn stop(&mut self, why: &str) {
        self.stopped.get_or_insert(why.to_owned());
    }

    /// What the last connection showed, if there was one.
    pub fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// What kept it from going on.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn has_more(&self) -> bool {
        self.next < self.tokens.listed.len() || !self.again.is_empty()
    }

    /// A part of what is settled and was not told.
    fn tell(&mut self, ledger: &mut Ledger) -> Option<Vec<Settled>> {
        let (mut range, fate) = self.outbox.pop_front()?;
        let end = range.end.min(range.start + MOST_TOLD);
        let part = range.start..end;
        range.start = end;
        if !range.is_empty() {
            self.outbox.push_front((range, fate.clone()));
        }
        let told = part.map(|index| {
            ledger.settle(index, fate.state);
            let fate = fate.clone();
            Settled { index, fate }
        });
        Some(told.collect())
    }

    /// Nothing more is sent: what is left is told so.
    fn give_up(&mut self) {
        let why = self.stopped.clone().unwrap_or_default();
        let fate = Fate::without(State::Unsent, why);
        self.again.sort_unstable();
        let left = self.next..self.tokens.listed.len();
        self.next = left.end;
        let handed_back = std::mem::take(&mut self.again);
        let single = handed_back.into_iter().map(|index| index..index + 1);
        for range in single.chain([left]).filter(|range| !range.is_empty()) {
            self.outbox.push_back((range, fate.clone()));
        }
    }

    async fn connect(&mut self) -> Result<()> {
        self.connections += 1;
        self.fruitful = false;
        let (handshake, opened) = self.connector.open().await?;
        let asked = handshake
            .tls
            .as_ref()
            .is_some_and(|tls| tls.client_certificate_requested);
        match opened {
            None => self.stop_for(obstacle::findings(&handshake)),
            Some(Opened::Http2(connection)) => {
                let batch = Batch::new(connection, self.letter.clone());
                match timeout(self.connector.patience().timeout, batch.opened()).await {
                    Ok(()) => self.link = Link::Http2(Box::new(batch)),
                    Err(_) => {
                        let message = "the server did not begin HTTP/2 in time";
                        let finding = Finding::new(id::UNREACHABLE, Severity::Unknown, message);
                        self.stop_for(vec![finding]);
                    }
                }
            }
            Some(Opened::Binary(_)) if self.destination.via == Some(Via::Api) => {
                let message = "the server chose no HTTP/2, so nothing was sent";
                let finding = Finding::new(id::NOT_A_GATEWAY, Severity::Unknown, message);
                self.stop_for(vec![
                    finding.with_hint("--via legacy sends over the binary protocol"),
                ]);
            }
            // Silence is all that the binary protocol says of success, and whoever asks for no certificate is silent too.
            Some(Opened::Binary(_)) if !asked => {
                let message = "the server never asked for a certificate, so nothing was sent";
                let finding = Finding::new(id::NOT_REQUESTED, Severity::Unknown, message);
                self.stop_for(vec![finding]);
            }
            Some(Opened::Binary(wire)) => match self.notification.binary_findings(self.tokens) {
                findings if findings.is_empty() => {
                    self.link = Link::Binary(Box::new(wire), self.next);
                }
                findings => self.stop_for(findings),
            },
        }
        self.handshake = Some(handshake);
        Ok(())
    }

    /// The connection is over, and another may be opened.
    fn over(&mut self, why: String) {
        self.link = Link::None;
        match self.fruitful {
            true => self.barren = 0,
            false => self.barren += 1,
        }
        let http2 = self.handshake.as_ref().map(|handshake| handshake.protocol)
            == Some(crate::live::Protocol::Http2);
        if self.barren >= MOST_BARREN || http2 && self.connections >= MOST_CONNECTIONS {
            self.stopped.get_or_insert(why);
        }
    }

    /// No more is sent, for what was found.
    fn stop_for(&mut self, findings: Vec<Finding>) {
        if let Some(first) = findings.first() {
            self.stopped.get_or_insert(first.message.clone());
        }
        self.findings.extend(findings);
    }

    /// The server refuses the certificate itself, with an alert or a word.
    fn rejected(&mut self, how: &str) {
        let message = format!("the server refused the certificate: {how}");
        self.stop_for(vec![Finding::new(
            id::REJECTED,
            Severity::Critical,
            message,
        )]);
    }

    fn alerted(&mut self, alert: Alert) -> String {
        let how = format!("alert {} ({})", alert.number, alert.name);
        if alert.refuses_certificate() {
            self.rejected(&how);
        }
        format!("the server sent {how}")
    }
}
