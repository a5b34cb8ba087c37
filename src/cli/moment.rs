//! `--at`, `--timeout` and thresholds: text to moments and durations. The only reader of the wall clock.

use super::reply::Stop;
use crate::validity::Threshold;
use std::time::Duration;
use time::macros::{format_description, time};
use time::{Date, OffsetDateTime};

/// Now, or the moment that `--at` names.
pub(super) fn now(at: Option<OffsetDateTime>) -> OffsetDateTime {
    at.unwrap_or_else(OffsetDateTime::now_utc)
}

/// RFC 3339, or a date, which means the end of that day in UTC.
pub(super) fn parse_at(text: &str) -> Result<OffsetDateTime, String> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
    date.map(|date| date.with_time(time!(23:59:59)).assume_utc())
        .or_else(|_| OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339))
        .map_err(|_| "not RFC 3339 and not YYYY-MM-DD".to_string())
}

/// `500ms`, `10s`, `5m`, `12h`, `30d`, `2w`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = || "not a duration such as 500ms, 10s, 5m, 12h, 30d or 2w".to_string();
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return Err(wrong()),
    };
    // A hundred thousand years are enough, and every sum with a date stays in range.
    let total = number
        .checked_mul(milliseconds)
        .filter(|ms| *ms < 250_000_000_000_000);
    total.map(Duration::from_millis).ok_or_else(wrong)
}

/// A duration, or a share of the lifetime such as `25%`.
pub(super) fn parse_threshold(text: &str) -> Result<Threshold, String> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent
            .parse()
            .map_err(|_| "not a percentage".to_string())?;
        return match (0.0..=100.0).contains(&percent) {
            true => Ok(Threshold::Percent(percent)),
            false => Err("a percentage is between 0 and 100".to_string()),
        };
    }
    let duration = parse_duration(text)?;
    let duration = time::Duration::try_from(duration).map_err(|_| "too long".to_string())?;
    Ok(Threshold::Left(duration))
}

/// The thresholds with their defaults, of which the critical one never lies above the other.
pub(super) fn thresholds(
    warn: Option<Threshold>,
    crit: Option<Threshold>,
) -> Result<(Threshold, Threshold), Box<Stop>> {
    let days = |days| Threshold::Left(time::Duration::days(days));
    let is_default = crit.is_none();
    let (warn, crit) = (warn.unwrap_or(days(30)), crit.unwrap_or(days(7)));
    let above = match (warn, crit) {
        (Threshold::Left(warn), Threshold::Left(crit)) => crit > warn,
        (Threshold::Percent(warn), Threshold::Percent(crit)) => crit > warn,
        // How they lie to each other depends on the lifetime.
        _ => false,
    };
    match (above, is_default) {
        (false, _) => Ok((warn, crit)),
        (true, false) => Err(Stop::usage("--crit is above --warn")),
        (true, true) => Err(Stop::usage(
            "--crit, 7d by default, is above --warn; name both",
        )),
    }
}
