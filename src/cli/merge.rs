//! `pushcert merge`: a leaf, its chain and the key that fits, in one file.

use super::passphrase::Passphrases;
use super::reply::{Reply, Stop};
use super::{Common, PassIn, PassOut, moment, open, protect, terminal};
use crate::apple::Environment;
use crate::assembly::{self, Assembly, Chain, Choice, Wishes};
use crate::certificate::Certificate;
use crate::container::pem::{self, KeyForm};
use crate::error::Error;
use crate::files::{self, Output};
use crate::finding::{Finding, Severity, id};
use crate::inputs::{Inputs, State};
use crate::report::{json, merged, words};
use crate::secret::SecretBytes;
use crate::validity::Expiry;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use time::OffsetDateTime;

/// Join a certificate and the key that fits it into ck.pem
#[derive(Args)]
pub(super) struct Merge {
    /// Certificates, keys, PKCS#12 files and folders of them, in any mix; - is stdin
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    #[arg(
        short,
        long,
        value_name = "FILE",
        help = "The file to write; - is stdout [default: ck.pem]"
    )]
    output: Option<PathBuf>,
    #[command(flatten)]
    wishes: WishFlags,
    /// Take the certificate whose SHA-256 begins so, whatever it is for
    #[arg(long, value_name = "SHA256", value_parser = parse_fingerprint)]
    cert: Option<String>,
    /// Add every intermediate of the leaf that is found or known
    #[arg(long, conflicts_with = "no_chain")]
    chain: bool,
    /// Write no intermediates
    #[arg(long)]
    no_chain: bool,
    /// Write the key before the leaf
    #[arg(long)]
    key_first: bool,
    /// Syntax of the key that is written
    #[arg(long, value_enum, default_value = "pkcs8", value_name = "FORM")]
    key_format: KeyFormat,
    /// Overwrite an existing output
    #[arg(long)]
    force: bool,
    /// Judge validity at this moment: RFC 3339, or YYYY-MM-DD for the end of that day
    #[arg(long, value_name = "TIME", value_parser = moment::parse_at)]
    at: Option<OffsetDateTime>,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    passout: PassOut,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Flags that narrow the choice of an identity.
#[derive(Args, Clone, Debug)]
pub(super) struct WishFlags {
    /// Only what may push to this topic
    #[arg(long, value_name = "T")]
    pub topic: Option<String>,
    /// Only what serves this environment
    #[arg(long, value_enum, value_name = "E")]
    pub env: Option<Env>,
}

/// `--env`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Env {
    #[value(alias = "development")]
    Sandbox,
    Production,
}

impl From<Env> for Environment {
    fn from(env: Env) -> Environment {
        match env {
            Env::Sandbox => Environment::Sandbox,
            Env::Production => Environment::Production,
        }
    }
}

/// `--key-format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KeyFormat {
    Pkcs8,
    Pkcs1,
}

impl From<KeyFormat> for KeyForm {
    fn from(format: KeyFormat) -> KeyForm {
        match format {
            KeyFormat::Pkcs8 => KeyForm::Pkcs8,
            KeyFormat::Pkcs1 => KeyForm::Pkcs1,
        }
    }
}

