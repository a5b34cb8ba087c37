//! What ends when, in the dialect of the place that asks.

pub mod csv;
pub mod github;
pub mod html;
pub mod ics;
pub mod json;
pub mod junit;
pub mod nagios;
pub mod prometheus;
pub mod sarif;
pub mod text;

use super::{escape, words};
use crate::expiry::{Dated, Entry, Role, Row, Summary};
use crate::finding::Status;
use crate::validity::{Expiry, Threshold, days_remaining};
use time::OffsetDateTime;

/// What every format is made of.
#[derive(Clone, Copy)]
pub struct Outcome<'a> {
    /// All rows, or those that need attention where a format wants no more.
    pub rows: &'a [Row],
    /// The figures over all rows.
    pub summary: &'a Summary,
    /// The moment that was judged at.
    pub now: OffsetDateTime,
    /// The least severity that makes the command fail; `None` where none does.
    pub fails_from: Option<Status>,
    /// Less life than this was a warning.
    pub warn: Threshold,
    /// Less life than this was critical.
    pub critical: Threshold,
}

impl Outcome<'_> {
    /// Whether a row of this severity makes the command fail.
    fn fails(&self, status: Status) -> bool {
        let rank = |status: Status| status.exit_code();
        match status {
            Status::Ok => false,
            Status::Unknown => true,
            status => self
                .fails_from
                .is_some_and(|from| rank(status) >= rank(from)),
        }
    }

    /// The rows that need attention, most urgent first: what ends, by its end, then what could not be told.
    fn urgent(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| row.status() != Status::Ok)
            .collect();
        let rank = |row: &Row| match row.status() {
            Status::Critical => 0,
            Status::Warning => 1,
            _ => 2,
        };
        rows.sort_by_key(|row| (rank(row), row.dated().map(|dated| dated.not_after)));
        rows
    }
}

/// `com.example.pay (production) expired 12 days ago, certs/pay/ck.pem`. Escaped.
fn sentence_with_place(row: &Row, now: OffsetDateTime) -> String {
    let (sentence, place) = (sentence(row, now), escape::data(&row.name()));
    match row.entry {
        Entry::Dated(_) => format!("{sentence}, {place}"),
        Entry::Trouble(_) if sentence.starts_with("is ") => format!("{place} {sentence}"),
        Entry::Trouble(_) => format!("{place}: {sentence}"),
    }
}

/// `com.example.pay (production) expired 12 days ago`. Escaped.
fn sentence(row: &Row, now: OffsetDateTime) -> String {
    match &row.entry {
        Entry::Trouble(finding) => escape::data(&finding.message),
        Entry::Dated(dated) => format!("{} {}{}", name(dated), ends(dated, now), owner(dated)),
    }
}

/// `com.example.pay (production)`. Escaped.
fn name(dated: &Dated) -> String {
    let title = escape::data(dated.title());
    let title = match dated.role {
        Role::Leaf => title,
        Role::Ca => format!("CA certificate {title}"),
        Role::Profile => format!("provisioning profile {title}"),
    };
    match dated.environments.is_empty() {
        true => title,
        false => format!("{title} ({})", environments(dated)),
    }
}

/// `, owner mobile team`. Escaped.
fn owner(dated: &Dated) -> String {
    let owner = dated.owner.as_deref().map(escape::text);
    owner.map_or(String::new(), |owner| format!(", owner {owner}"))
}

fn ends(dated: &Dated, now: OffsetDateTime) -> String {
    match (dated.expiry, dated.not_before) {
        (Expiry::NotYetValid, Some(start)) => format!("is not valid before {}", start.date()),
        (Expiry::Expired, _) => format!("expired {}", words::distance(dated.not_after, now)),
        _ => format!("expires {}", words::distance(dated.not_after, now)),
    }
}

/// `sandbox + production`.
fn environments(dated: &Dated) -> String {
    let words: Vec<&str> = dated.environments.iter().map(|one| one.as_str()).collect();
    words.join(" + ")
}

fn days(dated: &Dated, now: OffsetDateTime) -> i64 {
    days_remaining(dated.not_after, now)
}

/// `1 certificate`, `128 certificates`.
fn certificates(count: usize) -> String {
    match count {
        1 => "1 certificate".to_string(),
        count => format!("{count} certificates"),
    }
}

/// The first line where a person may read it: the severity and the headline. Escaped.
fn answer(outcome: &Outcome) -> String {
    let status = outcome.summary.status();
    format!("{:<9}  {}\n", status.as_str(), headline(outcome))
}

/// `4 of 128 certificates need action`, or what ends first; then what could not be told. Escaped.
fn headline(outcome: &Outcome) -> String {
    let summary = outcome.summary;
    let all = certificates(summary.distinct());
    let told = match (summary.needing_action(), &summary.next, summary.unknown) {
        (0, _, 1..) if summary.distinct() == 0 => {
            return "no certificate could be told".to_string();
        }
        (0, Some(next), 0) => format!(
            "{all}, {} {} ({}, {})",
            match summary.distinct() {
                1 => "it ends",
                _ => "the next ends",
            },
            words::distance(next.not_after, outcome.now),
            escape::data(&next.title),
            next.not_after.date()
        ),
        (0, _, 0) => all,
        (0, ..) if summary.distinct() == 1 => format!("{all} needs no action"),
        (0, ..) => format!("none of {all} needs action"),
        (1, ..) => format!("1 of {all} needs action"),
        (action, ..) => format!("{action} of {all} need action"),
    };
    match summary.unknown {
        0 => told,
        1 => format!("{told}, 1 file could not be told"),
        unknown => format!("{told}, {unknown} files could not be told"),
    }
}
