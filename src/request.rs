//! Certificate signing requests (PKCS#10, RFC 2986): made as Keychain's Certificate Assistant makes them, and read.

use crate::certificate::{Name, name};
use crate::error::{Error, Result};
use crate::private_key::{PrivateKey, crypto};
use crate::public_key::PublicKey;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::{X509NameBuilder, X509ReqBuilder};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

/// What the subject of a new request says. Apple replaces all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Subject {
    pub email: Option<String>,
    pub common_name: String,
    /// Two letters.
    pub country: Option<String>,
}

/// A request that was read.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Request {
    pub der: Vec<u8>,
    pub subject: Name,
    pub public_key: PublicKey,
    /// The SubjectPublicKeyInfo, DER.
    pub spki_der: Vec<u8>,
    /// Whether its signature proves the key.
    pub signature_valid: bool,
    /// Always 0 in a request that Apple accepts.
    pub version: u32,
}

/// Makes a request for the key: version 0, SHA-256, subject emailAddress, CN, C in this order.
///
/// # Errors
/// `usage` for a field that X.520 does not allow.
pub fn create(key: &PrivateKey, subject: &Subject) -> Result<Vec<u8>> {
    check_subject(subject)?;
    let failed = |e: openssl::error::ErrorStack| crypto("making the request", &e);
    let build = || {
        let mut name = X509NameBuilder::new()?;
        if let Some(email) = &subject.email {
            name.append_entry_by_nid(Nid::PKCS9_EMAILADDRESS, email)?;
        }
        name.append_entry_by_nid(Nid::COMMONNAME, &subject.common_name)?;
        if let Some(country) = &subject.country {
            name.append_entry_by_nid(Nid::COUNTRYNAME, country)?;
        }
        let mut request = X509ReqBuilder::new()?;
        request.set_version(0)?;
        request.set_subject_name(&name.build())?;
        Ok(request)
    };
    let mut request = build().map_err(failed)?;
    let pkey = key.to_openssl()?;
    request.set_pubkey(&pkey).map_err(failed)?;
    request
        .sign(&pkey, MessageDigest::sha256())
        .map_err(failed)?;
    request.build().to_der().map_err(failed)
}

/// Whether X.520 allows the fields.
///
/// # Errors
/// `usage` naming the flag.
pub fn check_subject(subject: &Subject) -> Result<()> {
    let usage = |reason: &str| {
        Err(Error::Usage {
            reason: reason.to_string(),
        })
    };
    if subject.email.as_ref().is_some_and(|e| {
        e.is_empty() || !e.is_ascii() || e.len() > 128 || e.contains(char::is_control)
    }) {
        return usage("--email takes 1 to 128 ASCII characters (an IA5String)");
    }
    let length = subject.common_name.chars().count();
    if length == 0 || length > 64 || subject.common_name.contains(char::is_control) {
        return usage("--common-name takes 1 to 64 characters, none of them a control character");
    }
    if subject
        .country
        .as_ref()
        .is_some_and(|c| c.len() != 2 || !c.bytes().all(|b| b.is_ascii_alphabetic()))
    {
        return usage("--country takes two letters, as in US");
    }
    Ok(())
}

impl Request {
    /// Reads a DER request and checks its signature. Returns it with the number of bytes after it.
    pub fn parse(bytes: &[u8]) -> Result<(Request, usize)> {
        let damaged = |reason: String| Error::Damaged {
            what: "request",
            reason,
        };
        let (rest, csr) = X509CertificationRequest::from_der(bytes)
            .map_err(|_| damaged("its DER does not parse".to_string()))?;
        let der = bytes.get(..bytes.len() - rest.len()).unwrap_or(bytes);
        let info = &csr.certification_request_info;
        let signature_valid = openssl::x509::X509Req::from_der(der)
            .and_then(|request| request.verify(&*request.public_key()?))
            .unwrap_or(false);
        let request = Request {
            subject: name(&info.subject),
            public_key: PublicKey::of(&info.subject_pki),
            spki_der: info.subject_pki.raw.to_vec(),
            signature_valid,
            version: info.version.0,
            der: der.to_vec(),
        };
        Ok((request, rest.len()))
    }
}
