//! Which of Apple's CAs issued a certificate: told by key id and proven by signature, never by name.

use crate::apple::authorities::{self, Authority};
use crate::certificate::Certificate;
use openssl::x509::X509;

/// Who issued a certificate.
#[derive(Clone, Copy, Debug)]
pub enum Issuer {
    /// One of Apple's CAs; its signature was verified.
    Apple(&'static Authority),
    /// The label of the stand-in CA; never a proof.
    Lab,
    /// None that is known here.
    Unknown,
}

/// The organization that the stand-in CA puts into its names.
pub const LAB_ORGANIZATION: &str = "pushcert lab";

static ALL: [Authority; 5] = authorities::ALL;

impl Issuer {
    /// Finds the issuer of a certificate.
    pub fn of(certificate: &Certificate) -> Issuer {
        let signed = |authority: &Authority| {
            Certificate::parse(authority.der).is_ok_and(|(ca, _)| is_signed_by(certificate, &ca))
        };
        let apple = ALL
            .iter()
            .find(|authority| may_have_issued(authority, certificate) && signed(authority));
        match apple {
            Some(authority) => Issuer::Apple(authority),
            None if certificate.issuer.organization.as_deref() == Some(LAB_ORGANIZATION) => {
                Issuer::Lab
            }
            None => Issuer::Unknown,
        }
    }

    /// The word that JSON's `issued_by` uses.
    pub fn id(&self) -> &'static str {
        match self {
            Issuer::Apple(authority) => authority.id,
            Issuer::Lab => "lab",
            Issuer::Unknown => "unknown",
        }
    }

    /// The issuer's certificate, where it is carried here.
    pub fn certificate(&self) -> Option<Certificate> {
        match self {
            Issuer::Apple(authority) => Certificate::parse(authority.der).ok().map(|(ca, _)| ca),
            _ => None,
        }
    }
}

/// Told by the key, or in a certificate that does not name its issuer's key by the name.
fn may_have_issued(authority: &Authority, certificate: &Certificate) -> bool {
    match &certificate.authority_key_id {
        Some(id) => authority.key_id == id.as_slice(),
        None => Certificate::parse(authority.der)
            .is_ok_and(|(ca, _)| ca.subject_der == certificate.issuer_der),
    }
}

/// Whether the signature on `certificate` was made with the key of `issuer`.
pub fn is_signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let verify = || {
        let key = X509::from_der(&issuer.der)?.public_key()?;
        X509::from_der(&certificate.der)?.verify(&key)
    };
    verify().unwrap_or(false)
}
