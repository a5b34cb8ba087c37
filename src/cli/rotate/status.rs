//! `pushcert rotate status`: what stands there, what is under way and what is kept. Changes nothing.

use super::super::fail_on::FailOn;
use super::super::reply::{Reply, Stop};
use super::super::{Common, PassIn, moment};
use super::Held;
use super::opened::Opened;
use crate::audit::{self, Standard};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::finding::{self, Finding, Severity, id};
use crate::inputs::Input;
use crate::report::rotate::{self, document};
use crate::rotation::{Facts, Found, store};
use crate::validity::Threshold;
use clap::Args;
use std::path::PathBuf;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert rotate status live/ck.pem
  pushcert rotate status live/ck.pem --json", "0 all good · 1 it ends within --warn · 2 it has ended, ends within --crit, or a change is half done · 3 could not tell"))]
pub(super) struct Status {
    /// The file that is renewed
    #[arg(value_name = "LIVE")]
    live: PathBuf,
    /// The file with the key, where LIVE holds the certificate alone
    #[arg(long, value_name = "FILE")]
    live_key: Option<PathBuf>,
    /// Warn when less validity is left: a duration or a percentage
    #[arg(long, value_name = "D", default_value = "30d", value_parser = moment::parse_threshold)]
    warn: Threshold,
    /// Critical when less validity is left
    #[arg(long, value_name = "D", default_value = "7d", value_parser = moment::parse_threshold)]
    crit: Threshold,
    /// What makes the exit code other than 0
    #[arg(long, value_enum, default_value = "warning", value_name = "LEVEL")]
    fail_on: FailOn,
    /// Judge validity at this moment: RFC 3339, or YYYY-MM-DD for the end of that day
    #[arg(long, value_name = "TIME", value_parser = moment::parse_at)]
    at: Option<OffsetDateTime>,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Status {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        if let (Threshold::Left(warn), Threshold::Left(crit)) = (self.warn, self.crit)
            && crit > warn
        {
            return Err(Stop::usage("--crit is above --warn"));
        }
        let now = moment::now(self.at);
        let mut passphrases = super::super::passphrases(&self.passin, None, &self.common, &[])?;
        let held = Held::open(&self.live, self.live_key.as_deref(), None, now)?;
        let holder = store::holder(&held.site)?;
        let mut opened = Opened::read_visible(&held.site, &mut passphrases)?;
        if opened.leaf().is_none() {
            opened = Opened::read(&held.site, &mut passphrases)?;
        }
        let leaf = leaf(&opened, &held)?;
        let mut findings = self.findings(&leaf, &opened.inputs, now);
        // What is under way is no trouble while someone is at it.
        if held.found != Found::Nothing && holder.is_none() {
            findings.insert(0, self.unfinished(held.found));
        }
        if let Some(pending) = &held.state.pending {
            let message = format!(
                "a new key waits for its certificate since {}",
                pending.started.date()
            );
            findings.push(self.named(Finding::new(id::ROTATION_PENDING, Severity::Info, message)));
        }
        let status = finding::Status::of(&findings);
        let facts = Facts::of(&leaf);
        let text = rotate::Status {
            site: &held.site,
            state: &held.state,
            live: &facts,
            found: held.found,
            holder: holder.as_deref(),
            findings: &findings,
            status,
        };
        let mut state = document::state(&held.site, &held.state, held.found, now);
        if let Some(map) = state.as_object_mut() {
            map.insert("live".to_string(), document::facts(&facts, now));
            map.insert("running".to_string(), holder.as_deref().into());
        }
        Ok(Reply {
            status,
            exit_code: Some(self.fail_on.lower(status).exit_code()),
            stdout: text.text(now),
            own: document::parts(None, state),
            findings,
            ..Reply::default()
        })
    }

    fn findings(&self, leaf: &Certificate, inputs: &[Input], now: OffsetDateTime) -> Vec<Finding> {
        let standard = Standard {
            now,
            warn: Some(self.warn),
            critical: Some(self.crit),
            apple_endpoint: false,
            environment: None,
        };
        let dates = [id::EXPIRED, id::EXPIRING, id::NOT_YET_VALID];
        let mut findings: Vec<Finding> = audit::certificate(leaf, &standard)
            .into_iter()
            .filter(|finding| dates.contains(&finding.id))
            .collect();
        let mut keys = inputs
            .iter()
            .filter_map(Input::contents)
            .flat_map(|contents| &contents.keys)
            .peekable();
        let fits = |part: &crate::container::KeyPart| {
            part.key.public_key().spki_sha256 == leaf.public_key.spki_sha256
        };
        if keys.peek().is_some() && !keys.any(fits) {
            let message = "its private key does not fit its certificate";
            findings.insert(
                0,
                Finding::new(id::KEY_MISMATCH, Severity::Critical, message),
            );
        }
        findings
            .into_iter()
            .map(|finding| self.named(finding))
            .collect()
    }

    fn unfinished(&self, found: Found) -> Finding {
        let message = match found {
            Found::Nothing | Found::NotMade => {
                "a rotation ended before its swap; the live file is the old one"
            }
            Found::Undone => {
                "a rotation ended between its two files, and they do not belong together"
            }
            Found::Made => "a rotation ended after its swap; whether its hook ran is not known",
            Found::Foreign => {
                "a rotation did not end, and another program has written the file since"
            }
        };
        self.named(Finding::new(
            id::ROTATION_UNFINISHED,
            Severity::Critical,
            message,
        ))
    }

    fn named(&self, finding: Finding) -> Finding {
        finding.in_path(self.live.display().to_string())
    }
}

/// The certificate of the live file, or why it cannot be seen.
fn leaf(opened: &Opened, held: &Held) -> Result<Certificate, Box<Stop>> {
    let trouble = || opened.inputs.iter().find_map(Input::trouble);
    let missing = || {
        let wanted = "certificate";
        Error::NoInputFound { wanted }.in_file(held.site.live())
    };
    let leaf = opened.leaf().cloned();
    leaf.ok_or_else(|| trouble().unwrap_or_else(missing).into())
}
