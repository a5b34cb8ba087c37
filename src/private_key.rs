//! A private key and the forms it is kept in: PKCS#8, PKCS#1, SEC1. Encryption of key files is the container's.

use crate::error::{Error, Result};
use crate::public_key::{PublicKey, algorithm_name};
use crate::secret::SecretBytes;
use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Rsa, RsaPrivateKeyBuilder};
use std::fmt;
use std::thread;
use x509_parser::asn1_rs::{Any, FromDer, Oid, Sequence, Tag};
use zeroize::Zeroizing;

/// An unencrypted private key. `Debug` shows its public half only.
#[derive(Clone)]
pub struct PrivateKey {
    pkcs8: SecretBytes,
    public_key: PublicKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public_key.describe())
    }
}

const RSA_OID: &str = "1.2.840.113549.1.1.1";

impl PrivateKey {
    /// Reads a DER PrivateKeyInfo (RFC 5958).
    ///
    /// # Errors
    /// `damaged`; `unsupported-algorithm` where OpenSSL has no public half for it.
    pub fn from_pkcs8(der: SecretBytes) -> Result<PrivateKey> {
        let bytes = der.expose_secret();
        let (oid, key) = pkcs8_parts(bytes).ok_or_else(|| damaged("not a PrivateKeyInfo"))?;
        // An RSA key is taken apart here: OpenSSL's first private-key decode costs more than all else that merge does.
        let public_key = if oid == RSA_OID {
            PublicKey::from_spki_der(&rsa_spki(key).ok_or_else(|| no_rsa_key(key))?)?
        } else {
            let pkey =
                PKey::private_key_from_pkcs8(bytes).map_err(|_| Error::UnsupportedAlgorithm {
                    what: "private key",
                    algorithm: algorithm_name(&oid).to_string(),
                })?;
            public_half(&pkey)?
        };
        Ok(PrivateKey {
            pkcs8: der,
            public_key,
        })
    }

    /// Reads a DER RSAPrivateKey (RFC 8017 appendix A.1.2).
    pub fn from_pkcs1(der: &SecretBytes) -> Result<PrivateKey> {
        if rsa_spki(der.expose_secret()).is_none() {
            return Err(no_rsa_key(der.expose_secret()));
        }
        // version 0, rsaEncryption with NULL, and the key as an OCTET STRING
        let mut body = Zeroizing::new(vec![
            0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
            0x01, 0x01, 0x05, 0x00,
        ]);
        body.extend_from_slice(&tagged(0x04, der.expose_secret()));
        PrivateKey::from_pkcs8(SecretBytes::from(tagged(0x30, &body)))
    }

    /// Reads a DER ECPrivateKey (RFC 5915).
    pub fn from_sec1(der: &SecretBytes) -> Result<PrivateKey> {
        let failed = |_| damaged("not an EC private key");
        let key = openssl::ec::EcKey::private_key_from_der(der.expose_secret()).map_err(failed)?;
        PrivateKey::from_openssl(&PKey::from_ec_key(key).map_err(failed)?)
    }

    /// Reads a DER DSA private key as OpenSSL writes it (version, p, q, g, public and private number).
    pub fn from_dsa(der: &SecretBytes) -> Result<PrivateKey> {
        let failed = |_| damaged("not a DSA private key");
        let key = PKey::private_key_from_der(der.expose_secret()).map_err(failed)?;
        PrivateKey::from_openssl(&key)
    }

    /// Makes a new RSA key of 2048 bits, exponent 65537 (FIPS 186-4 B.3.3 sizes), its primes sought on two threads.
    pub fn generate_rsa_2048() -> Result<PrivateKey> {
        let failed = |e: ErrorStack| crypto("making the key", &e);
        PrivateKey::from_openssl(&PKey::from_rsa(rsa_2048().map_err(failed)?).map_err(failed)?)
    }

