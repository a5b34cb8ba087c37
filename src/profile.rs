//! Provisioning profiles: what the property list inside says. Whether its signature holds is the container's to tell.

use crate::apple::Environment;
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::public_key::Fingerprint;
use plist::{Dictionary, Value};
use time::OffsetDateTime;

/// A provisioning profile. Keys that are not there are `None` or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Profile {
    pub name: Option<String>,
    pub uuid: Option<String>,
    /// `TeamIdentifier`, of which there is usually one.
    pub team_ids: Vec<String>,
    /// `application-identifier`: a prefix, a dot, and the bundle id or a wildcard.
    pub application_identifier: Option<String>,
    /// `ApplicationIdentifierPrefix`.
    pub prefixes: Vec<String>,
    /// The push service that builds with this profile get their device tokens from.
    pub aps_environment: Option<ApsEnvironment>,
    pub not_before: Option<OffsetDateTime>,
    pub not_after: Option<OffsetDateTime>,
    pub devices: Devices,
    /// Those who may sign builds with it.
    pub developer_certificates: Vec<Fingerprint>,
    pub platforms: Vec<String>,
}

/// The value of `aps-environment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApsEnvironment {
    /// `development` or `production`.
    Known(Environment),
    /// Anything else, as it stands there. Foreign text.
    Other(String),
}

/// On which devices builds run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Devices {
    /// On so many that are listed.
    Listed(usize),
    /// On all (`ProvisionsAllDevices`).
    All,
    /// Nothing is said, as in a profile for the store.
    Unsaid,
}

/// More containers than any profile has; a list in a list in a list would else be followed without end.
const MOST_CONTAINERS: usize = 1_000;

impl Profile {
    /// Reads the property list (XML).
    ///
    /// # Errors
    /// `damaged` where it is none, or no profile's; `over-budget` where it holds more lists and dictionaries than a profile does.
    pub fn parse(xml: &[u8]) -> Result<Profile> {
        if !xml.trim_ascii_start().starts_with(b"<") {
            return Err(damaged("its content is no XML"));
        }
        let opening = |tag: &[u8]| xml.windows(tag.len()).filter(|part| *part == tag).count();
        if opening(b"<dict") + opening(b"<array") > MOST_CONTAINERS {
            let what = format!("more than {MOST_CONTAINERS} lists and dictionaries");
            return Err(Error::OverBudget { what });
        }
        let value =
            Value::from_reader_xml(xml).map_err(|_| damaged("its property list does not parse"))?;
        let list = value
            .as_dictionary()
            .ok_or_else(|| damaged("its property list is no dictionary"))?;
        if !["UUID", "Entitlements", "ExpirationDate", "TeamIdentifier"]
            .iter()
            .any(|key| list.contains_key(key))
        {
            return Err(damaged("its property list is not a profile's"));
        }
        let none = Dictionary::new();
        let entitlements = list
            .get("Entitlements")
            .and_then(Value::as_dictionary)
            .unwrap_or(&none);
        // macOS has names of its own for the same things.
        let entitled = |names: [&str; 2]| names.iter().find_map(|name| text(entitlements, name));
        let aps = entitled(["aps-environment", "com.apple.developer.aps-environment"]);
        Ok(Profile {
            name: text(list, "Name"),
            uuid: text(list, "UUID"),
            team_ids: texts(list, "TeamIdentifier"),
            application_identifier: entitled([
                "application-identifier",
                "com.apple.application-identifier",
            ]),
            prefixes: texts(list, "ApplicationIdentifierPrefix"),
            aps_environment: aps.map(|word| match word.as_str() {
                "development" => ApsEnvironment::Known(Environment::Sandbox),
                "production" => ApsEnvironment::Known(Environment::Production),
                _ => ApsEnvironment::Other(word),
            }),
            not_before: date(list, "CreationDate"),
            not_after: date(list, "ExpirationDate"),
            devices: devices(list),
            developer_certificates: array(list, "DeveloperCertificates")
                .filter_map(Value::as_data)
                .map(|der| match Certificate::parse(der) {
                    Ok((certificate, _)) => certificate.sha256,
                    Err(_) => Fingerprint::of(der),
                })
                .collect(),
            platforms: texts(list, "Platform"),
        })
    }

    /// The application identifier without its prefix: a bundle id, or a pattern with a `*`.
    pub fn bundle_id(&self) -> Option<&str> {
        let whole = self.application_identifier.as_deref()?;
        let known = self.prefixes.iter().chain(&self.team_ids);
        let mut known =
            known.filter_map(|prefix| whole.strip_prefix(prefix.as_str())?.strip_prefix('.'));
        known
            .next()
            .or_else(|| whole.split_once('.').map(|(_, rest)| rest))
    }

    /// Whether it is for every app of a name pattern, and so for none that gets pushes.
    pub fn is_wildcard(&self) -> bool {
        self.bundle_id().is_some_and(|bundle| bundle.contains('*'))
    }
}

fn text(list: &Dictionary, key: &str) -> Option<String> {
    list.get(key).and_then(Value::as_string).map(str::to_owned)
}

fn array<'a>(list: &'a Dictionary, key: &str) -> impl Iterator<Item = &'a Value> {
    list.get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn texts(list: &Dictionary, key: &str) -> Vec<String> {
    array(list, key)
        .filter_map(Value::as_string)
        .map(str::to_owned)
        .collect()
}

fn date(list: &Dictionary, key: &str) -> Option<OffsetDateTime> {
    let date = list.get(key).and_then(Value::as_date)?;
    Some(OffsetDateTime::from(std::time::SystemTime::from(date)))
}

fn devices(list: &Dictionary) -> Devices {
    if list.get("ProvisionsAllDevices").and_then(Value::as_boolean) == Some(true) {
        return Devices::All;
    }
    match list.get("ProvisionedDevices").and_then(Value::as_array) {
        Some(devices) => Devices::Listed(devices.len()),
        None => Devices::Unsaid,
    }
}

fn damaged(reason: &str) -> Error {
    Error::Damaged {
        what: "provisioning profile",
        reason: reason.to_string(),
    }
}
