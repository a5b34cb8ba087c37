//! Dates compared with thresholds. The moment is always an argument.

use crate::certificate::Certificate;
use time::{Duration, OffsetDateTime};

/// Where a moment stands within a validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Before `notBefore`.
    NotYetValid,
    /// Within, and outside every threshold.
    Valid,
    /// Within the threshold for a warning.
    Expiring,
    /// Within the threshold that makes it critical.
    Critical,
    /// After `notAfter`.
    Expired,
}

/// How much life may be left before it is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// A fixed time.
    Left(Duration),
    /// A share of the whole lifetime, in percent.
    Percent(f64),
}

impl Threshold {
    /// The time that must be left, for a lifetime.
    fn duration(self, lifetime: Duration) -> Duration {
        match self {
            Threshold::Left(duration) => duration,
            Threshold::Percent(percent) => lifetime * (percent / 100.0),
        }
    }
}

impl Expiry {
    /// Judges a certificate at a moment. Thresholds are inclusive.
    pub fn of(
        certificate: &Certificate,
        now: OffsetDateTime,
        warn: Option<Threshold>,
        critical: Option<Threshold>,
    ) -> Expiry {
        let (start, end) = (certificate.not_before, certificate.not_after);
        Expiry::within(Some(start), end, now, warn, critical)
    }

    /// The same of two dates, of which the first may not be known.
    pub fn within(
        start: Option<OffsetDateTime>,
        end: OffsetDateTime,
        now: OffsetDateTime,
        warn: Option<Threshold>,
        critical: Option<Threshold>,
    ) -> Expiry {
        let left = end - now;
        let lifetime = end - start.unwrap_or(now);
        let within = |threshold: Option<Threshold>| {
            threshold.is_some_and(|threshold| left <= threshold.duration(lifetime))
        };
        if start.is_some_and(|start| now < start) {
            Expiry::NotYetValid
        } else if left < Duration::ZERO {
            Expiry::Expired
        } else if within(critical) {
            Expiry::Critical
        } else if within(warn) {
            Expiry::Expiring
        } else {
            Expiry::Valid
        }
    }
}

/// Whole days left, rounded down: -1 in the first day after the end.
pub fn days_remaining(not_after: OffsetDateTime, now: OffsetDateTime) -> i64 {
    (not_after - now).whole_seconds().div_euclid(86_400)
}
