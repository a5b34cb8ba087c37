//! PEM files (RFC 7468): read with the tolerance that pasted and mailed files need, written strictly.

mod block;
mod encode;
mod layout;
mod text;

use super::pbe::dek_info::DekInfo;
use super::{Container, Contents, Depth, Format, Locked, Protection, Sealed};
use crate::error::{Error, Result};
use crate::finding::{Severity, id};
use crate::private_key::PrivateKey;
use crate::request::Request;
use crate::secret::{Passphrase, SecretBytes};
use block::{Block, blocks};
pub use encode::{KeyForm, encode_certificate, encode_key, encode_request};
pub use layout::{Layout, Section, layout};
pub(super) use text::Text;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// Reads every block. A block that cannot be read is a finding beside good ones, and the error where it stands alone.
pub(super) fn parse(text: &Text, depth: Depth) -> Result<Container> {
    let mut contents = Contents::new(Format::Pem, "PEM");
    let (mut sealed, mut broken) = (Vec::new(), Vec::new());
    let (mut loose, mut only_cms) = (false, true);
    for block in blocks(&text.text) {
        if let Ok(block) = &block {
            loose |= block.loose;
            only_cms &= is_cms(block.label);
        }
        if let Err(error) = block.and_then(|block| add(&mut contents, &mut sealed, block, depth)) {
            broken.push(error);
        }
    }
    if contents.is_empty() && sealed.is_empty() {
        return Err(broken.into_iter().next().unwrap_or(Error::WrongKind {
            wanted: "a certificate, key or request",
            found: match blocks(&text.text).flatten().next() {
                Some(block) if block.label == "OPENSSH PRIVATE KEY" => {
                    super::der::OPENSSH_KEY.to_string()
                }
                Some(block) if block.label.starts_with("PGP ") => "an OpenPGP file".to_string(),
                Some(block) => format!("a PEM file with a {} block", block.label),
                None => "a PEM file without blocks".to_string(),
            },
        }));
    }
    for error in broken {
        contents.note(
            error.id(),
            Severity::Unknown,
            format!("a block beside good ones is not read: {error}"),
        );
    }
    let within = loose.then_some("blank lines or headers stand within a block");
    let reasons: Vec<&str> = text
        .unreadable_by_servers
        .iter()
        .copied()
        .chain(within)
        .collect();
    if !reasons.is_empty() {
        contents.note(
            id::NOT_SERVER_READABLE,
            Severity::Warning,
            format!(
                "OpenSSL's loader does not read this file: {}",
                reasons.join(", ")
            ),
        );
    }
    for what in &text.repaired {
        contents.note(
            id::REPAIRED_INPUT,
            Severity::Info,
            format!("{what} was skipped"),
        );
    }
    contents.description = describe(&contents, !sealed.is_empty());
    if contents.profile.is_none() && only_cms {
        contents.format = Format::Pkcs7;
        contents.description = format!("{} in PKCS#7", contents.description);
    }
    if sealed.is_empty() {
        return Ok(Container::Open(contents));
    }
    contents.encrypted = true;
    Ok(Container::Locked(Locked {
        visible: contents,
        sealed,
    }))
}

fn describe(contents: &Contents, locked: bool) -> String {
    let certificates = contents.certificates.len();
    let mut words = vec!["PEM".to_string()];
    match certificates {
        0 => {}
        1 => words.push("one certificate".to_string()),
        n => words.push(format!("{n} certificates")),
    }
    if locked {
        words.push("encrypted private key".to_string());
    }
    if !contents.keys.is_empty() {
        words.push("private key".to_string());
    }
    if !contents.requests.is_empty() {
        words.push("request".to_string());
    }
    words.join(", ")
}

fn add(
    contents: &mut Contents,
    sealed: &mut Vec<Sealed>,
    block: Block,
    depth: Depth,
) -> Result<()> {
    match block.label {
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "DSA PRIVATE KEY" => {
            let kind = Traditional::of(block.label);
            match block.header("DEK-Info") {
                Some(header) => sealed.push(Sealed::Traditional {
                    kind,
                    encryption: DekInfo::parse(header)?,
                    data: block.decode()?.expose_secret().to_vec(),
                }),
                None => {
                    let key = kind.read(&block.decode()?)?;
                    contents.add_key(key, Protection::Plain, None);
                }
            }
        }
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            contents.add_certificate(block.decode()?.expose_secret(), None, depth)?;
        }
        "PRIVATE KEY" => {
            let key = PrivateKey::from_pkcs8(block.decode()?)?;
            contents.add_key(key, Protection::Plain, None);
        }
        "ENCRYPTED PRIVATE KEY" => {
            let der = block.decode()?.expose_secret().to_vec();
            sealed.push(Sealed::Pkcs8(der));
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            let (request, _) = Request::parse(block.decode()?.expose_secret())?;
            contents.requests.push(request);
        }
        label if is_cms(label) => {
            let inner = super::cms::parse(block.decode()?.expose_secret(), depth)?;
            contents.certificates.extend(inner.certificates);
            contents.crls.extend(inner.crls);
            contents.findings.extend(inner.findings);
            if inner.profile.is_some() {
                contents.profile = inner.profile;
                contents.format = inner.format;
            }
        }
        "X509 CRL" => contents.add_crl(block.decode()?.expose_secret())?,
        "EC PARAMETERS" => {}
        other => {
            let message = format!("a {other} block is skipped");
            contents.note(id::SKIPPED, Severity::Info, message);
        }
    }
    Ok(())
}

/// The syntaxes of keys that are older than PKCS#8, each with a label of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Traditional {
    Rsa,
    Ec,
    Dsa,
}

impl Traditional {
    fn of(label: &str) -> Traditional {
        match label {
            "EC PRIVATE KEY" => Traditional::Ec,
            "DSA PRIVATE KEY" => Traditional::Dsa,
            _ => Traditional::Rsa,
        }
    }

    fn read(self, der: &SecretBytes) -> Result<PrivateKey> {
        match self {
            Traditional::Rsa => PrivateKey::from_pkcs1(der),
            Traditional::Ec => PrivateKey::from_sec1(der),
            Traditional::Dsa => PrivateKey::from_dsa(der),
        }
    }
}

/// Opens an encrypted key that is older than PKCS#8.
pub(super) fn open_traditional(
    kind: Traditional,
    encryption: &DekInfo,
    data: &[u8],
    passphrase: &Passphrase,
) -> Result<PrivateKey> {
    let plain = encryption.decrypt(data, passphrase)?;
    let plain = plain.ok_or(Error::WrongPassphrase)?;
    // A wrong passphrase passes the padding once in 256 times, and what comes out is no key.
    kind.read(&plain).map_err(|error| match error {
        Error::Damaged { .. } => Error::WrongPassphrase,
        other => other,
    })
}

fn is_cms(label: &str) -> bool {
    matches!(label, "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS")
}
