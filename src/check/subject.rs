//! What is checked: the certificates of opened files as a server would load them, and what is wrong with them offline.

use crate::assembly::{Parts, Wishes};
use crate::audit::{self, Standard};
use crate::certificate::Certificate;
use crate::container::Format;
use crate::finding::{Finding, Severity, id};
use crate::inputs::{Input, State};
use crate::private_key::PrivateKey;

/// One certificate to check, as a server would load it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where the leaf stands: index into the inputs.
    pub source: usize,
    /// Where the key stands, if elsewhere.
    pub key_source: Option<usize>,
    /// The leaf.
    pub leaf: Certificate,
    /// What is presented: the certificates of the leaf's file in its order.
    pub presented: Vec<Certificate>,
    /// The key that fits.
    pub key: Option<PrivateKey>,
    /// Whether another certificate stands before the leaf.
    pub leaf_first: bool,
}

/// The certificates to check: a file with a leaf and a key by itself, the others pooled and paired by public key.
pub fn subjects(inputs: &[Input], wishes: &Wishes) -> Vec<Subject> {
    let parts = Parts::of(inputs);
    let mut subjects = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let Some(contents) = input.contents() else {
            continue;
        };
        let own_key = |leaf: &Certificate| {
            let fits = |part: &&crate::container::KeyPart| {
                part.key.public_key().spki_sha256 == leaf.public_key.spki_sha256
            };
            contents.keys.iter().find(fits).map(|part| part.key.clone())
        };
        let certificates: Vec<Certificate> = contents
            .certificates
            .iter()
            .map(|part| part.certificate.clone())
            .collect();
        let mut leaves: Vec<&Certificate> = certificates
            .iter()
            .filter(|leaf| own_key(leaf).is_some())
            .collect();
        if leaves.is_empty() {
            leaves.extend(contents.leaf());
        }
        for leaf in leaves {
            let own = own_key(leaf);
            // A key beside the leaf that does not fit is what a server would load: another file's key does not mend it.
            let pooled = match contents.keys.is_empty() {
                true => parts.key_for(leaf),
                false => None,
            };
            let key_source = match own {
                Some(_) => None,
                None => pooled.and_then(|key| key.sources.first().copied()),
            };
            let mut presented = certificates.clone();
            if contents.format != Format::Pem {
                // A PKCS#12 has no order that a loader would follow: it takes the leaf by its key.
                presented.sort_by_key(|certificate| certificate != leaf);
            }
            let subject = Subject {
                source: index,
                key_source,
                leaf: leaf.clone(),
                leaf_first: presented.first() == Some(leaf),
                presented,
                key: own.or_else(|| pooled.map(|part| part.key.clone())),
            };
            if wanted(&subject.leaf, wishes)
                && !subjects.iter().any(|known: &Subject| {
                    known.leaf == subject.leaf
                        && known.key.is_some()
                        && subject.key_source.is_some()
                })
            {
                subjects.push(subject);
            }
        }
    }
    subjects
}

fn wanted(leaf: &Certificate, wishes: &Wishes) -> bool {
    let topic = wishes.topic.as_ref();
    topic.is_none_or(|topic| leaf.topics.iter().any(|t| t.name == *topic))
}

/// What is wrong with a subject and its file, offline.
pub fn static_findings(subject: &Subject, inputs: &[Input], standard: &Standard) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = inputs
        .get(subject.source)
        .map(Input::name)
        .unwrap_or_default();
    for index in [Some(subject.source), subject.key_source]
        .into_iter()
        .flatten()
    {
        let Some(input) = inputs.get(index) else {
            continue;
        };
        if let Some(contents) = input.contents() {
            let of_file = audit::contents(contents, input.readable_by_others());
            findings.extend(
                of_file
                    .into_iter()
                    .map(|finding| finding.in_path(input.name())),
            );
        }
    }
    let mismatch = findings
        .iter()
        .any(|finding| finding.id == id::KEY_MISMATCH);
    if subject.key.is_none() && !mismatch {
        let wanted = subject.leaf.public_key.spki_sha256.short();
        let keys = inputs
            .iter()
            .filter_map(Input::contents)
            .flat_map(|contents| &contents.keys);
        let mut here: Vec<String> = keys
            .map(|part| part.key.public_key().spki_sha256.short())
            .collect();
        here.sort();
        here.dedup();
        let message = format!("no private key for it is here (it wants SPKI {wanted})");
        // What is still locked may hold it: then it is not known to be missing.
        let locked = inputs
            .iter()
            .find(|input| matches!(input.state, State::Locked { .. }));
        let locked = locked.and_then(Input::trouble).filter(|_| here.is_empty());
        let finding = match (locked, here.is_empty()) {
            (Some(error), _) => {
                let message = format!("its private key could not be read: {error}");
                Finding::new(error.id(), Severity::Unknown, message)
            }
            (None, true) => Finding::new(id::NO_KEY, Severity::Critical, message),
            (None, false) => {
                let message = format!(
                    "the private key does not fit the certificate (key SPKI {}, certificate wants {wanted})",
                    here.join(", ")
                );
                Finding::new(id::KEY_MISMATCH, Severity::Critical, message)
            }
        };
        findings.push(finding.in_path(path.clone()));
    }
    if !subject.leaf_first
        && !findings
            .iter()
            .any(|finding| finding.id == id::LEAF_NOT_FIRST)
    {
        let message = "a server loads the first certificate of a file, and here that is another";
        findings.push(
            Finding::new(id::LEAF_NOT_FIRST, Severity::Critical, message).in_path(path.clone()),
        );
    }
    let of_leaf = audit::certificate(&subject.leaf, standard);
    findings.extend(
        of_leaf
            .into_iter()
            .map(|finding| finding.in_path(path.clone())),
    );
    findings
}

/// Whether a handshake makes sense: the key fits and the leaf is what a server would present.
pub fn can_shake_hands(subject: &Subject) -> bool {
    subject.key.is_some() && subject.leaf_first
}
