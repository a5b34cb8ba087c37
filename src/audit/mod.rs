//! What is wrong with a certificate or a file, told without asking anyone.

mod across;
pub mod profile;

pub use across::across;

use crate::apple::{Environment, Kind, kind};
use crate::certificate::Certificate;
use crate::container::{Contents, Format};
use crate::finding::{Finding, Severity, id};
use crate::issuer::Issuer;
use crate::validity::{Expiry, Threshold, days_remaining};
use time::OffsetDateTime;

/// By what a certificate is judged.
#[derive(Clone, Copy, Debug)]
pub struct Standard {
    /// The moment.
    pub now: OffsetDateTime,
    /// Less life than this is a warning.
    pub warn: Option<Threshold>,
    /// Less life than this is critical.
    pub critical: Option<Threshold>,
    /// Whether Apple's own endpoints are asked, which know only Apple's issuers.
    pub apple_endpoint: bool,
    /// The environment that is asked, if only one is.
    pub environment: Option<Environment>,
}

/// Judges one certificate by itself.
pub fn certificate(certificate: &Certificate, standard: &Standard) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |id, severity, message: String| {
        findings.push(Finding {
            identity: Some(certificate.sha256.to_string()),
            ..Finding::new(id, severity, message)
        });
    };
    if let Some((id, severity, message)) = life(certificate, standard) {
        add(id, severity, message);
    }
    if !certificate.kind.is_push() {
        let message = format!("{} is {}", certificate.title(), certificate.describe());
        add(id::NOT_A_PUSH_CERTIFICATE, Severity::Critical, message);
        return findings;
    }
    if let Some(environment) = standard.environment
        && !certificate.environments.contains(&environment)
    {
        let message = format!("it does not serve {}", environment.as_str());
        add(id::WRONG_ENVIRONMENT, Severity::Critical, message);
    }
    let severity = match standard.apple_endpoint {
        true => Severity::Warning,
        false => Severity::Info,
    };
    let issuer = Issuer::of(certificate);
    match issuer {
        Issuer::Apple(authority) => {
            let expired = issuer
                .certificate()
                .filter(|ca| ca.not_after < standard.now);
            if expired.is_some() {
                let message = format!("its issuer {} has expired", authority.name);
                add(id::ISSUER_EXPIRED, severity, message);
            }
        }
        Issuer::Lab | Issuer::Unknown => {
            let message = "its issuer is none of Apple's".to_string();
            add(id::ISSUER_UNKNOWN, severity, message);
        }
    }
    for (id, message) in oddities(certificate) {
        add(id, Severity::Info, message);
    }
    findings
}

/// What is unlike the push certificates that Apple issues today.
fn oddities(certificate: &Certificate) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let words = |environments: &[Environment]| {
        let words: Vec<&str> = environments.iter().map(|one| one.as_str()).collect();
        words.join(" + ")
    };
    let common_name = certificate.subject.common_name.as_deref();
    if let Some(told) = common_name.and_then(kind::environments_of_common_name)
        && told != certificate.environments
    {
        let message = format!(
            "the common name says {}, the OIDs say {}; the OIDs count",
            words(told),
            words(&certificate.environments)
        );
        found.push((id::NAME_DISAGREES, message));
    }
    let key = &certificate.public_key;
    if key.algorithm == "RSA" && key.bits < 2048 {
        let message = format!(
            "its key is {}, and less than 2048 bits are easy to break",
            key.describe()
        );
        found.push((id::WEAK_KEY, message));
    } else if !key.is_rsa_2048() && certificate.kind != Kind::Mdm {
        let message = format!(
            "its key is {}; Apple's portal takes requests for RSA-2048 only",
            key.describe()
        );
        found.push((id::UNUSUAL_KEY, message));
    }
    let algorithm = certificate.signature_algorithm.to_ascii_lowercase();
    if algorithm.contains("sha1") || algorithm.contains("md5") {
        let message = format!("it is signed with {}", certificate.signature_algorithm);
        found.push((id::SHA1_SIGNATURE, message));
    }
    found
}

fn life(
    certificate: &Certificate,
    standard: &Standard,
) -> Option<(&'static str, Severity, String)> {
    let days = days_remaining(certificate.not_after, standard.now);
    let left = match days {
        0 => "less than a day of validity is left".to_string(),
        1 => "1 day of validity is left".to_string(),
        days => format!("{days} days of validity are left"),
    };
    match Expiry::of(certificate, standard.now, standard.warn, standard.critical) {
        Expiry::Valid => None,
        Expiry::Expiring => Some((id::EXPIRING, Severity::Warning, left)),
        Expiry::Critical => Some((id::EXPIRING, Severity::Critical, left)),
        Expiry::Expired => {
            let message = format!("expired on {}", certificate.not_after.date());
            Some((id::EXPIRED, Severity::Critical, message))
        }
        Expiry::NotYetValid => {
            let message = format!("not valid before {}", certificate.not_before.date());
            Some((id::NOT_YET_VALID, Severity::Critical, message))
        }
    }
}

/// Judges how the parts of one file stand to each other.
pub fn contents(contents: &Contents, readable_by_others: bool) -> Vec<Finding> {
    let mut findings = contents.findings.clone();
    let leaves: Vec<&Certificate> = contents
        .certificates
        .iter()
        .map(|part| &part.certificate)
        .filter(|certificate| !certificate.is_ca)
        .collect();
    let fits = |certificate: &Certificate| {
        contents
            .keys
            .iter()
            .any(|part| part.key.public_key().spki_sha256 == certificate.public_key.spki_sha256)
    };
    if let (Some(first), [key, ..]) = (leaves.first(), contents.keys.as_slice())
        && !contents
            .certificates
            .iter()
            .any(|part| fits(&part.certificate))
    {
        let message = format!(
            "the private key does not fit the certificate (key SPKI {}, certificate wants {})",
            key.key.public_key().spki_sha256.short(),
            first.public_key.spki_sha256.short()
        );
        findings.push(Finding::new(id::KEY_MISMATCH, Severity::Critical, message));
    }
    let first = contents.certificates.first().map(|part| &part.certificate);
    if let Some(first) = first
        && contents.format == Format::Pem
        && !fits(first)
        && contents.leaf().is_some_and(fits)
    {
        let message =
            "a server loads the first certificate of a file, and here that is not the leaf";
        findings.push(Finding::new(
            id::LEAF_NOT_FIRST,
            Severity::Critical,
            message,
        ));
    }
    if leaves.iter().filter(|leaf| fits(leaf)).count() > 1 {
        let message = "the file holds several identities";
        findings.push(Finding::new(
            id::SEVERAL_IDENTITIES,
            Severity::Info,
            message,
        ));
    }
    if let ([], [], [part]) = (
        contents.certificates.as_slice(),
        contents.requests.as_slice(),
        contents.keys.as_slice(),
    ) && part.key.public_key().curve.as_deref() == Some("P-256")
    {
        let message = "a P-256 key alone, as Apple's .p8 files hold them for signing tokens: token authentication needs no ck.pem";
        findings.push(Finding::new(id::TOKEN_KEY, Severity::Info, message));
    }
    if readable_by_others && !contents.keys.is_empty() && !contents.encrypted {
        let message = "everyone on this machine can read the private key";
        findings.push(Finding::new(
            id::KEY_WORLD_READABLE,
            Severity::Warning,
            message,
        ));
    }
    findings
}
