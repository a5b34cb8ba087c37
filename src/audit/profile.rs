//! What is wrong with a provisioning profile, and whether it and a push certificate can work together. Nothing but the app id,
//! the team and the environment connects the two: no signature of one covers the other.

use crate::apple::Environment;
use crate::certificate::Certificate;
use crate::container::cms::{Signature, SignedProfile};
use crate::finding::{Finding, Severity, id};
use crate::profile::{ApsEnvironment, Profile};
use time::{Duration, OffsetDateTime};

/// Judges a profile by itself. Within `warn` of its end it needs attention.
pub fn profile(signed: &SignedProfile, now: OffsetDateTime, warn: Duration) -> Vec<Finding> {
    let profile = &signed.profile;
    let mut findings = Vec::new();
    let mut add =
        |id, severity, message: String| findings.push(Finding::new(id, severity, message));
    match signed.signature {
        Signature::Apple => {}
        Signature::Foreign => {
            let message =
                "its signature holds, but the signer's chain does not lead to Apple Root CA";
            add(
                id::PROFILE_SIGNATURE,
                Severity::Warning,
                message.to_string(),
            );
        }
        Signature::Broken => {
            let message =
                "its signature does not hold: it was changed, or signed in a way not read here";
            add(
                id::PROFILE_SIGNATURE,
                Severity::Critical,
                message.to_string(),
            );
        }
    }
    if let Some(end) = profile.not_after {
        let left = end - now;
        if left < Duration::ZERO {
            let message = format!("the profile expired on {}", end.date());
            add(id::EXPIRED, Severity::Critical, message);
        } else if left <= warn {
            let message = format!(
                "the profile has {} days of validity left",
                left.whole_days()
            );
            add(id::EXPIRING, Severity::Warning, message);
        }
    }
    match &profile.aps_environment {
        None => {
            let message =
                "it has no aps-environment: builds signed with it get no device token for pushes";
            add(
                id::PROFILE_WITHOUT_PUSH,
                Severity::Info,
                message.to_string(),
            );
        }
        Some(ApsEnvironment::Known(_)) => {}
        Some(ApsEnvironment::Other(word)) => {
            let message =
                format!("its aps-environment is {word}, neither development nor production");
            add(id::PROFILE_ENVIRONMENT, Severity::Warning, message);
        }
    }
    if profile.is_wildcard() {
        let message = format!(
            "it is for every app of {}, and pushes need an explicit App ID",
            profile.bundle_id().unwrap_or_default()
        );
        add(id::PROFILE_WILDCARD, Severity::Warning, message);
    }
    findings
}

/// Whether a push certificate is for the app of the profile.
pub fn is_for_its_app(profile: &Profile, certificate: &Certificate) -> bool {
    let Some(bundle) = profile.bundle_id() else {
        return false;
    };
    let of_the_app = |topic: &str| {
        topic
            .strip_prefix(bundle)
            .is_some_and(|suffix| matches!(suffix, "" | ".voip" | ".complication"))
    };
    certificate.bundle_id.as_deref().is_some_and(of_the_app)
        || certificate
            .topics
            .iter()
            .any(|topic| of_the_app(&topic.name))
}

/// Judges the pair, each point with its reason. One that can work together gets a single info that says so.
pub fn pair(profile: &Profile, certificate: &Certificate) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut no = |id, message: String| {
        findings.push(Finding {
            identity: Some(certificate.sha256.to_string()),
            ..Finding::new(id, Severity::Critical, message)
        });
    };
    let bundle = profile.bundle_id().unwrap_or("no app");
    let title = certificate.title();
    if profile.is_wildcard() {
        no(
            id::PROFILE_WILDCARD,
            format!("the profile is for every app of {bundle}, and pushes need an explicit App ID"),
        );
    } else if !is_for_its_app(profile, certificate) {
        no(
            id::PROFILE_TOPIC_MISMATCH,
            format!("the profile is for {bundle}, the certificate for {title}"),
        );
    }
    if let Some(team) = &certificate.team_id
        && !profile.team_ids.contains(team)
    {
        let teams = profile.team_ids.join(", ");
        no(
            id::PROFILE_TEAM_MISMATCH,
            format!("the profile is of team {teams}, the certificate of team {team}"),
        );
    }
    match &profile.aps_environment {
        None => no(
            id::PROFILE_WITHOUT_PUSH,
            "the profile has no aps-environment: builds signed with it get no device token for pushes".to_string(),
        ),
        Some(ApsEnvironment::Known(environment)) if !certificate.environments.contains(environment) => {
            let message = format!(
                "builds signed with the profile get device tokens of {}, and the certificate does not serve it",
                environment.as_str()
            );
            no(id::PROFILE_ENVIRONMENT, message);
        }
        Some(ApsEnvironment::Known(_)) => {}
        Some(ApsEnvironment::Other(word)) => {
            no(id::PROFILE_ENVIRONMENT, format!("the profile's aps-environment is {word}, which is neither development nor production"));
        }
    }
    if findings.is_empty() {
        let environment = match profile.aps_environment {
            Some(ApsEnvironment::Known(Environment::Production)) => "production",
            _ => "sandbox",
        };
        let listed = match profile.developer_certificates.contains(&certificate.sha256) {
            true => "the profile lists the certificate among its signers, which is unusual",
            false => {
                "that the profile does not list the certificate is normal: it lists those that sign builds"
            }
        };
        let message = format!(
            "the profile and {title} can work together: app, team and {environment} agree; {listed}"
        );
        findings.push(Finding::new(id::PROFILE_FITS, Severity::Info, message));
    }
    findings
}
