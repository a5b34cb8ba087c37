//! A calendar (RFC 5545, RFC 7986): an event where each certificate ends, with alarms at the thresholds. Its id comes from the
//! certificate, so a calendar that is read again every day changes its events and makes none twice.

use super::{Outcome, name};
use crate::expiry::{Dated, Entry, Row};
use crate::public_key::Fingerprint;
use crate::report::escape;
use crate::validity::Threshold;
use std::collections::BTreeMap;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

/// The longest line, in octets, without its line break (RFC 5545, 3.1).
const LONGEST: usize = 75;

/// The calendar.
pub fn calendar(outcome: &Outcome) -> String {
    let mut lines = Lines(String::new());
    lines.add("BEGIN:VCALENDAR");
    lines.add("VERSION:2.0");
    lines.add("PRODID:-//pushcert//pushcert expiry//EN");
    lines.add("CALSCALE:GREGORIAN");
    lines.add("METHOD:PUBLISH");
    lines.add("NAME:Push certificates");
    lines.add("X-WR-CALNAME:Push certificates");
    lines.add("REFRESH-INTERVAL;VALUE=DURATION:P1D");
    for ((end, uid), (dated, places)) in events(outcome.rows) {
        event(dated, end, &uid, &places, outcome, &mut lines);
    }
    untold(outcome, &mut lines);
    lines.add("END:VCALENDAR");
    lines.0
}

/// What ends, in order, and where it stands.
type Events<'a> = BTreeMap<(OffsetDateTime, String), (&'a Dated, Vec<String>)>;

fn events(rows: &[Row]) -> Events<'_> {
    let mut events = Events::new();
    for row in rows {
        let Entry::Dated(dated) = &row.entry else {
            continue;
        };
        let id = match (&dated.sha256, &dated.serial_number) {
            (Some(sha256), _) => *sha256,
            (None, Some(uuid)) => Fingerprint::of(uuid.as_bytes()),
            (None, None) => Fingerprint::of(row.name().as_bytes()),
        };
        let event = events.entry((dated.not_after, format!("{id}@pushcert")));
        let (_, places) = event.or_insert_with(|| (dated, Vec::new()));
        if !places.contains(&row.name()) {
            places.push(row.name());
        }
    }
    events
}

fn event(
    dated: &Dated,
    end: OffsetDateTime,
    uid: &str,
    places: &[String],
    outcome: &Outcome,
    lines: &mut Lines,
) {
    lines.add("BEGIN:VEVENT");
    lines.add(&format!("UID:{uid}"));
    lines.add(&format!("DTSTAMP:{}", stamp(outcome.now)));
    lines.add(&format!("DTSTART:{}", stamp(end)));
    let summary = format!("{} expires", name(dated));
    lines.text("SUMMARY", &[&summary]);
    let facts = facts(dated, end, places);
    lines.text(
        "DESCRIPTION",
        &facts.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    lines.add("TRANSP:TRANSPARENT");
    let lifetime = end - dated.not_before.unwrap_or(outcome.now);
    let mut before: Vec<Duration> = [dated.warn, dated.critical]
        .map(|threshold| left(threshold, lifetime))
        .to_vec();
    before.dedup();
    for before in before {
        lines.add("BEGIN:VALARM");
        lines.add("ACTION:DISPLAY");
        lines.text("DESCRIPTION", &[&summary]);
        lines.add(&format!("TRIGGER:{}", trigger(before)));
        lines.add("END:VALARM");
    }
    lines.add("END:VEVENT");
}

/// The lines of an event's description.
fn facts(dated: &Dated, end: OffsetDateTime, places: &[String]) -> Vec<String> {
    let end = end.to_offset(UtcOffset::UTC);
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let mut facts = vec![format!("ends {}", end.format(format).unwrap_or_default())];
    let known = [
        ("kind", dated.kind.map(|kind| kind.as_str().to_string())),
        ("team", dated.team_id.clone()),
        ("owner", dated.owner.clone()),
        ("issuer", dated.issuer_common_name.clone()),
        ("sha256", dated.sha256.map(|sha256| sha256.to_string())),
    ];
    let known = known
        .into_iter()
        .filter_map(|(word, fact)| Some(format!("{word} {}", fact?)));
    facts.extend(known);
    facts.extend(places.iter().map(|place| format!("in {place}")));
    facts
}

/// An event on the day of the run that names what could not be told: a calendar without a date for it would say that all is well.
fn untold(outcome: &Outcome, lines: &mut Lines) {
    let untold: Vec<String> = outcome
        .rows
        .iter()
        .filter_map(|row| match &row.entry {
            Entry::Trouble(_) => Some(super::sentence_with_place(row, outcome.now)),
            Entry::Dated(_) => None,
        })
        .collect();
    let count = match untold.len() {
        0 => return,
        1 => "1 file".to_string(),
        more => format!("{more} files"),
    };
    let day = outcome.now.to_offset(UtcOffset::UTC).date();
    let day = day.format(format_description!("[year][month][day]"));
    lines.add("BEGIN:VEVENT");
    lines.add("UID:unknown@pushcert");
    lines.add(&format!("DTSTAMP:{}", stamp(outcome.now)));
    lines.add(&format!("DTSTART;VALUE=DATE:{}", day.unwrap_or_default()));
    let summary = format!("{count} could not be told by pushcert expiry");
    lines.text("SUMMARY", &[&summary]);
    lines.text(
        "DESCRIPTION",
        &untold.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    lines.add("TRANSP:TRANSPARENT");
    lines.add("END:VEVENT");
}

fn left(threshold: Threshold, lifetime: Duration) -> Duration {
    match threshold {
        Threshold::Left(left) => left,
        Threshold::Percent(percent) => lifetime * (percent / 100.0),
    }
}

/// So long before the event.
fn trigger(before: Duration) -> String {
    let seconds = before.whole_seconds().max(0);
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    match (days, seconds) {
        (0, 0) => "PT0S".to_string(),
        (days, 0) => format!("-P{days}D"),
        (0, seconds) => format!("-PT{seconds}S"),
        (days, seconds) => format!("-P{days}DT{seconds}S"),
    }
}

fn stamp(moment: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let utc = moment.to_offset(UtcOffset::UTC);
    utc.format(format).unwrap_or_default()
}

/// Content lines, each ended by CR and LF.
struct Lines(String);

impl Lines {
    /// Adds a line, folded where it is too long. No character is cut.
    fn add(&mut self, line: &str) {
        let mut length = 0;
        for character in line.chars() {
            if length + character.len_utf8() > LONGEST {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(character);
            length += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// Adds a property whose value is text of these lines, foreign or not.
    fn text(&mut self, property: &str, value: &[&str]) {
        let escaped = value.iter().map(|line| {
            let line = escape::data(line).replace('\\', "\\\\");
            line.replace(';', "\\;").replace(',', "\\,")
        });
        let value = escaped.collect::<Vec<_>>().join("\\n");
        self.add(&format!("{property}:{value}"));
    }
}
