//! The structure of a PKCS#12 before any key is derived: algorithms, iterations, salts, encrypted parts, all within one budget.

use crate::container::ber::{self, Reader};
use crate::container::kdf::Hash;
use crate::container::pbe::{self, BUDGET, Scheme};
use crate::error::{Error, Result};

/// A PKCS#12 whose structure is known and whose cost is bounded.
#[derive(Debug)]
pub struct Scan {
    /// What the MAC is over.
    pub(super) auth_safe: Vec<u8>,
    pub(super) mac: Option<Mac>,
    pub(super) safes: Vec<Safe>,
    trailing: usize,
}

/// The integrity check.
#[derive(Debug)]
pub(super) struct Mac {
    pub(super) hash: Hash,
    pub(super) digest: Vec<u8>,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u64,
    pub(super) kind: MacKind,
}

#[derive(Debug)]
pub(super) enum MacKind {
    /// The PKCS#12 key derivation.
    Classic,
    /// PBMAC1 (RFC 9579): PBKDF2 with this hash and key length.
    Pbmac1 { derivation: Hash, length: usize },
}

/// One part of the authenticated safe.
#[derive(Debug)]
pub(super) enum Safe {
    Plain(Vec<u8>),
    Encrypted { scheme: Scheme, ciphertext: Vec<u8> },
}

pub(super) fn damaged(reason: &str) -> Error {
    Error::Damaged {
        what: "PKCS#12",
        reason: reason.to_string(),
    }
}

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";

/// Reads the structure.
///
/// # Errors
/// `damaged`, `unsupported-algorithm`, `over-budget`.
pub fn scan(bytes: &[u8]) -> Result<Scan> {
    let (der, trailing) = ber::normalise(bytes)
        .ok_or_else(|| damaged("it is cut off, nested too deep, or no BER"))?;
    let mut pfx = Reader::new(&der)
        .sequence()
        .ok_or_else(|| damaged("no SEQUENCE"))?;
    if pfx.integer() != Some(3) {
        return Err(damaged("its version is not 3"));
    }
    let mut content = pfx
        .sequence()
        .ok_or_else(|| damaged("no authenticated safe"))?;
    match content.oid().as_deref() {
        Some(DATA) => {}
        Some("1.2.840.113549.1.7.2") => {
            return Err(Error::UnsupportedAlgorithm {
                what: "integrity",
                algorithm: "a signature (public-key integrity mode)".to_string(),
            });
        }
        _ => return Err(damaged("its content is neither data nor signed data")),
    }
    let auth_safe = octets(&mut content).ok_or_else(|| damaged("no authenticated safe"))?;
    let mac = match pfx.is_empty() {
        true => None,
        false => Some(mac(&mut pfx)?),
    };
    let safes = safes(&auth_safe)?;
    let scan = Scan {
        auth_safe,
        mac,
        safes,
        trailing,
    };
    let cost = scan.cost();
    if cost > BUDGET {
        return Err(pbe::over_budget(cost));
    }
    Ok(scan)
}

/// [0] EXPLICIT OCTET STRING.
fn octets(content: &mut Reader) -> Option<Vec<u8>> {
    Reader::new(content.expect(0xa0)?)
        .expect(0x04)
        .map(<[u8]>::to_vec)
}

fn mac(pfx: &mut Reader) -> Result<Mac> {
    let broken = || damaged("its MAC is broken");
    let mut data = pfx.sequence().ok_or_else(broken)?;
    let mut info = data.sequence().ok_or_else(broken)?;
    let mut algorithm = info.sequence().ok_or_else(broken)?;
    let oid = algorithm.oid().ok_or_else(broken)?;
    let digest = info.expect(0x04).ok_or_else(broken)?.to_vec();
    let salt = data.expect(0x04).ok_or_else(broken)?.to_vec();
    // DEFAULT 1, which exporters that follow DER leave out.
    let iterations = match data.is_empty() {
        true => 1,
        false => data.integer().ok_or_else(broken)?,
    };
    if oid == "1.2.840.113549.1.5.14" {
        return pbmac1(&mut algorithm, digest);
    }
    let hash = Hash::of_digest(&oid).ok_or_else(|| Error::UnsupportedAlgorithm {
        what: "MAC",
        algorithm: oid.clone(),
    })?;
    pbe::bounded(&salt, iterations)?;
    if digest.len() != hash.size() {
        return Err(broken());
    }
    Ok(Mac {
        hash,
        digest,
        salt,
        iterations,
        kind: MacKind::Classic,
    })
}

