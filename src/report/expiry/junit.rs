//! A test report: a case a row. What fails is what makes the command fail; what could not be told is an error.

use super::{Outcome, name, sentence};
use crate::expiry::{Entry, Row};
use crate::finding::Status;
use crate::report::escape;

/// The document.
pub fn document(outcome: &Outcome) -> String {
    let fails = |row: &&Row| outcome.fails(row.status());
    let errors = outcome.summary.unknown;
    let failures = outcome.rows.iter().filter(fails).count() - errors;
    let mut cases = String::new();
    for row in outcome.rows {
        case(row, outcome, &mut cases);
    }
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"",
        outcome.rows.len()
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"pushcert expiry\" {counts} skipped=\"0\" time=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(row: &Row, outcome: &Outcome, cases: &mut String) {
    let (class, what) = match &row.entry {
        Entry::Trouble(_) => ("unknown", String::new()),
        Entry::Dated(dated) => (
            dated.kind.map_or(dated.role.as_str(), |kind| kind.as_str()),
            format!(": {}", name(dated)),
        ),
    };
    let title = xml(&format!("{}{what}", escape::data(&row.name())));
    let said = xml(&sentence(row, outcome.now));
    cases.push_str(&format!(
        "    <testcase classname=\"{class}\" name=\"{title}\" time=\"0\">\n"
    ));
    let finding = row.finding();
    let id = finding.as_ref().map_or("ok", |finding| finding.id);
    let body = match row.status() {
        Status::Unknown => format!("<error type=\"{id}\" message=\"{said}\"/>"),
        status if outcome.fails(status) => {
            format!("<failure type=\"{id}\" message=\"{said}\"/>")
        }
        status => format!("<system-out>{}: {said}</system-out>", status.as_str()),
    };
    cases.push_str(&format!("      {body}\n    </testcase>\n"));
}

/// Text as XML 1.0 takes it, in attributes too: what it forbids is dropped (escaping has done away with most of it).
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other if (other as u32) < 0x20 => {}
            other => escaped.push(other),
        }
    }
    escaped
}
