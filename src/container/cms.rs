//! CMS SignedData (RFC 5652, PKCS#7): certificates that travel together, and provisioning profiles.
//! Whether a profile's signature holds is told here; what the profile says is not judged.

use super::ber::{self, Node, tag};
use super::{Contents, Depth, Format};
use crate::apple::authorities::ROOT;
use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::error::{Error, Result};
use crate::issuer::is_signed_by;
use crate::profile::Profile;
use openssl::cms::{CMSOptions, CmsContentInfo};

const WHAT: &str = "PKCS#7";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTEXT_1: u8 = 0xa1;
/// A chain is shorter; no one can make this walk long.
const LONGEST_CHAIN: usize = 8;

/// A profile and who vouches for it.
#[derive(Clone, Debug)]
pub struct SignedProfile {
    /// What it says.
    pub profile: Profile,
    /// What its signature is worth.
    pub signature: Signature,
    /// The common name of the certificate that signed it. Foreign text.
    pub signer: Option<String>,
}

/// What the signature of a profile is worth. The dates of the certificates behind it are not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It holds, and the signer's chain leads to Apple Root CA.
    Apple,
    /// It holds, and the chain leads elsewhere.
    Foreign,
    /// It does not hold.
    Broken,
}

/// The parts of a SignedData.
struct SignedData {
    content: Option<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    crls: Vec<Vec<u8>>,
    /// Issuer (DER) and serial number (lowercase hex) or key identifier of the first signer.
    signer: Option<Signer>,
}

enum Signer {
    Named { issuer_der: Vec<u8>, serial: String },
    KeyId(Vec<u8>),
}

/// Reads certificates, or a profile.
///
/// # Errors
/// `damaged`; `wrong-kind` for signed content that is no profile.
pub(super) fn parse(bytes: &[u8], depth: Depth) -> Result<Contents> {
    let (root, trailing) = ber::parse(bytes, WHAT)?;
    let signed = signed_data(&root)?;
    let mut contents = match &signed.content {
        Some(content) => profile(
            bytes.get(..bytes.len() - trailing).unwrap_or(bytes),
            &signed,
            content,
        )?,
        None => certificates(&signed, depth)?,
    };
    contents.note_trailing(trailing, WHAT);
    Ok(contents)
}

fn certificates(signed: &SignedData, depth: Depth) -> Result<Contents> {
    let mut contents = Contents::new(Format::Pkcs7, "");
    for der in &signed.certificates {
        contents.add_certificate(der, None, depth)?;
    }
    for der in &signed.crls {
        contents.crls.push(Crl::parse(der)?.0);
    }
    contents.description = match contents.certificates.len() {
        1 => "PKCS#7, one certificate".to_string(),
        count => format!("PKCS#7, {count} certificates"),
    };
    Ok(contents)
}

fn profile(bytes: &[u8], signed: &SignedData, content: &[u8]) -> Result<Contents> {
    let found = "signed content that is no provisioning profile".to_string();
    if !content.trim_ascii_start().starts_with(b"<") {
        return Err(Error::WrongKind {
            wanted: "a certificate, key or request",
            found,
        });
    }
    let profile = Profile::parse(content)?;
    let all: Vec<Certificate> = signed
        .certificates
        .iter()
        .filter_map(|der| {
            Certificate::parse(der)
                .ok()
                .map(|(certificate, _)| certificate)
        })
        .collect();
    let signer = signed.signer.as_ref().and_then(|signer| {
        all.iter().find(|certificate| match signer {
            Signer::Named { issuer_der, serial } => {
                certificate.issuer_der == *issuer_der && certificate.serial_number == *serial
            }
            Signer::KeyId(id) => certificate.subject_key_id.as_ref() == Some(id),
        })
    });
    let signature = match signer {
        Some(signer) if holds(bytes) => match leads_to_apple(signer, &all) {
            true => Signature::Apple,
            false => Signature::Foreign,
        },
        _ => Signature::Broken,
    };
    let mut contents = Contents::new(Format::Mobileprovision, "provisioning profile");
    contents.profile = Some(SignedProfile {
        profile,
        signature,
        signer: signer.and_then(|signer| signer.subject.common_name.clone()),
    });
    Ok(contents)
}

/// Whether the signature was made over this content with the key of the signer's certificate.
fn holds(bytes: &[u8]) -> bool {
    let options = CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    CmsContentInfo::from_der(bytes)
        .and_then(|mut cms| cms.verify(None, None, None, None, options))
        .is_ok()
}

fn leads_to_apple(signer: &Certificate, others: &[Certificate]) -> bool {
    let Ok((root, _)) = Certificate::parse(ROOT.der) else {
        return false;
    };
    let mut tip = signer;
    for _ in 0..LONGEST_CHAIN {
        if is_signed_by(tip, &root) {
            return true;
        }
        let issuer = others.iter().find(|other| {
            other.is_ca
                && *other != tip
                && other.subject_der == tip.issuer_der
                && is_signed_by(tip, other)
        });
        match issuer {
            Some(issuer) => tip = issuer,
            None => return false,
        }
    }
    false
}

fn signed_data(root: &Node<'_>) -> Result<SignedData> {
    let mut outer = root.fields(tag::SEQUENCE, "a content")?;
    let oid = outer.required("the type of the content")?.oid()?;
    if oid != SIGNED_DATA {
        return Err(Error::WrongKind {
            wanted: "a certificate, key or request",
            found: "a CMS structure that is not signed data".to_string(),
        });
    }
    let mut explicit = outer
        .required("the content")?
        .fields(tag::CONTEXT_0, "the content")?;
    let mut fields = explicit
        .required("the signed data")?
        .fields(tag::SEQUENCE, "the signed data")?;
    fields.required("the version")?;
    fields.required("the digest algorithms")?;
    let mut inner = fields
        .required("the signed content")?
        .fields(tag::SEQUENCE, "the signed content")?;
    inner.required("the type of the signed content")?;
    let content = match inner.next() {
        Some(node) => {
            let octets = node
                .fields(tag::CONTEXT_0, "the signed content")?
                .required("the signed content")?;
            Some(octets.octet_string("the signed content")?.to_vec())
        }
        None => None,
    };
    let list = |node: Option<&Node<'_>>| match node {
        Some(node) => Ok(node
            .fields(node.tag, "a list")?
            .map(|item| item.to_der().to_vec())
            .collect()),
        None => Ok::<Vec<Vec<u8>>, Error>(Vec::new()),
    };
    let certificates = list(fields.optional(tag::CONTEXT_0))?;
    let crls = list(fields.optional(CONTEXT_1))?;
    let mut signers = fields
        .required("the signers")?
        .fields(tag::SET, "the signers")?;
    let signer = signers.next().map(signer).transpose()?;
    Ok(SignedData {
        content: content.filter(|content| !content.is_empty()),
        certificates,
        crls,
        signer,
    })
}

fn signer(info: &Node<'_>) -> Result<Signer> {
    let mut fields = info.fields(tag::SEQUENCE, "a signer")?;
    fields.required("the version of a signer")?;
    let identifier = fields.required("the name of a signer")?;
    if identifier.tag != tag::SEQUENCE {
        return Ok(Signer::KeyId(identifier.octets().to_vec()));
    }
    let mut named = identifier.fields(tag::SEQUENCE, "the name of a signer")?;
    let issuer_der = named.required("the issuer of a signer")?.to_der().to_vec();
    let serial = named.required("the serial number of a signer")?.octets();
    Ok(Signer::Named {
        issuer_der,
        serial: serial.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}
