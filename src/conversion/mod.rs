//! Opened inputs to the bytes of another form. Pure; names of outputs and protection are the caller's.

mod joined;

use crate::certificate::Certificate;
use crate::container::pem::{self, KeyForm};
use crate::container::{KeyPart, Protection, pbe};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::identity::Identity;
use crate::inputs::Input;
use crate::secret::{Passphrase, SecretBytes};

/// The form to write.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum To<'a> {
    Pem(KeyForm),
    Der(KeyForm),
    Pkcs12 {
        keychain: bool,
        name: Option<&'a str>,
    },
    K8sSecret {
        key: KeyForm,
        name: Option<&'a str>,
    },
}

/// The parts to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Only {
    Certificates,
    Leaf,
    Key,
}

/// One output.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Piece {
    pub bytes: SecretBytes,
    pub holds_key: bool,
    /// JSON's `contents[]`.
    pub contents: Vec<&'static str>,
    /// In words.
    pub description: String,
}

/// The answer, or why it is no.
pub type Answer = std::result::Result<Piece, Vec<Finding>>;

/// Whether the output of these inputs will hold a private key.
pub fn holds_key(group: &[Input], only: Option<Only>) -> bool {
    match only {
        Some(Only::Certificates | Only::Leaf) => false,
        Some(Only::Key) | None => !keys(group).is_empty(),
    }
}

/// How the key was kept; a PKCS#12 that is written keeps nothing, it is asked.
pub fn protection(group: &[Input], joined: bool) -> Option<&Protection> {
    match joined {
        true => None,
        false => keys(group).first().map(|part| &part.protection),
    }
}

/// Converts one input, or several that are joined into one identity.
pub fn convert(
    group: &[Input],
    to: To,
    only: Option<Only>,
    passphrase: Option<&Passphrase>,
) -> Result<Answer> {
    match to {
        To::Pkcs12 { keychain, name } => {
            return joined::write_pkcs12(group, keychain, name, passphrase);
        }
        To::K8sSecret { key, name } => return joined::write_secret(group, key, name, passphrase),
        To::Pem(_) | To::Der(_) => {}
    }
    let certificates = match only {
        Some(Only::Key) => Vec::new(),
        Some(Only::Leaf) => leaf(group).into_iter().collect(),
        Some(Only::Certificates) | None => certificates(group),
    };
    let keys = match only {
        Some(Only::Certificates | Only::Leaf) => Vec::new(),
        Some(Only::Key) | None => keys(group),
    };
    let requests: Vec<&[u8]> = match only {
        None => contents(group)
            .flat_map(|c| &c.requests)
            .map(|r| r.der.as_slice())
            .collect(),
        Some(_) => Vec::new(),
    };
    if certificates.is_empty() && keys.is_empty() && requests.is_empty() {
        let wanted = match only {
            Some(Only::Key) => "no private key is in it",
            _ => "no certificate is in it",
        };
        return Ok(Err(no(group, id::NOTHING_TO_CONVERT, wanted)));
    }
    match to {
        To::Pem(form) => write_pem(&certificates, &keys, &requests, form, passphrase).map(Ok),
        To::Der(form) => write_der(group, &certificates, &keys, &requests, form, passphrase),
        To::Pkcs12 { .. } | To::K8sSecret { .. } => Ok(Err(Vec::new())),
    }
}

/// A leaf, its chain and its key (PEM, protected as wanted) as one file that servers load.
pub fn join(identity: &Identity, key: &SecretBytes, key_first: bool) -> SecretBytes {
    let mut certificates = pem::encode_certificate(identity.leaf());
    for authority in identity.chain() {
        certificates.push_str(&pem::encode_certificate(authority));
    }
    let parts = match key_first {
        true => [key.expose_secret(), certificates.as_bytes()],
        false => [certificates.as_bytes(), key.expose_secret()],
    };
    SecretBytes::new(parts.concat())
}

fn contents(group: &[Input]) -> impl Iterator<Item = &crate::container::Contents> {
    group.iter().filter_map(Input::contents)
}

fn keys(group: &[Input]) -> Vec<&KeyPart> {
    contents(group)
        .flat_map(|contents| &contents.keys)
        .collect()
}

fn leaf(group: &[Input]) -> Option<&Certificate> {
    contents(group).find_map(|contents| contents.leaf())
}

