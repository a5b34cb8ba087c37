//! Key derivation: the hashes by their OIDs, the forms of a passphrase, the PKCS#12 KDF (RFC 7292, appendix B.2), PBKDF1,
//! PBKDF2, and the budget that bounds their cost.

use crate::error::{Error, Result};
use crate::secret::Passphrase;
use openssl::hash::MessageDigest;
use openssl::{pkcs5, sha};
use zeroize::Zeroizing;

/// What one file may cost with one passphrase: the sum of iterations times output blocks.
pub(crate) const MAX_COST: u64 = 10_000_000;

/// What is left of [`MAX_COST`].
pub(crate) struct Budget(u64);

impl Budget {
    pub(crate) fn new() -> Budget {
        Budget(MAX_COST)
    }

    /// Takes the cost off, or refuses; to be called before the work.
    pub(crate) fn charge(&mut self, cost: u64, part: &str, iterations: u64) -> Result<()> {
        self.0 = self.0.checked_sub(cost).ok_or_else(|| Error::OverBudget {
            what: format!(
                "the {part} asks for {iterations} iterations, and one file may ask for {MAX_COST} rounds of hashing in all"
            ),
        })?;
        Ok(())
    }
}

/// A hash, as MAC, as PRF or inside a KDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
}

use Hash::*;

impl Hash {
    /// From the OID of the hash itself.
    pub(crate) fn from_oid(oid: &str) -> Option<Hash> {
        Some(match oid {
            "1.3.14.3.2.26" => Sha1,
            "2.16.840.1.101.3.4.2.1" => Sha256,
            "2.16.840.1.101.3.4.2.2" => Sha384,
            "2.16.840.1.101.3.4.2.3" => Sha512,
            "2.16.840.1.101.3.4.2.4" => Sha224,
            "2.16.840.1.101.3.4.2.5" => Sha512_224,
            "2.16.840.1.101.3.4.2.6" => Sha512_256,
            _ => return None,
        })
    }

    /// From the OID of HMAC with it.
    pub(crate) fn from_hmac_oid(oid: &str) -> Option<Hash> {
        let arc = oid.strip_prefix("1.2.840.113549.2.")?;
        let hashes = [Sha1, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256];
        let at = arc.parse::<usize>().ok()?.checked_sub(7)?;
        hashes.get(at).copied()
    }

    /// "SHA256" as in "HMAC-SHA256".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Md5 => "MD5",
            Sha1 => "SHA1",
            Sha224 => "SHA224",
            Sha256 => "SHA256",
            Sha384 => "SHA384",
            Sha512 => "SHA512",
            Sha512_224 => "SHA512-224",
            Sha512_256 => "SHA512-256",
        }
    }

    /// Output and block, in bytes.
    pub(crate) fn sizes(self) -> (usize, usize) {
        match self {
            Md5 => (16, 64),
            Sha1 => (20, 64),
            Sha224 => (28, 64),
            Sha256 => (32, 64),
            Sha384 => (48, 128),
            Sha512 => (64, 128),
            Sha512_224 => (28, 128),
            Sha512_256 => (32, 128),
        }
    }

    /// OpenSSL's own.
    pub(crate) fn digest(self) -> Result<MessageDigest> {
        MessageDigest::from_name(self.name()).ok_or_else(|| Error::UnsupportedAlgorithm {
            what: "key derivation",
            algorithm: self.name().to_owned(),
        })
    }

    /// How many times a KDF runs its iterations to give so many bytes.
    pub(crate) fn blocks(self, bytes: usize) -> u64 {
        bytes.div_ceil(self.sizes().0).max(1) as u64
    }

    fn of(self, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        // these keep out of EVP, which looks an algorithm up at every call, and this runs millions of times
        macro_rules! low_level {
            ($name:ident) => {{
                let mut hasher = sha::$name::new();
                hasher.update(data);
                out.extend_from_slice(&hasher.finish());
            }};
        }
        match self {
            Sha1 => low_level!(Sha1),
            Sha224 => low_level!(Sha224),
            Sha256 => low_level!(Sha256),
            Sha384 => low_level!(Sha384),
            Sha512 => low_level!(Sha512),
            Md5 | Sha512_224 | Sha512_256 => out.extend_from_slice(
                &openssl::hash::hash(self.digest()?, data)
                    .map_err(|e| super::crypto("hashing", &e))?,
            ),
        }
        Ok(())
    }

    fn repeated(self, data: &[u8], iterations: u64) -> Result<Zeroizing<Vec<u8>>> {
        let mut value = Zeroizing::new(Vec::with_capacity(64));
        let mut next = Zeroizing::new(Vec::with_capacity(64));
        self.of(data, &mut value)?;
        for _ in 1..iterations {
            self.of(&value, &mut next)?;
            std::mem::swap(&mut value, &mut next);
        }
        Ok(value)
    }
}

