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
    let clock = end
        .format(format_description!("[hour]:[minute] UTC"))
        .unwrap_or_default();
    if end.date() == now.to_offset(time::UtcOffset::UTC).date() {
        let verb = if end < now { "expired" } else { "expires" };
        return format!("{verb} today, {clock}");
    }
    if end < now {
        let ago = (now - end).whole_days();
        return match ago {
            0 => format!("expired yesterday, {clock}"),
            1 => "expired 1 day ago".to_string(),
            n => format!("expired {n} days ago"),
        };
    }
    match days_remaining(end, now) {
        0 => format!("until {} (in less than a day)", end.date()),
        1 => format!("until {} (in 1 day)", end.date()),
        n => format!("until {} (in {n} days)", end.date()),
    }
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

/// A path as a shell takes it.
pub fn shell(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%~=".contains(c);
    if path.starts_with('-') {
        return shell(&format!("./{path}"));
    }
    if !path.is_empty() && path.chars().all(plain) {
        return path.to_string();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}
