//! The command's own part of the JSON document.

use super::{Outcome, days};
use crate::expiry::{Entry, Row};
use crate::report::words::rfc3339;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// `summary` and `results`.
pub fn own(outcome: &Outcome) -> Map<String, Value> {
    let summary = outcome.summary;
    let results = outcome.rows.iter().map(|row| result(row, outcome.now));
    let mut own = Map::new();
    own.insert(
        "summary".to_string(),
        json!({
            "total": summary.total,
            "ok": summary.ok,
            "warning": summary.warning,
            "critical": summary.critical,
            "unknown": summary.unknown,
            "skipped": summary.skipped,
            "superseded": summary.superseded,
            "distinct": summary.distinct(),
        }),
    );
    own.insert("results".to_string(), results.collect());
    own
}

/// One row. What could not be told is left out.
pub(super) fn result(row: &Row, now: OffsetDateTime) -> Value {
    let mut value = Map::new();
    value.insert("path".to_string(), json!(row.name()));
    value.insert("severity".to_string(), json!(row.status().as_str()));
    match &row.entry {
        Entry::Trouble(finding) => {
            value.insert("reason".to_string(), json!(finding.id));
            value.insert("message".to_string(), json!(finding.message));
        }
        Entry::Dated(dated) => {
            let environments: Vec<&str> =
                dated.environments.iter().map(|one| one.as_str()).collect();
            let facts = [
                ("days_remaining", json!(days(dated, now))),
                ("not_before", json!(dated.not_before.map(rfc3339))),
                ("not_after", json!(rfc3339(dated.not_after))),
                ("role", json!(dated.role.as_str())),
                ("kind", json!(dated.kind.map(|kind| kind.as_str()))),
                ("environments", json!(environments)),
                ("topics", json!(dated.topics)),
                ("team_id", json!(dated.team_id)),
                ("bundle_id", json!(dated.bundle_id)),
                ("subject", json!(dated.subject)),
                ("serial_number", json!(dated.serial_number)),
                (
                    "sha256",
                    json!(dated.sha256.map(|sha256| sha256.to_string())),
                ),
                ("owner", json!(dated.owner)),
            ];
            let known = facts.into_iter().filter(|(_, fact)| !fact.is_null());
            value.extend(known.map(|(key, fact)| (key.to_string(), fact)));
        }
    }
    Value::Object(value)
}
