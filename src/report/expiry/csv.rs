//! A table for spreadsheets (RFC 4180): a line a row, in the order of the walk, so that it can be written while it is read.

use super::days;
use crate::expiry::{Entry, Row};
use crate::report::escape;
use crate::report::words::rfc3339;
use time::OffsetDateTime;

/// The first line.
pub const HEADER: &str = "path,severity,days_remaining,not_before,not_after,role,kind,environments,topics,team_id,bundle_id,subject,serial_number,sha256,owner,message\r\n";

/// The whole table.
pub fn table<'a>(rows: impl Iterator<Item = &'a Row>, now: OffsetDateTime) -> String {
    let mut table = HEADER.to_string();
    for row in rows {
        line(row, now, &mut table);
    }
    table
}

/// Adds the line of one row.
pub fn line(row: &Row, now: OffsetDateTime, table: &mut String) {
    let Entry::Dated(dated) = &row.entry else {
        let message = match &row.entry {
            Entry::Trouble(finding) => finding.message.as_str(),
            Entry::Dated(_) => "",
        };
        cell(&row.name(), table);
        table.push(',');
        table.push_str(row.status().as_str());
        table.push_str(",,,,,,,,,,,,,,");
        cell(message, table);
        table.push_str("\r\n");
        return;
    };
    let joined = |words: &mut dyn Iterator<Item = &str>| words.collect::<Vec<_>>().join(" ");
    cell(&row.name(), table);
    // A number may be negative: it is ours, and no spreadsheet takes it for a formula.
    let date = |moment: Option<OffsetDateTime>| moment.map(rfc3339).unwrap_or_default();
    let plain = [
        row.status().as_str().to_string(),
        days(dated, now).to_string(),
        date(dated.not_before),
        date(Some(dated.not_after)),
        dated.role.as_str().to_string(),
        dated
            .kind
            .map(|kind| kind.as_str())
            .unwrap_or_default()
            .to_string(),
        joined(&mut dated.environments.iter().map(|one| one.as_str())),
    ];
    for text in plain {
        table.push(',');
        table.push_str(&text);
    }
    let sha256 = dated.sha256.map(|sha256| sha256.to_string());
    let foreign = [
        Some(joined(&mut dated.topics.iter().map(String::as_str))),
        dated.team_id.clone(),
        dated.bundle_id.clone(),
        Some(dated.subject.clone()),
        dated.serial_number.clone(),
        sha256,
        dated.owner.clone(),
        None,
    ];
    for text in foreign {
        table.push(',');
        cell(&text.unwrap_or_default(), table);
    }
    table.push_str("\r\n");
}

/// Foreign text as a cell: quoted where it has to be, never a formula, no control character.
fn cell(foreign: &str, table: &mut String) {
    let text = escape::data(foreign);
    let formula = foreign.starts_with(['=', '+', '-', '@', '\t']);
    let quoted = text.contains(['"', ',']) || text.starts_with(' ') || text.ends_with(' ');
    if quoted {
        table.push('"');
    }
    if formula {
        table.push('\'');
    }
    match quoted {
        true => table.push_str(&text.replace('"', "\"\"")),
        false => table.push_str(&text),
    }
    if quoted {
        table.push('"');
    }
}
