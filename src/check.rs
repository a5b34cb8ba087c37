//! Static findings and endpoints to verdicts, questions and one answer. Pure arithmetic over what `audit` and `live` returned.

use crate::apple::{Environment, gateway};
use crate::assembly::{Parts, Wishes};
use crate::audit::{self, Standard};
use crate::certificate::Certificate;
use crate::container::Format;
use crate::finding::{Finding, Severity, Status, id};
use crate::inputs::Input;
use crate::live::{Handshake, Target, Verdict};
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

/// Where a question is asked.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `sandbox`, `production` or `HOST:PORT`.
    pub question: String,
    /// The address.
    pub target: Target,
    /// The environment, where it is Apple's own gateway.
    pub apple: Option<Environment>,
}

/// An endpoint and what came of it.
#[derive(Debug)]
pub struct Asked {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What happened.
    pub handshake: Handshake,
}

/// A subject with everything that was found about it.
#[derive(Debug)]
pub struct Checked {
    /// The subject.
    pub subject: Subject,
    /// Static and live findings.
    pub findings: Vec<Finding>,
    /// The endpoints asked, in order.
    pub asked: Vec<Asked>,
    /// The answer.
    pub status: Status,
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

/// Where the question is asked: the gateways given, else the binary gateway of every environment that the certificate serves.
pub fn endpoints(
    leaf: &Certificate,
    gateways: &[Target],
    environment: Option<Environment>,
) -> Vec<Endpoint> {
    if !gateways.is_empty() {
        return gateways
            .iter()
            .map(|target| Endpoint {
                question: target.to_string(),
                target: target.clone(),
                apple: gateway::environment_of(target.host()),
            })
            .collect();
    }
    let asked = match environment {
        Some(environment) => vec![environment],
        None => leaf.environments.clone(),
    };
    asked
        .into_iter()
        .map(|environment| Endpoint {
            question: environment.as_str().to_string(),
            target: gateway_of(environment),
            apple: Some(environment),
        })
        .collect()
}

/// The binary gateway of an environment.
fn gateway_of(environment: Environment) -> Target {
    Target::new(gateway::host(environment), gateway::PORT)
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
            let of_file = audit::contents(contents, input.readable_by_others);
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
        let here: Vec<String> = keys
            .map(|part| part.key.public_key().spki_sha256.short())
            .collect();
        let message = format!("no private key for it is here (it wants SPKI {wanted})");
        let finding = match here.is_empty() {
            true => Finding::new(id::NO_KEY, Severity::Critical, message),
            false => {
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

/// The findings that a handshake adds.
pub fn live_findings(asked: &Asked) -> Vec<Finding> {
    let handshake = &asked.handshake;
    let mut findings = handshake.findings.clone();
    let question = &asked.endpoint.question;
    let has_own = |findings: &[Finding]| {
        findings
            .iter()
            .any(|finding| finding.severity == Severity::Unknown)
    };
    match handshake.verdict {
        Verdict::Accepted => {}
        Verdict::Rejected => {
            let message = format!("{question}: {}", handshake.explanation());
            findings.push(Finding::new(id::REJECTED, Severity::Critical, message));
        }
        Verdict::Unreachable => {
            if !has_own(&findings) {
                let message = format!("{question}: {}", handshake.explanation());
                findings.push(Finding::new(id::UNREACHABLE, Severity::Unknown, message));
            }
        }
        Verdict::NotRequested => {
            let message = format!("{question}: {}", handshake.explanation());
            findings.push(Finding::new(id::NOT_REQUESTED, Severity::Unknown, message));
        }
        Verdict::NotRejected => {
            if !has_own(&findings) {
                let message = format!("{question}: {}", handshake.explanation());
                findings.push(Finding::new(id::UNPROVEN, Severity::Unknown, message));
            }
        }
    }
    findings
}

/// The answer about one subject: critical beats a question without proof, which beats a warning.
pub fn status(findings: &[Finding], asked: &[Asked], offline: bool) -> Status {
    let worst = Status::of(findings);
    let unproven = !offline
        && (asked.is_empty()
            || asked
                .iter()
                .any(|a| a.handshake.verdict != Verdict::Accepted));
    if unproven {
        worst.worst(Status::Unknown)
    } else {
        worst
    }
}
