//! `pushcert merge`: a leaf, its chain and the key that fits, in one file.

use super::choose::choose;
use super::protect::{self, KeyFormat};
use super::reply::{Reply, Stop};
use super::wishes::{WishFlags, parse_fingerprint};
use super::{Common, PassIn, PassOut, moment, open};
use crate::apple::Environment;
use crate::assembly::{Chain, Choice, Wishes};
use crate::container::pem;
use crate::conversion;
use crate::files::{self, Output};
use crate::report::{json, merged, words};
use crate::validity::Expiry;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert merge aps_development.cer PushKey.pem
  pushcert merge .                          (what fits together in this folder)
  pushcert merge aps_development.cer Certificates.p12 -o live/ck.pem", "0 written · 2 no key fits, or the file is there already · 3 cannot be read, or is locked"))]
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
        let choice = choose(
            &mut inputs,
            &self.wishes(),
            self.chain(),
            &mut passphrases,
            &self.common,
            now,
        )?;
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
        let contents = conversion::join(&choice.identity, &key, self.key_first);
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
        let mode = files::mode(&output);
        let key = mode.map_or(how.to_string(), |mode| format!("{how}, {mode}"));
        reply
            .stderr
            .push_str(&merged::text(&output, &choice, &inputs.files, &key, now));
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
                match self.force {
                    true => return Err(Stop::writes_over_input(&output)),
                    false => files::refuse_existing(&output, true)?,
                }
            }
            return Ok(output);
        };
        // Stdout, even where a folder has this name.
        if output.as_os_str() == "-" {
            return Ok(output.clone());
        }
        let names_folder = output.as_os_str().as_encoded_bytes().ends_with(b"/");
        if !names_folder && !files::is_folder(output) {
            return Ok(output.clone());
        }
        files::make_folder(output)?;
        Ok(output.join("ck.pem"))
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            topic: self.wishes.topic.clone(),
            environment: self.wishes.env.map(Environment::from),
            certificate: self.cert.clone(),
        }
    }

    fn chain(&self) -> Chain {
        match (self.chain, self.no_chain) {
            (true, _) => Chain::All,
            (_, true) => Chain::None,
            _ => Chain::Named,
        }
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
