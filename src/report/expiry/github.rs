//! For a step of GitHub Actions: annotations, the summary's table, and outputs for the steps after it.

use super::{Outcome, answer, headline, sentence};
use crate::expiry::{Entry, Row};
use crate::finding::Status;
use crate::report::escape;
use crate::validity::days_remaining;

/// How many annotations of a kind are shown of one step; the rest would vanish without a word.
const SHOWN: usize = 10;

/// What the step's log shows: the answer, also where all is good, and the annotations.
pub fn log(outcome: &Outcome) -> String {
    answer(outcome) + &annotations(outcome)
}

/// Workflow commands, a line each.
pub fn annotations(outcome: &Outcome) -> String {
    let urgent = outcome.urgent();
    let is_error = |row: &&&Row| row.status() != Status::Warning;
    let (errors, warnings): (Vec<&Row>, Vec<&Row>) = {
        let errors = urgent.iter().filter(is_error).copied().collect();
        let warnings = urgent
            .iter()
            .filter(|row| !is_error(row))
            .copied()
            .collect();
        (errors, warnings)
    };
    let mut lines = String::new();
    for (kind, rows) in [("error", errors), ("warning", warnings)] {
        // The last place of a full list says how many there are besides.
        let shown = match rows.len() > SHOWN {
            true => SHOWN - 1,
            false => rows.len(),
        };
        for row in rows.iter().take(shown) {
            let title = match &row.entry {
                Entry::Dated(dated) => dated.title(),
                Entry::Trouble(finding) => finding.id,
            };
            lines.push_str(&format!(
                "::{kind} file={},title={}::{}\n",
                property(&row.name()),
                property(title),
                message(&sentence(row, outcome.now))
            ));
        }
        if rows.len() > shown {
            let rest = rows.len() - shown;
            lines.push_str(&format!(
                "::{kind} title=pushcert expiry::{rest} more; pushcert expiry lists all of them\n"
            ));
        }
    }
    lines
}

/// The summary in Markdown.
pub fn summary(outcome: &Outcome) -> String {
    let status = outcome.summary.status();
    let mut page = format!(
        "### Push certificates: {}\n\n{}\n",
        status.as_str(),
        markdown(&headline(outcome))
    );
    let urgent = outcome.urgent();
    if urgent.is_empty() {
        return page + "\n";
    }
    page.push_str("\n| severity | what | file |\n|---|---|---|\n");
    // The summary of a step holds a mebibyte.
    for row in urgent.iter().take(2000) {
        page.push_str(&format!(
            "| {} | {} | {} |\n",
            row.status().as_str(),
            markdown(&sentence(row, outcome.now)),
            markdown(&row.name())
        ));
    }
    if urgent.len() > 2000 {
        page.push_str(&format!("\n{} more.\n", urgent.len() - 2000));
    }
    page + "\n"
}

/// `name=value` lines.
pub fn outputs(outcome: &Outcome) -> String {
    let summary = outcome.summary;
    let mut lines = format!(
        "status={}\ntotal={}\nok={}\nwarning={}\ncritical={}\nunknown={}\n",
        summary.status().as_str(),
        summary.total,
        summary.ok,
        summary.warning,
        summary.critical,
        summary.unknown
    );
    if let Some(earliest) = summary.earliest {
        let days = days_remaining(earliest, outcome.now);
        lines.push_str(&format!("min_days={days}\n"));
    }
    lines
}

fn message(text: &str) -> String {
    escape::data(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Foreign text as nothing but text.
fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for character in escape::data(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '!' | '|' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}
