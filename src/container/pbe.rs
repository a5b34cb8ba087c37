//! Password-based encryption, shared by PKCS#12 and encrypted PKCS#8: PBES2 (RFC 8018) and the schemes of PKCS#12 (RFC 7292 appendix C).
//! RC2-40 and 3DES come from the p12 crate, which needs no legacy provider of OpenSSL's.

use super::ber::Reader;
use super::kdf::{self, Hash, Purpose};
use crate::error::{Error, Result};
use crate::private_key::crypto;
use crate::secret::{Passphrase, SecretBytes};
use openssl::cipher::Cipher as FetchedCipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::provider::Provider;
use openssl::symm::{self, Cipher};
use p12::{AlgorithmIdentifier, Pkcs12PbeParams};
use std::sync::OnceLock;
use yasna::models::ObjectIdentifier;
use zeroize::Zeroizing;

/// The most work one file and passphrase may cost: iterations times output blocks, over MAC and bags.
pub(super) const BUDGET: u64 = 10_000_000;
/// The longest salt, in bytes.
const SALT: usize = 1024;
/// Iterations of a key that is written (OWASP's floor for PBKDF2-HMAC-SHA256).
const ITERATIONS: u32 = 600_000;

/// An encryption scheme with its parameters.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    salt: Vec<u8>,
    iterations: u64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Pkcs12(Old),
    Pbes2 {
        hash: Hash,
        cipher: Modern,
        iv: Vec<u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Old {
    Rc4,
    Rc4Weak,
    TripleDes,
    DoubleDes,
    Rc2,
    Rc2Weak,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modern {
    Aes128,
    Aes192,
    Aes256,
    TripleDes,
}

fn damaged(reason: &str) -> Error {
    Error::Damaged {
        what: "encryption parameters",
        reason: reason.to_string(),
    }
}

fn unsupported(algorithm: impl Into<String>) -> Error {
    Error::UnsupportedAlgorithm {
        what: "encryption",
        algorithm: algorithm.into(),
    }
}

/// Salt and iterations within their bounds.
pub(super) fn bounded(salt: &[u8], iterations: u64) -> Result<()> {
    if salt.len() > SALT {
        return Err(Error::OverBudget {
            what: format!("a salt of {} bytes (the most is {SALT})", salt.len()),
        });
    }
    if iterations == 0 {
        return Err(damaged("0 iterations"));
    }
    if iterations > BUDGET {
        return Err(Error::OverBudget {
            what: format!("{iterations} iterations (the most is {BUDGET})"),
        });
    }
    Ok(())
}

/// Salt, iterations and hash of a PBKDF2, and the key length it names.
pub(super) fn pbkdf2_parameters(reader: &mut Reader) -> Result<(Vec<u8>, u64, Option<u64>, Hash)> {
    let broken = || damaged("PBKDF2");
    let mut kdf = reader.sequence().ok_or_else(broken)?;
    let oid = kdf.oid().ok_or_else(broken)?;
    if oid != "1.2.840.113549.1.5.12" {
        return Err(unsupported(match oid.as_str() {
            "1.3.6.1.4.1.11591.4.11" => "scrypt".to_string(),
            other => format!("key derivation {other}"),
        }));
    }
    let mut parameters = kdf.sequence().ok_or_else(broken)?;
    let salt = parameters.expect(0x04).ok_or_else(broken)?.to_vec();
    let iterations = parameters.integer().ok_or_else(broken)?;
    let length = match parameters.peek() {
        Some(0x02) => Some(parameters.integer().ok_or_else(broken)?),
        _ => None,
    };
    let hash = match parameters.is_empty() {
        true => Hash::Sha1,
        false => {
            let oid = parameters
                .sequence()
                .and_then(|mut prf| prf.oid())
                .ok_or_else(broken)?;
            Hash::of_hmac(&oid).ok_or_else(|| unsupported(format!("PBKDF2 with {oid}")))?
        }
    };
    bounded(&salt, iterations)?;
    Ok((salt, iterations, length, hash))
}

impl Scheme {
    /// Reads the content of an AlgorithmIdentifier.
    pub(super) fn parse(algorithm: &mut Reader) -> Result<Scheme> {
        let oid = algorithm.oid().ok_or_else(|| damaged("no algorithm"))?;
        let old = match oid.strip_prefix("1.2.840.113549.1.12.1.") {
            Some("1") => Some(Old::Rc4),
            Some("2") => Some(Old::Rc4Weak),
            Some("3") => Some(Old::TripleDes),
            Some("4") => Some(Old::DoubleDes),
            Some("5") => Some(Old::Rc2),
            Some("6") => Some(Old::Rc2Weak),
            _ => None,
        };
        if let Some(old) = old {
            let broken = || damaged("PKCS#12 encryption");
            let mut parameters = algorithm.sequence().ok_or_else(broken)?;
            let salt = parameters.expect(0x04).ok_or_else(broken)?.to_vec();
            let iterations = parameters.integer().ok_or_else(broken)?;
            bounded(&salt, iterations)?;
            return Ok(Scheme {
                salt,
                iterations,
                kind: Kind::Pkcs12(old),
            });
        }
        match oid.as_str() {
            "1.2.840.113549.1.5.13" => Scheme::pbes2(algorithm),
            "1.2.840.113549.1.5.1" | "1.2.840.113549.1.5.4" | "1.2.840.113549.1.5.6" => {
                Err(unsupported("PBES1 with MD2 or RC2"))
            }
            "1.2.840.113549.1.5.3" => Err(unsupported("PBES1 with MD5 and DES")),
            "1.2.840.113549.1.5.10" => Err(unsupported("PBES1 with SHA-1 and DES")),
            "1.2.840.113549.1.5.11" => Err(unsupported("PBES1 with SHA-1 and RC2")),
            other => Err(unsupported(other)),
        }
    }

    fn pbes2(algorithm: &mut Reader) -> Result<Scheme> {
        let broken = || damaged("PBES2");
        let mut parameters = algorithm.sequence().ok_or_else(broken)?;
        let (salt, iterations, length, hash) = pbkdf2_parameters(&mut parameters)?;
        let mut encryption = parameters.sequence().ok_or_else(broken)?;
        let oid = encryption.oid().ok_or_else(broken)?;
        let cipher = match oid.as_str() {
            "2.16.840.1.101.3.4.1.2" => Modern::Aes128,
            "2.16.840.1.101.3.4.1.22" => Modern::Aes192,
            "2.16.840.1.101.3.4.1.42" => Modern::Aes256,
            "1.2.840.113549.3.7" => Modern::TripleDes,
            other => return Err(unsupported(format!("PBES2 with {other}"))),
        };
        let iv = encryption.expect(0x04).ok_or_else(broken)?.to_vec();
        if length.is_some_and(|length| length != cipher.key_size() as u64)
            || Some(iv.len()) != cipher.openssl().iv_len()
        {
            return Err(damaged(
                "a key length or an IV that the cipher does not take",
            ));
        }
        Ok(Scheme {
            salt,
            iterations,
            kind: Kind::Pbes2 { hash, cipher, iv },
        })
    }

    /// Iterations times output blocks.
    pub(super) fn cost(&self) -> u64 {
        let blocks = match &self.kind {
            Kind::Pkcs12(old) => old.key_size().div_ceil(20) + 1,
            Kind::Pbes2 { hash, cipher, .. } => cipher.key_size().div_ceil(hash.size()),
        };
        self.iterations.saturating_mul(blocks as u64)
    }

    /// The cipher's name.
    pub(super) fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Pkcs12(Old::Rc4) => "RC4-128",
            Kind::Pkcs12(Old::Rc4Weak) => "RC4-40",
            Kind::Pkcs12(Old::TripleDes) => "3DES",
            Kind::Pkcs12(Old::DoubleDes) => "two-key 3DES",
            Kind::Pkcs12(Old::Rc2) => "RC2-128",
            Kind::Pkcs12(Old::Rc2Weak) => "RC2-40",
            Kind::Pbes2 {
                cipher: Modern::Aes128,
                ..
            } => "AES-128",
            Kind::Pbes2 {
                cipher: Modern::Aes192,
                ..
            } => "AES-192",
            Kind::Pbes2 {
                cipher: Modern::Aes256,
                ..
            } => "AES-256",
            Kind::Pbes2 {
                cipher: Modern::TripleDes,
                ..
            } => "3DES (PBES2)",
        }
    }

    /// Whether OpenSSL 3 reads it only with its legacy provider.
    pub(super) fn is_legacy(&self) -> bool {
        matches!(
            &self.kind,
            Kind::Pkcs12(Old::Rc4 | Old::Rc4Weak | Old::Rc2 | Old::Rc2Weak)
        )
    }

    /// Decrypts. `form` is the passphrase as the PKCS#12 key derivation takes it; PBES2 takes its bytes.
    pub(super) fn decrypt(
        &self,
        ciphertext: &[u8],
        passphrase: &Passphrase,
        form: &[u8],
    ) -> Result<SecretBytes> {
        let plain = match &self.kind {
            Kind::Pbes2 { hash, cipher, iv } => {
                let key = kdf::pbkdf2(
                    *hash,
                    passphrase.expose_secret(),
                    &self.salt,
                    self.iterations,
                    cipher.key_size(),
                )?;
                symm::decrypt(cipher.openssl(), &key, Some(iv), ciphertext)
                    .map_err(|_| Error::WrongPassphrase)?
            }
            Kind::Pkcs12(old @ (Old::TripleDes | Old::Rc2Weak)) => {
                let parameters = Pkcs12PbeParams {
                    salt: self.salt.clone(),
                    iterations: self.iterations,
                };
                let algorithm = match old {
                    Old::TripleDes => {
                        AlgorithmIdentifier::PbeWithSHAAnd3KeyTripleDESCBC(parameters)
                    }
                    _ => AlgorithmIdentifier::PbewithSHAAnd40BitRC2CBC(parameters),
                };
                algorithm
                    .decrypt_pbe(ciphertext, form)
                    .ok_or(Error::WrongPassphrase)?
            }
            Kind::Pkcs12(old) => self.decrypt_with_openssl(*old, ciphertext, form)?,
        };
        Ok(SecretBytes::new(plain))
    }

    fn decrypt_with_openssl(&self, old: Old, ciphertext: &[u8], form: &[u8]) -> Result<Vec<u8>> {
        let derive = |purpose, size| {
            kdf::pkcs12(Hash::Sha1, form, &self.salt, self.iterations, purpose, size)
        };
        let mut key = derive(Purpose::Key, old.key_size())?;
        let iv = derive(Purpose::Iv, 8)?;
        let name = match old {
            Old::Rc4 | Old::Rc4Weak => "RC4",
            Old::Rc2 | Old::Rc2Weak => "RC2-CBC",
            Old::DoubleDes | Old::TripleDes => "DES-EDE3-CBC",
        };
        if old == Old::DoubleDes {
            key.extend_from_within(..8);
        }
        if self.is_legacy() && !legacy_provider() {
            return Err(unsupported(format!(
                "{} (OpenSSL's legacy provider is not installed)",
                self.name()
            )));
        }
        let cipher =
            FetchedCipher::fetch(None, name, None).map_err(|_| unsupported(self.name()))?;
        let mut plain = Zeroizing::new(Vec::with_capacity(ciphertext.len() + 16));
        let decrypt = |plain: &mut Vec<u8>| {
            let mut context = CipherCtx::new()?;
            context.decrypt_init(Some(&cipher), None, None)?;
            context.set_key_length(key.len())?;
            let iv = (cipher.iv_length() > 0).then_some(iv.as_slice());
            context.decrypt_init(None, Some(&key), iv)?;
            context.cipher_update_vec(ciphertext, plain)?;
            context.cipher_final_vec(plain)
        };
        decrypt(&mut plain).map_err(|_| Error::WrongPassphrase)?;
        Ok(plain.to_vec())
    }
}

