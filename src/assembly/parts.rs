//! Every leaf, CA certificate and key among the inputs, each once with all its sources.

use crate::certificate::Certificate;
use crate::container::Protection;
use crate::inputs::Input;
use crate::private_key::PrivateKey;

/// A certificate and every file it stands in.
#[derive(Clone, Debug)]
pub struct LeafPart {
    /// The certificate.
    pub certificate: Certificate,
    /// Indexes into the inputs.
    pub sources: Vec<usize>,
}

/// A private key and every file it stands in.
#[derive(Clone, Debug)]
pub struct KeyPart {
    /// The key.
    pub key: PrivateKey,
    /// Indexes into the inputs.
    pub sources: Vec<usize>,
    /// How it was kept; of two copies the encrypted one counts.
    pub protection: Protection,
}

/// Every leaf, CA certificate and key among the inputs, each once.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Parts {
    pub leaves: Vec<LeafPart>,
    pub authorities: Vec<LeafPart>,
    pub keys: Vec<KeyPart>,
}

impl Parts {
    /// Collects the parts of the inputs that could be read.
    pub fn of(inputs: &[Input]) -> Parts {
        let mut parts = Parts::default();
        for (index, input) in inputs.iter().enumerate() {
            let Some(contents) = input.contents() else {
                continue;
            };
            for part in &contents.keys {
                parts.add_key(&part.key, &part.protection, index);
            }
        }
        for (index, input) in inputs.iter().enumerate() {
            for part in input
                .contents()
                .iter()
                .flat_map(|contents| &contents.certificates)
            {
                parts.add_certificate(&part.certificate, index);
            }
        }
        parts
    }

    fn add_key(&mut self, key: &PrivateKey, protection: &Protection, source: usize) {
        let spki = key.public_key().spki_sha256;
        match self
            .keys
            .iter_mut()
            .find(|known| known.key.public_key().spki_sha256 == spki)
        {
            Some(known) => {
                known.sources.push(source);
                if matches!(protection, Protection::Encrypted(_))
                    || (*protection == Protection::Plain && known.protection == Protection::Pkcs12)
                {
                    known.protection = protection.clone();
                }
            }
            None => self.keys.push(KeyPart {
                key: key.clone(),
                sources: vec![source],
                protection: protection.clone(),
            }),
        }
    }

    fn add_certificate(&mut self, certificate: &Certificate, source: usize) {
        let is_leaf = !certificate.is_ca || self.key_for(certificate).is_some();
        let list = if is_leaf {
            &mut self.leaves
        } else {
            &mut self.authorities
        };
        match list
            .iter_mut()
            .find(|known| known.certificate == *certificate)
        {
            Some(known) => known.sources.push(source),
            None => list.push(LeafPart {
                certificate: certificate.clone(),
                sources: vec![source],
            }),
        }
    }

    /// Whether any certificate and key pair.
    pub fn has_identity(&self) -> bool {
        self.leaves
            .iter()
            .any(|leaf| self.key_for(&leaf.certificate).is_some())
    }

    /// The key that fits a certificate.
    pub fn key_for(&self, certificate: &Certificate) -> Option<&KeyPart> {
        self.keys
            .iter()
            .find(|part| part.key.public_key().spki_sha256 == certificate.public_key.spki_sha256)
    }
}
