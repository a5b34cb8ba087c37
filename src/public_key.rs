//! Public keys: kind, bits and SPKI fingerprint, by which a certificate, a request and a private key are matched.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;
use x509_parser::asn1_rs::oid;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A SHA-256, shown as lowercase hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The SHA-256 of the bytes.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        // The streaming form: OpenSSL's one-shot form fetches a provider first, which costs a millisecond.
        let mut hash = openssl::sha::Sha256::new();
        hash.update(bytes);
        Fingerprint(hash.finish())
    }

    /// Half of it as a number: enough to tell any two apart, and small where many are kept.
    pub fn mark(&self) -> u128 {
        let half = self.0.first_chunk::<16>();
        half.map_or(0, |half| u128::from_be_bytes(*half))
    }

    /// The first eight hex digits, by which people compare.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    /// Reads 64 hex digits.
    fn from_str(text: &str) -> Result<Fingerprint> {
        let digits = || {
            let mut bytes = [0; 32];
            let is_hex = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
            for (position, byte) in bytes.iter_mut().enumerate().filter(|_| is_hex) {
                let pair = text.get(position * 2..position * 2 + 2)?;
                *byte = u8::from_str_radix(pair, 16).ok()?;
            }
            is_hex.then_some(Fingerprint(bytes))
        };
        digits().ok_or_else(|| Error::Damaged {
            what: "SHA-256",
            reason: "it is not 64 hex digits".to_string(),
        })
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const RSA: &[u8] = &oid!(raw 1.2.840.113549.1.1.1);
const EC: &[u8] = &oid!(raw 1.2.840.10045.2.1);
const ED25519: &[u8] = &oid!(raw 1.3.101.112);
const ED448: &[u8] = &oid!(raw 1.3.101.113);

/// What is known of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// `RSA`, `EC`, `Ed25519`, `DSA` ..., or the OID.
    pub algorithm: String,
    /// Size in bits; 0 where the algorithm is not known.
    pub bits: usize,
    /// Name of the curve of an EC key, or its OID.
    pub curve: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo's DER.
    pub spki_sha256: Fingerprint,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    pub fn from_spki_der(der: &[u8]) -> Result<PublicKey> {
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der)
            .map_err(|_| damaged("not a SubjectPublicKeyInfo"))?;
        if !rest.is_empty() {
            return Err(damaged("bytes after the SubjectPublicKeyInfo"));
        }
        Ok(PublicKey::of(&spki))
    }

    /// Reads one that is parsed already.
    pub(crate) fn of(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
        let oid = &spki.algorithm.algorithm;
        let (algorithm, bits, curve) = match oid.as_bytes() {
            RSA => {
                let bits = match spki.parsed() {
                    Ok(x509_parser::public_key::PublicKey::RSA(rsa)) => modulus_bits(rsa.modulus),
                    _ => 0,
                };
                ("RSA".to_string(), bits, None)
            }
            EC => {
                let curve = spki
                    .algorithm
                    .parameters
                    .as_ref()
                    .and_then(|parameters| parameters.as_oid().ok())
                    .map(|oid| oid.to_id_string());
                let (name, bits) = curve_name(curve.as_deref().unwrap_or_default());
                ("EC".to_string(), bits, Some(name))
            }
            ED25519 => ("Ed25519".to_string(), 256, None),
            ED448 => ("Ed448".to_string(), 456, None),
            _ => (algorithm_name(&oid.to_id_string()).to_string(), 0, None),
        };
        PublicKey {
            algorithm,
            bits,
            curve,
            spki_sha256: Fingerprint::of(spki.raw),
        }
    }

    /// `RSA-2048`, `EC P-256`: how text names it.
    pub fn describe(&self) -> String {
        match (&self.curve, self.bits) {
            (Some(curve), _) => format!("{} {curve}", self.algorithm),
            (None, 0) => self.algorithm.clone(),
            (None, bits) => format!("{}-{bits}", self.algorithm),
        }
    }

    /// Whether Apple's portal takes a request for it: RSA with 2048 bits.
    pub fn is_rsa_2048(&self) -> bool {
        self.algorithm == "RSA" && self.bits == 2048
    }
}

/// What an algorithm that is only told, not read here, is called; its OID where it has no name here.
pub(crate) fn algorithm_name(oid: &str) -> &str {
    match oid {
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        other => other,
    }
}

fn damaged(reason: &str) -> Error {
    Error::Damaged {
        what: "public key",
        reason: reason.to_string(),
    }
}

fn modulus_bits(modulus: &[u8]) -> usize {
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let significant = modulus.get(zeros..).unwrap_or_default();
    match significant.first() {
        Some(first) => significant.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

fn curve_name(oid: &str) -> (String, usize) {
    let (name, bits) = match oid {
        "1.2.840.10045.3.1.7" => ("P-256", 256),
        "1.3.132.0.34" => ("P-384", 384),
        "1.3.132.0.35" => ("P-521", 521),
        "1.3.132.0.10" => ("secp256k1", 256),
        "1.2.156.10197.1.301" => ("SM2", 256),
        other => (other, 0),
    };
    (name.to_string(), bits)
}
