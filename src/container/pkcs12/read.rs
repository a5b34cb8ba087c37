//! Opens a scanned PKCS#12 with a passphrase: the MAC first, then every bag. What is seen and not returned is an error or is named.

use super::scan::{Mac, MacKind, Safe, Scan, damaged};
use crate::container::ber::{self, Reader};
use crate::container::kdf::{self, Purpose};
use crate::container::pbe::{self, BUDGET, Scheme};
use crate::error::{Error, Result};
use crate::secret::{Passphrase, SecretBytes};
use openssl::memcmp;

/// How deep bags may hold bags.
const DEPTH: usize = 4;
/// How many bags a file may hold.
const MOST_BAGS: usize = 10_000;

/// One bag with its attributes.
#[derive(Debug)]
pub struct Bag<T> {
    /// A DER certificate, or a DER PrivateKeyInfo.
    pub value: T,
    /// What the exporter called it; not a name to pair by.
    pub friendly_name: Option<String>,
}

/// Everything in a PKCS#12.
#[derive(Debug, Default)]
pub struct Bags {
    /// Certificates, in the file's order.
    pub certificates: Vec<Bag<Vec<u8>>>,
    /// Private keys, in the file's order.
    pub keys: Vec<Bag<SecretBytes>>,
    /// Bags of kinds that are not read here, named.
    pub skipped: Vec<String>,
    /// Whether OpenSSL 3 needs its legacy provider for a part.
    pub legacy: bool,
    seen: usize,
    cost: u64,
}

impl Scan {
    /// Opens every part. Of the empty passphrase both forms are tried.
    ///
    /// # Errors
    /// `wrong-passphrase`, `unsupported-algorithm`, `damaged`, `over-budget`.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Bags> {
        for form in kdf::pkcs12_forms(passphrase) {
            if let Some(mac) = &self.mac
                && !mac.verify(&self.auth_safe, passphrase, &form)?
            {
                continue;
            }
            match self.bags(passphrase, &form) {
                // Without a MAC only the padding tells a wrong passphrase.
                Err(Error::WrongPassphrase) if self.mac.is_none() => {}
                Err(Error::WrongPassphrase) => {
                    return Err(damaged("a part does not decrypt though the MAC fits"));
                }
                other => return other,
            }
        }
        Err(Error::WrongPassphrase)
    }

    fn bags(&self, passphrase: &Passphrase, form: &[u8]) -> Result<Bags> {
        let mut bags = Bags {
            cost: self.cost(),
            ..Bags::default()
        };
        for safe in &self.safes {
            match safe {
                Safe::Plain(contents) => bags.add(contents, passphrase, form, DEPTH)?,
                Safe::Encrypted { scheme, ciphertext } => {
                    bags.legacy |= scheme.is_legacy();
                    let plain = scheme.decrypt(ciphertext, passphrase, form)?;
                    let opened = bags.add(plain.expose_secret(), passphrase, form, DEPTH);
                    // Good padding by chance is no good structure.
                    match opened {
                        Err(Error::Damaged { .. }) if self.mac.is_none() => {
                            return Err(Error::WrongPassphrase);
                        }
                        other => other?,
                    }
                }
            }
        }
        Ok(bags)
    }
}

impl Mac {
    fn verify(&self, data: &[u8], passphrase: &Passphrase, form: &[u8]) -> Result<bool> {
        let key = match &self.kind {
            MacKind::Classic => kdf::pkcs12(
                self.hash,
                form,
                &self.salt,
                self.iterations,
                Purpose::Mac,
                self.hash.size(),
            )?,
            MacKind::Pbmac1 { derivation, length } => kdf::pbkdf2(
                *derivation,
                passphrase.expose_secret(),
                &self.salt,
                self.iterations,
                *length,
            )?,
        };
        let digest = kdf::hmac(self.hash, &key, data)?;
        Ok(digest.len() == self.digest.len() && memcmp::eq(&digest, &self.digest))
    }
}