impl Old {
    fn key_size(self) -> usize {
        match self {
            Old::TripleDes => 24,
            Old::Rc4 | Old::DoubleDes | Old::Rc2 => 16,
            Old::Rc4Weak | Old::Rc2Weak => 5,
        }
    }
}

impl Modern {
    fn key_size(self) -> usize {
        match self {
            Modern::Aes128 => 16,
            Modern::Aes192 | Modern::TripleDes => 24,
            Modern::Aes256 => 32,
        }
    }

    fn openssl(self) -> Cipher {
        match self {
            Modern::Aes128 => Cipher::aes_128_cbc(),
            Modern::Aes192 => Cipher::aes_192_cbc(),
            Modern::Aes256 => Cipher::aes_256_cbc(),
            Modern::TripleDes => Cipher::des_ede3_cbc(),
        }
    }
}

/// Loads OpenSSL's legacy provider once and keeps it. `try_load` keeps the default provider, which `load` would switch off.
fn legacy_provider() -> bool {
    static PROVIDER: OnceLock<Option<Provider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| Provider::try_load(None, "legacy", true).ok())
        .is_some()
}

/// Opens an EncryptedPrivateKeyInfo (RFC 5958); returns the DER PrivateKeyInfo.
///
/// # Errors
/// `wrong-passphrase`, `unsupported-algorithm`, `damaged`, `over-budget`.
pub fn decrypt_private_key_info(der: &[u8], passphrase: &Passphrase) -> Result<SecretBytes> {
    let broken = || Error::Damaged {
        what: "encrypted private key",
        reason: "not an EncryptedPrivateKeyInfo".to_string(),
    };
    let (der, _) = super::ber::normalise(der).ok_or_else(broken)?;
    let mut info = Reader::new(&der).sequence().ok_or_else(broken)?;
    let scheme = Scheme::parse(&mut info.sequence().ok_or_else(broken)?)?;
    let ciphertext = info.expect(0x04).ok_or_else(broken)?;
    if scheme.cost() > BUDGET {
        return Err(over_budget(scheme.cost()));
    }
    for form in kdf::pkcs12_forms(passphrase) {
        match scheme.decrypt(ciphertext, passphrase, &form) {
            // One wrong passphrase in 256 leaves good padding: the result has to be a SEQUENCE as well.
            Ok(plain) if is_private_key_info(plain.expose_secret()) => return Ok(plain),
            Ok(_) | Err(Error::WrongPassphrase) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::WrongPassphrase)
}

/// The file asks for more work than [`BUDGET`].
pub(super) fn over_budget(cost: u64) -> Error {
    Error::OverBudget {
        what: format!("{cost} rounds of key derivation (the most is {BUDGET})"),
    }
}

/// SEQUENCE { INTEGER, SEQUENCE, ...: what a decrypted key begins with.
pub(super) fn is_private_key_info(plain: &[u8]) -> bool {
    let begins = |mut reader: Reader| Some((reader.next()?.tag, reader.next()?.tag));
    Reader::new(plain).sequence().and_then(begins) == Some((0x02, 0x30))
}

/// Encrypts a DER PrivateKeyInfo: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, 600,000 iterations.
pub fn encrypt_private_key_info(pkcs8: &SecretBytes, passphrase: &Passphrase) -> Result<Vec<u8>> {
    let (mut salt, mut iv) = ([0u8; 16], [0u8; 16]);
    let random =
        openssl::rand::rand_bytes(&mut salt).and_then(|()| openssl::rand::rand_bytes(&mut iv));
    random.map_err(|e| crypto("drawing random bytes", &e))?;
    let key = kdf::pbkdf2(
        Hash::Sha256,
        passphrase.expose_secret(),
        &salt,
        u64::from(ITERATIONS),
        32,
    )?;
    let ciphertext = symm::encrypt(
        Cipher::aes_256_cbc(),
        &key,
        Some(&iv),
        pkcs8.expose_secret(),
    )
    .map_err(|e| crypto("encrypting the key", &e))?;
    let oid = |arcs: &[u64]| ObjectIdentifier::from_slice(arcs);
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|info| {
            info.next().write_sequence(|pbes2| {
                pbes2
                    .next()
                    .write_oid(&oid(&[1, 2, 840, 113_549, 1, 5, 13]));
                pbes2.next().write_sequence(|parameters| {
                    parameters.next().write_sequence(|pbkdf2| {
                        pbkdf2
                            .next()
                            .write_oid(&oid(&[1, 2, 840, 113_549, 1, 5, 12]));
                        pbkdf2.next().write_sequence(|values| {
                            values.next().write_bytes(&salt);
                            values.next().write_u32(ITERATIONS);
                            values.next().write_sequence(|prf| {
                                prf.next().write_oid(&oid(&[1, 2, 840, 113_549, 2, 9]));
                                prf.next().write_null();
                            });
                        });
                    });
                    parameters.next().write_sequence(|cipher| {
                        cipher
                            .next()
                            .write_oid(&oid(&[2, 16, 840, 1, 101, 3, 4, 1, 42]));
                        cipher.next().write_bytes(&iv);
                    });
                });
            });
            info.next().write_bytes(&ciphertext);
        });
    }))
}
