//! The phrases that several texts share: dates, columns, what a certificate is called.

use super::escape;
use crate::certificate::Certificate;
use crate::finding::Finding;
use crate::validity::days_remaining;
use time::OffsetDateTime;
use time::macros::format_description;
use unicode_width::UnicodeWidthStr;

/// RFC 3339 in UTC.
pub fn rfc3339(moment: OffsetDateTime) -> String {
    moment
        .to_offset(time::UtcOffset::UTC)
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

/// `until 2027-11-24 (in 365 days)`, `expires today, 14:05 UTC`, `expired 12 days ago`.
pub fn validity(certificate: &Certificate, now: OffsetDateTime) -> String {
    if certificate.not_before > now {
        return format!("not valid before {}", certificate.not_before.date());
    }
    until(certificate.not_after, now)
}

/// The same of an end alone.
pub fn until(end: OffsetDateTime, now: OffsetDateTime) -> String {
    let distance = distance(end, now);
    if end < now {
        format!("expired {distance}")
    } else if distance.starts_with("today") {
        format!("expires {distance}")
    } else {
        format!("until {} ({distance})", end.date())
    }
}

/// `in 3 days`, `12 days ago`, `today, 14:05 UTC`.
pub fn distance(end: OffsetDateTime, now: OffsetDateTime) -> String {
    if end.date() == now.to_offset(time::UtcOffset::UTC).date() {
        return format!("today, {}", clock(end));
    }
    let count = |days: i64| match days {
        1 => "1 day".to_string(),
        days => format!("{days} days"),
    };
    match (now - end).whole_days() {
        0 if end < now => format!("yesterday, {}", clock(end)),
        ago if end < now => format!("{} ago", count(ago)),
        _ => match days_remaining(end, now) {
            0 => "in less than a day".to_string(),
            days => format!("in {}", count(days)),
        },
    }
}

fn clock(moment: OffsetDateTime) -> String {
    moment
        .format(format_description!("[hour]:[minute] UTC"))
        .unwrap_or_default()
}

/// How many columns of a terminal a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `sandbox + production`.
pub fn environments(certificate: &Certificate) -> String {
    certificate
        .environments
        .iter()
        .map(|environment| environment.as_str())
        .collect::<Vec<_>>()
        .join(" + ")
}

/// `com.example.app, sandbox, until 2027-11-24 (in 365 days)`.
pub fn summary(certificate: &Certificate, now: OffsetDateTime) -> String {
    let title = escape::text(certificate.title());
    let what = match certificate.environments.is_empty() {
        true => certificate.describe().to_string(),
        false => environments(certificate),
    };
    format!("{title}, {what}, {}", validity(certificate, now))
}

/// Rows of a short word and a fact, lined up, indented by two.
pub fn columns(rows: &[(String, String)]) -> String {
    let width = rows
        .iter()
        .map(|(word, _)| word.chars().count())
        .max()
        .unwrap_or(0)
        .max(9);
    rows.iter()
        .map(|(word, fact)| format!("  {word:width$}  {fact}").trim_end().to_string() + "\n")
        .collect()
}

/// The text with spaces after it, up to so many columns of a terminal.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// A finding as a row: severity, then id and sentence.
pub fn finding_row(finding: &Finding) -> (String, String) {
    let message = escape::text(&finding.message);
    (
        finding.severity.as_str().to_string(),
        format!("{}: {message}", finding.id),
    )
}

/// What to type where the certificate of a server has expired or names another host: no CA file helps.
pub const ABOUT_SERVER: &str =
    "pushcert explain server-not-verified    (its certificate is replaced on the server)";

/// What begins a renewal: of a file that holds certificate and key a rotation, of anything else a request.
pub fn renewal(path: Option<&str>) -> String {
    match path {
        Some(path) => format!("pushcert rotate start {path}"),
        None => "pushcert csr --out-key NewKey.pem --out-csr new.certSigningRequest    (the first step of renewing it)".to_string(),
    }
}

/// What asks the gateway of a lab, as far as its defaults go.
pub fn check_at_lab(path: &str) -> String {
    format!("pushcert check {path} --gateway localhost:2195 --ca-file lab/ca.pem")
}

/// What a file is called in a text: its path, and what `-` stands for.
pub fn file(path: &str) -> String {
    match path {
        STDIN => "stdin".to_string(),
        path => escape::text(path),
    }
}

/// The path that stands for standard input.
const STDIN: &str = "-";

/// A path as a shell takes it; `-` stays what it is to every command.
pub fn shell(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%~=".contains(c);
    if path.starts_with('-') && path != STDIN {
        return shell(&format!("./{path}"));
    }
    if !path.is_empty() && path.chars().all(plain) {
        return path.to_string();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// The text in one line: what breaks lines becomes a space.
pub fn one_line(text: &str) -> String {
    text.split(['\r', '\n'])
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}