/// One of the ways in which the bytes of a passphrase enter a key derivation.
pub(crate) struct Form {
    /// For PBKDF1 and PBKDF2.
    pub(crate) raw: Zeroizing<Vec<u8>>,
    /// For the PKCS#12 KDF: UTF-16BE and two zero bytes, or nothing at all.
    pub(crate) bmp: Zeroizing<Vec<u8>>,
}

/// All forms worth trying, the likeliest first. Keychain's empty passphrase is no bytes, OpenSSL's is the two zero bytes;
/// OpenSSL before 1.1.0 took every byte of UTF-8 for a character.
pub(crate) fn forms(passphrase: &Passphrase) -> Vec<Form> {
    let raw = passphrase.expose_secret();
    let form = |units: &mut dyn Iterator<Item = u16>| {
        let mut bmp = Zeroizing::new(Vec::with_capacity(raw.len() * 2 + 2));
        units.for_each(|unit| bmp.extend_from_slice(&unit.to_be_bytes()));
        bmp.extend_from_slice(&[0, 0]);
        Form {
            raw: Zeroizing::new(raw.to_vec()),
            bmp,
        }
    };
    let latin_1 = form(&mut raw.iter().map(|byte| u16::from(*byte)));
    match std::str::from_utf8(raw) {
        Ok("") => vec![
            Form {
                raw: Zeroizing::default(),
                bmp: Zeroizing::default(),
            },
            latin_1,
        ],
        Ok(text) if text.is_ascii() => vec![latin_1],
        Ok(text) => vec![form(&mut text.encode_utf16()), latin_1],
        Err(_) => vec![latin_1],
    }
}

/// RFC 7292, appendix B.2. `id`: 1 key, 2 IV, 3 MAC key.
pub(crate) fn pkcs12(
    hash: Hash,
    bmp: &[u8],
    salt: &[u8],
    iterations: u64,
    id: u8,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let (_, block) = hash.sizes();
    let stretched = |bytes: &[u8]| bytes.len().div_ceil(block) * block;
    let (s, p) = (stretched(salt), stretched(bmp));
    let mut input = Zeroizing::new(Vec::with_capacity(block + s + p));
    input.resize(block, id);
    input.extend(salt.iter().cycle().take(s));
    input.extend(bmp.iter().cycle().take(p));
    let mut out = Zeroizing::new(Vec::with_capacity(length + 64));
    while out.len() < length {
        let a = hash.repeated(&input, iterations)?;
        out.extend_from_slice(&a);
        let mut chunks = input.chunks_exact_mut(block);
        // the diversifier stays, every other block grows by B + 1
        chunks.next();
        for chunk in chunks {
            let mut carry = 1u16;
            let b = a.iter().cycle().take(block).collect::<Vec<_>>();
            for (byte, add) in chunk.iter_mut().zip(b).rev() {
                carry += u16::from(*byte) + u16::from(*add);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
    }
    out.truncate(length);
    Ok(out)
}

/// RFC 8018, 5.1: the hash over and over.
pub(crate) fn pbkdf1(
    hash: Hash,
    raw: &[u8],
    salt: &[u8],
    iterations: u64,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut input = Zeroizing::new(Vec::with_capacity(raw.len() + salt.len()));
    input.extend_from_slice(raw);
    input.extend_from_slice(salt);
    hash.repeated(&input, iterations)
}

/// RFC 8018, 5.2.
pub(crate) fn pbkdf2(
    hash: Hash,
    raw: &[u8],
    salt: &[u8],
    iterations: u64,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(vec![0; length]);
    let rounds = usize::try_from(iterations).unwrap_or(usize::MAX);
    pkcs5::pbkdf2_hmac(raw, salt, rounds, hash.digest()?, &mut key)
        .map_err(|e| super::crypto("key derivation", &e))?;
    Ok(key)
}
