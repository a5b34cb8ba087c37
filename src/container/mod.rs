//! Bytes to certificates, keys and requests, once. What is encrypted stays a value, [`Locked`], until a passphrase opens it.
//! The kind is told from the content, never from a name.

mod ber;
pub mod cms;
mod der;
pub mod pbe;
pub mod pem;
pub mod pkcs12;

use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::private_key::PrivateKey;
use crate::request::Request;
use crate::secret::{Passphrase, SecretBytes};
use cms::SignedProfile;

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
    fn new(format: Format, description: impl Into<String>) -> Contents {
        Contents {
            format,
            encrypted: false,
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

    fn note(&mut self, id: &'static str, severity: Severity, message: impl Into<String>) {
        self.findings.push(Finding::new(id, severity, message));
    }

    fn add_certificate(&mut self, der: &[u8], friendly_name: Option<String>) -> Result<()> {
        let (certificate, trailing) = Certificate::parse(der)?;
        certificate.loads()?;
        if trailing > 0 {
            let message = format!("{trailing} bytes after the certificate are ignored");
            self.note(id::TRAILING_BYTES, Severity::Info, message);
        }
        self.certificates.push(CertificatePart {
            certificate,
            friendly_name,
        });
        Ok(())
    }

    fn add_crl(&mut self, der: &[u8]) -> Result<()> {
        let (crl, trailing) = Crl::parse(der)?;
        if trailing > 0 {
            let message = format!("{trailing} bytes after the revocation list are ignored");
            self.note(id::TRAILING_BYTES, Severity::Info, message);
        }
        self.crls.push(crl);
        Ok(())
    }

    fn add_key(&mut self, key: PrivateKey, protection: Protection, friendly_name: Option<String>) {
        self.keys.push(KeyPart {
            key,
            friendly_name,
            protection,
        });
    }
}

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
    DekInfo(SecretBytes),
}

impl Locked {
    /// What can be read without a passphrase.
    pub fn visible(&self) -> &Contents {
        &self.visible
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
                contents.add_certificate(&bag.value, bag.friendly_name)?;
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
        }
        Sealed::Pkcs8(der) => {
            let key = PrivateKey::from_pkcs8(pbe::decrypt_private_key_info(der, passphrase)?)?;
            contents.add_key(key, Protection::Encrypted(passphrase.clone()), None);
        }
        Sealed::DekInfo(block) => {
            let key = pem::open_dek_info(block, passphrase)?;
            contents.add_key(key, Protection::Encrypted(passphrase.clone()), None);
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
    let raw = bytes.expose_secret();
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Empty);
    }
    if raw.first() == Some(&0x30) {
        return parse_der(raw);
    }
    if let Some(text) = pem::Text::read(raw) {
        if text.has_blocks() {
            return pem::parse(&text);
        }
        if let Some(inner) = text.base64() {
            return wrapped(&inner);
        }
    }
    Err(Error::WrongKind {
        wanted: "a certificate, key or request",
        found: der::guess(raw).to_string(),
    })
}

/// What CI secrets hold: base64 of one of the kinds.
fn wrapped(inner: &SecretBytes) -> Result<Container> {
    let mut container = match inner.expose_secret().first() {
        Some(0x30) => parse_der(inner.expose_secret()),
        _ => match pem::Text::read(inner.expose_secret()) {
            Some(text) if text.has_blocks() => pem::parse(&text),
            _ => Err(Error::WrongKind {
                wanted: "a certificate, key or request",
                found: "text".to_string(),
            }),
        },
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

fn parse_der(bytes: &[u8]) -> Result<Container> {
    let open = |contents| Ok(Container::Open(contents));
    match der::shape(bytes) {
        der::Shape::Pkcs12 => {
            let scan = pkcs12::scan(bytes)?;
            let mut contents = Contents::new(Format::Pkcs12, scan.describe());
            contents.encrypted = true;
            if scan.trailing() > 0 {
                let message = format!("{} bytes after the PKCS#12 are ignored", scan.trailing());
                contents.note(id::TRAILING_BYTES, Severity::Info, message);
            }
            Ok(Container::Locked(Locked {
                visible: contents,
                sealed: vec![Sealed::Pkcs12(Box::new(scan))],
            }))
        }
        der::Shape::EncryptedKey => {
            let mut contents = Contents::new(Format::DerKey, "DER private key, encrypted");
            contents.encrypted = true;
            Ok(Container::Locked(Locked {
                visible: contents,
                sealed: vec![Sealed::Pkcs8(bytes.to_vec())],
            }))
        }
        der::Shape::Pkcs8 | der::Shape::Pkcs1 | der::Shape::Sec1 => {
            let secret = SecretBytes::new(bytes.to_vec());
            let key = match der::shape(bytes) {
                der::Shape::Pkcs8 => PrivateKey::from_pkcs8(secret)?,
                der::Shape::Pkcs1 => PrivateKey::from_pkcs1(&secret)?,
                _ => PrivateKey::from_sec1(&secret)?,
            };
            let mut contents = Contents::new(Format::DerKey, "DER private key");
            contents.add_key(key, Protection::Plain, None);
            open(contents)
        }
        der::Shape::Request => {
            let mut contents = Contents::new(Format::DerRequest, "DER request");
            contents.requests.push(Request::parse(bytes)?.0);
            open(contents)
        }
        der::Shape::Certificate => {
            let mut contents = Contents::new(Format::DerCertificate, "DER certificate");
            contents.add_certificate(bytes, None)?;
            open(contents)
        }
        der::Shape::SignedData => open(cms::parse(bytes)?),
        der::Shape::Crl => {
            let mut contents = Contents::new(Format::Crl, "certificate revocation list");
            contents.add_crl(bytes)?;
            open(contents)
        }
        der::Shape::Other(found) => Err(Error::WrongKind {
            wanted: "a certificate, key or request",
            found: found.to_string(),
        }),
        der::Shape::Broken => Err(Error::Damaged {
            what: "file",
            reason: "its DER is cut off or broken".to_string(),
        }),
    }
}
