//! `pushcert csr`: a key and the request for it.

use super::passphrase::Passphrases;
use super::reply::{Reply, Stop};
use super::{Common, PassIn, PassOut, open, protect};
use crate::container::pem::{self, KeyForm};
use crate::files::{self, Output};
use crate::finding::{Finding, Severity, id};
use crate::private_key::PrivateKey;
use crate::report::requested::Requested;
use crate::report::{json, words};
use crate::request::{self, Subject};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert csr
  pushcert csr --no-passphrase -o keys/
  pushcert csr --key PushKey.pem            (a request for a key that is there)", "0 written · 2 a file is there already · 3 could not be written"))]
pub(super) struct Csr {
    /// Folder for the two files, made if need be
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// E-mail address in the request (Apple replaces the subject)
    #[arg(long, value_name = "E")]
    email: Option<String>,
    /// Common name in the request
    #[arg(long, value_name = "N", default_value = "Push")]
    common_name: String,
    /// Country in the request, two letters
    #[arg(long, value_name = "CC")]
    country: Option<String>,
    /// Make the request for this key (PEM, or a PKCS#12 with one key); no key is written
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Name of the request
    #[arg(
        long,
        value_name = "FILE",
        default_value = "CertificateSigningRequest.certSigningRequest"
    )]
    out_csr: PathBuf,
    /// Name of the key
    #[arg(long, value_name = "FILE", default_value = "PushKey.pem")]
    out_key: PathBuf,
    /// Syntax of the key that is written
    #[arg(long, value_enum, default_value = "pkcs8", value_name = "FORM")]
    key_format: protect::KeyFormat,
    /// Overwrite existing files
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    passout: PassOut,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Csr {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let mut passphrases =
            super::passphrases(&self.passin, Some(&self.passout), &self.common, &[])?;
        let csr_path = super::inside(&self.output, &self.out_csr);
        let key_path = super::inside(&self.output, &self.out_key);
        let subject = Subject {
            email: self.email.clone(),
            common_name: self.common_name.clone(),
            country: self.country.as_ref().map(|country| country.to_uppercase()),
        };
        request::check_subject(&subject)?;
        if self
            .key
            .as_deref()
            .is_some_and(|key| files::is_same(key, &csr_path))
        {
            // The request does not hold the key: this would destroy it.
            return Err(Stop::usage("--out-csr names the key itself"));
        }
        if [&self.out_csr, &self.out_key, &self.output]
            .iter()
            .any(|name| name.as_os_str() == "-")
        {
            return Err(Stop::usage(
                "csr writes files: -o, --out-csr and --out-key do not take -",
            ));
        }
        if self.key.is_none() && csr_path == key_path {
            return Err(Stop::usage("--out-csr and --out-key name one file"));
        }
        if !self.force {
            self.refuse_existing(&key_path, &csr_path)?;
        }
        let (key, key_pem) = match &self.key {
            Some(path) => (reused(path, &mut passphrases)?, None),
            None => {
                let passphrase =
                    protect::choose(&self.passout, &mut passphrases, None, "the new key")?;
                let key = PrivateKey::generate_rsa_2048()?;
                let form: KeyForm = self.key_format.into();
                let pem = pem::encode_key(&key, form, passphrase.as_ref())?;
                (key, Some((pem, passphrase.is_some())))
            }
        };
        let csr = pem::encode_request(&request::create(&key, &subject)?);
        files::make_folder(&self.output)?;
        let mut outputs = Vec::new();
        if let Some((pem, _)) = &key_pem {
            outputs.push(Output {
                path: &key_path,
                contents: pem.expose_secret(),
                holds_key: true,
            });
        }
        outputs.push(Output {
            path: &csr_path,
            contents: csr.as_bytes(),
            holds_key: false,
        });
        files::create(&outputs, self.force)?;
        if key_pem.is_some() {
            // The portal is about to see the request, and no other key fits what it will issue.
            files::sync_folders(&[&self.output])?;
        }
        let encrypted = key_pem.map(|(_, encrypted)| encrypted);
        Ok(self.reply(encrypted, &key_path, &csr_path))
    }

    fn refuse_existing(&self, key_path: &Path, csr_path: &Path) -> Result<(), Box<Stop>> {
        let mut outputs = vec![(csr_path, false)];
        if self.key.is_none() {
            outputs.insert(0, (key_path, true));
        }
        for (path, holds_key) in outputs {
            if let Err(error) = files::refuse_existing(path, holds_key) {
                let hint = match holds_key {
                    true => format!(
                        "pushcert csr --key {} --out-csr new.certSigningRequest    (a new request for the same key)",
                        words::shell(&path.display().to_string())
                    ),
                    false => "--out-csr NAME writes the request under another name".to_string(),
                };
                return Err(Box::<Stop>::from(error).with_hint(hint));
            }
        }
        Ok(())
    }

    fn reply(&self, encrypted: Option<bool>, key_path: &Path, csr_path: &Path) -> Reply {
        let name = |path: &Path| path.strip_prefix(".").unwrap_or(path).display().to_string();
        let requested = Requested {
            new_key: encrypted.map(|encrypted| (name(key_path), encrypted)),
            request: name(csr_path),
            key: match &self.key {
                Some(path) => path.display().to_string(),
                None => name(key_path),
            },
        };
        Reply {
            stderr: requested.text(),
            own: json::part("written", requested.written()),
            ..Reply::default()
        }
    }
}

/// The single key of a file, if the portal takes a request for it.
fn reused(path: &Path, passphrases: &mut Passphrases) -> Result<PrivateKey, Box<Stop>> {
    let inputs = open::open(&[path.to_path_buf()], passphrases)?;
    open::demand_named(&inputs)?;
    let keys: Vec<&PrivateKey> = inputs
        .files
        .iter()
        .filter_map(|input| input.contents())
        .flat_map(|contents| &contents.keys)
        .map(|part| &part.key)
        .collect();
    let no = |id, message: String| {
        Stop::no(vec![
            Finding::new(id, Severity::Critical, message).in_path(path.display().to_string()),
        ])
    };
    match keys.as_slice() {
        [key] if key.public_key().is_rsa_2048() => Ok((*key).clone()),
        [key] => Err(no(
            id::KEY_NOT_ACCEPTED,
            format!(
                "is an {} key; Apple's portal takes requests for RSA keys of 2048 bits only",
                key.public_key().describe()
            ),
        )),
        [] => Err(no(id::NO_KEY, "holds no private key".to_string())),
        several => Err(no(
            id::SEVERAL_KEYS,
            format!("holds {} private keys; give a file with one", several.len()),
        )),
    }
}
