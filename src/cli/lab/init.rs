//! `pushcert lab init`: the stand-in CA and the certificate of its gateway.

use super::super::reply::{Reply, Stop};
use super::super::{Common, moment};
use crate::error::{Error, Result as Could};
use crate::files::{self, Output};
use crate::lab::authority::{Authority, CA_FILE, LabFile};
use crate::report::{escape, json, words};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert lab init
  pushcert lab init --lab /tmp/lab", "0 written · 2 a lab is there already · 3 could not be written"))]
pub(super) struct Init {
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = "lab")]
    lab: PathBuf,
    /// Overwrite an existing lab
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Init {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let authority = Authority::create(moment::now(None))?;
        let folder = words::shell(&self.lab.display().to_string());
        let flag = match folder.as_str() {
            "lab" => String::new(),
            folder => format!(" --lab {}", escape::text(folder)),
        };
        let written = write_lab(&authority, &self.lab, self.force).map_err(|error| {
            let exists = matches!(error.cause(), Error::Exists { .. });
            match (Box::<Stop>::from(error), exists) {
                (stop, true) => stop.with_hint(format!(
                    "pushcert lab issue CSR --topic com.example.app{flag}    (uses the lab that is there; --force makes a new one, which takes none of the old one's certificates)"
                )),
                (stop, false) => stop,
            }
        })?;
        Ok(Reply {
            stderr: format!(
                "wrote {}   a stand-in CA and gateway certificate\n\nnext  1  pushcert csr\n      2  pushcert lab issue CertificateSigningRequest.certSigningRequest --topic com.example.app{flag}\n      3  pushcert lab gateway{flag}\n",
                escape::text(&self.lab.display().to_string()),
            ),
            own: json::part("written", json!(written)),
            ..Reply::default()
        })
    }
}

/// Writes the files of a lab; returns the entries of JSON's `written[]`.
fn write_lab(authority: &Authority, folder: &Path, force: bool) -> Could<Vec<Value>> {
    files::make_folder(folder)?;
    let contents = authority.files()?;
    let paths: Vec<PathBuf> = contents.iter().map(|file| folder.join(file.name)).collect();
    let outputs: Vec<Output> = contents
        .iter()
        .zip(&paths)
        .map(|(file, path)| Output {
            path,
            contents: file.contents.expose_secret(),
            holds_key: file.holds_key,
        })
        .collect();
    files::create(&outputs, force)?;
    let entry = |(file, path): (&LabFile, &PathBuf)| {
        let contents = match (file.holds_key, file.name) {
            (true, _) => vec!["key"],
            (false, CA_FILE) => vec!["chain", "chain"],
            (false, _) => vec!["leaf"],
        };
        json!({ "path": path.display().to_string(), "contents": contents })
    };
    Ok(contents.iter().zip(&paths).map(entry).collect())
}
