//! A page to look at: one file that needs no network and loads nothing, with the rows as JSON in it. The policy in its head names its
//! style and its script by their hashes, so nothing else runs, whatever the names in the certificates are.

use super::{Outcome, headline, json, text};
use crate::expiry::{Entry, Row};
use crate::finding::Status;
use crate::report::{escape, words};
use crate::validity::{Expiry, Threshold};
use serde_json::{Value, json};
use time::OffsetDateTime;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// The timeline uses what the page defines.
const SCRIPT: &str = concat!(include_str!("page.js"), include_str!("timeline.js"));

/// The page.
pub fn page(outcome: &Outcome) -> String {
    let status = outcome.summary.status().as_str();
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let headline = headline(outcome);
    let values = [
        ("policy", policy),
        ("title", markup(&format!("Push certificates: {headline}"))),
        ("style", STYLE.to_string()),
        ("status", status.to_string()),
        ("headline", markup(&headline)),
        ("judged", markup(&judged(outcome))),
        ("data", data(outcome)),
        ("script", SCRIPT.to_string()),
    ];
    fill(TEMPLATE, &values)
}

/// The template with `{{name}}` replaced, in one pass: a value is never looked into.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        page.push_str(value.map_or("", |(_, value)| value));
        page.push_str(rest);
    }
    page
}

/// What a content security policy calls a text by.
fn hash(text: &str) -> String {
    openssl::base64::encode_block(&openssl::sha::sha256(text.as_bytes()))
}

/// `judged at 2026-06-01 00:00 UTC; a warning from 30 days before the end, critical from 7 days`.
fn judged(outcome: &Outcome) -> String {
    let limit = |threshold| match threshold {
        Threshold::Left(left) if left.whole_hours() % 24 == 0 => match left.whole_days() {
            1 => "1 day".to_string(),
            days => format!("{days} days"),
        },
        Threshold::Left(left) => format!("{} hours", left.whole_hours()),
        Threshold::Percent(percent) => format!("{percent} % of the lifetime"),
    };
    let moment = words::rfc3339(outcome.now);
    let (day, clock) = moment.split_once('T').unwrap_or((&moment, ""));
    format!(
        "judged at {day} {} UTC; a warning from {} before the end, critical from {}",
        clock.get(..5).unwrap_or_default(),
        limit(outcome.warn),
        limit(outcome.critical)
    )
}

/// What the script works on. `<` is escaped, so no element can end or begin in it.
fn data(outcome: &Outcome) -> String {
    let limit = |threshold| match threshold {
        Threshold::Left(left) => json!({ "days": left.as_seconds_f64() / 86_400.0 }),
        Threshold::Percent(percent) => json!({ "percent": percent }),
    };
    let rows = outcome.rows.iter().map(|row| self::row(row, outcome.now));
    let data = json!({
        "judged_at": words::rfc3339(outcome.now),
        "warn": limit(outcome.warn),
        "critical": limit(outcome.critical),
        "rows": rows.collect::<Vec<Value>>(),
    });
    data.to_string().replace('<', "\\u003c")
}

/// A row of the JSON document and what the page says besides; every text as it is shown.
fn row(row: &Row, now: OffsetDateTime) -> Value {
    let mut value = json::result(row, now);
    let (title, issuer, when) = match &row.entry {
        Entry::Dated(dated) => (
            dated.title().to_string(),
            dated.issuer_common_name.clone(),
            Some(match (dated.expiry, dated.not_before) {
                (Expiry::NotYetValid, Some(start)) => format!("not before {}", start.date()),
                _ => words::distance(dated.not_after, now),
            }),
        ),
        Entry::Trouble(_) => (row.name(), None, None),
    };
    let next = match row.status() {
        Status::Ok => None,
        _ => text::next(row),
    };
    let more = [
        ("title", Some(title)),
        ("issuer", issuer),
        ("when", when),
        ("next", next),
    ];
    if let Value::Object(object) = &mut value {
        for (key, text) in more {
            if let Some(text) = text {
                object.insert(key.to_string(), Value::String(text));
            }
        }
    }
    shown(&mut value);
    value
}

/// Makes the texts in a value harmless to look at.
fn shown(value: &mut Value) {
    match value {
        Value::String(text) => *text = escape::data(text),
        Value::Array(values) => values.iter_mut().for_each(shown),
        Value::Object(object) => object.values_mut().for_each(shown),
        _ => {}
    }
}

fn markup(text: &str) -> String {
    let text = escape::data(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
