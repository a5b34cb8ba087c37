//! The ciphers under a passphrase: their names and sizes, and decryption by OpenSSL, with its legacy provider where one needs it.

use super::crypto;
use crate::error::{Error, Result};
use openssl::cipher::Cipher as Fetched;
use openssl::cipher_ctx::CipherCtx;
use openssl::provider::Provider;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// A block cipher in CBC mode, or RC4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Rc2_40,
    Rc2_64,
    Rc2_128,
    Rc4_40,
    Rc4_128,
    Des,
    Des2,
    Des3,
    Aes128,
    Aes192,
    Aes256,
}

impl Cipher {
    /// Its name for people, OpenSSL's name, the length of its key and of its block (0 for a stream).
    pub(super) fn facts(self) -> (&'static str, &'static str, usize, usize) {
        match self {
            Cipher::Rc2_40 => ("RC2-40", "RC2-40-CBC", 5, 8),
            Cipher::Rc2_64 => ("RC2-64", "RC2-64-CBC", 8, 8),
            Cipher::Rc2_128 => ("RC2-128", "RC2-CBC", 16, 8),
            Cipher::Rc4_40 => ("RC4-40", "RC4-40", 5, 0),
            Cipher::Rc4_128 => ("RC4-128", "RC4", 16, 0),
            // DES is 3DES with one key thrice, and so needs no legacy provider
            Cipher::Des => ("DES", "DES-EDE3-CBC", 8, 8),
            Cipher::Des2 => ("3DES with 2 keys", "DES-EDE3-CBC", 16, 8),
            Cipher::Des3 => ("3DES", "DES-EDE3-CBC", 24, 8),
            Cipher::Aes128 => ("AES-128", "AES-128-CBC", 16, 16),
            Cipher::Aes192 => ("AES-192", "AES-192-CBC", 24, 16),
            Cipher::Aes256 => ("AES-256", "AES-256-CBC", 32, 16),
        }
    }

    pub(super) fn needs_provider(self) -> bool {
        use Cipher::*;
        matches!(self, Rc2_64 | Rc2_128 | Rc4_40 | Rc4_128)
    }

    /// `None` if the padding does not fit, which is what a wrong key looks like.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        data: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let (name, fetch, _, block) = self.facts();
        if self.needs_provider() {
            load_legacy_provider();
        }
        let unsupported = |_| Error::UnsupportedAlgorithm {
            what: "encryption",
            algorithm: format!("{name}, which needs OpenSSL's legacy provider"),
        };
        let cipher = Fetched::fetch(None, fetch, None).map_err(unsupported)?;
        let key: Zeroizing<Vec<u8>> = match self {
            Cipher::Des | Cipher::Des2 => {
                Zeroizing::new(key.iter().cycle().take(24).copied().collect())
            }
            _ => Zeroizing::new(key.to_vec()),
        };
        let mut out = Zeroizing::new(Vec::with_capacity(data.len() + 2 * block));
        let mut ctx = CipherCtx::new().map_err(|e| crypto("decryption", &e))?;
        ctx.decrypt_init(Some(&cipher), Some(&key), (block > 0).then_some(iv))
            .map_err(|e| crypto("decryption", &e))?;
        ctx.cipher_update_vec(data, &mut out)
            .map_err(|e| crypto("decryption", &e))?;
        Ok(ctx.cipher_final_vec(&mut out).ok().map(|_| out))
    }
}

/// Kept for the life of the process: dropping it unloads it under ciphers still in use.
fn load_legacy_provider() {
    static PROVIDER: OnceLock<Option<Provider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Provider::try_load(None, "legacy", true).ok());
}
