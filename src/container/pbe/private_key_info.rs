//! EncryptedPrivateKeyInfo (RFC 5958): a PKCS#8 key under a passphrase, read and written.

use super::kdf::{Budget, forms, pbkdf2};
use super::{Hash, Pbe, crypto};
use crate::container::ber::{self, tag};
use crate::error::{Error, Result};
use crate::secret::{Passphrase, SecretBytes};
use openssl::rand::rand_bytes;
use openssl::symm;
use yasna::models::ObjectIdentifier;
use zeroize::Zeroizing;

const WHAT: &str = "encrypted private key";
const ITERATIONS: u32 = 600_000;

/// The PKCS#8 DER inside. Errors: `WrongPassphrase`, `UnsupportedAlgorithm`, `OverBudget`, `Damaged`.
pub fn decrypt_private_key_info(der: &[u8], passphrase: &Passphrase) -> Result<SecretBytes> {
    let (pbe, data) = parse(der)?;
    for form in forms(passphrase) {
        pbe.charge(&mut Budget::new(), "key encryption")?;
        if let Some(plain) = pbe.decrypt(&data, &form)?
            && is_private_key_info(&plain)
        {
            return Ok(SecretBytes::from(plain));
        }
        if !pbe.depends_on_form() {
            break;
        }
    }
    Err(Error::WrongPassphrase)
}

/// How the key is encrypted: "PBES2, AES-256, PBKDF2-HMAC-SHA256 with 600000 iterations".
pub fn describe_private_key_info(der: &[u8]) -> Result<String> {
    Ok(parse(der)?.0.describe())
}

/// Whether OpenSSL 3 reads it with its legacy provider only.
pub fn is_legacy_private_key_info(der: &[u8]) -> Result<bool> {
    Ok(parse(der)?.0.is_legacy())
}

/// EncryptedPrivateKeyInfo in DER: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, 600000 iterations, a random salt of 16 bytes.
pub fn encrypt_private_key_info(pkcs8: &SecretBytes, passphrase: &Passphrase) -> Result<Vec<u8>> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand_bytes(&mut salt).map_err(|e| crypto("random numbers", &e))?;
    rand_bytes(&mut iv).map_err(|e| crypto("random numbers", &e))?;
    let key = pbkdf2(
        Hash::Sha256,
        passphrase.expose_secret(),
        &salt,
        ITERATIONS.into(),
        32,
    )?;
    let data = symm::encrypt(
        symm::Cipher::aes_256_cbc(),
        &key,
        Some(&iv),
        pkcs8.expose_secret(),
    )
    .map_err(|e| crypto("encrypting the private key", &e))?;
    let oid = ObjectIdentifier::from_slice;
    Ok(yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 13]));
                w.next().write_sequence(|w| {
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 12]));
                        w.next().write_sequence(|w| {
                            w.next().write_bytes(&salt);
                            w.next().write_u32(ITERATIONS);
                            w.next().write_sequence(|w| {
                                w.next().write_oid(&oid(&[1, 2, 840, 113549, 2, 9]));
                                w.next().write_null();
                            });
                        });
                    });
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&oid(&[2, 16, 840, 1, 101, 3, 4, 1, 42]));
                        w.next().write_bytes(&iv);
                    });
                });
            });
            w.next().write_bytes(&data);
        });
    }))
}

/// Whether this is the outline of a PKCS#8 key and nothing more.
pub(crate) fn is_private_key_info(bytes: &[u8]) -> bool {
    let outline = || -> Result<bool> {
        let node = ber::parse_whole(bytes, WHAT)?;
        let mut fields = node.fields(tag::SEQUENCE, "a key")?;
        fields.required("the version")?.unsigned("the version")?;
        let mut algorithm = fields
            .required("the algorithm")?
            .fields(tag::SEQUENCE, "the algorithm")?;
        algorithm.required("the algorithm's identifier")?.oid()?;
        Ok(!fields
            .required("the key")?
            .octet_string("the key")?
            .is_empty())
    };
    outline().unwrap_or(false)
}

fn parse(der: &[u8]) -> Result<(Pbe, Zeroizing<Vec<u8>>)> {
    let (node, _) = ber::parse(der, WHAT)?;
    let mut fields = node.fields(tag::SEQUENCE, "an encrypted key")?;
    let pbe = Pbe::parse(fields.required("the algorithm")?, "key encryption")?;
    let data = fields
        .required("the encrypted key")?
        .octet_string("the encrypted key")?;
    Ok((pbe, data))
}