    fn from_openssl(key: &PKey<Private>) -> Result<PrivateKey> {
        let der = key
            .private_key_to_pkcs8()
            .map_err(|e| crypto("encoding the key", &e))?;
        Ok(PrivateKey {
            pkcs8: SecretBytes::new(der),
            public_key: public_half(key)?,
        })
    }

    /// Its public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The DER PrivateKeyInfo.
    pub fn pkcs8(&self) -> &SecretBytes {
        &self.pkcs8
    }

    /// The DER RSAPrivateKey; `None` where the key is no RSA key.
    pub fn pkcs1(&self) -> Option<SecretBytes> {
        let (oid, key) = pkcs8_parts(self.pkcs8.expose_secret())?;
        (oid == RSA_OID).then(|| SecretBytes::new(key.to_vec()))
    }

    /// The key as OpenSSL signs with it.
    pub(crate) fn to_openssl(&self) -> Result<PKey<Private>> {
        PKey::private_key_from_pkcs8(self.pkcs8.expose_secret())
            .map_err(|e| crypto("loading the key", &e))
    }
}

/// RFC 8017 has a version 1 for keys of more than two primes, which no push certificate is for.
fn no_rsa_key(der: &[u8]) -> Error {
    let version = Sequence::from_der(der).ok().and_then(|(_, sequence)| {
        Any::from_der(&sequence.content)
            .ok()
            .map(|(_, any)| any.data.to_vec())
    });
    match version.as_deref() {
        Some([1]) => Error::UnsupportedAlgorithm {
            what: "private key",
            algorithm: "RSA with more than two primes".to_string(),
        },
        _ => damaged("not an RSA private key"),
    }
}

/// The cause OpenSSL gives, as an error of ours.
pub(crate) fn crypto(what: &'static str, e: &ErrorStack) -> Error {
    let reason = e.errors().first().and_then(|e| e.reason());
    Error::Crypto {
        what,
        reason: reason.unwrap_or("unknown reason").to_string(),
    }
}

fn damaged(reason: &str) -> Error {
    Error::Damaged {
        what: "private key",
        reason: reason.to_string(),
    }
}

fn public_half(key: &PKey<Private>) -> Result<PublicKey> {
    let spki = key
        .public_key_to_der()
        .map_err(|e| crypto("reading the public half of the key", &e))?;
    PublicKey::from_spki_der(&spki)
}

/// The algorithm's OID and the inner key of a PrivateKeyInfo.
fn pkcs8_parts(der: &[u8]) -> Option<(String, &[u8])> {
    let (_, outer) = Any::from_der(der).ok()?;
    if outer.tag() != Tag::Sequence {
        return None;
    }
    let (rest, version) = Any::from_der(outer.data).ok()?;
    let (rest, algorithm) = Any::from_der(rest).ok()?;
    let (_, key) = Any::from_der(rest).ok()?;
    if version.tag() != Tag::Integer
        || algorithm.tag() != Tag::Sequence
        || key.tag() != Tag::OctetString
    {
        return None;
    }
    let (_, oid) = Oid::from_der(algorithm.data).ok()?;
    Some((oid.to_id_string(), key.data))
}

/// The SubjectPublicKeyInfo of an RSAPrivateKey, from its modulus and exponent.
fn rsa_spki(der: &[u8]) -> Option<Vec<u8>> {
    let (_, sequence) = Sequence::from_der(der).ok()?;
    let (rest, version) = Any::from_der(&sequence.content).ok()?;
    let (rest, modulus) = Any::from_der(rest).ok()?;
    let (rest, exponent) = Any::from_der(rest).ok()?;
    // Six more numbers belong to a whole key: d, p, q, and the three of the CRT.
    let mut rest = rest;
    for _ in 0..6 {
        let (after, number) = Any::from_der(rest).ok()?;
        if number.tag() != Tag::Integer {
            return None;
        }
        rest = after;
    }
    if [&version, &modulus, &exponent]
        .iter()
        .any(|number| number.tag() != Tag::Integer || number.data.is_empty())
        || version.data != [0]
    {
        return None;
    }
    let numbers = [tagged(0x02, modulus.data), tagged(0x02, exponent.data)].map(|z| z.to_vec());
    let mut bits = vec![0];
    bits.extend_from_slice(&tagged(0x30, &numbers.concat()));
    let mut body = vec![
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    body.extend_from_slice(&tagged(0x03, &bits));
    Some(tagged(0x30, &body).to_vec())
}

/// One DER element: tag, definite length, content.
fn tagged(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|b| *b == 0).collect();
    let mut der = Zeroizing::new(Vec::with_capacity(content.len() + 10));
    der.push(tag);
    if content.len() < 128 {
        der.push(content.len() as u8);
    } else {
        der.push(0x80 | significant.len() as u8);
        der.extend_from_slice(&significant);
    }
    der.extend_from_slice(content);
    der
}

