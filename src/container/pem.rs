//! PEM files (RFC 7468): read with the tolerance that pasted and mailed files need, written strictly.
//! The pem crate decodes each block; finding the blocks is done here, because it drops a cut-off one without a word.

use super::{Container, Contents, Format, Locked, Protection, Sealed};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::{Severity, id};
use crate::private_key::{PrivateKey, crypto};
use crate::request::Request;
use crate::secret::{Passphrase, SecretBytes};
use ::pem::{EncodeConfig, LineEnding, Pem};
use openssl::pkey::PKey;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// A file as text, with what had to be put right.
pub(super) struct Text {
    text: Zeroizing<String>,
    /// What OpenSSL's loader does not read.
    unreadable_by_servers: Vec<&'static str>,
    /// What it reads as well.
    repaired: Vec<&'static str>,
}

impl Text {
    /// Decodes UTF-8 and UTF-16 and normalises line ends. `None` where the bytes are no text.
    pub(super) fn read(bytes: &[u8]) -> Option<Text> {
        let (mut unreadable_by_servers, mut repaired) = (Vec::new(), Vec::new());
        let text = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            unreadable_by_servers.push("it is UTF-16");
            Zeroizing::new(utf16(bytes))
        } else {
            // Attributes before a block may be in any encoding; the blocks themselves are ASCII.
            Zeroizing::new(String::from_utf8_lossy(bytes).into_owned())
        };
        let mut text = match text.strip_prefix('\u{feff}') {
            Some(rest) => {
                if unreadable_by_servers.is_empty() {
                    repaired.push("a byte order mark");
                }
                Zeroizing::new(rest.to_string())
            }
            None => text,
        };
        if text.contains(BEGIN) && text.contains("\\n") && !text.contains('\n') {
            unreadable_by_servers.push("it has \\n in place of line ends");
            text = Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n"));
        }
        if text.contains("\r\n") {
            text = Zeroizing::new(text.replace("\r\n", "\n"));
        }
        if text.contains('\r') {
            unreadable_by_servers.push("it has lone carriage returns as line ends");
            text = Zeroizing::new(text.replace('\r', "\n"));
        }
        if text
            .lines()
            .any(|line| line.contains(END) && line.contains(BEGIN))
        {
            unreadable_by_servers.push("an END and a BEGIN stand on one line");
        }
        if text
            .lines()
            .any(|line| line.starts_with([' ', '\t']) && line.contains(BEGIN))
        {
            unreadable_by_servers.push("its blocks are indented");
        }
        Some(Text {
            text,
            unreadable_by_servers,
            repaired,
        })
    }

    pub(super) fn has_blocks(&self) -> bool {
        self.text.contains(BEGIN)
    }

    /// The bytes it holds as base64 and nothing else.
    pub(super) fn base64(&self) -> Option<SecretBytes> {
        let body: Zeroizing<String> =
            Zeroizing::new(self.text.chars().filter(|c| !c.is_whitespace()).collect());
        if body.len() < 64 || !body.bytes().all(is_base64) {
            return None;
        }
        // The pem crate decodes base64 only within a block.
        let block = Zeroizing::new(format!("{BEGIN}X-----\n{}\n{END}X-----\n", *body));
        let decoded = ::pem::parse(block.as_bytes()).ok()?;
        Some(SecretBytes::new(decoded.into_contents()))
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn utf16(bytes: &[u8]) -> String {
    let big = bytes.starts_with(&[0xfe, 0xff]);
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
        .map(|pair| {
            if big {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            }
        })
        .collect();
    String::from_utf16_lossy(&units)
}

/// Reads every block. A block that cannot be read is a finding beside good ones, and the error where it stands alone.
pub(super) fn parse(text: &Text) -> Result<Container> {
    let mut contents = Contents::new(Format::Pem, "PEM");
    let (mut sealed, mut broken) = (Vec::new(), Vec::new());
    for block in blocks(&text.text) {
        if let Err(error) = block.and_then(|block| add(&mut contents, &mut sealed, block)) {
            broken.push(error);
        }
    }
    if contents.is_empty() && sealed.is_empty() {
        return Err(broken.into_iter().next().unwrap_or(Error::WrongKind {
            wanted: "a certificate, key or request",
            found: match blocks(&text.text).flatten().next() {
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
    for what in &text.unreadable_by_servers {
        contents.note(
            id::NOT_SERVER_READABLE,
            Severity::Warning,
            format!("OpenSSL's loader does not read this file: {what}"),
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
    if contents.profile.is_none()
        && blocks(&text.text)
            .flatten()
            .all(|block| is_cms(block.label))
    {
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

/// One block: its label and its lines, framed anew so that the pem crate reads what people paste.
struct Block<'a> {
    label: &'a str,
    framed: Zeroizing<String>,
}

/// Every block between a BEGIN and the next END or BEGIN.
fn blocks(text: &str) -> impl Iterator<Item = Result<Block<'_>>> {
    let cut_off = || Error::Damaged {
        what: "PEM",
        reason: "a block has no END line".to_string(),
    };
    text.split(BEGIN).skip(1).map(move |piece| {
        let (label, rest) = piece.split_once("-----").ok_or_else(cut_off)?;
        let (body, end) = rest.split_once(END).ok_or_else(cut_off)?;
        if !end.trim_start().starts_with(label) {
            return Err(Error::Damaged {
                what: "PEM",
                reason: "the END line names another kind than its BEGIN line".to_string(),
            });
        }
        let mut framed = Zeroizing::new(String::with_capacity(piece.len() + 64));
        framed.push_str(&format!("{BEGIN}{label}-----\n"));
        let headers = body.contains(": ");
        for line in body.lines().map(str::trim) {
            // The blank line ends the headers where there are any; elsewhere it is an accident.
            if !line.is_empty()
                || (headers && !framed.ends_with("-----\n") && !framed.contains("\n\n"))
            {
                framed.push_str(line);
                framed.push('\n');
            }
        }
        framed.push_str(&format!("{END}{label}-----\n"));
        Ok(Block { label, framed })
    })
}

fn decode(block: &Block) -> Result<SecretBytes> {
    let bad = |reason: String| Error::Damaged {
        what: "PEM",
        reason,
    };
    let pem = ::pem::parse(block.framed.as_bytes()).map_err(|e| bad(e.to_string()))?;
    if pem.contents().is_empty() {
        return Err(bad(format!("the {} block is empty", block.label)));
    }
    Ok(SecretBytes::new(pem.into_contents()))
}

fn add(contents: &mut Contents, sealed: &mut Vec<Sealed>, block: Block) -> Result<()> {
    let dek_info = block.framed.contains("\nDEK-Info:");
    match block.label {
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" if dek_info => {
            sealed.push(Sealed::DekInfo(SecretBytes::new(
                block.framed.as_bytes().to_vec(),
            )));
        }
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            contents.add_certificate(decode(&block)?.expose_secret(), None)?;
        }
        "PRIVATE KEY" => {
            contents.add_key(
                PrivateKey::from_pkcs8(decode(&block)?)?,
                Protection::Plain,
                None,
            );
        }
        "RSA PRIVATE KEY" => {
            contents.add_key(
                PrivateKey::from_pkcs1(&decode(&block)?)?,
                Protection::Plain,
                None,
            );
        }
        "EC PRIVATE KEY" => {
            contents.add_key(
                PrivateKey::from_sec1(&decode(&block)?)?,
                Protection::Plain,
                None,
            );
        }
        "ENCRYPTED PRIVATE KEY" => {
            sealed.push(Sealed::Pkcs8(decode(&block)?.expose_secret().to_vec()));
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            contents
                .requests
                .push(Request::parse(decode(&block)?.expose_secret())?.0);
        }
        label if is_cms(label) => {
            let inner = super::cms::parse(decode(&block)?.expose_secret())?;
            contents.certificates.extend(inner.certificates);
            contents.crls.extend(inner.crls);
            contents.findings.extend(inner.findings);
            if inner.profile.is_some() {
                contents.profile = inner.profile;
                contents.format = inner.format;
            }
        }
        "X509 CRL" => contents.add_crl(decode(&block)?.expose_secret())?,
        "EC PARAMETERS" => {}
        other => {
            let message = format!("a {other} block is skipped");
            contents.note(id::SKIPPED, Severity::Info, message);
        }
    }
    Ok(())
}

fn is_cms(label: &str) -> bool {
    matches!(label, "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS")
}

/// Opens a traditional encrypted key (the block with its headers).
pub(super) fn open_dek_info(block: &SecretBytes, passphrase: &Passphrase) -> Result<PrivateKey> {
    let text = block.expose_secret();
    let header = String::from_utf8_lossy(text);
    let cipher = header
        .lines()
        .find_map(|line| line.strip_prefix("DEK-Info:"))
        .and_then(|value| value.split(',').next())
        .unwrap_or_default()
        .trim()
        .to_string();
    // Single DES and RC2 need OpenSSL's legacy provider, and its error there reads like a wrong passphrase.
    if !cipher.starts_with("AES-") && cipher != "DES-EDE3-CBC" {
        return Err(Error::UnsupportedAlgorithm {
            what: "key encryption",
            algorithm: cipher,
        });
    }
    let key = PKey::private_key_from_pem_passphrase(text, passphrase.expose_secret())
        .map_err(|_| Error::WrongPassphrase)?;
    let pkcs8 = key
        .private_key_to_pkcs8()
        .map_err(|e| crypto("encoding the key", &e))?;
    PrivateKey::from_pkcs8(SecretBytes::new(pkcs8))
}

/// The syntax of an unencrypted key in PEM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyForm {
    /// `PRIVATE KEY`, any algorithm.
    #[default]
    Pkcs8,
    /// `RSA PRIVATE KEY`.
    Pkcs1,
}

/// A certificate as a strict PEM block: LF, 64 columns, no attributes.
pub fn encode_certificate(certificate: &Certificate) -> String {
    encode("CERTIFICATE", &certificate.der).to_string()
}

/// A request as a strict PEM block.
pub fn encode_request(der: &[u8]) -> String {
    encode("CERTIFICATE REQUEST", der).to_string()
}

/// A key as a strict PEM block; with a passphrase as encrypted PKCS#8.
///
/// # Errors
/// `usage` for PKCS#1 of a key that is not RSA, or encrypted.
pub fn encode_key(
    key: &PrivateKey,
    form: KeyForm,
    passphrase: Option<&Passphrase>,
) -> Result<SecretBytes> {
    let usage = |reason: &str| Error::Usage {
        reason: reason.to_string(),
    };
    let text = match (form, passphrase) {
        (KeyForm::Pkcs8, None) => encode("PRIVATE KEY", key.pkcs8().expose_secret()),
        (KeyForm::Pkcs8, Some(passphrase)) => encode(
            "ENCRYPTED PRIVATE KEY",
            &super::pbe::encrypt_private_key_info(key.pkcs8(), passphrase)?,
        ),
        (KeyForm::Pkcs1, None) => {
            let der = key
                .pkcs1()
                .ok_or_else(|| usage("--key-format pkcs1 is for RSA keys"))?;
            encode("RSA PRIVATE KEY", der.expose_secret())
        }
        (KeyForm::Pkcs1, Some(_)) => {
            return Err(usage(
                "--key-format pkcs1 has no encrypted form here; leave it out or add --no-passphrase",
            ));
        }
    };
    Ok(SecretBytes::new(text.as_bytes().to_vec()))
}

fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let block = Pem::new(label, der.to_vec());
    let text = Zeroizing::new(::pem::encode_config(&block, config));
    // The crate does not wipe its copy, which may be a private key.
    drop(Zeroizing::new(block.into_contents()));
    text
}
