//! stub
use crate::error::Result;
use crate::secret::*;
pub fn decrypt_private_key_info(_der: &[u8], _p: &Passphrase) -> Result<SecretBytes> {
    Err(crate::error::Error::Locked)
}
pub fn encrypt_private_key_info(_k: &SecretBytes, _p: &Passphrase) -> Result<Vec<u8>> {
    Err(crate::error::Error::Locked)
}
