//! The MAC of a PKCS#12 file: HMAC under the PKCS#12 KDF, or PBMAC1 (RFC 9579). It tells a wrong passphrase from a damaged file.

use super::WHAT;
use crate::container::ber::{Node, tag};
use crate::container::pbe::{
    Budget, Form, Hash, Pbkdf2, checked_iterations, checked_salt, count, crypto, pbkdf2, pkcs12,
};
use crate::error::{Error, Result};
use openssl::memcmp;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use p12::{AlgorithmIdentifier, DigestInfo, MacData};

/// The MAC as the file states it.
#[derive(Debug)]
pub(super) struct Mac {
    scheme: Scheme,
    salt: Vec<u8>,
    iterations: u64,
    /// Whether the count is written; Keychain writes its 1 although that is the default.
    explicit: bool,
    digest: Vec<u8>,
}

#[derive(Debug)]
enum Scheme {
    Pkcs12(Hash),
    Pbmac1 {
        derivation: Pbkdf2,
        length: usize,
        hash: Hash,
    },
}

impl Mac {
    pub(super) fn parse(node: &Node<'_>) -> Result<Mac> {
        let named = |algorithm: &str| Error::UnsupportedAlgorithm {
            what: "MAC",
            algorithm: algorithm.to_owned(),
        };
        let mut fields = node.fields(tag::SEQUENCE, "the MAC")?;
        let mut info = fields
            .required("the digest")?
            .fields(tag::SEQUENCE, "the digest")?;
        let algorithm = info.required("the MAC's algorithm")?;
        let digest = info.required("the digest")?;
        let digest = digest.octet_string("the digest")?.to_vec();
        let salt = checked_salt(fields.required("the MAC's salt")?)?;
        let written = fields.optional(tag::INTEGER);
        let iterations = match written {
            Some(iterations) => checked_iterations(iterations)?,
            None => 1,
        };
        let mut algorithm = algorithm.fields(tag::SEQUENCE, "the MAC's algorithm")?;
        let oid = algorithm.required("the MAC's identifier")?.oid()?;
        let (scheme, hash) = if oid == "1.2.840.113549.1.5.14" {
            pbmac1(algorithm.required("PBMAC1's parameters")?, &named)?
        } else {
            let hash = Hash::from_oid(&oid).ok_or_else(|| named(&oid))?;
            (Scheme::Pkcs12(hash), hash)
        };
        if digest.len() != hash.sizes().0 {
            return Err(node.damaged(format!("a MAC of {} bytes", digest.len())));
        }
        Ok(Mac {
            scheme,
            salt,
            iterations,
            explicit: written.is_some(),
            digest,
        })
    }

    /// "HMAC-SHA1 with 1 iteration".
    pub(super) fn describe(&self) -> String {
        match &self.scheme {
            Scheme::Pkcs12(hash) => {
                format!("HMAC-{} with {}", hash.name(), count(self.iterations))
            }
            Scheme::Pbmac1 {
                derivation, hash, ..
            } => format!(
                "PBMAC1 HMAC-{} with {}",
                hash.name(),
                count(derivation.iterations)
            ),
        }
    }

    /// Whether it is the MAC that Keychain writes and hardly anything else.
    pub(super) fn is_keychains(&self) -> bool {
        matches!(self.scheme, Scheme::Pkcs12(Hash::Sha1)) && self.explicit && self.iterations == 1
    }

    pub(super) fn charge(&self, budget: &mut Budget) -> Result<()> {
        let (iterations, blocks) = match &self.scheme {
            Scheme::Pkcs12(_) => (self.iterations, 1),
            Scheme::Pbmac1 {
                derivation, length, ..
            } => (derivation.iterations, derivation.prf.blocks(*length)),
        };
        budget.charge(iterations.saturating_mul(blocks), "MAC", iterations)
    }

    /// Whether the passphrase in this form gives the MAC over `data`. Only what was charged may be verified.
    pub(super) fn verify(&self, data: &[u8], form: &Form) -> Result<bool> {
        let (key, hash) = match &self.scheme {
            Scheme::Pkcs12(Hash::Sha1) => return self.verify_sha1(data, form),
            Scheme::Pkcs12(hash) => {
                let length = hash.sizes().0;
                let key = pkcs12(*hash, &form.bmp, &self.salt, self.iterations, 3, length)?;
                (key, *hash)
            }
            Scheme::Pbmac1 {
                derivation,
                length,
                hash,
            } => {
                let Pbkdf2 {
                    prf,
                    salt,
                    iterations,
                    ..
                } = derivation;
                (pbkdf2(*prf, &form.raw, salt, *iterations, *length)?, *hash)
            }
        };
        let failed = |e| crypto("verifying the MAC", &e);
        let key = PKey::hmac(&key).map_err(failed)?;
        let mut signer = Signer::new(hash.digest()?, &key).map_err(failed)?;
        let computed = signer.sign_oneshot_to_vec(data).map_err(failed)?;
        Ok(computed.len() == self.digest.len() && memcmp::eq(&computed, &self.digest))
    }

    fn verify_sha1(&self, data: &[u8], form: &Form) -> Result<bool> {
        let mac = MacData {
            mac: DigestInfo {
                digest_algorithm: AlgorithmIdentifier::Sha1,
                digest: self.digest.clone(),
            },
            salt: self.salt.clone(),
            iterations: u32::try_from(self.iterations).map_err(|_| Error::Damaged {
                what: WHAT,
                reason: "an iteration count past 32 bits".to_owned(),
            })?,
        };
        Ok(mac.verify_mac(data, &form.bmp))
    }
}

fn pbmac1(node: &Node<'_>, named: &dyn Fn(&str) -> Error) -> Result<(Scheme, Hash)> {
    let mut fields = node.fields(tag::SEQUENCE, "PBMAC1's parameters")?;
    let derivation = Pbkdf2::parse(fields.required("PBMAC1's key derivation")?, named)?;
    let mut mac = fields
        .required("PBMAC1's MAC")?
        .fields(tag::SEQUENCE, "PBMAC1's MAC")?;
    let oid = mac.required("PBMAC1's MAC")?.oid()?;
    let hash = Hash::from_hmac_oid(&oid).ok_or_else(|| named(&oid))?;
    // RFC 9579: the key length must be stated; the bound keeps it from being a memory bomb
    let length = derivation
        .length
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| (1..=1024).contains(length))
        .ok_or_else(|| node.damaged("PBMAC1 without a usable key length"))?;
    Ok((
        Scheme::Pbmac1 {
            derivation,
            length,
            hash,
        },
        hash,
    ))
}
