//! Opened inputs and wishes to one identity: which parts fit, which identity wins, what is left out and why. Pure.

use crate::apple::Environment;
use crate::certificate::Certificate;
use crate::container::{Format, Protection};
use crate::finding::{Finding, Severity, id};
use crate::identity::Identity;
use crate::inputs::{Input, State};
use crate::issuer::Issuer;
use crate::private_key::PrivateKey;

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

    /// The key that fits a certificate.
    pub fn key_for(&self, certificate: &Certificate) -> Option<&KeyPart> {
        self.keys
            .iter()
            .find(|part| part.key.public_key().spki_sha256 == certificate.public_key.spki_sha256)
    }
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
    /// Several that differ in topics or environments; each certificate chooses its identity.
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
        return Assembly::Refused(nothing_fits(inputs, &parts));
    }
    let wanted: Vec<&LeafPart> = identities
        .iter()
        .copied()
        .filter(|leaf| wishes.admit(&leaf.certificate))
        .collect();
    let winners = latest_of_each(&wanted);
    match winners.as_slice() {
        [] => Assembly::Refused(none_wanted(inputs, &identities, wishes)),
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

/// Of identities with the same topics and environments the one that expires last.
fn latest_of_each<'a>(wanted: &[&'a LeafPart]) -> Vec<&'a LeafPart> {
    let mut winners: Vec<&LeafPart> = Vec::new();
    for leaf in wanted {
        match winners
            .iter_mut()
            .find(|winner| same_purpose(&winner.certificate, &leaf.certificate))
        {
            Some(winner) if winner.certificate.not_after < leaf.certificate.not_after => {
                *winner = leaf
            }
            Some(_) => {}
            None => winners.push(leaf),
        }
    }
    winners
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
        account_for(&mut choice, parts, index, input, chain);
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
                    && input
                        .contents()
                        .is_some_and(|contents| contents.format != Format::Pkcs12)
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

/// Says what became of one input: used, left out with a reason, or named without a use.
fn account_for(choice: &mut Choice, parts: &Parts, index: usize, input: &Input, chain: Chain) {
    let used = choice.leaf_sources.contains(&index) || choice.key_sources.contains(&index);
    let in_chain = |part: &LeafPart| choice.identity.chain().contains(&part.certificate);
    let from_here = |sources: &[usize]| sources.contains(&index);
    if used
        || parts
            .authorities
            .iter()
            .any(|part| from_here(&part.sources) && in_chain(part))
    {
        return;
    }
    if let Some(error) = input.trouble() {
        match &input.state {
            State::Locked { tried: false, .. } => {
                let reason = "locked: give its passphrase with --passin".to_string();
                choice.left_out.push((index, reason));
            }
            _ => choice.left_out.push((index, error.cause().to_string())),
        }
        return;
    }
    let (reason, excused) = reason_left_out(choice, parts, index, chain);
    if input.named && !excused {
        let name = input.name();
        choice.unused.push(
            Finding::new(
                id::UNUSED_INPUT,
                Severity::Critical,
                format!("{name} has no use here: {reason}"),
            )
            .in_path(name),
        );
    } else {
        choice.left_out.push((index, reason));
    }
}

/// The reason, and whether a named file is excused by it (it lost to a later certificate or to a flag).
fn reason_left_out(choice: &Choice, parts: &Parts, index: usize, chain: Chain) -> (String, bool) {
    let leaf = parts
        .leaves
        .iter()
        .find(|part| part.sources.contains(&index));
    if let Some(leaf) = leaf {
        let certificate = &leaf.certificate;
        let wanted = certificate.public_key.spki_sha256.short();
        return match parts.key_for(certificate) {
            None if certificate.kind.is_push() => {
                (format!("its key is not here (SPKI {wanted})"), false)
            }
            _ if !certificate.kind.is_push() => (certificate.kind.describe().to_string(), false),
            _ if same_purpose(certificate, choice.identity.leaf()) => {
                ("a certificate that expires later is here".to_string(), true)
            }
            _ => ("another identity was chosen".to_string(), true),
        };
    }
    if let Some(key) = parts.keys.iter().find(|part| part.sources.contains(&index)) {
        let spki = key.key.public_key().spki_sha256;
        let lost = parts
            .leaves
            .iter()
            .any(|leaf| leaf.certificate.public_key.spki_sha256 == spki);
        return match lost {
            true => (
                "the key of an identity that was not chosen".to_string(),
                true,
            ),
            false => (
                format!(
                    "no certificate for this key is here (SPKI {})",
                    spki.short()
                ),
                false,
            ),
        };
    }
    if parts
        .authorities
        .iter()
        .any(|part| part.sources.contains(&index))
    {
        return match chain {
            Chain::None => ("a CA certificate, left out by --no-chain".to_string(), true),
            _ => (
                "a CA certificate outside the leaf's chain".to_string(),
                false,
            ),
        };
    }
    (
        "a request; the certificate made from it is what counts".to_string(),
        false,
    )
}

