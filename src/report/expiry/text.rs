//! For a person: the answer, then what needs attention, most urgent first, and how much is good.

use super::{Outcome, answer, environments, owner};
use crate::expiry::{Entry, Role, Row};
use crate::report::{escape, words};
use crate::validity::Expiry;
use time::OffsetDateTime;

/// The page.
pub fn text(outcome: &Outcome) -> String {
    let mut page = answer(outcome);
    let urgent = outcome.urgent();
    if urgent.is_empty() {
        return page;
    }
    page.push('\n');
    let cells: Vec<[String; 5]> = urgent.iter().map(|row| cells(row, outcome.now)).collect();
    let width = |column: usize| {
        let widths = cells.iter().map(|cells| words::width(&cells[column]));
        widths.max().unwrap_or(0)
    };
    let widths = [9, width(1), width(2), width(3)];
    for cells in &cells {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| words::padded(cell, width))
            .collect();
        page.push_str(&format!("  {}  {}\n", padded.join("  "), cells[4]));
    }
    let summary = outcome.summary;
    let ok = summary.distinct() - summary.needing_action();
    if let (Some(next), 1..) = (&summary.next, ok) {
        page.push_str(&format!(
            "  ok         {ok} more, the next {} ({}, {})\n",
            words::distance(next.not_after, outcome.now),
            escape::text(&next.title),
            next.not_after.date()
        ));
    }
    if let Some(next) = urgent.first().and_then(|row| next(row)) {
        page.push_str(&format!("\nnext  {}\n", escape::text(&next)));
    }
    page
}

/// What to type about the most urgent row.
pub(super) fn next(row: &Row) -> Option<String> {
    let path = words::shell(&row.name());
    Some(match &row.entry {
        Entry::Dated(dated) if dated.is_push() && dated.expiry != Expiry::NotYetValid => {
            words::renewal(dated.with_key.then_some(path.as_str()))
        }
        Entry::Dated(_) => format!("pushcert inspect {path}"),
        Entry::Trouble(finding) => match finding.id {
            "locked" | "wrong-passphrase" => format!("pushcert expiry {path} --passin prompt"),
            "no-input-found" | "not-found" | "usage" => return None,
            other => format!("pushcert explain {other}"),
        },
    })
}

/// Severity, when, what, where it serves, its place.
fn cells(row: &Row, now: OffsetDateTime) -> [String; 5] {
    let status = row.status().as_str().to_string();
    let path = escape::text(&row.name());
    let dash = || "-".to_string();
    let dated = match &row.entry {
        Entry::Dated(dated) => dated,
        Entry::Trouble(finding) => {
            let place = match finding.message.starts_with("is ") {
                true => format!("{path} {}", escape::text(&finding.message)),
                false => format!("{path}: {}", escape::text(&finding.message)),
            };
            return [status, "not known".to_string(), dash(), dash(), place];
        }
    };
    let when = match (dated.expiry, dated.not_before) {
        (Expiry::NotYetValid, Some(start)) => format!("from {}", start.date()),
        _ => words::distance(dated.not_after, now),
    };
    let role = match dated.role {
        Role::Leaf => "",
        Role::Ca => " (CA)",
        Role::Profile => " (profile)",
    };
    let serves = match dated.environments.is_empty() {
        true => dash(),
        false => environments(dated),
    };
    let title = format!("{}{role}", escape::text(dated.title()));
    [status, when, title, serves, path + &owner(dated)]
}
