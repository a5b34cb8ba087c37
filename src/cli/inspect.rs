//! `pushcert inspect`: what files are and what they are good for.

use super::reply::{self, Reply, Stop};
use super::{Common, PassIn, hints, moment, open};
use crate::audit::{self, Standard};
use crate::certificate::Certificate;
use crate::container::Contents;
use crate::error::Error;
use crate::finding::{Finding, Severity, Status};
use crate::inputs::Input;
use crate::report::inspect::{self, Inspected};
use crate::report::json;
use crate::validity::Threshold;
use clap::Args;
use serde_json::{Map, json};
use std::path::PathBuf;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert inspect Certificates.p12
  pushcert inspect .
  pushcert inspect ck.pem --strict          (exit 1 or 2 by what is found)", "0 shown · 1 or 2 with --strict, by the worst finding · 3 cannot be read"))]
pub(super) struct Inspect {
    /// Files and folders; - is stdin
    #[arg(required = true, value_name = "FILE|DIR")]
    inputs: Vec<PathBuf>,
    /// Judge: exit 1 or 2 by what is found
    #[arg(long)]
    strict: bool,
    /// Judge validity at this moment: RFC 3339, or YYYY-MM-DD for the end of that day
    #[arg(long, value_name = "TIME", value_parser = moment::parse_at)]
    at: Option<OffsetDateTime>,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Inspect {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let now = moment::now(self.at);
        let mut passphrases = super::passphrases(&self.passin, None, &self.common, &self.inputs)?;
        let inputs = open::open(&self.inputs, &mut passphrases)?;
        if inputs.files.is_empty() {
            let nothing = Error::NoInputFound {
                wanted: "certificate, key or request",
            };
            let stop: Box<Stop> = match self.inputs.as_slice() {
                [one] => nothing.in_file(one).into(),
                _ => nothing.into(),
            };
            return Err(
                stop.with_hint("pushcert inspect FILE says of a file named by itself what it is")
            );
        }
        let mut inspected: Vec<Inspected> = inputs
            .files
            .iter()
            .map(|input| Inspected {
                input,
                findings: findings(input, now),
            })
            .collect();
        let named: Vec<(String, Option<&Contents>)> = inputs
            .files
            .iter()
            .map(|input| (input.name(), input.contents()))
            .collect();
        let shared = audit::across(&named).into_iter().zip(pairs(&inputs.files));
        for (file, (shared, pairs)) in inspected.iter_mut().zip(shared) {
            let path = file.input.name();
            let all = shared.into_iter().chain(pairs);
            file.findings
                .extend(all.map(|finding| finding.in_path(path.clone())));
            hints::add(&mut file.findings);
        }
        let all: Vec<Finding> = inspected
            .iter()
            .flat_map(|file| file.findings.clone())
            .collect();
        let read = inputs.files.iter().all(|input| input.trouble().is_none());
        let status = match (self.strict, read) {
            (true, _) => Status::of(&all),
            (false, true) => Status::Ok,
            (false, false) => Status::Unknown,
        };
        let mut stderr = String::new();
        if inputs.skipped > 0 && self.common.verbose {
            stderr = format!(
                "{} files of no kind read here were skipped\n",
                inputs.skipped
            );
        }
        let (stdout, own) = match self.common.json {
            true => (
                String::new(),
                json::part("files", json!(inspect::files(&inspected, now))),
            ),
            false => (inspect::text(&inspected, &inputs.files, now), Map::new()),
        };
        Ok(Reply {
            status,
            stdout,
            stderr,
            own,
            findings: all,
            ..Reply::default()
        })
    }
}

/// For each file what its profile is to the push certificates of the others. Of several, only those for its app say anything.
fn pairs(files: &[Input]) -> Vec<Vec<Finding>> {
    let contents = || files.iter().filter_map(Input::contents);
    let certificates: Vec<&Certificate> = contents()
        .flat_map(|contents| &contents.certificates)
        .map(|part| &part.certificate)
        .filter(|certificate| certificate.kind.is_push())
        .collect();
    let profiles = contents().filter(|contents| contents.profile.is_some());
    let only_pair = profiles.count() == 1 && certificates.len() == 1;
    let of_file = |input: &Input| {
        let signed = input
            .contents()
            .and_then(|contents| contents.profile.as_ref());
        let Some(signed) = signed else {
            return Vec::new();
        };
        certificates
            .iter()
            .filter(|certificate| {
                only_pair || audit::profile::is_for_its_app(&signed.profile, certificate)
            })
            .flat_map(|certificate| audit::profile::pair(&signed.profile, certificate))
            .collect()
    };
    files.iter().map(of_file).collect()
}

fn findings(input: &Input, now: OffsetDateTime) -> Vec<Finding> {
    let path = input.name();
    let mut findings = Vec::new();
    if let Some(contents) = input.contents() {
        findings.extend(audit::contents(contents, input.readable_by_others()));
        let standard = Standard {
            now,
            warn: Some(Threshold::Left(time::Duration::days(30))),
            critical: None,
            apple_endpoint: true,
            environment: None,
        };
        for part in contents
            .certificates
            .iter()
            .filter(|part| !part.certificate.is_ca)
        {
            findings.extend(audit::certificate(&part.certificate, &standard));
        }
        if let Some(signed) = &contents.profile {
            findings.extend(audit::profile::profile(
                signed,
                now,
                time::Duration::days(30),
            ));
        }
    }
    if let Some(error) = input.trouble() {
        let mut finding = Finding::new(error.id(), Severity::Unknown, error.cause().to_string());
        finding.hint = reply::hint(&error);
        findings.push(finding);
    }
    for finding in &mut findings {
        finding.path.get_or_insert_with(|| path.clone());
    }
    findings
}
