//! The form of the live files, so that what replaces them has the same: PEM and its order, DER or PKCS#12, encrypted or not,
//! with the issuer's certificates or without.

use crate::container::pem::{self, KeyForm, Layout, Section};
use crate::container::{Contents, Format, KeyPart, Protection, pbe, pkcs12};
use crate::error::{Error, Result};
use crate::finding::id;
use crate::identity::Identity;
use crate::secret::{Passphrase, SecretBytes};

/// The form of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileForm {
    /// PEM in this order.
    Pem(Layout),
    /// A DER certificate.
    DerLeaf,
    /// A DER key in this syntax.
    DerKey(KeyForm),
    /// PKCS#12.
    Pkcs12 {
        /// For old importers or for those of today.
        flavor: pkcs12::Flavor,
        /// What opens it.
        passphrase: Passphrase,
        /// Its friendly name, where that is not the certificate's own name.
        name: Option<String>,
        /// Whether it holds the issuer's certificates.
        chain: bool,
    },
}

/// The form of the live files together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    files: Vec<FileForm>,
    /// What encrypts the key in a PEM or DER file.
    pub passphrase: Option<Passphrase>,
}

impl Form {
    /// The form of opened files, with their bytes.
    ///
    /// # Errors
    /// `not-writable` where it is one that cannot be written again.
    pub fn of(files: &[(&SecretBytes, &Contents)]) -> Result<Form> {
        let forms = files
            .iter()
            .map(|(bytes, contents)| file_form(bytes, contents));
        let keys = files.iter().flat_map(|(_, contents)| &contents.keys);
        let passphrase = keys
            .filter_map(|part: &KeyPart| match &part.protection {
                Protection::Encrypted(passphrase) => Some(passphrase.clone()),
                Protection::Plain | Protection::Pkcs12 => None,
            })
            .next();
        Ok(Form {
            files: forms.collect::<Result<_>>()?,
            passphrase,
        })
    }

    /// Whether the issuer's certificates stand in one of the files.
    pub fn has_chain(&self) -> bool {
        self.files.iter().any(|file| match file {
            FileForm::Pem(layout) => layout.order.contains(&Section::Chain),
            FileForm::Pkcs12 { chain, .. } => *chain,
            FileForm::DerLeaf | FileForm::DerKey(_) => false,
        })
    }

    /// What encrypts a key that waits for its certificate: as the live one's, or the whole file's.
    pub fn key_passphrase(&self) -> Option<Passphrase> {
        let of_file = self.files.iter().find_map(|file| match file {
            FileForm::Pkcs12 { passphrase, .. } if !passphrase.is_empty() => {
                Some(passphrase.clone())
            }
            _ => None,
        });
        self.passphrase.clone().or(of_file)
    }

