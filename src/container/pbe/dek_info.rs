//! Traditional encrypted PEM keys: the cipher and salt of a DEK-Info header (RFC 1421), the key by OpenSSL's first key
//! derivation, MD5 over passphrase and salt, once.

use super::cipher::Cipher;
use crate::error::{Error, Result};
use crate::secret::{Passphrase, SecretBytes};
use openssl::hash::{MessageDigest, hash};
use zeroize::Zeroizing;

/// What a DEK-Info header says.
#[derive(Clone, Debug)]
pub struct DekInfo {
    cipher: Cipher,
    iv: Vec<u8>,
}

/// So many bytes of the IV are the salt.
const SALT: usize = 8;

impl DekInfo {
    /// Reads `AES-256-CBC,0123...`.
    ///
    /// # Errors
    /// `unsupported-algorithm` naming the cipher; `damaged` for an IV of another length than the cipher's.
    pub fn parse(value: &str) -> Result<DekInfo> {
        let (name, digits) = value.split_once(',').unwrap_or((value, ""));
        let cipher = match name.trim() {
            "DES-CBC" => Cipher::Des,
            "DES-EDE3-CBC" => Cipher::Des3,
            "RC2-CBC" => Cipher::Rc2_128,
            "RC2-64-CBC" => Cipher::Rc2_64,
            "AES-128-CBC" => Cipher::Aes128,
            "AES-192-CBC" => Cipher::Aes192,
            "AES-256-CBC" => Cipher::Aes256,
            other => {
                return Err(Error::UnsupportedAlgorithm {
                    what: "key encryption",
                    algorithm: other.to_string(),
                });
            }
        };
        let digits = digits.trim().as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let iv: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        let (_, _, _, block) = cipher.facts();
        match iv {
            Some(iv) if iv.len() == block => Ok(DekInfo { cipher, iv }),
            _ => Err(Error::Damaged {
                what: "PEM",
                reason: "the DEK-Info header holds no IV of its cipher's length".to_string(),
            }),
        }
    }

    /// Whether OpenSSL 3 reads it with its legacy provider only.
    pub fn is_legacy(&self) -> bool {
        self.cipher.needs_provider() || self.cipher == Cipher::Des
    }

    /// `None` if the padding does not fit: the passphrase is wrong.
    pub fn decrypt(&self, data: &[u8], passphrase: &Passphrase) -> Result<Option<SecretBytes>> {
        let (_, _, length, block) = self.cipher.facts();
        if data.is_empty() || !data.len().is_multiple_of(block) {
            return Err(Error::Damaged {
                what: "private key",
                reason: format!("{} encrypted bytes are not whole blocks", data.len()),
            });
        }
        let salt = self.iv.get(..SALT).unwrap_or_default();
        let mut key: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::new());
        let mut last: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::new());
        while key.len() < length {
            let input = Zeroizing::new([&last, passphrase.expose_secret(), salt].concat());
            let digest = hash(MessageDigest::md5(), &input)
                .map_err(|e| super::crypto("deriving the key", &e))?;
            last = Zeroizing::new(digest.to_vec());
            key.extend_from_slice(&last);
        }
        let key = key.get(..length).unwrap_or_default();
        let plain = self.cipher.decrypt(key, &self.iv, data)?;
        Ok(plain.map(SecretBytes::from))
    }
}
