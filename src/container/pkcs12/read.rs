//! Opens a scanned PKCS#12 file with a passphrase: the MAC first, then every bag. What was seen is returned, named, or an error.

use super::WHAT;
use super::bag::{self, Item, Kind};
use super::scan::{Part, Scan};
use crate::container::pbe::{Budget, Form, Pbe, forms, is_private_key_info};
use crate::error::{Error, Result};
use crate::secret::{Passphrase, SecretBytes};
use zeroize::Zeroizing;

/// Everything in a PKCS#12 file, in the file's order.
#[derive(Debug, Default)]
pub struct Bags {
    /// X.509 certificates, DER.
    pub certificates: Vec<Bag<Vec<u8>>>,
    /// Private keys, PKCS#8 DER.
    pub keys: Vec<Bag<SecretBytes>>,
    /// What is neither, by its name, once for each.
    pub skipped: Vec<String>,
    /// Whether RC2, RC4 or DES protects any of it: OpenSSL 3 reads such a file with its legacy provider only.
    pub legacy: bool,
    /// Whether a key stood in the file without encryption.
    pub key_was_plain: bool,
}

/// A certificate or key with the attributes that the file gives it.
#[derive(Debug)]
pub struct Bag<T> {
    /// The certificate or key itself.
    pub value: T,
    /// A label for people. A key and its certificate may have different ones.
    pub friendly_name: Option<String>,
    /// Ties a key to its certificate, in files whose maker cared.
    pub local_key_id: Option<Vec<u8>>,
}

impl Scan {
    /// Reads all bags. Errors: `WrongPassphrase`, `Damaged`, `UnsupportedAlgorithm`, and `OverBudget` for what only decrypting shows.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Bags> {
        let mut failure = Error::WrongPassphrase;
        for form in forms(passphrase) {
            let mut budget = Budget::new();
            self.charge(&mut budget)?;
            let proven = match &self.mac {
                Some(mac) if !mac.verify(self.authenticated.expose_secret(), &form)? => continue,
                mac => mac.is_some(),
            };
            let mut opening = Opening {
                form: &form,
                budget,
                proven,
                seen: 0,
                bags: Bags::default(),
            };
            match self.parts.iter().try_for_each(|part| opening.part(part)) {
                Ok(()) => return Ok(opening.bags),
                Err(Error::WrongPassphrase) => {}
                // a file may take one part's key from the raw bytes and another's from a form
                Err(error @ Error::Damaged { .. }) => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }
}

struct Opening<'a> {
    form: &'a Form,
    budget: Budget,
    /// Whether the MAC, or a first decryption, has shown that the passphrase is right.
    proven: bool,
    seen: usize,
    bags: Bags,
}

impl Opening<'_> {
    fn part(&mut self, part: &Part) -> Result<()> {
        match part {
            Part::Plain(items) => {
                self.seen += items.len();
                items.iter().try_for_each(|item| {
                    self.bags.key_was_plain |= matches!(item.kind, Kind::Key(_));
                    self.item(item)
                })
            }
            Part::Encrypted { pbe, data } => {
                let plain = self.decrypt(pbe, data, "certificates")?;
                // without a MAC, a wrong key passes the padding once in 256 times and is found out here
                let items = match bag::parse(&plain, &mut self.seen) {
                    Err(Error::Damaged { .. }) if !self.proven => {
                        return Err(Error::WrongPassphrase);
                    }
                    parsed => parsed?,
                };
                self.proven = true;
                for item in &items {
                    if let Kind::Shrouded { pbe, .. } = &item.kind {
                        pbe.charge(&mut self.budget, "encryption inside the encryption")?;
                    }
                }
                items.iter().try_for_each(|item| self.item(item))
            }
        }
    }

    fn item(&mut self, item: &Item) -> Result<()> {
        match &item.kind {
            Kind::Certificate(der) => self.bags.certificates.push(item.bag(der.clone())),
            Kind::Key(key) if is_private_key_info(key.expose_secret()) => {
                self.bags.keys.push(item.bag(key.clone()));
            }
            Kind::Key(_) => return Err(damaged("a key bag without a key".to_owned())),
            Kind::Shrouded { pbe, data } => {
                let plain = self.decrypt(pbe, data, "key")?;
                if !is_private_key_info(&plain) {
                    return Err(self.misfit("key"));
                }
                self.proven = true;
                self.bags.keys.push(item.bag(SecretBytes::from(plain)));
            }
            Kind::Other(name) => self.bags.skipped.push(name.clone()),
        }
        Ok(())
    }

    fn decrypt(&mut self, pbe: &Pbe, data: &[u8], part: &str) -> Result<Zeroizing<Vec<u8>>> {
        self.bags.legacy |= pbe.is_legacy();
        let plain = pbe.decrypt(data, self.form)?;
        plain.ok_or_else(|| self.misfit(part))
    }

    fn misfit(&self, part: &str) -> Error {
        if self.proven {
            damaged(format!(
                "the passphrase fits the file, but not its encrypted {part}"
            ))
        } else {
            Error::WrongPassphrase
        }
    }
}

impl Item {
    fn bag<T>(&self, value: T) -> Bag<T> {
        Bag {
            value,
            friendly_name: self.friendly_name.clone(),
            local_key_id: self.local_key_id.clone(),
        }
    }
}

fn damaged(reason: String) -> Error {
    Error::Damaged { what: WHAT, reason }
}
