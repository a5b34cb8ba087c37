//! Whether a new certificate may take the place of the live one: every reason against it is a finding of its own. Pure.

use super::facts::{Facts, is_mdm, issuer_rank};
use crate::certificate::Certificate;
use crate::finding::{Finding, Severity, id};
use crate::validity::Expiry;
use time::OffsetDateTime;

/// The refusals that `--allow` may override: those of the plan, then those of the live check. A pair that does not fit is not
/// among them, for nothing could be written then.
pub const MAY_BE_ALLOWED: [&str; 19] = [
    id::TOPIC_LOST,
    id::ENVIRONMENT_LOST,
    id::TEAM_CHANGED,
    id::MDM_TOPIC_CHANGED,
    id::NOT_LATER,
    id::EXPIRED,
    id::NOT_YET_VALID,
    id::ISSUER_UNKNOWN,
    id::NOT_A_PUSH_CERTIFICATE,
    id::REJECTED,
    id::TOPIC_REFUSED,
    id::WRONG_ENVIRONMENT,
    id::SERVER_NOT_VERIFIED,
    id::UNPROVEN,
    id::UNREACHABLE,
    id::NOT_REQUESTED,
    id::NOT_A_GATEWAY,
    id::CLOSED_EARLY,
    id::NO_ROOTS,
];

/// What is to become of the live file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What stands there now.
    pub old: Facts,
    /// What is to stand there.
    pub new: Facts,
    /// The certificate and its key are what the live file holds already.
    pub is_live: bool,
    /// Why it must not.
    pub refusals: Vec<Finding>,
    /// What would be a refusal and is overridden.
    pub overridden: Vec<Finding>,
}

/// Compares the certificate of the live file with the one that is to take its place.
pub fn plan(live: &Certificate, new: &Certificate, allow: &[String], now: OffsetDateTime) -> Plan {
    let is_live = live == new;
    let against = match is_live {
        true => Vec::new(),
        false => refusals(live, new, now),
    };
    let allowed = |finding: &Finding| allow.iter().any(|id| id == finding.id);
    let (overridden, refusals) = against.into_iter().partition(allowed);
    Plan {
        old: Facts::of(live),
        new: Facts::of(new),
        is_live,
        refusals,
        overridden,
    }
}

/// Every reason against it, in the order of their weight.
fn refusals(live: &Certificate, new: &Certificate, now: OffsetDateTime) -> Vec<Finding> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    if live.kind.is_push() && !new.kind.is_push() {
        let message = format!("{} is {}", new.title(), new.kind.describe());
        found.push((id::NOT_A_PUSH_CERTIFICATE, message));
    }
    let user_id = |certificate: &Certificate| certificate.subject.user_id.clone();
    if is_mdm(live) && user_id(live) != user_id(new) {
        let message = format!(
            "the topic of device management would change from {} to {}, and every device would have to enrol again",
            user_id(live).unwrap_or_default(),
            user_id(new).unwrap_or_else(|| "none".to_string())
        );
        found.push((id::MDM_TOPIC_CHANGED, message));
    } else {
        let kept = new.topic_names();
        let mut lost = live.topic_names();
        lost.retain(|topic| !kept.contains(topic));
        if !lost.is_empty() {
            let word = match lost.len() {
                1 => "topic",
                _ => "topics",
            };
            let lost = lost.join(", ");
            let message = format!("the new certificate does not have the {word} {lost}");
            found.push((id::TOPIC_LOST, message));
        }
    }
    let lost: Vec<&str> = live
        .environments
        .iter()
        .filter(|environment| !new.environments.contains(environment))
        .map(|environment| environment.as_str())
        .collect();
    if !lost.is_empty() {
        let message = format!("the new certificate does not serve {}", lost.join(", "));
        found.push((id::ENVIRONMENT_LOST, message));
    }
    if let Some(team) = live.team_id.as_deref()
        && live.team_id != new.team_id
    {
        let other = new.team_id.as_deref().unwrap_or("none");
        let message = format!("the team would change from {team} to {other}");
        found.push((id::TEAM_CHANGED, message));
    }
    match Expiry::of(new, now, None, None) {
        Expiry::Expired => {
            let message = format!("the new certificate expired on {}", new.not_after.date());
            found.push((id::EXPIRED, message));
        }
        Expiry::NotYetValid => {
            let message = format!(
                "the new certificate is not valid before {}",
                new.not_before.date()
            );
            found.push((id::NOT_YET_VALID, message));
        }
        _ => {}
    }
    if new.not_after <= live.not_after {
        let message = format!(
            "the new certificate ends on {}, no later than the live one ({})",
            new.not_after.date(),
            live.not_after.date()
        );
        found.push((id::NOT_LATER, message));
    }
    if issuer_rank(new) < issuer_rank(live) {
        let message = "the issuer of the new certificate is not known, and that of the live one is";
        found.push((id::ISSUER_UNKNOWN, message.to_string()));
    }
    let named = |(id, message)| Finding {
        identity: Some(new.sha256.to_string()),
        ..Finding::new(id, Severity::Critical, message)
    };
    found.into_iter().map(named).collect()
}
