//! Encryption under a passphrase, as PKCS#12 and encrypted PKCS#8 share it: PBES2, PBES1 and the PKCS#12 schemes.
//! Reads what an AlgorithmIdentifier says and decrypts; what each run may cost is bounded before it begins.

mod cipher;
pub mod dek_info;
mod kdf;
mod parameters;
mod private_key_info;

use super::ber::{Node, tag};
use crate::error::{Error, Result};
use cipher::Cipher;
pub(crate) use kdf::{Budget, Form, Hash, forms, pbkdf2, pkcs12};
use openssl::error::ErrorStack;
use p12::{AlgorithmIdentifier, Pkcs12PbeParams};
use parameters::salt_and_iterations;
pub(crate) use parameters::{Pbkdf2, checked_iterations, checked_salt};
pub(crate) use private_key_info::is_private_key_info;
pub use private_key_info::{
    decrypt_private_key_info, describe_private_key_info, encrypt_private_key_info,
    is_legacy_private_key_info,
};
use zeroize::Zeroizing;

/// A cipher under a passphrase, with everything but the passphrase.
#[derive(Debug)]
pub(crate) struct Pbe {
    scheme: Scheme,
    cipher: Cipher,
    salt: Vec<u8>,
    /// As the file says; at least 1.
    pub(crate) iterations: u64,
}

#[derive(Debug)]
enum Scheme {
    Pkcs12,
    Pbes1(Hash),
    Pbes2 { prf: Hash, iv: Vec<u8> },
}

impl Pbe {
    /// From an AlgorithmIdentifier. `what` is where it is used, for "unsupported algorithm for the ...".
    pub(crate) fn parse(node: &Node<'_>, what: &'static str) -> Result<Pbe> {
        let mut fields = node.fields(tag::SEQUENCE, "an algorithm")?;
        let oid = fields.required("the algorithm's identifier")?.oid()?;
        let named = |algorithm: &str| Error::UnsupportedAlgorithm {
            what,
            algorithm: algorithm.to_owned(),
        };
        let (scheme, cipher) = match oid.as_str() {
            "1.2.840.113549.1.5.13" => return pbes2(fields.required("the parameters")?, &named),
            "1.2.840.113549.1.5.1" => return Err(named("PBES1 with MD2 and DES")),
            "1.2.840.113549.1.5.4" => return Err(named("PBES1 with MD2 and RC2")),
            "1.2.840.113549.1.5.3" => (Scheme::Pbes1(Hash::Md5), Cipher::Des),
            "1.2.840.113549.1.5.6" => (Scheme::Pbes1(Hash::Md5), Cipher::Rc2_64),
            "1.2.840.113549.1.5.10" => (Scheme::Pbes1(Hash::Sha1), Cipher::Des),
            "1.2.840.113549.1.5.11" => (Scheme::Pbes1(Hash::Sha1), Cipher::Rc2_64),
            "1.2.840.113549.1.12.1.1" => (Scheme::Pkcs12, Cipher::Rc4_128),
            "1.2.840.113549.1.12.1.2" => (Scheme::Pkcs12, Cipher::Rc4_40),
            "1.2.840.113549.1.12.1.3" => (Scheme::Pkcs12, Cipher::Des3),
            "1.2.840.113549.1.12.1.4" => (Scheme::Pkcs12, Cipher::Des2),
            "1.2.840.113549.1.12.1.5" => (Scheme::Pkcs12, Cipher::Rc2_128),
            "1.2.840.113549.1.12.1.6" => (Scheme::Pkcs12, Cipher::Rc2_40),
            other => return Err(named(other)),
        };
        let mut fields = fields
            .required("the parameters")?
            .fields(tag::SEQUENCE, "parameters")?;
        let (salt, iterations) = salt_and_iterations(&mut fields)?;
        Ok(Pbe {
            scheme,
            cipher,
            salt,
            iterations,
        })
    }

