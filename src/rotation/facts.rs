//! What a rotation compares and remembers of a certificate. No secret is among it.

use crate::apple::{Environment, kind};
use crate::certificate::Certificate;
use crate::issuer::Issuer;
use time::OffsetDateTime;

/// The facts of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Lowercase hex.
    pub sha256: String,
    /// The key that it is for.
    pub spki_sha256: String,
    /// What it is called.
    pub title: String,
    /// What may be pushed to.
    pub topics: Vec<String>,
    /// Where.
    pub environments: Vec<Environment>,
    /// Whose it is.
    pub team_id: Option<String>,
    /// From when.
    pub not_before: OffsetDateTime,
    /// Until when.
    pub not_after: OffsetDateTime,
}

impl Facts {
    /// Of a certificate.
    pub fn of(certificate: &Certificate) -> Facts {
        Facts {
            sha256: certificate.sha256.to_string(),
            spki_sha256: certificate.public_key.spki_sha256.to_string(),
            title: certificate.title().to_string(),
            topics: certificate
                .topic_names()
                .into_iter()
                .map(str::to_string)
                .collect(),
            environments: certificate.environments.clone(),
            team_id: certificate.team_id.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }
}

impl Facts {
    /// Of a file that cannot be read, as when an earlier version is to take its place.
    pub fn unknown() -> Facts {
        Facts {
            sha256: String::new(),
            spki_sha256: String::new(),
            title: "a file that cannot be read".to_string(),
            topics: Vec::new(),
            environments: Vec::new(),
            team_id: None,
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// Of no file at all.
    pub fn missing() -> Facts {
        Facts {
            title: "no file".to_string(),
            ..Facts::unknown()
        }
    }
}

/// How much is known of who issued it: Apple is proven, the lab is a label.
pub(super) fn issuer_rank(certificate: &Certificate) -> u8 {
    match Issuer::of(certificate) {
        Issuer::Apple(_) => 2,
        Issuer::Lab => 1,
        Issuer::Unknown => 0,
    }
}

/// Whether it is for device management, whose topic is the user id.
pub fn is_mdm(certificate: &Certificate) -> bool {
    let user_id = certificate.subject.user_id.as_deref().unwrap_or_default();
    certificate.kind.is_push() && user_id.starts_with(kind::MDM_USER_ID)
}
