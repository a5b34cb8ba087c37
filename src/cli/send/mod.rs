//! `pushcert send`: a real notification to one device token or to many, and what came of each.

mod delivery;
mod input;
mod output;

use super::passphrase::Passphrases;
use super::reply::{Reply, Stop};
use super::wishes::parse_fingerprint;
use super::{Common, PassIn, choose, moment, open};
use crate::assembly::{Chain, Parts, Wishes};
use crate::identity::Identity;
use crate::inputs::Inputs;
use crate::send::{Destination, Notification, Payload, Tokens, Via};
use clap::Args;
use delivery::DeliveryFlags;
use input::{Addressees, Contents};
use output::Form;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert send ck.pem --token HEX --alert Hello
  pushcert send ck.pem --token HEX --alert Hello --gateway localhost:2195 --ca-file lab/ca.pem
  pushcert send ck.pem --tokens tokens.txt --payload news.json --jsonl
  pushcert send ck.pem --token HEX --payload - --push-type background --dry-run", "0 every notification was taken · 2 one was refused, or cannot be sent as it is · 3 one is not known to be sent; the server could not be verified"))]
pub(super) struct Send {
    /// ck.pem, a PKCS#12, or a certificate and its key
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// The certificate whose SHA-256 begins so; takes one that is not for push as well
    #[arg(long, value_name = "SHA256", value_parser = parse_fingerprint)]
    cert: Option<String>,
    #[command(flatten)]
    to: Addressees,
    #[command(flatten)]
    contents: Contents,
    #[command(flatten)]
    delivery: DeliveryFlags,
    /// A JSON document a line, as the answers come, the summary last
    #[arg(long, conflicts_with = "json")]
    jsonl: bool,
    /// Show what would be sent, and touch no network
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What is sent to whom, and who sends it.
struct Order {
    /// The first file of the identity, as it was typed.
    path: String,
    identity: Identity,
    destination: Destination,
    notification: Notification,
    tokens: Tokens,
}

impl Send {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let form = match (self.jsonl, self.common.json) {
            (true, _) => Form::Lines,
            (_, true) => Form::Document,
            _ => Form::Text,
        };
        let sent = self.order().and_then(|order| match self.dry_run {
            true => Ok(output::rehearsed(&order, form)),
            false => self.deliver(&order, form),
        });
        // A stream ends with its summary, also where there is nothing to sum up.
        sent.inspect_err(|stop| {
            if self.jsonl {
                output::last_line_of(stop);
            }
        })
    }

    /// Everything that can be known before anything is sent. What is wrong with it is said here.
    fn order(&self) -> Result<Order, Box<Stop>> {
        let stdin = |path: &&PathBuf| path.as_os_str() == "-";
        let mut read = self.inputs.clone();
        let others = [self.to.file(), self.contents.file()];
        read.extend(others.into_iter().flatten().filter(stdin).cloned());
        let mut passphrases = super::passphrases(&self.passin, None, &self.common, &read)?;
        let identity = self.identity(&mut passphrases)?;
        let flags = &self.delivery;
        let destination = flags.destination(identity.leaf())?;
        let payload = self.contents.payload()?;
        let notification = Notification::new(identity.leaf(), flags.wishes()?, payload)
            .map_err(Box::<Stop>::from)?;
        let tokens = self.to.tokens(self.common.quiet)?;
        let mut findings = match destination.via {
            Some(Via::Legacy) => notification.binary_findings(&tokens),
            _ => notification.api_findings(),
        };
        if !findings.is_empty() {
            let file = self.contents.file().map(|path| name(path));
            for finding in &mut findings {
                finding.path = match finding.id {
                    crate::finding::id::BAD_TOKEN => self.to.file().map(|path| name(path)),
                    _ => file.clone(),
                };
            }
            return Err(Stop::no(findings));
        }
        Ok(Order {
            path: self
                .inputs
                .first()
                .map(|path| name(path))
                .unwrap_or_default(),
            identity,
            destination,
            notification,
            tokens,
        })
    }

    /// The identity that is to send: the only one, or what `--topic` and `--env` leave.
    fn identity(&self, passphrases: &mut Passphrases) -> Result<Identity, Box<Stop>> {
        let mut inputs: Inputs = open::open(&self.inputs, passphrases)?;
        open::demand_named(&inputs)?;
        // A topic that no certificate lists is sent nevertheless: its answer is the server's.
        let listed = |topic: &&String| {
            let leaves = Parts::of(&inputs.files).leaves;
            let mut topics = leaves
                .iter()
                .flat_map(|leaf| leaf.certificate.topics.clone());
            topics.any(|listed| listed.name == **topic)
        };
        let wishes = Wishes {
            topic: self.delivery.topic().filter(listed).cloned(),
            environment: self.delivery.environment(),
            certificate: self.cert.clone(),
        };
        let now = moment::now(None);
        let choice = choose::choose(
            &mut inputs,
            &wishes,
            Chain::Everything,
            passphrases,
            &self.common,
            now,
        )?;
        Ok(choice.identity)
    }
}

/// A path as it was typed.
fn name(path: &Path) -> String {
    path.display().to_string()
}

/// A payload that is none, or a file of tokens that holds none, is a no.
fn refused(id: &'static str, path: Option<&Path>, message: String) -> Box<Stop> {
    use crate::finding::{Finding, Severity};
    let finding = Finding::new(id, Severity::Critical, message);
    Stop::no(vec![match path {
        Some(path) => finding.in_path(name(path)),
        None => finding,
    }])
}

/// What `--alert` says, or `--payload` holds.
type Parsed = Result<Payload, String>;