    /// "3DES", "RC2-40", "AES-256".
    pub(crate) fn cipher_name(&self) -> &'static str {
        self.cipher.facts().0
    }

    /// Whether OpenSSL 3 reads it with its legacy provider only.
    pub(crate) fn is_legacy(&self) -> bool {
        self.cipher.needs_provider() || matches!(self.cipher, Cipher::Rc2_40 | Cipher::Des)
    }

    /// Whether another form of the same passphrase can give another key.
    pub(crate) fn depends_on_form(&self) -> bool {
        matches!(self.scheme, Scheme::Pkcs12)
    }

    /// Scheme, cipher, key derivation and iterations, for people.
    pub(crate) fn describe(&self) -> String {
        let (cipher, iterations) = (self.cipher_name(), count(self.iterations));
        match &self.scheme {
            Scheme::Pkcs12 => format!("PKCS#12 encryption, {cipher}, SHA1 with {iterations}"),
            Scheme::Pbes1(hash) => format!("PBES1, {cipher}, {} with {iterations}", hash.name()),
            Scheme::Pbes2 { prf, .. } => {
                format!(
                    "PBES2, {cipher}, PBKDF2-HMAC-{} with {iterations}",
                    prf.name()
                )
            }
        }
    }

    /// Takes what one decryption costs off the budget.
    pub(crate) fn charge(&self, budget: &mut Budget, part: &str) -> Result<()> {
        let (_, _, key, block) = self.cipher.facts();
        let blocks = match &self.scheme {
            Scheme::Pkcs12 => Hash::Sha1.blocks(key) + u64::from(block > 0),
            Scheme::Pbes1(_) => 1,
            Scheme::Pbes2 { prf, .. } => prf.blocks(key),
        };
        budget.charge(
            self.iterations.saturating_mul(blocks),
            part,
            self.iterations,
        )
    }

    /// `None` if the padding does not fit: the passphrase is wrong. Only what was charged may be decrypted.
    pub(crate) fn decrypt(&self, data: &[u8], form: &Form) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let (_, _, key_length, block) = self.cipher.facts();
        if data.is_empty() || (block > 0 && !data.len().is_multiple_of(block)) {
            return Err(Error::Damaged {
                what: "encryption",
                reason: format!("{} encrypted bytes are not whole blocks", data.len()),
            });
        }
        let derived = |id, length| {
            pkcs12(
                Hash::Sha1,
                &form.bmp,
                &self.salt,
                self.iterations,
                id,
                length,
            )
        };
        let parameters = || Pkcs12PbeParams {
            salt: self.salt.clone(),
            iterations: self.iterations,
        };
        match (&self.scheme, self.cipher) {
            (Scheme::Pkcs12, Cipher::Rc2_40) => {
                let algorithm = AlgorithmIdentifier::PbewithSHAAnd40BitRC2CBC(parameters());
                Ok(algorithm.decrypt_pbe(data, &form.bmp).map(Zeroizing::new))
            }
            (Scheme::Pkcs12, Cipher::Des3) => {
                let algorithm = AlgorithmIdentifier::PbeWithSHAAnd3KeyTripleDESCBC(parameters());
                Ok(algorithm.decrypt_pbe(data, &form.bmp).map(Zeroizing::new))
            }
            (Scheme::Pkcs12, cipher) => {
                let iv = if block > 0 {
                    derived(2, block)?
                } else {
                    Zeroizing::default()
                };
                cipher.decrypt(&derived(1, key_length)?, &iv, data)
            }
            (Scheme::Pbes1(hash), cipher) => {
                let derived = kdf::pbkdf1(*hash, &form.raw, &self.salt, self.iterations)?;
                let (key, rest) = derived.split_at(8);
                cipher.decrypt(key, rest.get(..8).unwrap_or_default(), data)
            }
            (Scheme::Pbes2 { prf, iv }, cipher) => {
                let key = pbkdf2(*prf, &form.raw, &self.salt, self.iterations, key_length)?;
                cipher.decrypt(&key, iv, data)
            }
        }
    }
}

fn pbes2(node: &Node<'_>, named: &dyn Fn(&str) -> Error) -> Result<Pbe> {
    let mut fields = node.fields(tag::SEQUENCE, "the PBES2 parameters")?;
    let derivation = Pbkdf2::parse(fields.required("the key derivation")?, named)?;
    let mut cipher = fields
        .required("the cipher")?
        .fields(tag::SEQUENCE, "the cipher")?;
    let oid = cipher.required("the cipher's identifier")?.oid()?;
    let algorithm = match oid.as_str() {
        "2.16.840.1.101.3.4.1.2" => Cipher::Aes128,
        "2.16.840.1.101.3.4.1.22" => Cipher::Aes192,
        "2.16.840.1.101.3.4.1.42" => Cipher::Aes256,
        "1.2.840.113549.3.7" => Cipher::Des3,
        "1.3.14.3.2.7" => Cipher::Des,
        "1.2.840.113549.3.2" => return Err(named("PBES2 with RC2")),
        other => return Err(named(other)),
    };
    let iv = cipher.required("the IV")?;
    let bytes = iv.octet_string("the IV")?.to_vec();
    let (_, _, key, block) = algorithm.facts();
    if bytes.len() != block {
        return Err(iv.damaged(format!("an IV of {} bytes", bytes.len())));
    }
    if derivation.length.is_some_and(|length| length != key as u64) {
        return Err(node.damaged("a key length that does not fit the cipher"));
    }
    Ok(Pbe {
        scheme: Scheme::Pbes2 {
            prf: derivation.prf,
            iv: bytes,
        },
        cipher: algorithm,
        salt: derivation.salt,
        iterations: derivation.iterations,
    })
}

/// "1 iteration", "2048 iterations".
pub(crate) fn count(iterations: u64) -> String {
    format!(
        "{iterations} iteration{}",
        if iterations == 1 { "" } else { "s" }
    )
}

/// What OpenSSL refused, in its own words.
pub(crate) fn crypto(what: &'static str, stack: &ErrorStack) -> Error {
    let reasons: Vec<&str> = stack.errors().iter().filter_map(|e| e.reason()).collect();
    Error::Crypto {
        what,
        reason: if reasons.is_empty() {
            "no reason given".to_owned()
        } else {
            reasons.join(", ")
        },
    }
}