impl Bags {
    /// Adds the bags of one SafeContents.
    fn add(
        &mut self,
        contents: &[u8],
        passphrase: &Passphrase,
        form: &[u8],
        depth: usize,
    ) -> Result<()> {
        let broken = || damaged("a bag is broken");
        let (der, _) = ber::normalise(contents).ok_or_else(broken)?;
        let der = SecretBytes::new(der);
        let mut list = Reader::new(der.expose_secret())
            .sequence()
            .ok_or_else(broken)?;
        while !list.is_empty() {
            self.seen += 1;
            if self.seen > MOST_BAGS {
                return Err(Error::OverBudget {
                    what: format!("more than {MOST_BAGS} bags"),
                });
            }
            let mut bag = list.sequence().ok_or_else(broken)?;
            let kind = bag.oid().ok_or_else(broken)?;
            let value = bag.expect(0xa0).ok_or_else(broken)?;
            let friendly_name = friendly_name(&mut bag);
            match kind.strip_prefix("1.2.840.113549.1.12.10.1.") {
                Some("1") => self.keys.push(Bag {
                    value: SecretBytes::new(value.to_vec()),
                    friendly_name,
                }),
                Some("2") => {
                    let value = self.unshroud(value, passphrase, form)?;
                    self.keys.push(Bag {
                        value,
                        friendly_name,
                    });
                }
                Some("3") => self.add_certificate(value, friendly_name)?,
                Some("4") => self.skipped.push("a revocation list".to_string()),
                Some("5") => self.skipped.push("a secret".to_string()),
                Some("6") => {
                    let depth = depth.checked_sub(1).ok_or(Error::OverBudget {
                        what: "bags in bags too deep".to_string(),
                    })?;
                    self.add(value, passphrase, form, depth)?;
                }
                _ => self.skipped.push(format!("a bag of type {kind}")),
            }
        }
        Ok(())
    }

    fn unshroud(
        &mut self,
        value: &[u8],
        passphrase: &Passphrase,
        form: &[u8],
    ) -> Result<SecretBytes> {
        let (scheme, ciphertext) = shrouded(value)?;
        self.legacy |= scheme.is_legacy();
        self.cost = self.cost.saturating_add(scheme.cost());
        if self.cost > BUDGET {
            return Err(pbe::over_budget(self.cost));
        }
        let plain = scheme.decrypt(ciphertext, passphrase, form)?;
        match pbe::is_private_key_info(plain.expose_secret()) {
            true => Ok(plain),
            false => Err(Error::WrongPassphrase),
        }
    }

    fn add_certificate(&mut self, value: &[u8], friendly_name: Option<String>) -> Result<()> {
        let broken = || damaged("a certificate bag is broken");
        let mut bag = Reader::new(value).sequence().ok_or_else(broken)?;
        match bag.oid().as_deref() {
            Some("1.2.840.113549.1.9.22.1") => {
                let der = Reader::new(bag.expect(0xa0).ok_or_else(broken)?)
                    .expect(0x04)
                    .ok_or_else(broken)?;
                self.certificates.push(Bag {
                    value: der.to_vec(),
                    friendly_name,
                });
            }
            _ => self.skipped.push("an SDSI certificate".to_string()),
        }
        Ok(())
    }
}

fn shrouded(value: &[u8]) -> Result<(Scheme, &[u8])> {
    let broken = || damaged("an encrypted key is broken");
    let mut info = Reader::new(value).sequence().ok_or_else(broken)?;
    let scheme = Scheme::parse(&mut info.sequence().ok_or_else(broken)?)?;
    let ciphertext = info.expect(0x04).ok_or_else(broken)?;
    Ok((scheme, ciphertext))
}

/// The friendlyName attribute, a BMPString. Keychain ends some with a NUL.
fn friendly_name(bag: &mut Reader) -> Option<String> {
    let mut attributes = Reader::new(bag.expect(0x31)?);
    while let Some(mut attribute) = attributes.sequence() {
        if attribute.oid().as_deref() == Some("1.2.840.113549.1.9.20") {
            let text = Reader::new(attribute.expect(0x31)?).expect(0x1e)?;
            let units: Vec<u16> = text
                .chunks_exact(2)
                .map(|pair| {
                    pair.iter()
                        .fold(0, |sum, byte| (sum << 8) | u16::from(*byte))
                })
                .collect();
            return Some(
                String::from_utf16_lossy(&units)
                    .trim_end_matches('\0')
                    .to_string(),
            );
        }
    }
    None
}

/// The ciphers of the keys that stand in a part which is not encrypted itself.
pub(super) fn visible_ciphers(contents: &[u8]) -> Vec<&'static str> {
    let mut names = Vec::new();
    let Some((der, _)) = ber::normalise(contents) else {
        return names;
    };
    let Some(mut list) = Reader::new(&der).sequence() else {
        return names;
    };
    while let Some(mut bag) = list.sequence() {
        let is_shrouded = bag.oid().as_deref() == Some("1.2.840.113549.1.12.10.1.2");
        if let (true, Some(value)) = (is_shrouded, bag.expect(0xa0))
            && let Ok((scheme, _)) = shrouded(value)
        {
            names.push(scheme.name());
        }
    }
    names
}
