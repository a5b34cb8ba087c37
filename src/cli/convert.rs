//! `pushcert convert`: one form of certificates and keys into another.

use super::protect::KeyFormat;
use super::reply::{Reply, Stop};
use super::{Common, PassIn, PassOut, open, protect};
use crate::conversion::{self, Only, Piece, To};
use crate::error::Error;
use crate::files::{self, Output};
use crate::finding::id;
use crate::inputs::Input;
use crate::report::{escape, json};
use crate::secret::Passphrase;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert convert aps_development.cer
  pushcert convert Certificates.p12 --passin prompt
  pushcert convert ck.pem --to keychain -o push.p12", "0 written · 2 a file is there already · 3 cannot be read, or is locked"))]
pub(super) struct Convert {
    /// Files to convert; - is stdin
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// The file or folder to write; - is stdout. Beside the input if not given
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The form to write
    #[arg(long, value_enum, default_value = "pem")]
    to: Form,
    /// Write only these parts
    #[arg(long, value_enum, value_name = "PARTS")]
    only: Option<Parts>,
    /// Friendly name in a PKCS#12, or name of a Kubernetes Secret
    #[arg(long, value_name = "FRIENDLY")]
    name: Option<String>,
    /// Syntax of a PEM or DER key
    #[arg(long, value_enum, default_value = "pkcs8", value_name = "FORM")]
    key_format: KeyFormat,
    /// Overwrite an existing output
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    passout: PassOut,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Pem,
    Der,
    /// PKCS#12 with AES-256
    P12,
    /// PKCS#12 that any macOS imports (3DES)
    Keychain,
    /// Manifest of a Kubernetes Secret of type kubernetes.io/tls
    K8sSecret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Parts {
    Certs,
    Leaf,
    Key,
}

impl Convert {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let joined = matches!(self.to, Form::P12 | Form::Keychain | Form::K8sSecret);
        let into_folder = self.output.as_ref().is_some_and(|output| is_folder(output));
        let to_stdout = self
            .output
            .as_ref()
            .is_some_and(|output| output.as_os_str() == "-");
        if self.inputs.len() > 1 && self.output.is_some() && !into_folder && !joined {
            return Err(Stop::usage("several inputs need -o DIR/ or no -o"));
        }
        if joined && self.only.is_some() {
            return Err(Stop::usage("--only goes with --to pem and --to der"));
        }
        let mut passphrases = super::passphrases(
            &self.passin,
            Some(&self.passout),
            &self.common,
            &self.inputs,
        )?;
        let candidates = passphrases.candidates()?;
        let mut inputs = crate::inputs::open(&self.inputs, &candidates)?;
        if self.only_certificates() {
            // Certificates beside an encrypted key need no passphrase.
            for input in &mut inputs.files {
                if input
                    .contents()
                    .is_some_and(|contents| contents.certificates.is_empty())
                {
                    open::unlock_one(input, &mut passphrases)?;
                }
            }
        } else {
            open::unlock(&mut inputs, &mut passphrases, |named| named)?;
            open::demand_named(&inputs)?;
        }
        if let Some(error) = inputs
            .files
            .iter()
            .filter(|input| input.contents().is_none_or(|c| c.is_empty()))
            .find_map(Input::trouble)
        {
            return Err(error.into());
        }
        if inputs.files.is_empty() {
            return Err(Error::NoInputFound {
                wanted: "certificate, key or request",
            }
            .into());
        }
        let (warnings, broken) = open::broken_parts(&inputs);
        let groups: Vec<&[Input]> = match joined {
            true => vec![inputs.files.as_slice()],
            false => inputs.files.chunks(1).collect(),
        };
        let mut outputs = Vec::new();
        for group in groups {
            let Some(first) = group.first() else { continue };
            let path = self.output_path(&first.path, into_folder);
            let holds_key = conversion::holds_key(group, self.only.map(Only::from));
            if to_stdout && holds_key {
                super::reply::check_stdout_for_key(self.common.json)?;
            } else if self.force && self.is_input_by_default(&path) {
                return Err(Stop::writes_over_input(&path));
            } else if !to_stdout && !self.force {
                files::refuse_existing(&path, holds_key)?;
            }
            let passphrase = match holds_key {
                true => protect::choose(
                    &self.passout,
                    &mut passphrases,
                    conversion::protection(group, joined && self.to != Form::K8sSecret),
                    "the key",
                )?,
                false => None,
            };
            outputs.push((path, self.convert(group, passphrase.as_ref())?));
        }
        let mut reply = self.write(outputs, to_stdout, into_folder)?;
        reply.stderr.insert_str(0, &warnings);
        reply.findings.extend(broken);
        Ok(reply)
    }

