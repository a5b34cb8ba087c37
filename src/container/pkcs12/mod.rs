//! stub
use crate::error::Result;
use crate::secret::*;
#[derive(Debug)]
pub struct Scan;
pub fn scan(_b: &[u8]) -> Result<Scan> {
    Err(crate::error::Error::Locked)
}
#[derive(Debug)]
pub struct Bag<T> {
    pub value: T,
    pub friendly_name: Option<String>,
    pub local_key_id: Option<Vec<u8>>,
}
#[derive(Debug)]
pub struct Bags {
    pub certificates: Vec<Bag<Vec<u8>>>,
    pub keys: Vec<Bag<SecretBytes>>,
    pub skipped: Vec<String>,
    pub legacy: bool,
    pub key_was_plain: bool,
}
impl Scan {
    pub fn describe(&self) -> String {
        String::new()
    }
    pub fn is_legacy(&self) -> bool {
        false
    }
    pub fn trailing(&self) -> usize {
        0
    }
    pub fn open(&self, _p: &Passphrase) -> Result<Bags> {
        Err(crate::error::Error::Locked)
    }
}
pub enum Flavor {
    Keychain,
    Modern,
}
pub fn write(
    _l: &[u8],
    _c: &[Vec<u8>],
    _k: &SecretBytes,
    _p: &Passphrase,
    _n: Option<&str>,
    _f: Flavor,
) -> Result<SecretBytes> {
    Err(crate::error::Error::Locked)
}
