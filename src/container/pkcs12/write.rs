//! Writes PKCS#12 files, in a form for old importers and in a form of today.

use super::scan::scan;
use crate::container::pbe::{crypto, forms};
use crate::error::{Error, Result};
use crate::secret::{Passphrase, SecretBytes};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::stack::Stack;
use openssl::x509::X509;
use p12::{ContentInfo, MacData, PFX};

/// For whom the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Every macOS Keychain, and OpenSSL without its legacy provider: 3DES, HMAC-SHA1, 2048 iterations.
    Keychain,
    /// AES-256 and PBKDF2-HMAC-SHA256, HMAC-SHA256, 100000 iterations each.
    Modern,
}

/// A file with one identity. `leaf` and `chain` are DER, `name` becomes the friendlyName. `Usage` for an empty passphrase
/// with [`Flavor::Keychain`] (macOS and OpenSSL disagree about what it is), for one that is not UTF-8, and for a name with
/// a NUL; `Crypto` if the key does not fit the leaf.
pub fn write(
    leaf: &[u8],
    chain: &[Vec<u8>],
    key_pkcs8: &SecretBytes,
    passphrase: &Passphrase,
    name: Option<&str>,
    flavor: Flavor,
) -> Result<SecretBytes> {
    if flavor == Flavor::Keychain && passphrase.is_empty() {
        return Err(usage("a file for Keychain needs a passphrase"));
    }
    let password = std::str::from_utf8(passphrase.expose_secret())
        .map_err(|_| usage("the passphrase of a PKCS#12 file must be UTF-8"))?;
    // openssl's builder panics on a NUL in either
    if password.contains('\0') || name.is_some_and(|name| name.contains('\0')) {
        return Err(usage("a name or passphrase cannot hold a NUL"));
    }
    let build = || -> std::result::Result<Vec<u8>, ErrorStack> {
        let leaf = X509::from_der(leaf)?;
        let key = PKey::private_key_from_pkcs8(key_pkcs8.expose_secret())?;
        let mut others = Stack::new()?;
        for der in chain {
            others.push(X509::from_der(der)?)?;
        }
        let (cipher, hash, iterations) = match flavor {
            Flavor::Keychain => (
                Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC,
                MessageDigest::sha1(),
                2048,
            ),
            Flavor::Modern => (Nid::AES_256_CBC, MessageDigest::sha256(), 100_000),
        };
        let mut builder = Pkcs12::builder();
        builder
            .pkey(&key)
            .cert(&leaf)
            .key_algorithm(cipher)
            .cert_algorithm(cipher)
            .key_iter(iterations)
            .mac_iter(iterations)
            .mac_md(hash);
        if !chain.is_empty() {
            builder.ca(others);
        }
        if let Some(name) = name {
            builder.name(name);
        }
        builder.build2(password)?.to_der()
    };
    let file = build().map_err(|e| crypto("writing PKCS#12", &e))?;
    match flavor {
        Flavor::Keychain => with_short_salt(&file, passphrase),
        Flavor::Modern => Ok(SecretBytes::new(file)),
    }
}

/// The same file under a MAC with a salt of 8 bytes: OpenSSL 3.6 takes 16, and some macOS refuse that.
fn with_short_salt(file: &[u8], passphrase: &Passphrase) -> Result<SecretBytes> {
    let scanned = scan(file)?;
    let authenticated = scanned.authenticated.expose_secret();
    let form = forms(passphrase).into_iter().next();
    let form = form.ok_or_else(|| usage("a file for Keychain needs a passphrase"))?;
    // p12's own: HMAC-SHA1, 8 bytes of salt, 2048 iterations
    let mac = MacData::new(authenticated, &form.bmp);
    let pfx = PFX {
        version: 3,
        auth_safe: ContentInfo::Data(authenticated.to_vec()),
        mac_data: Some(mac),
    };
    Ok(SecretBytes::new(pfx.to_der()))
}

fn usage(reason: &str) -> Error {
    Error::Usage {
        reason: reason.to_owned(),
    }
}
