//! What is known of every notification: a byte each, and how many there are of each kind.

use super::State;
use crate::finding::Status;

/// How many are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub total: usize,
    pub accepted: usize,
    pub refused: usize,
    pub deferred: usize,
    pub unknown: usize,
    pub unsent: usize,
}

/// The states, in the order of the tokens.
#[derive(Clone, Debug)]
pub struct Ledger(Vec<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: State,
    settled: bool,
}

impl Ledger {
    /// Nothing is sent yet.
    pub fn new(total: usize) -> Ledger {
        let entry = Entry {
            state: State::Unsent,
            settled: false,
        };
        Ledger(vec![entry; total])
    }

    /// Notes what is known of one by now: what is written and not answered is unknown.
    pub fn note(&mut self, index: usize, state: State) {
        if let Some(entry) = self.0.get_mut(index) {
            entry.state = state;
        }
    }

    /// Notes what became of one.
    pub fn settle(&mut self, index: usize, state: State) {
        if let Some(entry) = self.0.get_mut(index) {
            *entry = Entry {
                state,
                settled: true,
            };
        }
    }

    /// Those of which nothing more is known than this, in order.
    pub fn open(&self) -> Vec<(usize, State)> {
        let numbered = self.0.iter().enumerate();
        numbered
            .filter(|(_, entry)| !entry.settled)
            .map(|(index, entry)| (index, entry.state))
            .collect()
    }

    /// How many are in each state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            total: self.0.len(),
            ..Counts::default()
        };
        for entry in &self.0 {
            *match entry.state {
                State::Accepted => &mut counts.accepted,
                State::Refused => &mut counts.refused,
                State::Deferred => &mut counts.deferred,
                State::Unknown => &mut counts.unknown,
                State::Unsent => &mut counts.unsent,
            } += 1;
        }
        counts
    }

    /// Those that are not known to be sent: they are to be sent again.
    pub fn rest(&self) -> impl Iterator<Item = usize> {
        let numbered = self.0.iter().enumerate();
        numbered
            .filter(|(_, entry)| !matches!(entry.state, State::Accepted | State::Refused))
            .map(|(index, _)| index)
    }
}

impl Counts {
    /// The answer: one that is refused is a no; one that is not known to be sent could not be told.
    pub fn status(&self) -> Status {
        match (self.refused, self.deferred + self.unknown + self.unsent) {
            (0, 0) => Status::Ok,
            (0, _) => Status::Unknown,
            _ => Status::Critical,
        }
    }
}
