//! Bytes that are wiped when dropped and never shown: passphrases, private keys, whole key files.

use std::fmt;
use zeroize::Zeroizing;

/// What a user types to open or to protect a file. Any bytes but NUL; the empty one is one too.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the bytes over. `None` if they hold a NUL, which no library passes on whole.
    pub fn new(bytes: Vec<u8>) -> Option<Passphrase> {
        let bytes = Zeroizing::new(bytes);
        (!bytes.contains(&0)).then_some(Passphrase(bytes))
    }

    /// The empty passphrase.
    pub fn empty() -> Passphrase {
        Passphrase(Zeroizing::new(Vec::new()))
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes. The only way out.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Bytes that hold or may hold a private key.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> SecretBytes {
        SecretBytes(Zeroizing::new(bytes))
    }

    /// The bytes. The only way out.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> SecretBytes {
        SecretBytes(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}
