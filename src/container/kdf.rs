//! Passphrases to keys: the PKCS#12 key derivation (RFC 7292 appendix B) and PBKDF2 (RFC 8018), with the hashes both may use.

use crate::error::{Error, Result};
use crate::private_key::crypto;
use crate::secret::Passphrase;
use openssl::hash::{Hasher, MessageDigest};
use openssl::pkey::PKey;
use openssl::sign::Signer;
use zeroize::Zeroizing;

/// What a derived key is for; the ID byte of RFC 7292 appendix B.3.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// A hash, by the names that files give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
}

impl Hash {
    /// By the OID of the hash itself.
    pub(super) fn of_digest(oid: &str) -> Option<Hash> {
        Some(match oid {
            "1.3.14.3.2.26" => Hash::Sha1,
            "2.16.840.1.101.3.4.2.4" => Hash::Sha224,
            "2.16.840.1.101.3.4.2.1" => Hash::Sha256,
            "2.16.840.1.101.3.4.2.2" => Hash::Sha384,
            "2.16.840.1.101.3.4.2.3" => Hash::Sha512,
            _ => return None,
        })
    }

    /// By the OID of its HMAC.
    pub(super) fn of_hmac(oid: &str) -> Option<Hash> {
        Some(match oid.strip_prefix("1.2.840.113549.2.")? {
            "7" => Hash::Sha1,
            "8" => Hash::Sha224,
            "9" => Hash::Sha256,
            "10" => Hash::Sha384,
            "11" => Hash::Sha512,
            "12" => Hash::Sha512_224,
            "13" => Hash::Sha512_256,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Hash::Sha1 => "SHA1",
            Hash::Sha224 => "SHA224",
            Hash::Sha256 => "SHA256",
            Hash::Sha384 => "SHA384",
            Hash::Sha512 => "SHA512",
            Hash::Sha512_224 => "SHA512-224",
            Hash::Sha512_256 => "SHA512-256",
        }
    }

    /// Output size in bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Hash::Sha1 => 20,
            Hash::Sha224 | Hash::Sha512_224 => 28,
            Hash::Sha256 | Hash::Sha512_256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }

    fn block(self) -> usize {
        match self {
            Hash::Sha1 | Hash::Sha224 | Hash::Sha256 => 64,
            _ => 128,
        }
    }

    fn openssl(self) -> Result<MessageDigest> {
        MessageDigest::from_name(self.name()).ok_or(Error::UnsupportedAlgorithm {
            what: "key derivation",
            algorithm: self.name().to_string(),
        })
    }
}

/// What the PKCS#12 key derivation takes for a passphrase: UTF-16BE with a final 00 00. Bytes that are no UTF-8 are Latin-1.
/// The empty one has two forms in the wild: OpenSSL's is 00 00, Keychain's has no bytes at all.
pub(super) fn pkcs12_forms(passphrase: &Passphrase) -> Vec<Zeroizing<Vec<u8>>> {
    let bytes = passphrase.expose_secret();
    let mut wide = Zeroizing::new(Vec::with_capacity(bytes.len() * 2 + 2));
    match std::str::from_utf8(bytes) {
        Ok(text) => wide.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        Err(_) => wide.extend(bytes.iter().flat_map(|byte| [0, *byte])),
    }
    wide.extend([0, 0]);
    match passphrase.is_empty() {
        true => vec![Zeroizing::new(Vec::new()), wide],
        false => vec![wide],
    }
}

/// RFC 7292 appendix B.2.
pub(super) fn pkcs12(
    hash: Hash,
    form: &[u8],
    salt: &[u8],
    iterations: u64,
    purpose: Purpose,
    size: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |e| crypto("deriving the key", &e);
    let block = hash.block();
    let fill = |bytes: &[u8]| -> Vec<u8> {
        bytes
            .iter()
            .copied()
            .cycle()
            .take(bytes.len().div_ceil(block) * block)
            .collect()
    };
    let diversifier = vec![purpose as u8; block];
    let mut input = Zeroizing::new([fill(salt), fill(form)].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(size + hash.size()));
    let mut hasher = Hasher::new(hash.openssl()?).map_err(failed)?;
    while key.len() < size {
        hasher.update(&diversifier).map_err(failed)?;
        hasher.update(&input).map_err(failed)?;
        let mut digest = hasher.finish().map_err(failed)?;
        for _ in 1..iterations {
            hasher.update(&digest).map_err(failed)?;
            digest = hasher.finish().map_err(failed)?;
        }
        key.extend_from_slice(&digest);
        let addend: Vec<u8> = digest.iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_mut(block) {
            add_with_one(chunk, &addend);
        }
    }
    key.truncate(size);
    Ok(key)
}

/// `chunk = chunk + addend + 1` as big-endian numbers.
fn add_with_one(chunk: &mut [u8], addend: &[u8]) {
    let mut carry = 1u16;
    for (byte, add) in chunk.iter_mut().zip(addend).rev() {
        carry += u16::from(*byte) + u16::from(*add);
        *byte = (carry & 0xff) as u8;
        carry >>= 8;
    }
}

/// RFC 8018 section 5.2.
pub(super) fn pbkdf2(
    hash: Hash,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
    size: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(vec![0; size]);
    let rounds = usize::try_from(iterations).unwrap_or(usize::MAX);
    openssl::pkcs5::pbkdf2_hmac(passphrase, salt, rounds, hash.openssl()?, &mut key)
        .map_err(|e| crypto("deriving the key", &e))?;
    Ok(key)
}

/// HMAC of the data.
pub(super) fn hmac(hash: Hash, key: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let digest = hash.openssl()?;
    let sign = || {
        let key = PKey::hmac(key)?;
        Signer::new(digest, &key)?.sign_oneshot_to_vec(data)
    };
    sign().map_err(|e| crypto("computing the MAC", &e))
}
