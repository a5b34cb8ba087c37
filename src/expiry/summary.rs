//! The figures of an answer, added up row by row so that nobody has to keep the rows for them.

use super::row::{Entry, Row};
use crate::finding::Status;
use std::collections::HashSet;
use time::OffsetDateTime;

/// How many rows there are of each severity, and what else a first line says.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// All rows.
    pub total: usize,
    /// Rows outside every threshold.
    pub ok: usize,
    /// Rows that need attention.
    pub warning: usize,
    /// Rows that are expired, or nearly so.
    pub critical: usize,
    /// Rows that could not be told.
    pub unknown: usize,
    /// Files of no kind read here.
    pub skipped: usize,
    /// Certificates that another one outlives (`--latest`).
    pub superseded: usize,
    /// The first end among the rows that are good.
    pub next: Option<Next>,
    /// The first end of all, good or not.
    pub earliest: Option<OffsetDateTime>,
    different: HashSet<u128>,
    needing_action: HashSet<u128>,
}

/// What ends first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Next {
    pub not_after: OffsetDateTime,
    pub title: String,
}

impl Summary {
    /// Adds a row.
    pub fn add(&mut self, row: &Row) {
        self.total += 1;
        match row.status() {
            Status::Ok => self.ok += 1,
            Status::Warning => self.warning += 1,
            Status::Critical => self.critical += 1,
            Status::Unknown => self.unknown += 1,
        }
        let Entry::Dated(dated) = &row.entry else {
            return;
        };
        let mark = match dated.sha256 {
            Some(sha256) => sha256.mark(),
            None => profile_mark(&dated.serial_number, &row.path),
        };
        self.different.insert(mark);
        let first = |end: Option<OffsetDateTime>| end.is_none_or(|end| dated.not_after < end);
        if first(self.earliest) {
            self.earliest = Some(dated.not_after);
        }
        if dated.status != Status::Ok {
            self.needing_action.insert(mark);
        } else if first(self.next.as_ref().map(|next| next.not_after)) {
            self.next = Some(Next {
                not_after: dated.not_after,
                title: dated.title().to_string(),
            });
        }
    }

    /// Different certificates and profiles among the rows.
    pub fn distinct(&self) -> usize {
        self.different.len()
    }

    /// How many need action: different certificates that are not good, and files that could not be told.
    pub fn needing_action(&self) -> usize {
        self.needing_action.len() + self.unknown
    }

    /// What the rows amount to.
    pub fn status(&self) -> Status {
        let of = |count: usize, status| if count > 0 { status } else { Status::Ok };
        of(self.critical, Status::Critical)
            .worst(of(self.unknown, Status::Unknown))
            .worst(of(self.warning, Status::Warning))
    }
}

/// A profile has no fingerprint: its own id tells it, or else its place.
fn profile_mark(uuid: &Option<String>, path: &std::path::Path) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    match uuid {
        Some(uuid) => uuid.hash(&mut hasher),
        None => path.hash(&mut hasher),
    }
    u128::from(hasher.finish())
}
