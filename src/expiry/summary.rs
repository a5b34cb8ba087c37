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

/// What some rows add to a summary; made where the rows are, so that they need not travel for it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Ok, warning, critical, unknown.
    counts: [usize; 4],
    next: Option<Next>,
    earliest: Option<OffsetDateTime>,
    /// Each certificate, and whether it needs action.
    marks: Vec<(u128, bool)>,
}

impl Tally {
    /// The figures of these rows.
    pub fn of(rows: &[Row]) -> Tally {
        let mut tally = Tally::default();
        tally.add_all(rows);
        tally
    }

    /// Adds those of these rows.
    pub fn add_all(&mut self, rows: &[Row]) {
        rows.iter().for_each(|row| self.add(row));
    }

    fn add(&mut self, row: &Row) {
        let status = row.status();
        if let Some(count) = self.counts.get_mut(usize::from(status.exit_code())) {
            *count += 1;
        }
        let Entry::Dated(dated) = &row.entry else {
            return;
        };
        let mark = match dated.sha256 {
            Some(sha256) => sha256.mark(),
            None => profile_mark(&dated.serial_number, &row.path),
        };
        self.marks.push((mark, status != Status::Ok));
        let end = dated.not_after;
        self.earliest = Some(self.earliest.map_or(end, |earliest| earliest.min(end)));
        let is_next = |next: &Next| end < next.not_after;
        if status == Status::Ok && self.next.as_ref().is_none_or(is_next) {
            self.next = Some(Next {
                not_after: end,
                title: dated.title().to_string(),
            });
        }
    }
}

impl Summary {
    /// Adds what some rows come to.
    pub fn add(&mut self, tally: Tally) {
        let [ok, warning, critical, unknown] = tally.counts;
        self.ok += ok;
        self.warning += warning;
        self.critical += critical;
        self.unknown += unknown;
        self.total += ok + warning + critical + unknown;
        for (mark, needs_action) in tally.marks {
            self.different.insert(mark);
            if needs_action {
                self.needing_action.insert(mark);
            }
        }
        self.earliest = self.earliest.into_iter().chain(tally.earliest).min();
        let both = self.next.take().into_iter().chain(tally.next);
        self.next = both.min_by_key(|next| next.not_after);
    }

    /// Different certificates and profiles among the rows.
    pub fn distinct(&self) -> usize {
        self.different.len()
    }

    /// How many of them are not good.
    pub fn needing_action(&self) -> usize {
        self.needing_action.len()
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