impl Merge {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let now = moment::now(self.at);
        let output = self.output_path()?;
        let to_stdout = output.as_os_str() == "-";
        if to_stdout {
            super::reply::check_stdout_for_key(self.common.json)?;
        } else if !self.force {
            files::refuse_existing(&output, true).map_err(|error| {
                Box::<Stop>::from(error)
                    .with_hint("--force replaces it; -o NAME writes another file")
            })?;
        }
        let mut passphrases = super::passphrases(
            &self.passin,
            Some(&self.passout),
            &self.common,
            &self.inputs,
        )?;
        let mut inputs = open::open(&self.inputs, &mut passphrases)?;
        open::demand_named(&inputs)?;
        let choice = self.choose(&mut inputs, &mut passphrases)?;
        if !choice.unused.is_empty() {
            return Err(Stop::no(choice.unused));
        }
        let passphrase = protect::choose(
            &self.passout,
            &mut passphrases,
            Some(&choice.protection),
            "the key",
        )?;
        let key = pem::encode_key(
            choice.identity.key(),
            self.key_format.into(),
            passphrase.as_ref(),
        )?;
        let contents = self.assemble(&choice, &key);
        let mut reply = Reply {
            stderr: self.warnings(&choice, now),
            own: json::part(
                "written",
                json!([{ "path": output.display().to_string(), "contents": merged::contents(&choice, self.key_first) }]),
            ),
            ..Reply::default()
        };
        reply.findings = merged::findings(&choice, &inputs.files);
        let (warnings, broken) = open::broken_parts(&inputs);
        reply.stderr.push_str(&warnings);
        reply.findings.extend(broken);
        if to_stdout {
            reply.bytes = Some(contents);
            return Ok(reply);
        }
        let file = Output {
            path: &output,
            contents: contents.expose_secret(),
            holds_key: true,
        };
        files::create(&[file], self.force)?;
        let how = if passphrase.is_some() {
            "encrypted"
        } else {
            "plain"
        };
        reply
            .stderr
            .push_str(&merged::text(&output, &choice, &inputs.files, how, now));
        Ok(reply)
    }

    /// `-o DIR` is a folder, made if need be, and the file in it is ck.pem.
    fn output_path(&self) -> Result<PathBuf, Box<Stop>> {
        let Some(output) = &self.output else {
            let output = PathBuf::from("ck.pem");
            if self
                .inputs
                .iter()
                .any(|input| files::is_same(input, &output))
            {
                // An input is overwritten only where -o names it.
                files::refuse_existing(&output, true)?;
            }
            return Ok(output);
        };
        let names_folder = output.as_os_str().as_encoded_bytes().ends_with(b"/");
        if !names_folder && !files::is_folder(output) {
            return Ok(output.clone());
        }
        files::make_folder(output)?;
        Ok(output.join("ck.pem"))
    }

    /// One identity: by the flags, by an answer on the terminal, or none.
    fn choose(
        &self,
        inputs: &mut Inputs,
        passphrases: &mut Passphrases,
    ) -> Result<Choice, Box<Stop>> {
        let mut wishes = Wishes {
            topic: self.wishes.topic.clone(),
            environment: self.wishes.env.map(Environment::from),
            certificate: self.cert.clone(),
        };
        let chain = match (self.chain, self.no_chain) {
            (true, _) => Chain::All,
            (_, true) => Chain::None,
            _ => Chain::Named,
        };
        let mut assembly = assembly::assemble(&inputs.files, &wishes, chain);
        let is_locked = |inputs: &Inputs| {
            inputs
                .files
                .iter()
                .any(|input| matches!(input.state, State::Locked { .. }))
        };
        let pairs = assembly::Parts::of(&inputs.files).has_identity();
        if matches!(assembly, Assembly::Refused(_)) && !pairs && is_locked(inputs) {
            open::unlock(inputs, passphrases, |_| true)?;
            assembly = assembly::assemble(&inputs.files, &wishes, chain);
            if let Some(error) = inputs
                .files
                .iter()
                .find(|input| matches!(input.state, State::Locked { .. }))
                .and_then(|input| input.trouble())
                && matches!(assembly, Assembly::Refused(_))
            {
                return Err(error.into());
            }
        }
        if let Assembly::Ambiguous(candidates) = &assembly {
            let chosen = self.ask(candidates)?;
            wishes.certificate = Some(chosen.sha256.to_string());
            assembly = assembly::assemble(&inputs.files, &wishes, chain);
        }
        match assembly {
            Assembly::Chosen(choice) => Ok(*choice),
            Assembly::Ambiguous(candidates) => Err(ambiguous(&candidates)),
            Assembly::Refused(findings) if findings.is_empty() => Err(nothing_found(inputs)),
            Assembly::Refused(mut findings) => {
                let pairing = [id::KEY_MISMATCH, id::NO_KEY];
                for finding in findings.iter_mut().filter(|f| pairing.contains(&f.id)) {
                    finding.hint = Some(
                        "pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)"
                            .to_string(),
                    );
                }
                Err(Stop::no(findings))
            }
        }
    }

    fn ask(&self, candidates: &[Certificate]) -> Result<Certificate, Box<Stop>> {
        if !terminal::may_select(self.common.no_input, super::ci().as_deref()) {
            return Err(ambiguous(candidates));
        }
        let now = moment::now(self.at);
        let lines: Vec<String> = candidates.iter().map(|c| words::summary(c, now)).collect();
        let index = terminal::select("which identity", &lines)?;
        candidates
            .get(index)
            .cloned()
            .ok_or_else(|| ambiguous(candidates))
    }

    fn assemble(&self, choice: &Choice, key: &SecretBytes) -> SecretBytes {
        let mut certificates = pem::encode_certificate(choice.identity.leaf());
        for authority in choice.identity.chain() {
            certificates.push_str(&pem::encode_certificate(authority));
        }
        let parts = match self.key_first {
            true => [key.expose_secret(), certificates.as_bytes()],
            false => [certificates.as_bytes(), key.expose_secret()],
        };
        SecretBytes::new(parts.concat())
    }

    fn warnings(&self, choice: &Choice, now: OffsetDateTime) -> String {
        let leaf = choice.identity.leaf();
        match Expiry::of(leaf, now, None, None) {
            Expiry::Expired | Expiry::NotYetValid => {
                format!("warning: {}\n", words::summary(leaf, now))
            }
            _ => String::new(),
        }
    }
}

/// The beginning of a SHA-256 in hex, with or without colons.
fn parse_fingerprint(text: &str) -> Result<String, String> {
    let digits = text.replace(':', "").to_lowercase();
    let is_prefix =
        (4..=64).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_prefix
        .then_some(digits)
        .ok_or_else(|| "not 4 to 64 hex digits of a SHA-256".to_string())
}

fn ambiguous(candidates: &[Certificate]) -> Box<Stop> {
    let all = candidates
        .iter()
        .map(|certificate| {
            let message = format!(
                "{}, {}, until {}, SHA-256 {}",
                certificate.topic_names().join(", "),
                words::environments(certificate),
                certificate.not_after.date(),
                certificate.sha256.short()
            );
            Finding {
                identity: Some(certificate.sha256.to_string()),
                ..Finding::new(id::AMBIGUOUS, Severity::Critical, message)
            }
        })
        .collect::<Vec<Finding>>();
    let question = "several identities fit, and nothing says which is wanted";
    let mut findings = vec![Finding::new(id::AMBIGUOUS, Severity::Critical, question)];
    findings.extend(all);
    if let (Some(last), Some(first)) = (findings.last_mut(), candidates.first()) {
        last.hint = Some(format!(
            "--cert {} chooses the first; --topic and --env narrow too",
            first.sha256.short()
        ));
    }
    Stop::no(findings)
}

fn nothing_found(inputs: &Inputs) -> Box<Stop> {
    let failed = inputs.files.iter().find_map(|input| input.trouble());
    failed
        .unwrap_or(Error::NoInputFound {
            wanted: "certificate and key",
        })
        .into()
}
