//! Writes a PKCS#12 with one identity, by OpenSSL.

use crate::error::{Error, Result};
use crate::private_key::crypto;
use crate::secret::{Passphrase, SecretBytes};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::stack::Stack;
use openssl::x509::X509;

/// For whom the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Any macOS: 3DES for key and certificates, SHA-1 MAC, 8-byte salts, 2048 iterations.
    Keychain,
    /// Everything else: AES-256, PBKDF2-HMAC-SHA256, SHA-256 MAC, 100,000 iterations each.
    Modern,
}

/// Writes leaf (DER), chain (DER) and key (DER PrivateKeyInfo).
///
/// # Errors
/// `usage` for a passphrase or name that the form cannot hold.
pub fn write(
    leaf: &[u8],
    chain: &[Vec<u8>],
    key: &SecretBytes,
    passphrase: &Passphrase,
    name: Option<&str>,
    flavor: Flavor,
) -> Result<SecretBytes> {
    let usage = |reason: &str| Error::Usage {
        reason: reason.to_string(),
    };
    if flavor == Flavor::Keychain && passphrase.is_empty() {
        return Err(usage(
            "a PKCS#12 for Keychain needs a passphrase that is not empty",
        ));
    }
    let text = std::str::from_utf8(passphrase.expose_secret())
        .map_err(|_| usage("the passphrase of a PKCS#12 is UTF-8 text"))?;
    // The openssl crate panics on a NUL in a name; Passphrase refuses one by itself.
    let name = name.unwrap_or("push").replace('\0', "");
    let build = || {
        let key = PKey::private_key_from_pkcs8(key.expose_secret())?;
        let certificate = X509::from_der(leaf)?;
        let mut authorities = Stack::new()?;
        for der in chain {
            authorities.push(X509::from_der(der)?)?;
        }
        let mut builder = Pkcs12::builder();
        builder
            .name(&name)
            .pkey(&key)
            .cert(&certificate)
            .ca(authorities);
        match flavor {
            Flavor::Keychain => builder
                .key_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
                .cert_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
                .mac_md(MessageDigest::sha1())
                .key_iter(2048)
                .mac_iter(2048),
            Flavor::Modern => builder
                .key_algorithm(Nid::AES_256_CBC)
                .cert_algorithm(Nid::AES_256_CBC)
                .mac_md(MessageDigest::sha256())
                .key_iter(100_000)
                .mac_iter(100_000),
        };
        builder.build2(text)?.to_der()
    };
    build()
        .map(SecretBytes::new)
        .map_err(|e| crypto("writing the PKCS#12", &e))
}