/// FIPS 186-4 appendix B.3.3: two primes of 1024 bits whose two top bits are set, far enough apart, and e prime to both minus one.
fn rsa_2048() -> std::result::Result<Rsa<Private>, ErrorStack> {
    loop {
        let (p, q) = thread::scope(|scope| {
            let other = scope.spawn(prime_1024);
            (prime_1024(), other.join())
        });
        // A thread that panicked has no prime; OpenSSL's own generator takes over.
        let Ok(q) = q else {
            return Rsa::generate(2048);
        };
        if let Some(key) = rsa_of(p?, q?)? {
            return Ok(key);
        }
    }
}

fn prime_1024() -> std::result::Result<BigNum, ErrorStack> {
    let mut prime = BigNum::new_secure()?;
    prime.generate_prime(1024, false, None, None)?;
    Ok(prime)
}

/// The key of two primes; `None` if they do not make one.
fn rsa_of(p: BigNum, q: BigNum) -> std::result::Result<Option<Rsa<Private>>, ErrorStack> {
    let (mut p, mut q) = if p > q { (p, q) } else { (q, p) };
    p.set_const_time();
    q.set_const_time();
    let mut context = BigNumContext::new_secure()?;
    let one = BigNum::from_u32(1)?;
    let e = BigNum::from_u32(65_537)?;
    let fresh = || -> std::result::Result<BigNum, ErrorStack> {
        let mut number = BigNum::new_secure()?;
        number.set_const_time();
        Ok(number)
    };
    let (mut n, mut distance, mut p1, mut q1, mut phi) =
        (BigNum::new()?, fresh()?, fresh()?, fresh()?, fresh()?);
    distance.checked_sub(&p, &q)?;
    p1.checked_sub(&p, &one)?;
    q1.checked_sub(&q, &one)?;
    n.checked_mul(&p, &q, &mut context)?;
    phi.checked_mul(&p1, &q1, &mut context)?;
    if distance.num_bits() <= 1024 - 100 || n.num_bits() != 2048 {
        return Ok(None);
    }
    let (mut d, mut dp, mut dq, mut inverse) = (fresh()?, fresh()?, fresh()?, fresh()?);
    // No inverse: e divides p-1 or q-1.
    if d.mod_inverse(&e, &phi, &mut context).is_err() || d.num_bits() <= 1024 {
        return Ok(None);
    }
    dp.checked_rem(&d, &p1, &mut context)?;
    dq.checked_rem(&d, &q1, &mut context)?;
    inverse.mod_inverse(&q, &p, &mut context)?;
    let key = RsaPrivateKeyBuilder::new(n, e, d)?
        .set_factors(p, q)?
        .set_crt_params(dp, dq, inverse)?
        .build();
    Ok(Some(key))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_rsa_2048_and_whole() {
        for _ in 0..4 {
            let key = PrivateKey::generate_rsa_2048().unwrap();
            assert_eq!(key.public_key().describe(), "RSA-2048");
            let rsa = key.to_openssl().unwrap().rsa().unwrap();
            assert!(rsa.check_key().unwrap());
            assert_eq!(rsa.e().to_dec_str().unwrap().to_string(), "65537");
        }
    }
}