    /// How the key is kept, in words.
    pub fn describe(&self) -> &'static str {
        let in_pkcs12 = |file: &FileForm| matches!(file, FileForm::Pkcs12 { .. });
        match (&self.passphrase, self.files.iter().any(in_pkcs12)) {
            (_, true) => "PKCS#12",
            (Some(_), _) => "key encrypted",
            (None, _) => "key plain",
        }
    }

    /// The files with another identity in them.
    ///
    /// # Errors
    /// `not-writable` where the form has a chain and the identity none.
    pub fn encode(&self, identity: &Identity) -> Result<Vec<SecretBytes>> {
        if self.has_chain() && identity.chain().is_empty() {
            return Err(cannot(
                "it has its issuer's certificate in it, and that of the new one is not here; name the issuer's file beside it",
            ));
        }
        self.files
            .iter()
            .map(|file| self.encode_file(file, identity))
            .collect()
    }

    fn encode_file(&self, file: &FileForm, identity: &Identity) -> Result<SecretBytes> {
        match file {
            FileForm::Pem(layout) => self.encode_pem(layout, identity),
            FileForm::DerLeaf => Ok(SecretBytes::new(identity.leaf().der.clone())),
            FileForm::DerKey(form) => match (&self.passphrase, form) {
                (Some(passphrase), _) => {
                    let der = pbe::encrypt_private_key_info(identity.key().pkcs8(), passphrase)?;
                    Ok(SecretBytes::new(der))
                }
                (None, KeyForm::Pkcs8) => Ok(identity.key().pkcs8().clone()),
                (None, KeyForm::Pkcs1) => {
                    let der = identity.key().pkcs1();
                    der.ok_or_else(|| cannot("it is PKCS#1, and the new key is not RSA"))
                }
            },
            FileForm::Pkcs12 {
                flavor,
                passphrase,
                name,
                ..
            } => {
                let chain: Vec<Vec<u8>> = match self.has_chain() {
                    true => identity.chain().iter().map(|ca| ca.der.clone()).collect(),
                    false => Vec::new(),
                };
                let title = identity.leaf().subject.common_name.clone();
                pkcs12::write(
                    &identity.leaf().der,
                    &chain,
                    identity.key().pkcs8(),
                    passphrase,
                    name.as_deref().or(title.as_deref()),
                    *flavor,
                )
            }
        }
    }

    fn encode_pem(&self, layout: &Layout, identity: &Identity) -> Result<SecretBytes> {
        let mut parts: Vec<SecretBytes> = Vec::new();
        for section in &layout.order {
            match section {
                Section::Leaf => {
                    parts.push(SecretBytes::new(
                        pem::encode_certificate(identity.leaf()).into_bytes(),
                    ));
                }
                Section::Chain => {
                    let all = identity.chain().iter().map(pem::encode_certificate);
                    parts.extend(all.map(|text| SecretBytes::new(text.into_bytes())));
                }
                Section::Key => {
                    let passphrase = self.passphrase.as_ref();
                    // PKCS#1 is for RSA alone; a key of another kind has one syntax.
                    let form = match identity.key().pkcs1().is_some() && passphrase.is_none() {
                        true => layout.key_form,
                        false => KeyForm::Pkcs8,
                    };
                    parts.push(pem::encode_key(identity.key(), form, passphrase)?);
                }
            }
        }
        let slices: Vec<&[u8]> = parts.iter().map(SecretBytes::expose_secret).collect();
        Ok(SecretBytes::new(slices.concat()))
    }
}

fn file_form(bytes: &SecretBytes, contents: &Contents) -> Result<FileForm> {
    let odd = |finding: &&crate::finding::Finding| finding.id == id::NOT_SERVER_READABLE;
    if let Some(finding) = contents.findings.iter().find(odd) {
        return Err(cannot(&format!(
            "{} (pushcert convert writes a clean one)",
            finding.message
        )));
    }
    match contents.format {
        Format::Pem => Ok(FileForm::Pem(pem::layout(bytes))),
        Format::DerCertificate => Ok(FileForm::DerLeaf),
        Format::DerKey => {
            let key = contents.keys.first().map(|part| &part.key);
            let pkcs1 = key.and_then(|key| key.pkcs1());
            Ok(FileForm::DerKey(
                match pkcs1.is_some_and(|pkcs1| pkcs1 == *bytes) {
                    true => KeyForm::Pkcs1,
                    false => KeyForm::Pkcs8,
                },
            ))
        }
        Format::Pkcs12 => Ok(pkcs12_form(contents)),
        other => Err(cannot(&format!(
            "{} is no form that a server loads",
            other.as_str()
        ))),
    }
}

fn pkcs12_form(contents: &Contents) -> FileForm {
    let passphrase = contents
        .passphrase
        .clone()
        .unwrap_or_else(Passphrase::empty);
    let leaf = contents.leaf();
    let part = contents
        .certificates
        .iter()
        .find(|part| Some(&part.certificate) == leaf);
    let own = leaf.and_then(|leaf| leaf.subject.common_name.clone());
    let name = part.and_then(|part| part.friendly_name.clone());
    // Files of today say AES; all that is older is for importers that know no AES, and they want a passphrase.
    let modern = contents.description.contains("AES") || passphrase.is_empty();
    FileForm::Pkcs12 {
        flavor: match modern {
            true => pkcs12::Flavor::Modern,
            false => pkcs12::Flavor::Keychain,
        },
        passphrase,
        name: name.filter(|name| Some(name) != own.as_ref()),
        chain: contents
            .certificates
            .iter()
            .any(|part| part.certificate.is_ca),
    }
}

fn cannot(reason: &str) -> Error {
    Error::NotWritable {
        reason: format!("its form cannot be kept: {reason}"),
    }
}
