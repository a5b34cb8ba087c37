//! The answers by what they say: one group for each code and state, with its number and its meaning.

use super::{Fate, State};
use crate::finding::{Finding, Severity, id};

/// Groups that are told apart; a server that invents reasons gets no more.
const MOST: usize = 50;

/// All groups of one run.
#[derive(Clone, Debug, Default)]
pub struct Tally(Vec<Group>);

/// Answers alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What became of them.
    pub state: State,
    /// The first of them, which stands for all.
    pub fate: Fate,
    /// How many there are.
    pub count: usize,
}

impl Tally {
    /// Counts one.
    pub fn note(&mut self, fate: &Fate) {
        let alike = |group: &&mut Group| {
            group.state == fate.state
                && (fate.state == State::Accepted
                    || group.fate.code() == fate.code() && group.fate.why == fate.why)
        };
        let full = self.0.len() >= MOST;
        let found = self.0.iter_mut().find(alike);
        let found = match found {
            None if full => self.0.iter_mut().find(|group| group.state == fate.state),
            found => found,
        };
        match found {
            Some(group) => group.count += 1,
            None => self.0.push(Group {
                state: fate.state,
                fate: fate.clone(),
                count: 1,
            }),
        }
    }

    /// In the order in which they first came.
    pub fn groups(&self) -> &[Group] {
        &self.0
    }

    /// A finding for every group that was not accepted.
    pub fn findings(&self, total: usize) -> Vec<Finding> {
        self.0
            .iter()
            .filter_map(|group| group.finding(total))
            .collect()
    }
}

impl Group {
    fn finding(&self, total: usize) -> Option<Finding> {
        let (id, severity, verb) = match self.state {
            State::Accepted => return None,
            State::Refused => (id::NOTIFICATION_REFUSED, Severity::Critical, "refused"),
            State::Deferred => (
                id::NOTIFICATION_DEFERRED,
                Severity::Unknown,
                "not taken now",
            ),
            State::Unknown => (
                id::NOT_KNOWN_SENT,
                Severity::Unknown,
                "sent and not answered",
            ),
            State::Unsent => (id::NOT_KNOWN_SENT, Severity::Unknown, "not sent"),
        };
        let what = match (self.count, total) {
            (_, 1) => "the notification is".to_owned(),
            (1, total) => format!("1 of {total} notifications is"),
            (count, total) => format!("{count} of {total} notifications are"),
        };
        let mut message = format!("{what} {verb}");
        if let Some(code) = self.fate.code() {
            message.push_str(&format!(": {code}"));
        }
        if let Some(why) = self.fate.explanation() {
            message.push_str(&format!(": {why}"));
        }
        let finding = Finding::new(id, severity, message);
        Some(match self.fate.entry() {
            Some(entry) => finding.with_hint(entry.next),
            None => finding,
        })
    }
}
