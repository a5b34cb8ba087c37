//! The structure of a PKCS#12 file, before any key derivation: what protects it, what opening it costs, whose work it is.

use super::WHAT;
use super::bag::{self, Item, Kind};
use super::mac::Mac;
use crate::container::ber::{self, Node, tag};
use crate::container::pbe::{Budget, Pbe};
use crate::error::{Error, Result};
use crate::secret::SecretBytes;
use std::collections::BTreeSet;

/// A PKCS#12 file that is sound as far as can be seen without its passphrase.
#[derive(Debug)]
pub struct Scan {
    /// The bytes that the MAC is over.
    pub(super) authenticated: SecretBytes,
    pub(super) mac: Option<Mac>,
    pub(super) parts: Vec<Part>,
    trailing: usize,
}

/// One ContentInfo of the AuthenticatedSafe.
#[derive(Debug)]
pub(super) enum Part {
    /// Bags in the clear; the keys in them may be encrypted one by one.
    Plain(Vec<Item>),
    /// Bags that only a passphrase shows.
    Encrypted { pbe: Pbe, data: Vec<u8> },
}

/// Looks at the structure. Errors: `Damaged`, `OverBudget` (more than 10 million rounds of hashing in all),
/// `UnsupportedAlgorithm` for what no passphrase can open here.
pub fn scan(bytes: &[u8]) -> Result<Scan> {
    let (pfx, trailing) = ber::parse(bytes, WHAT)?;
    let mut fields = pfx.fields(tag::SEQUENCE, "a PFX")?;
    let version = fields.required("the version")?.unsigned("the version")?;
    if version != 3 {
        return Err(pfx.damaged(format!("version {version}, and only 3 exists")));
    }
    let (oid, content) = content_info(fields.required("the content")?)?;
    if oid != DATA {
        return Err(unsupported(&oid));
    }
    let authenticated = content.octet_string("the content")?;
    let mac = match fields.optional(tag::SEQUENCE) {
        Some(mac) => Some(Mac::parse(mac)?),
        None => None,
    };
    if fields.next().is_some() {
        return Err(pfx.damaged("something follows the MAC"));
    }
    let mut parts = Vec::new();
    let mut seen = 0;
    let safe = ber::parse_whole(&authenticated, WHAT)?;
    for info in safe.fields(tag::SEQUENCE, "the list of contents")? {
        let (oid, content) = content_info(info)?;
        parts.push(match oid.as_str() {
            DATA => {
                let bytes = content.octet_string("the content")?;
                Part::Plain(bag::parse(&bytes, &mut seen)?)
            }
            ENCRYPTED_DATA => encrypted_data(content)?,
            other => return Err(unsupported(other)),
        });
    }
    drop(safe);
    let scan = Scan {
        authenticated: SecretBytes::from(authenticated),
        mac,
        parts,
        trailing,
    };
    let mut budget = Budget::new();
    scan.charge(&mut budget)?;
    Ok(scan)
}

impl Scan {
    /// Ciphers and MAC: "PKCS#12, 3DES and RC2-40, HMAC-SHA1 with 1 iteration".
    pub fn describe(&self) -> String {
        let names: BTreeSet<&str> = self.pbes().map(Pbe::cipher_name).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let ciphers = match names.split_last() {
            None => "not encrypted".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, first)) => format!("{} and {last}", first.join(", ")),
        };
        let mac = match &self.mac {
            Some(mac) => mac.describe(),
            None => "no MAC".to_owned(),
        };
        format!("{WHAT}, {ciphers}, {mac}")
    }

    /// Whether Apple's Keychain wrote it: an HMAC-SHA1 whose iteration count is 1 and written out.
    pub fn is_keychain_export(&self) -> bool {
        self.mac.as_ref().is_some_and(Mac::is_keychains)
    }

    /// Whether RC2, RC4 or DES is in sight: OpenSSL 3 reads such a file with its legacy provider only.
    pub fn is_legacy(&self) -> bool {
        self.pbes().any(Pbe::is_legacy)
    }

    /// How many bytes follow the file proper.
    pub fn trailing(&self) -> usize {
        self.trailing
    }

    /// Takes everything in sight off the budget.
    pub(super) fn charge(&self, budget: &mut Budget) -> Result<()> {
        if let Some(mac) = &self.mac {
            mac.charge(budget)?;
        }
        self.pbes()
            .try_for_each(|pbe| pbe.charge(budget, "encryption"))
    }

    fn pbes(&self) -> impl Iterator<Item = &Pbe> {
        self.parts.iter().flat_map(|part| {
            let (own, items) = match part {
                Part::Encrypted { pbe, .. } => (Some(pbe), [].as_slice()),
                Part::Plain(items) => (None, items.as_slice()),
            };
            own.into_iter()
                .chain(items.iter().filter_map(|item| match &item.kind {
                    Kind::Shrouded { pbe, .. } => Some(pbe),
                    _ => None,
                }))
        })
    }
}

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";

fn content_info<'n, 'a>(node: &'n Node<'a>) -> Result<(String, &'n Node<'a>)> {
    let mut fields = node.fields(tag::SEQUENCE, "a content")?;
    let oid = fields.required("the type of a content")?.oid()?;
    let content = fields
        .required("a content")?
        .fields(tag::CONTEXT_0, "a content")?
        .required("a content")?;
    Ok((oid, content))
}

fn encrypted_data(node: &Node<'_>) -> Result<Part> {
    let mut fields = node.fields(tag::SEQUENCE, "encrypted data")?;
    fields
        .required("the version")?
        .unsigned("the version of the encrypted data")?;
    let mut info = fields
        .required("the encrypted content")?
        .fields(tag::SEQUENCE, "the encrypted content")?;
    let oid = info.required("the type of the encrypted content")?.oid()?;
    if oid != DATA {
        return Err(unsupported(&oid));
    }
    let pbe = Pbe::parse(info.required("the encryption")?, "certificate encryption")?;
    let data = info.required("the encrypted content")?;
    if ![tag::CONTEXT_0, tag::CONTEXT_0_PRIMITIVE].contains(&data.tag) {
        return Err(data.damaged("the encrypted content is not where it belongs"));
    }
    Ok(Part::Encrypted {
        pbe,
        data: data.octets().to_vec(),
    })
}

fn unsupported(oid: &str) -> Error {
    let name = match oid {
        "1.2.840.113549.1.7.2" => "signedData",
        "1.2.840.113549.1.7.3" => "envelopedData, for a public key instead of a passphrase",
        ENCRYPTED_DATA => "encryptedData",
        other => other,
    };
    Error::UnsupportedAlgorithm {
        what: "PKCS#12 content",
        algorithm: name.to_owned(),
    }
}
