//! Metrics for a textfile collector: the series of the x509 exporter under its names and labels, so that its dashboards and
//! alerts work, and ours about the run itself. Absolute times, no timestamps.

use super::Outcome;
use crate::expiry::{Dated, Entry, Row};
use crate::finding::Status;
use crate::report::escape;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use time::OffsetDateTime;

/// The exposition. `ran` is when the run took place, which need not be the moment that was judged at.
pub fn metrics(outcome: &Outcome, ran: OffsetDateTime) -> String {
    // One series for each set of labels: the same certificate twice in a file is one.
    let mut series: BTreeMap<String, (&Dated, String)> = BTreeMap::new();
    let mut troubles: BTreeMap<String, usize> = BTreeMap::new();
    for row in outcome.rows {
        match &row.entry {
            Entry::Trouble(finding) => {
                let labels = format!(
                    "filepath=\"{}\",reason=\"{}\"",
                    label(&row.name()),
                    finding.id
                );
                *troubles.entry(labels).or_default() += 1;
            }
            Entry::Dated(dated) => {
                if let Slot::Vacant(slot) = series.entry(labels(row, dated)) {
                    slot.insert((dated, own_labels(row, dated)));
                }
            }
        }
    }
    let mut text = String::new();
    let start = |dated: &Dated| dated.not_before.map(OffsetDateTime::unix_timestamp);
    family(
        &mut text,
        "x509_cert_not_before",
        "When the validity begins, in seconds since 1970.",
    );
    for (labels, (dated, _)) in &series {
        if let Some(start) = start(dated) {
            text.push_str(&format!("x509_cert_not_before{{{labels}}} {start}\n"));
        }
    }
    family(
        &mut text,
        "x509_cert_not_after",
        "When the validity ends, in seconds since 1970.",
    );
    for (labels, (dated, _)) in &series {
        let end = dated.not_after.unix_timestamp();
        text.push_str(&format!("x509_cert_not_after{{{labels}}} {end}\n"));
    }
    family(
        &mut text,
        "x509_cert_expired",
        "Whether the validity is over (1) or not (0).",
    );
    for (labels, (dated, _)) in &series {
        let expired = u8::from(dated.not_after < outcome.now);
        text.push_str(&format!("x509_cert_expired{{{labels}}} {expired}\n"));
    }
    let end = "pushcert_certificate_not_after_timestamp_seconds";
    family(
        &mut text,
        end,
        "When it ends, in seconds since 1970; topic is its first one, or its common name where it has none.",
    );
    let mut own: BTreeMap<&str, &Dated> = BTreeMap::new();
    for (dated, labels) in series.values() {
        own.entry(labels).or_insert(dated);
    }
    for (labels, dated) in own {
        let moment = dated.not_after.unix_timestamp();
        text.push_str(&format!("{end}{{{labels}}} {moment}\n"));
    }
    run(&mut text, outcome, &troubles, ran);
    text
}

fn run(
    text: &mut String,
    outcome: &Outcome,
    troubles: &BTreeMap<String, usize>,
    ran: OffsetDateTime,
) {
    let summary = outcome.summary;
    let rows = "pushcert_expiry_rows";
    family(text, rows, "Certificates in their places, by severity.");
    let counts = [
        (Status::Ok, summary.ok),
        (Status::Warning, summary.warning),
        (Status::Critical, summary.critical),
        (Status::Unknown, summary.unknown),
    ];
    for (status, count) in counts {
        text.push_str(&format!(
            "{rows}{{severity=\"{}\"}} {count}\n",
            status.as_str()
        ));
    }
    let source = "pushcert_expiry_source_errors";
    family(text, source, "What could not be told, by file and reason.");
    for (labels, count) in troubles {
        text.push_str(&format!("{source}{{{labels}}} {count}\n"));
    }
    let success = "pushcert_expiry_success";
    family(
        text,
        success,
        "Whether every file could be told (1) or not (0).",
    );
    let told = u8::from(summary.unknown == 0);
    text.push_str(&format!("{success} {told}\n"));
    let last = "pushcert_expiry_last_run_timestamp_seconds";
    family(text, last, "When this was written, in seconds since 1970.");
    text.push_str(&format!("{last} {}\n", ran.unix_timestamp()));
}

fn family(text: &mut String, name: &str, help: &str) {
    text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
}

/// The labels of the x509 exporter.
fn labels(row: &Row, dated: &Dated) -> String {
    let file = row.path.file_name().map(|name| name.to_string_lossy());
    format!(
        "serial_number=\"{}\",subject_CN=\"{}\",issuer_CN=\"{}\",filename=\"{}\",filepath=\"{}\"",
        label(dated.serial_number.as_deref().unwrap_or_default()),
        label(dated.common_name.as_deref().unwrap_or_default()),
        label(dated.issuer_common_name.as_deref().unwrap_or_default()),
        label(&file.unwrap_or_default()),
        label(&row.name()),
    )
}

fn own_labels(row: &Row, dated: &Dated) -> String {
    let environments: Vec<&str> = dated.environments.iter().map(|one| one.as_str()).collect();
    format!(
        "path=\"{}\",topic=\"{}\",environment=\"{}\",kind=\"{}\",sha256=\"{}\",owner=\"{}\"",
        label(&row.name()),
        label(dated.title()),
        environments.join("+"),
        dated.kind.map_or(dated.role.as_str(), |kind| kind.as_str()),
        dated
            .sha256
            .map(|sha256| sha256.to_string())
            .unwrap_or_default(),
        label(dated.owner.as_deref().unwrap_or_default()),
    )
}

fn label(foreign: &str) -> String {
    escape::data(foreign)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}
