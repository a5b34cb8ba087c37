//! What is said of a provisioning profile.

use super::{escape, words};
use crate::container::cms::{Signature, SignedProfile};
use crate::profile::{ApsEnvironment, Devices, Profile};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// `com.example.app, sandbox pushes, until 2027-11-24 (in 365 days)`.
pub fn headline(signed: &SignedProfile, now: OffsetDateTime) -> String {
    let profile = &signed.profile;
    let app = profile.bundle_id().unwrap_or("a profile for no app");
    let pushes = match &profile.aps_environment {
        Some(ApsEnvironment::Known(environment)) => format!("{} pushes", environment.as_str()),
        Some(ApsEnvironment::Other(_)) => "pushes of no known environment".to_string(),
        None => "no pushes".to_string(),
    };
    let end = profile
        .not_after
        .map(|end| format!(", {}", words::until(end, now)));
    format!("{}, {pushes}{}", escape::text(app), end.unwrap_or_default())
}

/// Its rows.
pub fn rows(signed: &SignedProfile) -> Vec<(String, String)> {
    let profile = &signed.profile;
    let mut rows = Vec::new();
    let mut add = |word: &str, fact: Option<String>| {
        rows.extend(
            fact.filter(|fact| !fact.is_empty())
                .map(|fact| (word.to_string(), escape::text(&fact))),
        );
    };
    add("name", profile.name.clone());
    add("uuid", profile.uuid.clone());
    add("app id", profile.application_identifier.clone());
    add("team", Some(profile.team_ids.join(", ")));
    add(
        "pushes",
        aps_environment(profile).map(|word| format!("aps-environment {word}")),
    );
    add("platform", Some(profile.platforms.join(", ")));
    add(
        "devices",
        match profile.devices {
            Devices::All => Some("all".to_string()),
            Devices::Listed(count) => Some(format!("{count} listed")),
            Devices::Unsaid => None,
        },
    );
    let signers: Vec<String> = profile
        .developer_certificates
        .iter()
        .map(|fingerprint| format!("{}…", fingerprint.short()))
        .collect();
    add(
        "signers",
        Some(signers.join(", "))
            .filter(|_| !signers.is_empty())
            .map(|list| format!("of builds: {list}")),
    );
    let by = signed
        .signer
        .as_deref()
        .unwrap_or("no certificate that is in it");
    add(
        "signature",
        Some(match signed.signature {
            Signature::Apple => format!("holds, by {by} under Apple Root CA"),
            Signature::Foreign => format!("holds, by {by}"),
            Signature::Broken => format!("does not hold, by {by}"),
        }),
    );
    rows
}

fn aps_environment(profile: &Profile) -> Option<&str> {
    use crate::apple::Environment::{Production, Sandbox};
    Some(match profile.aps_environment.as_ref()? {
        ApsEnvironment::Known(Sandbox) => "development",
        ApsEnvironment::Known(Production) => "production",
        ApsEnvironment::Other(word) => word,
    })
}

/// JSON's `profile`.
pub fn document(signed: &SignedProfile) -> Value {
    let profile = &signed.profile;
    let developers: Vec<String> = profile
        .developer_certificates
        .iter()
        .map(ToString::to_string)
        .collect();
    json!({
        "name": profile.name,
        "uuid": profile.uuid,
        "team_id": profile.team_ids.first(),
        "application_identifier": profile.application_identifier,
        "aps_environment": aps_environment(profile),
        "not_after": profile.not_after.map(words::rfc3339),
        "developer_certificates": developers,
        "platforms": profile.platforms,
        "signature": match signed.signature {
            Signature::Apple => "apple",
            Signature::Foreign => "other",
            Signature::Broken => "broken",
        },
    })
}