fn nothing_fits(inputs: &[Input], parts: &Parts) -> Vec<Finding> {
    let path = |sources: &[usize]| {
        sources
            .first()
            .and_then(|index| inputs.get(*index))
            .map(Input::name)
            .unwrap_or_default()
    };
    let mut findings = Vec::new();
    for leaf in &parts.leaves {
        let certificate = &leaf.certificate;
        let wanted = certificate.public_key.spki_sha256.short();
        let (id, message) = match parts.keys.as_slice() {
            [] => (
                id::NO_KEY,
                format!(
                    "no private key is here; the certificate {} wants the key with SPKI {wanted}",
                    certificate.title()
                ),
            ),
            keys => {
                let here: Vec<String> = keys
                    .iter()
                    .map(|k| k.key.public_key().spki_sha256.short())
                    .collect();
                (
                    id::KEY_MISMATCH,
                    format!(
                        "the private key does not fit the certificate (key SPKI {}, certificate wants {wanted})",
                        here.join(", ")
                    ),
                )
            }
        };
        findings.push(
            Finding {
                identity: Some(certificate.sha256.to_string()),
                ..Finding::new(id, Severity::Critical, message)
            }
            .in_path(path(&leaf.sources)),
        );
    }
    if parts.leaves.is_empty() {
        for key in &parts.keys {
            let public = key.key.public_key();
            let (message, hint) = if public.algorithm == "EC" {
                (
                    format!(
                        "is a token-signing key ({}), not a certificate's key",
                        public.describe()
                    ),
                    "token authentication needs no ck.pem; give the .p8 to the server together with its key id and the team id",
                )
            } else {
                (
                    format!(
                        "no certificate for this key is here (SPKI {})",
                        public.spki_sha256.short()
                    ),
                    "download the certificate that was made from its request at the portal",
                )
            };
            findings.push(
                Finding::new(id::NO_CERTIFICATE, Severity::Critical, message)
                    .with_hint(hint)
                    .in_path(path(&key.sources)),
            );
        }
    }
    findings
}

fn none_wanted(inputs: &[Input], identities: &[&LeafPart], wishes: &Wishes) -> Vec<Finding> {
    identities
        .iter()
        .map(|leaf| {
            let certificate = &leaf.certificate;
            let path = leaf
                .sources
                .first()
                .and_then(|index| inputs.get(*index))
                .map(Input::name);
            let environments: Vec<&str> = certificate
                .environments
                .iter()
                .map(|e| e.as_str())
                .collect();
            let (id, message) = if wishes.certificate.is_none() && !certificate.kind.is_push() {
                (
                    id::NOT_A_PUSH_CERTIFICATE,
                    format!("{} is {}", certificate.title(), certificate.kind.describe()),
                )
            } else {
                (
                    id::NOT_WANTED,
                    format!(
                        "{} ({}, SHA-256 {}) is not what the flags ask for",
                        certificate.topic_names().join(", "),
                        environments.join(" + "),
                        certificate.sha256.short()
                    ),
                )
            };
            Finding {
                path,
                identity: Some(certificate.sha256.to_string()),
                ..Finding::new(id, Severity::Critical, message)
            }
        })
        .collect()
}
