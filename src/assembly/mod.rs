//! Opened inputs and wishes to one identity: which parts fit, which identity wins, what is left out and why. Pure.

mod left_out;
mod parts;
mod refusal;

pub use parts::{KeyPart, LeafPart, Parts};

use crate::apple::Environment;
use crate::certificate::Certificate;
use crate::container::{Format, Protection};
use crate::finding::Finding;
use crate::identity::Identity;
use crate::inputs::Input;
use crate::issuer::Issuer;

/// What narrows the choice.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Only identities that may push to this topic.
    pub topic: Option<String>,
    /// Only identities that serve this environment.
    pub environment: Option<Environment>,
    /// Only the certificate whose SHA-256 begins so; takes one that is not for push as well.
    pub certificate: Option<String>,
}

/// Which intermediates join the leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chain {
    /// Those in PEM and DER files named on the command line.
    #[default]
    Named,
    /// Those from everywhere among the inputs.
    Everything,
    /// Those from everywhere, and the issuer's if it is one of Apple's.
    All,
    /// None.
    None,
}

/// An identity with the files that its parts came from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Leaf, chain and key.
    pub identity: Identity,
    /// Where the leaf stands; indexes into the inputs.
    pub leaf_sources: Vec<usize>,
    /// Where the key stands.
    pub key_sources: Vec<usize>,
    /// How the key was kept.
    pub protection: Protection,
    /// What is not used, with the reason: index into the inputs, sentence.
    pub left_out: Vec<(usize, String)>,
    /// What named files have no use: these refuse the merge.
    pub unused: Vec<Finding>,
    /// Whether it won over others that expire earlier.
    pub latest_of: usize,
}

/// What the inputs and the wishes amount to.
#[derive(Clone, Debug)]
pub enum Assembly {
    /// One identity.
    Chosen(Box<Choice>),
    /// Several that differ in topics or environments, or expire in the same instant; each certificate chooses its identity.
    Ambiguous(Vec<Certificate>),
    /// None, and why.
    Refused(Vec<Finding>),
}

/// Finds the identity that the wishes ask for.
pub fn assemble(inputs: &[Input], wishes: &Wishes, chain: Chain) -> Assembly {
    let parts = Parts::of(inputs);
    let identities: Vec<&LeafPart> = parts
        .leaves
        .iter()
        .filter(|leaf| parts.key_for(&leaf.certificate).is_some())
        .collect();
    if identities.is_empty() {
        return Assembly::Refused(refusal::nothing_fits(inputs, &parts));
    }
    let wanted: Vec<&LeafPart> = identities
        .iter()
        .copied()
        .filter(|leaf| wishes.admit(&leaf.certificate))
        .collect();
    let winners = latest_of_each(&wanted);
    match winners.as_slice() {
        [] => Assembly::Refused(refusal::none_wanted(inputs, &identities, wishes)),
        [winner] => choose(inputs, &parts, winner, wanted.len(), chain),
        several => Assembly::Ambiguous(
            several
                .iter()
                .map(|leaf| leaf.certificate.clone())
                .collect(),
        ),
    }
}

impl Wishes {
    fn admit(&self, certificate: &Certificate) -> bool {
        let named = self.certificate.as_ref().map(|prefix| {
            certificate
                .sha256
                .to_string()
                .starts_with(&prefix.to_lowercase())
        });
        let topic = self
            .topic
            .as_ref()
            .is_none_or(|topic| certificate.topics.iter().any(|t| t.name == *topic));
        let environment = self
            .environment
            .is_none_or(|environment| certificate.environments.contains(&environment));
        named.unwrap_or(certificate.kind.is_push()) && topic && environment
    }
}

/// Of identities with the same topics and environments the one that expires last; those that expire in the same instant are all left.
fn latest_of_each<'a>(wanted: &[&'a LeafPart]) -> Vec<&'a LeafPart> {
    let is_outlived = |leaf: &LeafPart| {
        wanted.iter().any(|other| {
            other.certificate.not_after > leaf.certificate.not_after
                && same_purpose(&other.certificate, &leaf.certificate)
        })
    };
    wanted
        .iter()
        .copied()
        .filter(|leaf| !is_outlived(leaf))
        .collect()
}

fn same_purpose(a: &Certificate, b: &Certificate) -> bool {
    let sorted = |certificate: &Certificate| {
        let mut names: Vec<String> = certificate.topics.iter().map(|t| t.name.clone()).collect();
        names.sort();
        names
    };
    sorted(a) == sorted(b) && a.environments == b.environments && (a.kind.is_push() || a == b)
}

fn choose(
    inputs: &[Input],
    parts: &Parts,
    leaf: &LeafPart,
    among: usize,
    chain: Chain,
) -> Assembly {
    let Some(key) = parts.key_for(&leaf.certificate) else {
        return Assembly::Refused(Vec::new());
    };
    let Some(identity) = Identity::new(leaf.certificate.clone(), key.key.clone()) else {
        return Assembly::Refused(Vec::new());
    };
    let identity =
        identity.with_chain_from(&chain_candidates(inputs, parts, &leaf.certificate, chain));
    let mut choice = Choice {
        identity,
        leaf_sources: leaf.sources.clone(),
        key_sources: key.sources.clone(),
        protection: key.protection.clone(),
        left_out: Vec::new(),
        unused: Vec::new(),
        latest_of: among,
    };
    for (index, input) in inputs.iter().enumerate() {
        left_out::account_for(&mut choice, parts, index, input, chain);
    }
    Assembly::Chosen(Box::new(choice))
}

fn chain_candidates(
    inputs: &[Input],
    parts: &Parts,
    leaf: &Certificate,
    chain: Chain,
) -> Vec<Certificate> {
    let in_named_file = |part: &&LeafPart| {
        part.sources
            .iter()
            .filter_map(|index| inputs.get(*index))
            .any(|input| {
                input.named
                    && input.contents().is_some_and(|contents| {
                        !matches!(contents.format, Format::Pkcs12 | Format::Pkcs7)
                    })
            })
    };
    let all = parts.authorities.iter();
    match chain {
        Chain::None => Vec::new(),
        Chain::Named => all
            .filter(in_named_file)
            .map(|part| part.certificate.clone())
            .collect(),
        Chain::Everything => all.map(|part| part.certificate.clone()).collect(),
        Chain::All => all
            .map(|part| part.certificate.clone())
            .chain(Issuer::of(leaf).certificate())
            .collect(),
    }
}
