//! `pushcert lab`: a stand-in Apple CA and push gateway on loopback.

use super::rehearse::Rehearse;
use super::reply::{Reply, Stop};
use super::wishes::Env;
use super::{Common, moment};
use crate::apple::Environment;
use crate::error::{Error, Result as Could};
use crate::files::{self, Output, signal};
use crate::inputs;
use crate::lab::authority::{Authority, CA_FILE};
use crate::lab::gateway::{Gateway, Settings, Tls};
use crate::lab::issue::{self, LeafKind};
use crate::report::{escape, json, words};
use crate::secret::SecretBytes;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Args)]
pub(super) struct Lab {
    #[command(subcommand)]
    command: LabCommand,
}

#[derive(Subcommand)]
enum LabCommand {
    Init(Init),
    Issue(Issue),
    Gateway(Serve),
    Rehearse(Rehearse),
}

/// Make the stand-in root, intermediate and server certificate
#[derive(Args)]
struct Init {
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = "lab")]
    lab: PathBuf,
    /// Overwrite an existing lab
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
}

/// Issue a certificate for a request, laid out like Apple's
#[derive(Args)]
struct Issue {
    /// The request
    #[arg(value_name = "CSR")]
    request: PathBuf,
    /// The topic (bundle id) it is for
    #[arg(long, value_name = "T")]
    topic: String,
    /// What it is for
    #[arg(long, value_enum, default_value = "sandbox")]
    kind: Kind,
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
    common: Common,
}

/// Serve the binary protocol like Apple's gateway did; one JSON line per event
#[derive(Args)]
struct Serve {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2195")]
    listen: String,
    /// TLS version; both if not given
    #[arg(long, value_enum, value_name = "V")]
    tls: Option<Version>,
    /// Serve one environment only
    #[arg(long, value_enum, value_name = "E")]
    env: Option<Env>,
    /// Treat a certificate as revoked: its serial number in hex, or a file (repeatable)
    #[arg(long, value_name = "SERIAL|FILE")]
    revoke: Vec<String>,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = "lab")]
    lab: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Sandbox,
    Universal,
    Production,
    Voip,
    Mdm,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl Lab {
    pub(super) fn describe(&self) -> (&'static str, Common) {
        match &self.command {
            LabCommand::Init(c) => ("lab init", c.common.clone()),
            LabCommand::Issue(c) => ("lab issue", c.common.clone()),
            LabCommand::Gateway(c) => ("lab gateway", c.common.clone()),
            LabCommand::Rehearse(c) => ("lab rehearse", c.common.clone()),
        }
    }

    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        match self.command {
            LabCommand::Init(c) => c.run(),
            LabCommand::Issue(c) => c.run(),
            LabCommand::Gateway(c) => c.run(),
            LabCommand::Rehearse(c) => c.run(),
        }
    }
}

impl Init {
    fn run(self) -> Result<Reply, Box<Stop>> {
        let authority = Authority::create(moment::now(None))?;
        let written = write_lab(&authority, &self.lab, self.force)?;
        let folder = words::shell(&self.lab.display().to_string());
        Ok(Reply {
            stderr: format!(
                "wrote {}   a stand-in CA and gateway certificate\n\nnext  1  pushcert csr\n      2  pushcert lab issue CertificateSigningRequest.certSigningRequest --topic com.example.app --lab {folder}\n      3  pushcert lab gateway --lab {folder}\n",
                escape::text(&self.lab.display().to_string()),
                folder = escape::text(&folder),
            ),
            own: json::part("written", json!(written)),
            ..Reply::default()
        })
    }
}

/// Writes the files of a lab; returns the entries of JSON's `written[]`.
pub(super) fn write_lab(
    authority: &Authority,
    folder: &Path,
    force: bool,
) -> Could<Vec<serde_json::Value>> {
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
    let entry = |(file, path): (&crate::lab::authority::LabFile, &PathBuf)| {
        let contents = match (file.holds_key, file.name) {
            (true, _) => vec!["key"],
            (false, CA_FILE) => vec!["chain", "chain"],
            (false, _) => vec!["leaf"],
        };
        json!({ "path": path.display().to_string(), "contents": contents })
    };
    Ok(contents.iter().zip(&paths).map(entry).collect())
}

fn load(folder: &Path) -> Result<Authority, Box<Stop>> {
    let read = |name: &'static str| {
        files::read(&folder.join(name)).map(|bytes| bytes.expose_secret().to_vec())
    };
    Authority::load(read).map_err(|error| {
        let stop = Box::<Stop>::from(error.in_file(folder));
        stop.with_hint(format!(
            "pushcert lab init --lab {}",
            words::shell(&folder.display().to_string())
        ))
    })
}

impl Issue {
    fn run(self) -> Result<Reply, Box<Stop>> {
        let authority = load(&self.lab)?;
        let inputs = inputs::open(std::slice::from_ref(&self.request), &[])?;
        super::open::demand_named(&inputs)?;
        let request = inputs
            .files
            .iter()
            .filter_map(|input| input.contents())
            .find_map(|contents| contents.requests.first())
            .ok_or_else(|| Error::NoInputFound { wanted: "request" }.in_file(&self.request))?;
        let der = issue::issue(
            &authority,
            &request.spki_der,
            &self.topic,
            self.kind.into(),
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
                "wrote {}   a certificate of the lab's for {}\n",
                escape::text(&path),
                escape::text(&self.topic)
            ),
            own: json::part("written", json!([{ "path": path, "contents": ["leaf"] }])),
            ..Reply::default()
        })
    }
}

impl Serve {
    fn run(self) -> Result<Reply, Box<Stop>> {
        let authority = load(&self.lab)?;
        let tls = match self.tls {
            None => Tls::Any,
            Some(Version::Tls12) => Tls::Tls12,
            Some(Version::Tls13) => Tls::Tls13,
        };
        let settings = Settings {
            environment: self.env.map(Environment::from),
            revoked: self
                .revoke
                .iter()
                .map(|text| serial(text))
                .collect::<Result<_, _>>()?,
            tls,
            clock: OffsetDateTime::now_utc,
        };
        let gateway = Gateway::bind(&self.listen, &authority, settings)?;
        let running = gateway.run_in_thread(|event| {
            let mut stdout = std::io::stdout().lock();
            // A reader that has gone does not stop the gateway.
            let _ = writeln!(stdout, "{}", event.to_json()).and_then(|()| stdout.flush());
        })?;
        while signal::interrupted().is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(running);
        Ok(Reply {
            silent: true,
            ..Reply::default()
        })
    }
}

/// A serial number as typed, or that of the certificate in a file.
fn serial(text: &str) -> Result<String, Box<Stop>> {
    if text.chars().all(|c| c.is_ascii_hexdigit() || c == ':') {
        return Ok(text.to_string());
    }
    let inputs = inputs::open(&[PathBuf::from(text)], &[])?;
    super::open::demand_named(&inputs)?;
    let leaf = inputs
        .files
        .iter()
        .filter_map(|input| input.contents())
        .find_map(|contents| contents.leaf());
    leaf.map(|leaf| leaf.serial_number.clone()).ok_or_else(|| {
        Error::NoInputFound {
            wanted: "certificate",
        }
        .in_file(Path::new(text))
        .into()
    })
}

impl From<Kind> for LeafKind {
    fn from(kind: Kind) -> LeafKind {
        match kind {
            Kind::Sandbox => LeafKind::Sandbox,
            Kind::Universal => LeafKind::Universal,
            Kind::Production => LeafKind::Production,
            Kind::Voip => LeafKind::Voip,
            Kind::Mdm => LeafKind::Mdm,
        }
    }
}