/// The leaf first, the rest in their order.
fn certificates(group: &[Input]) -> Vec<&Certificate> {
    let first = leaf(group);
    let rest = contents(group)
        .flat_map(|contents| &contents.certificates)
        .map(|part| &part.certificate)
        .filter(|certificate| Some(*certificate) != first);
    first.into_iter().chain(rest).collect()
}

fn no(group: &[Input], id: &'static str, message: &str) -> Vec<Finding> {
    let path = group.first().map(Input::name).unwrap_or_default();
    vec![Finding::new(id, Severity::Critical, message).in_path(path)]
}

fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => one.to_string(),
        n => format!("{n} {many}"),
    }
}

fn describe(
    certificates: &[&Certificate],
    keys: &[&KeyPart],
    requests: usize,
    encrypted: bool,
) -> String {
    let mut words = Vec::new();
    if let [only] = certificates {
        words.push(
            only.subject
                .common_name
                .clone()
                .unwrap_or_else(|| only.subject.text.clone()),
        );
    } else if !certificates.is_empty() {
        words.push(count(certificates.len(), "certificate", "certificates"));
    }
    if !keys.is_empty() {
        let how = if encrypted { "encrypted" } else { "plain" };
        words.push(format!(
            "{}, {how}",
            count(keys.len(), "private key", "private keys")
        ));
    }
    if requests > 0 {
        words.push(count(requests, "request", "requests"));
    }
    words.join(", ")
}

fn write_pem(
    certificates: &[&Certificate],
    keys: &[&KeyPart],
    requests: &[&[u8]],
    form: KeyForm,
    passphrase: Option<&Passphrase>,
) -> Result<Piece> {
    let mut parts: Vec<SecretBytes> = certificates
        .iter()
        .map(|certificate| SecretBytes::new(pem::encode_certificate(certificate).into_bytes()))
        .collect();
    for part in keys {
        parts.push(pem::encode_key(&part.key, form, passphrase)?);
    }
    for der in requests {
        parts.push(SecretBytes::new(pem::encode_request(der).into_bytes()));
    }
    let slices: Vec<&[u8]> = parts.iter().map(SecretBytes::expose_secret).collect();
    Ok(Piece {
        bytes: SecretBytes::new(slices.concat()),
        holds_key: !keys.is_empty(),
        contents: names(certificates.len(), keys.len(), requests.len()),
        description: describe(certificates, keys, requests.len(), passphrase.is_some()),
    })
}

fn names(certificates: usize, keys: usize, requests: usize) -> Vec<&'static str> {
    let mut names = Vec::new();
    names.extend((0..certificates).map(|position| if position == 0 { "leaf" } else { "chain" }));
    names.extend((0..keys).map(|_| "key"));
    names.extend((0..requests).map(|_| "request"));
    names
}

/// DER holds one thing.
fn write_der(
    group: &[Input],
    certificates: &[&Certificate],
    keys: &[&KeyPart],
    requests: &[&[u8]],
    form: KeyForm,
    passphrase: Option<&Passphrase>,
) -> Result<Answer> {
    let bytes = match (certificates, keys, requests) {
        ([certificate], [], []) => SecretBytes::new(certificate.der.clone()),
        ([], [part], []) => match (passphrase, form) {
            (Some(passphrase), KeyForm::Pkcs8) => {
                SecretBytes::new(pbe::encrypt_private_key_info(part.key.pkcs8(), passphrase)?)
            }
            (None, KeyForm::Pkcs8) => part.key.pkcs8().clone(),
            (Some(_), KeyForm::Pkcs1) => {
                return Err(Error::Usage {
                    reason: "--key-format pkcs1 has no encrypted form here; leave it out or add --no-passphrase".to_string(),
                });
            }
            (None, KeyForm::Pkcs1) => part.key.pkcs1().ok_or_else(|| Error::Usage {
                reason: "--key-format pkcs1 is for RSA keys".to_string(),
            })?,
        },
        ([], [], [request]) => SecretBytes::new(request.to_vec()),
        _ => {
            let message =
                "DER holds one thing, and here are several; --only leaf or --only key takes one";
            return Ok(Err(no(group, id::SEVERAL_PARTS, message)));
        }
    };
    Ok(Ok(Piece {
        bytes,
        holds_key: !keys.is_empty(),
        contents: names(certificates.len(), keys.len(), requests.len()),
        description: describe(certificates, keys, requests.len(), passphrase.is_some()),
    }))
}
