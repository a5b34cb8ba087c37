//! What `explain` says: a block per entry in text, an object per entry in JSON.

use super::words;
use crate::dictionary::{Entry, Kind};
use serde_json::{Value, json};

/// The blocks of the entries; one for a status of HTTP and the reasons that follow it.
pub fn text(entries: &[&Entry]) -> String {
    if let [status, reasons @ ..] = entries
        && status.kind == Kind::HttpStatus
        && !reasons.is_empty()
    {
        return with_reasons(status, reasons);
    }
    let blocks: Vec<String> = entries.iter().map(|entry| block(entry)).collect();
    blocks.join("\n")
}

fn block(entry: &Entry) -> String {
    let (word, fact) = match entry.kind {
        Kind::Finding => ("severity", entry.source),
        _ => ("known", entry.source),
    };
    let rows = [("cause", entry.cause), ("next", entry.next), (word, fact)];
    let rows: Vec<(String, String)> = rows
        .iter()
        .map(|(word, fact)| (word.to_string(), fact.to_string()))
        .collect();
    format!(
        "{}   {}\n{}",
        title(entry),
        entry.meaning,
        words::columns(&rows)
    )
}

fn with_reasons(status: &Entry, reasons: &[&Entry]) -> String {
    let named = reasons.iter().map(|reason| (reason.code, reason.cause));
    let rest = [("next", status.next), ("known", status.source)];
    let rows: Vec<(String, String)> = named
        .chain(rest)
        .map(|(word, fact)| (word.to_string(), fact.to_string()))
        .collect();
    format!(
        "{}   {}\n{}",
        status.code,
        status.meaning,
        words::columns(&rows)
    )
}

/// The code; an alert with its number.
fn title(entry: &Entry) -> String {
    match (entry.kind, entry.forms.first()) {
        (Kind::Alert, Some(number)) => {
            let number = number.trim_start_matches("alert ");
            format!("alert {number} {}", entry.code)
        }
        _ => entry.code.to_string(),
    }
}

/// JSON's `entries[]`.
pub fn entries(entries: &[&Entry]) -> Value {
    entries
        .iter()
        .map(|entry| {
            json!({
                "kind": entry.kind.as_str(),
                "code": entry.code,
                "meaning": entry.meaning,
                "cause": entry.cause,
                "next": entry.next,
                "source": entry.source,
            })
        })
        .collect()
}
