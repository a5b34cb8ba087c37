//! Requests over HTTP/2: as many at a time as the server allows, until all are settled or the connection ends.

use tokio::time::timeout;

use super::{Delivery, Link, Settled};
use crate::live::http2::{Batch, Broken, Lost};
use crate::send::{Fate, Ledger, State};

/// So many requests handed back in a row, without an answer among them, are a server that takes none.
const MOST_HANDED_BACK: usize = 1000;
/// What the server's last word about this connection, not about a request, is called in a GOAWAY.
const REFUSALS: [&str; 2] = ["BadCertificate", "BadCertificateEnvironment"];

impl Delivery<'_> {
    /// Sends what there is room for and waits for the next answers. Empty where the connection has ended, or only handed
    /// requests back.
    pub(super) async fn requests(&mut self, ledger: &mut Ledger) -> Vec<Settled> {
        let Link::Http2(mut batch) = std::mem::replace(&mut self.link, Link::None) else {
            return Vec::new();
        };
        self.fill(&mut batch, ledger);
        if batch.waiting() == 0 {
            self.ended(*batch).await;
            return Vec::new();
        }
        let patience = self.connector.patience().timeout;
        let Ok(first) = timeout(patience, batch.settled()).await else {
            return self.silent();
        };
        let mut settled = Vec::new();
        let mut next = first;
        while let Some((index, answer)) = next {
            self.open.remove(&index);
            settled.extend(self.judged(index, answer, ledger));
            next = batch.settled_already();
        }
        self.link = Link::Http2(batch);
        settled
    }

    fn fill(&mut self, batch: &mut Batch, ledger: &mut Ledger) {
        while self.stopped.is_none() && batch.has_room() && !batch.is_ending() {
            let Some(index) = self.take() else { return };
            let Some(listed) = self.tokens.listed.get(index) else {
                continue;
            };
            let path = format!("/3/device/{}", listed.token);
            if batch.send(index, &path).is_err() {
                self.again.push(index);
                return;
            }
            self.open.insert(index);
            ledger.note(index, State::Unknown);
        }
    }

    /// The next token to send to.
    fn take(&mut self) -> Option<usize> {
        if let Some(index) = self.again.pop() {
            return Some(index);
        }
        let index = self.next;
        let more = index < self.tokens.listed.len();
        self.next += usize::from(more);
        more.then_some(index)
    }

    fn judged(
        &mut self,
        index: usize,
        answer: Result<crate::live::http2::Answer, Lost>,
        ledger: &mut Ledger,
    ) -> Option<Settled> {
        let fate = match answer {
            Ok(answer) => {
                let fate = Fate::answered(&answer);
                self.fruitful = true;
                self.handed_back = 0;
                if fate.refuses_certificate() {
                    let reason = fate.reason.clone().unwrap_or_default();
                    let why = format!("the certificate is refused with {reason}");
                    self.stopped.get_or_insert(why);
                }
                fate
            }
            Err(lost) if lost.untouched => {
                self.again.push(index);
                ledger.note(index, State::Unsent);
                self.handed_back += 1;
                if self.handed_back >= MOST_HANDED_BACK {
                    self.stopped.get_or_insert(lost.why.to_string());
                }
                return None;
            }
            Err(lost) => Fate::without(State::Unknown, lost.why.to_string()),
        };
        Some(Settled { index, fate })
    }

    /// Nothing waits for an answer: all is said, or the connection takes no more.
    async fn ended(&mut self, batch: Batch) {
        if !batch.is_ending() && (self.stopped.is_some() || !self.has_more()) {
            batch.close().await;
            return;
        }
        let why = batch.why();
        match &why {
            Broken::Alert(alert) => drop(self.alerted(*alert)),
            Broken::GoAway(goaway) => {
                let reason = goaway.reason().unwrap_or_default();
                if REFUSALS.contains(&reason.as_str()) {
                    self.rejected(&reason);
                }
            }
            _ => {}
        }
        if self.has_more() {
            self.over(why.to_string());
        }
    }

    /// No answer within the time: what waits for one is not known to be sent, and nothing more is.
    fn silent(&mut self) -> Vec<Settled> {
        let why = "the server did not answer in time";
        self.stopped.get_or_insert(why.to_owned());
        let open = std::mem::take(&mut self.open);
        let fate = |index| Settled {
            index,
            fate: Fate::without(State::Unknown, why),
        };
        open.into_iter().map(fate).collect()
    }
}
