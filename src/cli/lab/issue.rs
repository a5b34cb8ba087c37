//! `pushcert lab issue`: a certificate laid out like Apple's, for the key of a request.

use super::super::reply::{Reply, Stop};
use super::super::{Common, moment, open};
use crate::error::Error;
use crate::files::{self, Output};
use crate::inputs::{self, Input};
use crate::lab::issue::{self, LeafKind};
use crate::report::{escape, json, words};
use crate::secret::SecretBytes;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert lab issue CertificateSigningRequest.certSigningRequest --topic com.example.app
  pushcert lab issue request.csr --topic com.example.app --kind universal --days -1    (expired)", "0 written · 2 the file is there already · 3 no lab, or the request cannot be read"))]
pub(super) struct Issue {
    /// The request
    #[arg(value_name = "CSR")]
    request: PathBuf,
    /// The topic (bundle id) it is for
    #[arg(long, value_name = "T")]
    topic: String,
    /// What it is for
    #[arg(long, value_parser = kinds(), default_value = "sandbox")]
    kind: LeafKind,
    /// Days of validity from now; a negative number has expired
    #[arg(
        long,
        value_name = "N",
        default_value_t = 365,
        allow_negative_numbers = true
    )]
    days: i64,
    /// The file to write
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "aps_development.cer"
    )]
    output: PathBuf,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = "lab")]
    lab: PathBuf,
    /// Overwrite an existing output
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Issue {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let authority = super::load(&self.lab)?;
        let inputs = inputs::open(std::slice::from_ref(&self.request), &[])?;
        open::demand_named(&inputs)?;
        let keys = |input: &Input| {
            input
                .contents()
                .is_some_and(|contents| !contents.keys.is_empty())
        };
        let holds_key = inputs.files.iter().any(keys);
        let request = inputs
            .files
            .iter()
            .filter_map(|input| input.contents())
            .find_map(|contents| contents.requests.first())
            .ok_or_else(|| {
                let nothing = Error::NoInputFound { wanted: "request" }.in_file(&self.request);
                let stop = Box::<Stop>::from(nothing);
                match holds_key {
                    true => stop.with_hint(format!(
                        "pushcert csr --key {}    (makes a request for this key)",
                        words::shell(&self.request.display().to_string())
                    )),
                    false => stop,
                }
            })?;
        let der = issue::issue(
            &authority,
            &request.spki_der,
            &self.topic,
            self.kind,
            self.days,
            moment::now(None),
        )?;
        if self.output.as_os_str() == "-" {
            if self.common.json {
                return Err(Stop::usage("-o - and --json both want stdout"));
            }
            return Ok(Reply {
                bytes: Some(SecretBytes::new(der)),
                ..Reply::default()
            });
        }
        files::create(
            &[Output {
                path: &self.output,
                contents: &der,
                holds_key: false,
            }],
            self.force,
        )?;
        let path = self.output.display().to_string();
        Ok(Reply {
            stderr: format!(
                "wrote {}   a certificate of the lab's for {}\n\nnext  pushcert merge {} -o ck.pem    (with the key of the request)\n",
                escape::text(&path),
                escape::text(&self.topic),
                escape::text(&self.pair())
            ),
            own: json::part("written", json!([{ "path": path, "contents": ["leaf"] }])),
            ..Reply::default()
        })
    }
}

impl Issue {
    /// The certificate and, where `csr` writes it, the key of its request, as a shell takes them.
    fn pair(&self) -> String {
        let key = self.request.with_file_name("PushKey.pem");
        let shell = |path: &Path| words::shell(&path.display().to_string());
        format!("{} {}", shell(&self.output), shell(&key))
    }
}

fn kinds() -> impl TypedValueParser<Value = LeafKind> {
    PossibleValuesParser::new(LeafKind::ALL.map(LeafKind::as_str)).try_map(|word| word.parse())
}
