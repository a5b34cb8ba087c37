//! Bytes to certificates, keys and requests, once. What is encrypted stays a value, [`Locked`], until a passphrase opens it.
//! The kind is told from the content, never from a name.

mod ber;
pub mod cms;
mod contents;
mod der;
pub mod pbe;
pub mod pem;
pub mod pkcs12;

use crate::error::{Error, Result};
use crate::finding::{Severity, id};
use crate::private_key::PrivateKey;
use crate::request::Request;
use crate::secret::{Passphrase, SecretBytes};
pub use contents::{CertificatePart, Contents, Depth, Format, KeyPart, Protection};
pub use der::{JAVA_KEYSTORE, OPENSSH_KEY};

/// What bytes turn out to be.
#[derive(Debug)]
pub enum Container {
    /// All of it can be read.
    Open(Contents),
    /// Some of it needs a passphrase.
    Locked(Locked),
}

/// A file some of whose parts are encrypted.
#[derive(Debug)]
pub struct Locked {
    visible: Contents,
    sealed: Vec<Sealed>,
}

#[derive(Debug)]
enum Sealed {
    Pkcs12(Box<pkcs12::Scan>),
    /// A DER EncryptedPrivateKeyInfo.
    Pkcs8(Vec<u8>),
    /// A PEM block with a DEK-Info header.
    Traditional {
        kind: pem::Traditional,
        encryption: pbe::dek_info::DekInfo,
        data: Vec<u8>,
    },
}

impl Locked {
    /// What can be read without a passphrase.
    pub fn visible(&self) -> &Contents {
        &self.visible
    }

    /// Takes the certificates out of it, which unlocking then does not bring again.
    pub fn take_certificates(&mut self) -> Vec<CertificatePart> {
        std::mem::take(&mut self.visible.certificates)
    }

    /// Opens every encrypted part, each with the first passphrase that fits it.
    ///
    /// # Errors
    /// `wrong-passphrase` where none fits a part; `unsupported-algorithm`, `damaged`, `over-budget` as they come.
    pub fn unlock(&self, passphrases: &[Passphrase]) -> Result<Contents> {
        let mut contents = self.visible.clone();
        for sealed in &self.sealed {
            open_with_any(sealed, passphrases, &mut contents)?;
        }
        Ok(contents)
    }
}

fn open_with_any(
    sealed: &Sealed,
    passphrases: &[Passphrase],
    contents: &mut Contents,
) -> Result<()> {
    let mut last = Error::Locked;
    for passphrase in passphrases {
        match open(sealed, passphrase, contents) {
            Err(Error::WrongPassphrase) => last = Error::WrongPassphrase,
            other => return other,
        }
    }
    Err(last)
}

fn open(sealed: &Sealed, passphrase: &Passphrase, contents: &mut Contents) -> Result<()> {
    match sealed {
        Sealed::Pkcs12(scan) => {
            let bags = scan.open(passphrase)?;
            for bag in bags.certificates {
                contents.add_certificate(&bag.value, bag.friendly_name, Depth::Whole)?;
            }
            for bag in bags.keys {
                let key = PrivateKey::from_pkcs8(bag.value)?;
                contents.add_key(key, Protection::Pkcs12, bag.friendly_name);
            }
            for skipped in bags.skipped {
                contents.note(id::SKIPPED, Severity::Info, format!("{skipped} skipped"));
            }
            if bags.legacy {
                legacy(contents);
            }
            contents.passphrase = Some(passphrase.clone());
        }
        Sealed::Pkcs8(der) => {
            let key = PrivateKey::from_pkcs8(pbe::decrypt_private_key_info(der, passphrase)?)?;
            contents.add_key(key, Protection::Encrypted(passphrase.clone()), None);
            if pbe::is_legacy_private_key_info(der)? {
                legacy(contents);
            }
        }
        Sealed::Traditional {
            kind,
            encryption,
            data,
        } => {
            let key = pem::open_traditional(*kind, encryption, data, passphrase)?;
            contents.add_key(key, Protection::Encrypted(passphrase.clone()), None);
            if encryption.is_legacy() {
                legacy(contents);
            }
        }
    }
    Ok(())
}

fn legacy(contents: &mut Contents) {
    contents.note(
        id::LEGACY_ENCRYPTION,
        Severity::Info,
        "OpenSSL 3 reads this file only with its legacy provider",
    );
}

/// Recognises the bytes and reads what needs no passphrase.
///
/// # Errors
/// `empty`; `wrong-kind` for what holds no certificate, key or request; `damaged`, `unsupported-algorithm`, `over-budget`.
pub fn parse(bytes: &SecretBytes) -> Result<Container> {
    parse_to(bytes, Depth::Whole)
}

