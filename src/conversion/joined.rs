//! The forms that hold one identity whole: a PKCS#12 file, and a Secret of Kubernetes.

use super::{Answer, Piece, join, names, no};
use crate::assembly::{self, Assembly, Chain, Wishes};
use crate::certificate::Certificate;
use crate::container::pem::{self, KeyForm};
use crate::container::pkcs12;
use crate::error::{Error, Result};
use crate::finding::{Finding, id};
use crate::identity::Identity;
use crate::inputs::Input;
use crate::secret::{Passphrase, SecretBytes};
use openssl::base64::encode_block;
use zeroize::Zeroizing;

pub(super) fn write_pkcs12(
    group: &[Input],
    keychain: bool,
    name: Option<&str>,
    passphrase: Option<&Passphrase>,
) -> Result<Answer> {
    let identity = match identity(group, "a PKCS#12 written here holds one") {
        Ok(identity) => identity,
        Err(findings) => return Ok(Err(findings)),
    };
    let chain: Vec<Vec<u8>> = identity.chain().iter().map(|ca| ca.der.clone()).collect();
    let flavor = match keychain {
        true => pkcs12::Flavor::Keychain,
        false => pkcs12::Flavor::Modern,
    };
    let empty = Passphrase::empty();
    let title = identity.leaf().subject.common_name.clone();
    let bytes = pkcs12::write(
        &identity.leaf().der,
        &chain,
        identity.key().pkcs8(),
        passphrase.unwrap_or(&empty),
        name.or(title.as_deref()),
        flavor,
    )?;
    let form = match keychain {
        true => "3DES, for Keychain",
        false => "AES-256",
    };
    let title = title.unwrap_or_default();
    Ok(Ok(piece(
        bytes,
        &identity,
        format!("PKCS#12 ({form}), {title} and its key"),
    )))
}

/// The manifest of a `kubernetes.io/tls` Secret. Its key is plain: what reads such a Secret knows no passphrase.
pub(super) fn write_secret(
    group: &[Input],
    form: KeyForm,
    name: Option<&str>,
    passphrase: Option<&Passphrase>,
) -> Result<Answer> {
    let usage = |reason: &str| Error::Usage {
        reason: reason.to_string(),
    };
    if passphrase.is_some() {
        return Err(usage(
            "a Secret of Kubernetes holds a plain key: add --no-passphrase",
        ));
    }
    if name.is_some_and(|name| object_name(name) != name) {
        let reason = "--name is no name of a Kubernetes object: lowercase letters, digits, dots and hyphens, a letter or digit at both ends";
        return Err(usage(reason));
    }
    let identity = match identity(group, "a Secret holds one") {
        Ok(identity) => identity,
        Err(findings) => return Ok(Err(findings)),
    };
    let none = SecretBytes::new(Vec::new());
    let certificates = join(&identity, &none, false);
    let key = pem::encode_key(identity.key(), form, None)?;
    let encoded = |bytes: &SecretBytes| Zeroizing::new(encode_block(bytes.expose_secret()));
    let title = identity.leaf().title();
    let name = name.map_or_else(|| object_name(title), str::to_string);
    let manifest = Zeroizing::new(format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: kubernetes.io/tls\ndata:\n  tls.crt: {}\n  tls.key: {}\n",
        *encoded(&certificates),
        *encoded(&key),
    ));
    let bytes = SecretBytes::new(manifest.as_bytes().to_vec());
    let description = format!("Secret {name} of Kubernetes, {title} and its plain key");
    Ok(Ok(piece(bytes, &identity, description)))
}

/// A DNS subdomain name (RFC 1123), which names of objects are, made of any text.
fn object_name(text: &str) -> String {
    const LONGEST: usize = 253;
    let kept = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '.' | '-') => c,
        _ => '-',
    };
    let name: String = text.chars().map(kept).take(LONGEST).collect();
    let parts: Vec<&str> = name
        .split('.')
        .map(|part| part.trim_matches('-'))
        .filter(|part| !part.is_empty())
        .collect();
    match parts.is_empty() {
        true => "push-certificate".to_string(),
        false => parts.join("."),
    }
}

fn piece(bytes: SecretBytes, identity: &Identity, description: String) -> Piece {
    Piece {
        bytes,
        holds_key: true,
        contents: names(1 + identity.chain().len(), 1, 0),
        description,
    }
}

/// The only identity of the inputs, whatever it is for, with the chain that is found.
fn identity(group: &[Input], one: &str) -> std::result::Result<Identity, Vec<Finding>> {
    match assembly::assemble(group, &any_identity(group), Chain::Everything) {
        Assembly::Chosen(choice) => Ok(choice.identity),
        Assembly::Refused(findings) if !findings.is_empty() => Err(findings),
        Assembly::Refused(_) => {
            let message = "no certificate with its key is in it";
            Err(no(group, id::NOTHING_TO_CONVERT, message))
        }
        Assembly::Ambiguous(several) => {
            let titles: Vec<&str> = several.iter().map(Certificate::title).collect();
            let message = format!("several identities ({}); {one}", titles.join(", "));
            Err(no(group, id::SEVERAL_PARTS, &message))
        }
    }
}

/// A single identity is converted whatever it is for.
fn any_identity(group: &[Input]) -> Wishes {
    let parts = assembly::Parts::of(group);
    let mut with_key = parts
        .leaves
        .iter()
        .filter(|leaf| parts.key_for(&leaf.certificate).is_some());
    match (with_key.next(), with_key.next()) {
        (Some(only), None) => Wishes {
            certificate: Some(only.certificate.sha256.to_string()),
            ..Wishes::default()
        },
        _ => Wishes::default(),
    }
}