/// RFC 9579: the key length is required, and salt and iterations are those of the PBKDF2.
fn pbmac1(algorithm: &mut Reader, digest: Vec<u8>) -> Result<Mac> {
    let broken = || damaged("its PBMAC1 is malformed");
    let mut parameters = algorithm.sequence().ok_or_else(broken)?;
    let (salt, iterations, length, derivation) = pbe::pbkdf2_parameters(&mut parameters)?;
    let oid = parameters
        .sequence()
        .and_then(|mut scheme| scheme.oid())
        .ok_or_else(broken)?;
    let hash = Hash::of_hmac(&oid).ok_or_else(|| Error::UnsupportedAlgorithm {
        what: "MAC",
        algorithm: oid.clone(),
    })?;
    let length = length
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| (20..=64).contains(length))
        .ok_or_else(broken)?;
    Ok(Mac {
        hash,
        digest,
        salt,
        iterations,
        kind: MacKind::Pbmac1 { derivation, length },
    })
}

fn safes(auth_safe: &[u8]) -> Result<Vec<Safe>> {
    let broken = || damaged("its authenticated safe is broken");
    let (der, _) = ber::normalise(auth_safe).ok_or_else(broken)?;
    let mut list = Reader::new(&der).sequence().ok_or_else(broken)?;
    let mut safes = Vec::new();
    while !list.is_empty() {
        let mut content = list.sequence().ok_or_else(broken)?;
        match content.oid().as_deref() {
            Some(DATA) => safes.push(Safe::Plain(octets(&mut content).ok_or_else(broken)?)),
            Some(ENCRYPTED_DATA) => safes.push(encrypted(&mut content)?),
            Some("1.2.840.113549.1.7.3") => {
                return Err(Error::UnsupportedAlgorithm {
                    what: "encryption",
                    algorithm: "enveloped data (public-key privacy mode)".to_string(),
                });
            }
            _ => return Err(broken()),
        }
    }
    Ok(safes)
}

fn encrypted(content: &mut Reader) -> Result<Safe> {
    let broken = || damaged("an encrypted part is broken");
    let mut data = Reader::new(content.expect(0xa0).ok_or_else(broken)?)
        .sequence()
        .ok_or_else(broken)?;
    data.integer().ok_or_else(broken)?;
    let mut info = data.sequence().ok_or_else(broken)?;
    if info.oid().as_deref() != Some(DATA) {
        return Err(broken());
    }
    let scheme = Scheme::parse(&mut info.sequence().ok_or_else(broken)?)?;
    // [0] IMPLICIT OCTET STRING: in one piece, or (BER) in several.
    let ciphertext = match info.next().ok_or_else(broken)? {
        element if element.tag == 0x80 => element.content.to_vec(),
        element if element.tag == 0xa0 => ber::joined(element.content).ok_or_else(broken)?,
        _ => return Err(broken()),
    };
    Ok(Safe::Encrypted { scheme, ciphertext })
}

impl Scan {
    /// Rounds of key derivation that MAC and encrypted parts cost.
    pub(super) fn cost(&self) -> u64 {
        let mac = self.mac.as_ref().map_or(0, Mac::cost);
        let parts = self.safes.iter().map(|safe| match safe {
            Safe::Plain(_) => 0,
            Safe::Encrypted { scheme, .. } => scheme.cost(),
        });
        parts.fold(mac, u64::saturating_add)
    }

    /// Bytes after the PKCS#12.
    pub fn trailing(&self) -> usize {
        self.trailing
    }

    /// Whether a part is seen to need OpenSSL's legacy provider.
    pub fn is_legacy(&self) -> bool {
        self.safes
            .iter()
            .any(|safe| matches!(safe, Safe::Encrypted { scheme, .. } if scheme.is_legacy()))
    }

    /// The form in words.
    pub fn describe(&self) -> String {
        let mut ciphers: Vec<&str> = Vec::new();
        for safe in &self.safes {
            let names = match safe {
                Safe::Encrypted { scheme, .. } => vec![scheme.name()],
                Safe::Plain(contents) => super::read::visible_ciphers(contents),
            };
            for name in names {
                if !ciphers.contains(&name) {
                    ciphers.push(name);
                }
            }
        }
        let ciphers = match ciphers.is_empty() {
            true => "not encrypted".to_string(),
            false => ciphers.join(" and "),
        };
        let Some(mac) = &self.mac else {
            return format!("PKCS#12, {ciphers}, no MAC");
        };
        let kind = match mac.kind {
            MacKind::Classic => "HMAC",
            MacKind::Pbmac1 { .. } => "PBMAC1",
        };
        let count = match mac.iterations {
            1 => "1 iteration".to_string(),
            n => format!("{n} iterations"),
        };
        let keychain = match (mac.hash, mac.iterations, self.is_legacy()) {
            (Hash::Sha1, 1, true) => " (as Keychain writes it)",
            _ => "",
        };
        format!(
            "PKCS#12, {ciphers}, {kind}-{} with {count}{keychain}",
            mac.hash.name()
        )
    }
}

impl Mac {
    fn cost(&self) -> u64 {
        match &self.kind {
            MacKind::Classic => self.iterations,
            MacKind::Pbmac1 { derivation, length } => self
                .iterations
                .saturating_mul(length.div_ceil(derivation.size()) as u64),
        }
    }
}
