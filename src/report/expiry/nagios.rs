//! One line and performance data, as monitoring plugins print it.

use super::{Outcome, days, headline, sentence_with_place};
use crate::expiry::Row;
use crate::finding::Status;
use crate::validity::Threshold;

/// How many rows the line names.
const NAMED: usize = 5;

/// The line.
pub fn line(outcome: &Outcome) -> String {
    let urgent = outcome.urgent();
    let word = match outcome.summary.status() {
        Status::Ok => "OK",
        Status::Warning => "WARNING",
        Status::Critical => "CRITICAL",
        Status::Unknown => "UNKNOWN",
    };
    let mut parts = vec![headline(outcome)];
    let named = urgent.iter().take(NAMED);
    parts.extend(named.map(|row| sentence_with_place(row, outcome.now)));
    if urgent.len() > NAMED {
        parts.push(format!("{} more", urgent.len() - NAMED));
    }
    // The bar begins the performance data, whoever wrote it.
    let text = parts.join("; ").replace('|', "/");
    format!("APNS_CERT {word}: {text} | {}\n", data(outcome))
}

fn data(outcome: &Outcome) -> String {
    let summary = outcome.summary;
    let limit = |threshold| match threshold {
        Threshold::Left(left) => left.whole_days().to_string(),
        Threshold::Percent(_) => String::new(),
    };
    let first = outcome.rows.iter().filter_map(Row::dated);
    let first = first.map(|dated| days(dated, outcome.now)).min();
    let earliest = summary
        .earliest
        .map(|end| crate::validity::days_remaining(end, outcome.now))
        .or(first);
    let mut data = String::new();
    if let Some(earliest) = earliest {
        let (warn, critical) = (limit(outcome.warn), limit(outcome.critical));
        data = format!("days={earliest};{warn}:;{critical}: ");
    }
    format!(
        "{data}certificates={};;;0 ok={};;;0 warning={};;;0 critical={};;;0 unknown={};;;0",
        summary.distinct(),
        summary.ok,
        summary.warning,
        summary.critical,
        summary.unknown
    )
}
