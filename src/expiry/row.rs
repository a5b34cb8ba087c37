//! One date in one place: what it belongs to, and how it stands against the policy.

use crate::apple::{Environment, Kind};
use crate::certificate::Certificate;
use crate::finding::{Finding, Severity, Status, id};
use crate::inputs::Input;
use crate::profile::{ApsEnvironment, Profile};
use crate::public_key::Fingerprint;
use crate::validity::{Expiry, Threshold};
use std::path::PathBuf;
use time::{Duration, OffsetDateTime};

/// A row of the answer: a date and its place, or a place whose dates could not be told.
#[derive(Clone, Debug)]
pub struct Row {
    /// As the user typed it, or as the walk made it from that.
    pub path: PathBuf,
    /// What stands there.
    pub entry: Entry,
}

/// What a row is about.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Something that ends.
    Dated(Box<Dated>),
    /// A file that could not be read, or not in full.
    Trouble(Finding),
}

/// What a date counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A certificate that someone uses.
    Leaf,
    /// A CA certificate: its end is worth a warning at most, as it is replaced with the leaf.
    Ca,
    /// A provisioning profile.
    Profile,
}

impl Role {
    /// The word that the machine formats use.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Leaf => "leaf",
            Role::Ca => "ca",
            Role::Profile => "profile",
        }
    }
}

/// Something that ends, and how it was judged.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Dated {
    pub role: Role,
    pub status: Status,
    pub expiry: Expiry,
    pub not_before: Option<OffsetDateTime>,
    pub not_after: OffsetDateTime,
    /// `None` for a profile.
    pub kind: Option<Kind>,
    pub environments: Vec<Environment>,
    pub topics: Vec<String>,
    pub team_id: Option<String>,
    pub bundle_id: Option<String>,
    /// The whole subject, or the profile's name.
    pub subject: String,
    pub common_name: Option<String>,
    pub issuer_common_name: Option<String>,
    /// Lowercase hex.
    pub serial_number: Option<String>,
    /// `None` for a profile.
    pub sha256: Option<Fingerprint>,
    /// Who looks after it, as the configuration has it.
    pub owner: Option<String>,
    /// The thresholds it was judged by: its app's, or everybody's.
    pub warn: Threshold,
    pub critical: Threshold,
    /// Whether a key stands in the same file.
    pub with_key: bool,
}

impl Row {
    /// How bad it is.
    pub fn status(&self) -> Status {
        match &self.entry {
            Entry::Dated(dated) => dated.status,
            Entry::Trouble(_) => Status::Unknown,
        }
    }

    pub(super) fn trouble(input: &Input, finding: Finding) -> Row {
        Row {
            path: input.path.clone(),
            entry: Entry::Trouble(finding.in_path(input.name())),
        }
    }

    /// What ends there, unless that could not be told.
    pub fn dated(&self) -> Option<&Dated> {
        match &self.entry {
            Entry::Dated(dated) => Some(dated),
            Entry::Trouble(_) => None,
        }
    }

    /// The path as text. Foreign text.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What is to be said about it; nothing where all is well.
    pub fn finding(&self) -> Option<Finding> {
        match &self.entry {
            Entry::Trouble(finding) => Some(finding.clone()),
            Entry::Dated(dated) => Some(dated.finding()?.in_path(self.name())),
        }
    }
}

impl Dated {
    pub(super) fn of_certificate(certificate: Certificate) -> Dated {
        let role = match certificate.is_ca {
            true => Role::Ca,
            false => Role::Leaf,
        };
        Dated {
            role,
            status: Status::Ok,
            expiry: Expiry::Valid,
            not_before: Some(certificate.not_before),
            not_after: certificate.not_after,
            kind: Some(certificate.kind),
            environments: certificate.environments,
            topics: certificate
                .topics
                .into_iter()
                .map(|topic| topic.name)
                .collect(),
            team_id: certificate.team_id,
            bundle_id: certificate.bundle_id,
            subject: certificate.subject.text,
            common_name: certificate.subject.common_name,
            issuer_common_name: certificate.issuer.common_name,
            serial_number: Some(certificate.serial_number),
            sha256: Some(certificate.sha256),
            owner: None,
            warn: Threshold::Left(Duration::ZERO),
            critical: Threshold::Left(Duration::ZERO),
            with_key: false,
        }
    }

    /// `None` for a profile that names no end.
    pub(super) fn of_profile(profile: &Profile) -> Option<Dated> {
        let environment = match profile.aps_environment {
            Some(ApsEnvironment::Known(environment)) => vec![environment],
            _ => Vec::new(),
        };
        let bundle_id = profile.bundle_id().map(str::to_string);
        Some(Dated {
            role: Role::Profile,
            status: Status::Ok,
            expiry: Expiry::Valid,
            not_before: profile.not_before,
            not_after: profile.not_after?,
            kind: None,
            environments: environment,
            topics: bundle_id.iter().cloned().collect(),
            team_id: profile.team_ids.first().cloned(),
            bundle_id,
            subject: profile.name.clone().unwrap_or_default(),
            common_name: profile.name.clone(),
            issuer_common_name: None,
            serial_number: profile.uuid.clone(),
            sha256: None,
            owner: None,
            warn: Threshold::Left(Duration::ZERO),
            critical: Threshold::Left(Duration::ZERO),
            with_key: false,
        })
    }

    /// What a person calls it: its first topic, else its common name, else its subject. Foreign text.
    pub fn title(&self) -> &str {
        self.topics
            .first()
            .or(self.common_name.as_ref())
            .unwrap_or(&self.subject)
    }

    /// Whether a push service takes it as a client certificate.
    pub fn is_push(&self) -> bool {
        self.kind.is_some_and(Kind::is_push)
    }

    fn finding(&self) -> Option<Finding> {
        let severity = match self.status {
            Status::Ok => return None,
            Status::Warning => Severity::Warning,
            Status::Critical => Severity::Critical,
            Status::Unknown => Severity::Unknown,
        };
        let day = self.not_after.date();
        let (id, what) = match self.expiry {
            Expiry::Valid => return None,
            Expiry::Expired => (id::EXPIRED, format!("expired on {day}")),
            Expiry::Expiring | Expiry::Critical => (id::EXPIRING, format!("expires on {day}")),
            Expiry::NotYetValid => (
                id::NOT_YET_VALID,
                match self.not_before {
                    Some(start) => format!("is not valid before {}", start.date()),
                    None => "is not valid yet".to_string(),
                },
            ),
        };
        let title = self.title();
        let message = match self.role {
            Role::Leaf => format!("{title} {what}"),
            Role::Ca => format!("the CA certificate {title} {what}"),
            Role::Profile => format!("the provisioning profile {title} {what}"),
        };
        Some(Finding {
            identity: self.sha256.map(|sha256| sha256.to_string()),
            ..Finding::new(id, severity, message)
        })
    }
}
