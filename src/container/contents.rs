//! What a file holds once it is read: certificates, keys and requests as they stand in it, and what is odd about the form.

use super::cms::SignedProfile;
use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::error::Result;
use crate::finding::{Finding, Severity, id};
use crate::private_key::PrivateKey;
use crate::request::Request;
use crate::secret::Passphrase;

/// How closely certificates are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// One that OpenSSL does not load is damaged, whoever else reads it.
    Whole,
    /// OpenSSL is not asked: enough where only dates and names are wanted, and far cheaper.
    Dates,
}

/// The outer form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    DerCertificate,
    Pem,
    Pkcs12,
    Pkcs7,
    DerKey,
    DerRequest,
    Mobileprovision,
    Crl,
}

impl Format {
    /// The word that JSON's `container` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::DerCertificate => "der-certificate",
            Format::Pem => "pem",
            Format::Pkcs12 => "pkcs12",
            Format::Pkcs7 => "pkcs7",
            Format::DerKey => "der-key",
            Format::DerRequest => "der-request",
            Format::Mobileprovision => "mobileprovision",
            Format::Crl => "crl",
        }
    }
}

/// How a key was kept where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// In a file of its own or beside a certificate, not encrypted.
    Plain,
    /// The key itself is encrypted, with this passphrase.
    Encrypted(Passphrase),
    /// Inside a PKCS#12.
    Pkcs12,
}

/// A certificate as it stands in a file.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct CertificatePart {
    pub certificate: Certificate,
    pub friendly_name: Option<String>,
}

/// A private key as it stands in a file.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct KeyPart {
    pub key: PrivateKey,
    pub friendly_name: Option<String>,
    pub protection: Protection,
}

/// All that a file holds, in its order.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Contents {
    pub format: Format,
    /// Whether any part of the file is encrypted.
    pub encrypted: bool,
    /// What opened a PKCS#12.
    pub passphrase: Option<Passphrase>,
    /// The form in words ("PKCS#12, 3DES and RC2-40, HMAC-SHA1 with 1 iteration").
    pub description: String,
    pub certificates: Vec<CertificatePart>,
    pub keys: Vec<KeyPart>,
    pub requests: Vec<Request>,
    pub crls: Vec<Crl>,
    pub profile: Option<SignedProfile>,
    /// What was repaired, skipped or is odd about the form.
    pub findings: Vec<Finding>,
}

impl Contents {
    pub(super) fn new(format: Format, description: impl Into<String>) -> Contents {
        Contents {
            format,
            encrypted: false,
            passphrase: None,
            description: description.into(),
            certificates: Vec::new(),
            keys: Vec::new(),
            requests: Vec::new(),
            crls: Vec::new(),
            profile: None,
            findings: Vec::new(),
        }
    }

    /// The leaf: the certificate whose key is there, else the first that is no CA, else the first.
    pub fn leaf(&self) -> Option<&Certificate> {
        let mut all = self.certificates.iter().map(|part| &part.certificate);
        let has_key = |certificate: &&Certificate| {
            self.keys
                .iter()
                .any(|part| part.key.public_key().spki_sha256 == certificate.public_key.spki_sha256)
        };
        all.clone()
            .find(has_key)
            .or_else(|| all.clone().find(|certificate| !certificate.is_ca))
            .or_else(|| all.next())
    }

    /// Whether nothing was found in it.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
            && self.keys.is_empty()
            && self.requests.is_empty()
            && self.crls.is_empty()
            && self.profile.is_none()
    }

    pub(super) fn note(
        &mut self,
        id: &'static str,
        severity: Severity,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding::new(id, severity, message));
    }

    pub(super) fn note_trailing(&mut self, bytes: usize, what: &str) {
        if bytes > 0 {
            let message = format!("{bytes} bytes after the {what} are ignored");
            self.note(id::TRAILING_BYTES, Severity::Info, message);
        }
    }

    pub(super) fn add_certificate(
        &mut self,
        der: &[u8],
        friendly_name: Option<String>,
        depth: Depth,
    ) -> Result<()> {
        let (certificate, trailing) = Certificate::parse(der)?;
        if depth == Depth::Whole {
            certificate.loads()?;
        }
        self.note_trailing(trailing, "certificate");
        self.certificates.push(CertificatePart {
            certificate,
            friendly_name,
        });
        Ok(())
    }

    pub(super) fn add_crl(&mut self, der: &[u8]) -> Result<()> {
        let (crl, trailing) = Crl::parse(der)?;
        self.note_trailing(trailing, "revocation list");
        self.crls.push(crl);
        Ok(())
    }

    pub(super) fn add_key(
        &mut self,
        key: PrivateKey,
        protection: Protection,
        friendly_name: Option<String>,
    ) {
        self.keys.push(KeyPart {
            key,
            friendly_name,
            protection,
        });
    }
}