/// The same, to another depth. What is inside a PKCS#12 is always looked at whole.
///
/// # Errors
/// As [`parse`].
pub fn parse_to(bytes: &SecretBytes, depth: Depth) -> Result<Container> {
    let raw = bytes.expose_secret();
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Empty);
    }
    if raw.first() == Some(&0x30) {
        return parse_der(raw, depth);
    }
    let text = pem::Text::read(raw);
    if text.has_blocks() {
        return pem::parse(&text, depth);
    }
    if let Some(inner) = text.base64() {
        return wrapped(&inner, depth);
    }
    Err(Error::WrongKind {
        wanted: "a certificate, key or request",
        found: der::guess(raw).to_string(),
    })
}

/// What CI secrets hold: base64 of one of the kinds.
fn wrapped(inner: &SecretBytes, depth: Depth) -> Result<Container> {
    let mut container = match inner.expose_secret().first() {
        Some(0x30) => parse_der(inner.expose_secret(), depth),
        _ => {
            let text = pem::Text::read(inner.expose_secret());
            match text.has_blocks() {
                true => pem::parse(&text, depth),
                false => Err(Error::WrongKind {
                    wanted: "a certificate, key or request",
                    found: "base64 of something else".to_string(),
                }),
            }
        }
    }?;
    let contents = match &mut container {
        Container::Open(contents) => contents,
        Container::Locked(locked) => &mut locked.visible,
    };
    contents.note(
        id::NOT_SERVER_READABLE,
        Severity::Warning,
        "the file is base64 around another file; OpenSSL's loader does not read it",
    );
    Ok(container)
}

fn parse_der(bytes: &[u8], depth: Depth) -> Result<Container> {
    let shape = der::shape(bytes);
    let mut contents = match shape {
        der::Shape::Pkcs12 => return parse_pkcs12(bytes),
        der::Shape::Certificate => {
            let mut contents = Contents::new(Format::DerCertificate, "DER certificate");
            contents.add_certificate(bytes, None, depth)?;
            return Ok(Container::Open(contents));
        }
        der::Shape::Crl => {
            let mut contents = Contents::new(Format::Crl, "certificate revocation list");
            contents.add_crl(bytes)?;
            return Ok(Container::Open(contents));
        }
        der::Shape::SignedData => return Ok(Container::Open(cms::parse(bytes, depth)?)),
        der::Shape::Request => Contents::new(Format::DerRequest, "DER request"),
        der::Shape::EncryptedKey => Contents::new(Format::DerKey, "DER private key, encrypted"),
        der::Shape::Pkcs8 | der::Shape::Pkcs1 | der::Shape::Sec1 | der::Shape::Dsa => {
            Contents::new(Format::DerKey, "DER private key")
        }
        der::Shape::Other(found) => {
            return Err(Error::WrongKind {
                wanted: "a certificate, key or request",
                found: found.to_string(),
            });
        }
        der::Shape::Broken => {
            return Err(Error::Damaged {
                what: "file",
                reason: "its DER is cut off or broken".to_string(),
            });
        }
    };
    let (bytes, trailing) = der::first(bytes);
    let secret = || SecretBytes::new(bytes.to_vec());
    let key = match shape {
        der::Shape::Request => {
            contents.note_trailing(trailing, "request");
            contents.requests.push(Request::parse(bytes)?.0);
            return Ok(Container::Open(contents));
        }
        der::Shape::EncryptedKey => {
            contents.note_trailing(trailing, "private key");
            contents.encrypted = true;
            return Ok(Container::Locked(Locked {
                visible: contents,
                sealed: vec![Sealed::Pkcs8(bytes.to_vec())],
            }));
        }
        der::Shape::Pkcs8 => PrivateKey::from_pkcs8(secret())?,
        der::Shape::Sec1 => PrivateKey::from_sec1(&secret())?,
        der::Shape::Dsa => PrivateKey::from_dsa(&secret())?,
        _ => PrivateKey::from_pkcs1(&secret())?,
    };
    contents.note_trailing(trailing, "private key");
    contents.add_key(key, Protection::Plain, None);
    Ok(Container::Open(contents))
}

fn parse_pkcs12(bytes: &[u8]) -> Result<Container> {
    let scan = pkcs12::scan(bytes)?;
    let mut contents = Contents::new(Format::Pkcs12, scan.describe());
    contents.encrypted = true;
    contents.note_trailing(scan.trailing(), "PKCS#12");
    Ok(Container::Locked(Locked {
        visible: contents,
        sealed: vec![Sealed::Pkcs12(Box::new(scan))],
    }))
}