    /// An input is overwritten only where -o names it.
    fn is_input_by_default(&self, path: &Path) -> bool {
        self.output.is_none() && self.inputs.iter().any(|input| files::is_same(input, path))
    }

    fn only_certificates(&self) -> bool {
        matches!(self.only, Some(Parts::Certs | Parts::Leaf))
    }

    fn convert(
        &self,
        group: &[Input],
        passphrase: Option<&Passphrase>,
    ) -> Result<Piece, Box<Stop>> {
        let to = match self.to {
            Form::Pem => To::Pem(self.key_format.into()),
            Form::Der => To::Der(self.key_format.into()),
            Form::P12 => To::Pkcs12 {
                keychain: false,
                name: self.name.as_deref(),
            },
            Form::Keychain => To::Pkcs12 {
                keychain: true,
                name: self.name.as_deref(),
            },
            Form::K8sSecret => To::K8sSecret {
                key: self.key_format.into(),
                name: self.name.as_deref(),
            },
        };
        let converted = conversion::convert(group, to, self.only.map(Only::from), passphrase)?;
        converted.map_err(|mut findings| {
            let missing = [id::NO_KEY, id::NOTHING_TO_CONVERT];
            for finding in findings.iter_mut().filter(|f| missing.contains(&f.id)) {
                let hint = "pushcert inspect DIR    (shows which file holds what)";
                finding.hint.get_or_insert_with(|| hint.to_string());
            }
            Stop::no(findings)
        })
    }

    fn write(
        &self,
        outputs: Vec<(PathBuf, Piece)>,
        to_stdout: bool,
        into_folder: bool,
    ) -> Result<Reply, Box<Stop>> {
        let written: Vec<_> = outputs
            .iter()
            .map(|(path, piece)| json!({ "path": path.display().to_string(), "contents": piece.contents }))
            .collect();
        let mut reply = Reply {
            own: json::part("written", json!(written)),
            ..Reply::default()
        };
        if to_stdout {
            if self.common.json {
                return Err(Stop::usage("-o - and --json both want stdout"));
            }
            reply.bytes = outputs.into_iter().next().map(|(_, piece)| piece.bytes);
            return Ok(reply);
        }
        if let (true, Some(folder)) = (into_folder, &self.output) {
            files::make_folder(folder)?;
        }
        let files: Vec<Output> = outputs
            .iter()
            .map(|(path, piece)| Output {
                path,
                contents: piece.bytes.expose_secret(),
                holds_key: piece.holds_key,
            })
            .collect();
        files::create(&files, self.force)?;
        for (path, piece) in &outputs {
            // One that replaces a file keeps that file's.
            let mode = files::mode(path).filter(|_| piece.holds_key);
            let mode = mode.map(|mode| format!(", {mode}")).unwrap_or_default();
            let path = escape::text(&path.display().to_string());
            reply.stderr.push_str(&format!(
                "wrote {path}   {}{mode}\n",
                escape::text(&piece.description)
            ));
        }
        Ok(reply)
    }

    /// `-o FILE`, a name in `-o DIR/`, or a name beside the input.
    fn output_path(&self, input: &Path, into_folder: bool) -> PathBuf {
        let named = match (&self.output, into_folder) {
            (Some(output), false) => return output.clone(),
            (Some(folder), true) => {
                let name = if input.as_os_str() == "-" {
                    "stdin".as_ref()
                } else {
                    input.file_name().unwrap_or_default()
                };
                folder.join(name)
            }
            (None, _) if input.as_os_str() == "-" => PathBuf::from("stdin"),
            (None, _) => input.to_path_buf(),
        };
        let extension = match (self.to, self.only) {
            (Form::Pem, Some(Parts::Key)) => "key.pem",
            (Form::Pem, _) => "pem",
            (Form::Der, Some(Parts::Key)) => "key.der",
            (Form::Der, _) => "der",
            (Form::P12 | Form::Keychain, _) => "p12",
            (Form::K8sSecret, _) => "yaml",
        };
        named.with_extension(extension)
    }
}

impl From<Parts> for Only {
    fn from(parts: Parts) -> Only {
        match parts {
            Parts::Certs => Only::Certificates,
            Parts::Leaf => Only::Leaf,
            Parts::Key => Only::Key,
        }
    }
}

/// `-` is stdout, even where a folder has this name.
fn is_folder(output: &Path) -> bool {
    output.as_os_str() != "-"
        && (output.as_os_str().as_encoded_bytes().ends_with(b"/") || files::is_folder(output))
}
