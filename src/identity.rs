//! A leaf, its chain and the key that fits. An [`Identity`] that exists is correct.

use crate::certificate::Certificate;
use crate::issuer::is_signed_by;
use crate::private_key::PrivateKey;

/// A certificate with the private key that has the same public half, and the certificates between it and its root.
#[derive(Clone, Debug)]
pub struct Identity {
    leaf: Certificate,
    chain: Vec<Certificate>,
    key: PrivateKey,
}

impl Identity {
    /// Joins a leaf and a key. `None` if the key does not fit.
    pub fn new(leaf: Certificate, key: PrivateKey) -> Option<Identity> {
        (leaf.public_key.spki_sha256 == key.public_key().spki_sha256).then_some(Identity {
            leaf,
            chain: Vec::new(),
            key,
        })
    }

    /// The same with the chain that the candidates make up.
    pub fn with_chain_from(mut self, candidates: &[Certificate]) -> Identity {
        self.chain = chain_of(&self.leaf, candidates);
        self
    }

    /// The end-entity certificate.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The intermediates, the leaf's issuer first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }
}

/// The intermediates of a leaf among the candidates, each proven by its signature on the one before. Roots are the peer's own.
pub fn chain_of(leaf: &Certificate, candidates: &[Certificate]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    let mut tip = leaf;
    while let Some(next) = candidates.iter().find(|candidate| {
        candidate.is_ca
            && candidate.subject_der == tip.issuer_der
            && !chain.contains(candidate)
            && !candidate.is_self_issued()
            && is_signed_by(tip, candidate)
    }) {
        chain.push(next.clone());
        tip = next;
    }
    chain
}
