//! `pushcert expiry`: no push certificate ends unseen, in the dialect of the place that asks.

mod format;
mod outputs;

use super::config::{self, Config};
use super::fail_on::FailOn;
use super::reply::{Reply, Stop};
use super::status_line::StatusLine;
use super::wishes::WishFlags;
use super::{Common, PassIn, moment, open, passphrase::Passphrases};
use crate::apple::Environment;
use crate::error::Error;
use crate::expiry::{self, Batch, Filter, Keep, Policy, Progress, Row, Summary, Tally};
use crate::files::signal;
use crate::finding::{Finding, Status};
use crate::inputs::Keyring;
use crate::report::expiry::{Outcome, json};
use crate::report::json::{envelope, text};
use crate::validity::Threshold;
use clap::{Args, ValueEnum};
use format::Format;
use outputs::Outputs;
use std::path::PathBuf;
use std::sync::Arc;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert expiry certs/
  pushcert expiry certs/ --warn 30d --crit 7d --format nagios
  pushcert expiry --config pushcert.toml --report html=expiry.html", "0 all good · 1 something ends within --warn · 2 something has ended, or ends within --crit · 3 a file could not be told, or nothing was found"))]
pub(super) struct Expiry {
    /// Files and folders; - is stdin
    #[arg(required_unless_present = "config", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Warn when less validity is left: a duration or a percentage [default: 30d]
    #[arg(long, value_name = "D", value_parser = moment::parse_threshold)]
    warn: Option<Threshold>,
    /// Critical when less validity is left [default: 7d]
    #[arg(long, value_name = "D", value_parser = moment::parse_threshold)]
    crit: Option<Threshold>,
    /// Paths, thresholds, owners and passphrase sources of a fleet, as docs/expiry.md describes it; flags win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The dialect of the answer
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write the answer to this file instead of stdout; an older one is replaced
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write it in another dialect as well (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format::parse_report)]
    report: Vec<(Format, PathBuf)>,
    /// Only push certificates
    #[arg(long, value_enum, value_name = "WHAT")]
    only: Option<Only>,
    #[command(flatten)]
    wishes: WishFlags,
    /// Of each topic and environment judge only the certificate that ends last
    #[arg(long)]
    latest: bool,
    /// What makes the exit code other than 0
    #[arg(long, value_enum, default_value = "warning", value_name = "LEVEL")]
    fail_on: FailOn,
    /// Judge validity at this moment: RFC 3339, or YYYY-MM-DD for the end of that day
    #[arg(long, value_name = "TIME", value_parser = moment::parse_at)]
    at: Option<OffsetDateTime>,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Only {
    Push,
}

/// All that was found.
struct Found {
    /// The rows, as far as the outputs want them.
    rows: Vec<Row>,
    summary: Summary,
}

impl Expiry {
    /// `--format json` without a file is `--json`, also on failure.
    pub(super) fn common(&self) -> Common {
        Common {
            json: self.common.json || (self.format == Some(Format::Json) && self.output.is_none()),
            ..self.common.clone()
        }
    }

    pub(super) fn run(mut self) -> Result<Reply, Box<Stop>> {
        let config = match &self.config {
            Some(path) => config::read(path)?,
            None => Config::default(),
        };
        self.paths_from(&config)?;
        self.latest |= config.latest;
        let (warn, crit) =
            moment::thresholds(self.warn.or(config.warn), self.crit.or(config.crit))?;
        let mut outputs = Outputs::plan(&self)?;
        let policy = Arc::new(Policy {
            now: moment::now(self.at),
            warn,
            critical: crit,
            filter: Filter {
                only_push: self.only.is_some() || config.only_push,
                topic: self.wishes.topic.clone(),
                environment: self.wishes.env.map(Environment::from),
            },
            apps: config.apps.clone(),
        });
        let mut passphrases = super::passphrases(&self.passin, None, &self.common, &self.paths)?;
        let keyring = self.keyring(config, &mut passphrases)?;
        let found = self.find(&policy, &keyring, &mut passphrases, &mut outputs)?;
        if found.summary.total == 0 {
            let wanted = "certificate that the flags let through was";
            return Err(Error::NoInputFound { wanted }.into());
        }
        self.reply(&found, &policy, outputs)
    }

    /// The paths of the command line, or those of the configuration where it names none.
    fn paths_from(&mut self, config: &Config) -> Result<(), Box<Stop>> {
        if self.paths.is_empty() {
            self.paths.clone_from(&config.paths);
        }
        match self.paths.is_empty() {
            true => Err(Stop::usage(
                "no path: neither the command line nor --config names one",
            )),
            false => Ok(()),
        }
    }

    /// The passphrases of flags and environment, or those of the configuration where neither names any; and its own of single files.
    fn keyring(&self, config: Config, passphrases: &mut Passphrases) -> Result<Keyring, Box<Stop>> {
        let mut any = passphrases.candidates()?;
        let named = std::env::var_os("PUSHCERT_PASSIN").is_some_and(|source| !source.is_empty());
        if self.passin.passin.is_empty() && !named {
            any.extend(config::passphrases(config.passin)?);
        }
        let mut own = Vec::new();
        for (path, source) in config.files {
            let found = config::passphrases(vec![source])?;
            own.extend(
                found
                    .into_iter()
                    .map(|passphrase| (path.clone(), passphrase)),
            );
        }
        Ok(Keyring { any, own })
    }

    /// Reads everything. The rows go to whoever writes while reading; the rest is kept as far as anyone needs it at the end.
    fn find(
        &self,
        policy: &Arc<Policy>,
        keyring: &Keyring,
        passphrases: &mut Passphrases,
        outputs: &mut Outputs,
    ) -> Result<Found, Box<Stop>> {
        let progress = Arc::new(Progress::default());
        let state = || {
            progress.count(&self.paths);
            state(&progress)
        };
        let mut line = StatusLine::new(self.common.quiet || outputs.show_rows());
        let mut found = Found {
            rows: Vec::new(),
            summary: Summary::default(),
        };
        let keep = match self.latest || outputs.want_all() {
            true => Keep::All,
            false => Keep::Attention,
        };
        for batch in expiry::scan(&self.paths, keyring, policy, keep, &progress)? {
            signal::check()?;
            line.tell(state);
            let Some(mut batch) = batch else {
                continue;
            };
            if !batch.locked.is_empty() {
                line.clear();
            }
            unlock(&mut batch, passphrases, policy)?;
            found.summary.skipped += batch.skipped;
            if !self.latest {
                found.summary.add(batch.tally);
                outputs.stream(&batch.rows, policy.now);
            }
            if self.latest || !outputs.only_stream() {
                found.rows.extend(batch.rows);
            }
        }
        signal::check()?;
        if self.latest {
            found.summary.superseded = expiry::keep_latest(&mut found.rows);
            found.summary.add(Tally::of(&found.rows));
            outputs.stream(&found.rows, policy.now);
        }
        Ok(found)
    }

    fn reply(&self, found: &Found, policy: &Policy, outputs: Outputs) -> Result<Reply, Box<Stop>> {
        let summary = &found.summary;
        let status = summary.status();
        let code = self.exit_code(summary);
        let outcome = Outcome {
            rows: &found.rows,
            summary,
            now: policy.now,
            fails_from: self.fail_on.level(),
            warn: policy.warn,
            critical: policy.critical,
        };
        let findings = || -> Vec<Finding> { found.rows.iter().filter_map(Row::finding).collect() };
        let document = || {
            let own = json::own(&outcome);
            text(&envelope("expiry", status, code, &findings(), own))
        };
        let written = outputs.write(&outcome, document)?;
        let mut stderr = String::new();
        if self.common.verbose && summary.skipped > 0 {
            let skipped = summary.skipped;
            stderr = format!("{skipped} files of no kind read here were skipped\n");
        }
        let is_json = self.common().json;
        Ok(Reply {
            status,
            exit_code: Some(code),
            stdout: written.stdout,
            bytes: written.bytes,
            silent: written.streamed,
            stderr,
            findings: if is_json { findings() } else { Vec::new() },
            own: if is_json {
                json::own(&outcome)
            } else {
                serde_json::Map::new()
            },
            ..Reply::default()
        })
    }

    fn exit_code(&self, summary: &Summary) -> u8 {
        let seen = [
            (summary.warning, Status::Warning),
            (summary.unknown, Status::Unknown),
            (summary.critical, Status::Critical),
        ];
        seen.iter()
            .filter(|(count, _)| *count > 0)
            .map(|(_, status)| self.fail_on.lower(*status))
            .fold(Status::Ok, Status::worst)
            .exit_code()
    }
}

/// What the terminal says meanwhile.
fn state(progress: &Progress) -> String {
    let read = progress.read();
    match progress.total() {
        None => format!("read {read} files, counting the others"),
        Some(1) => "reading the file".to_string(),
        Some(total) => format!("read {read} of {} files", total.max(read)),
    }
}

/// Asks for the passphrases of files that stood on the command line.
fn unlock(
    batch: &mut Batch,
    passphrases: &mut Passphrases,
    policy: &Policy,
) -> Result<(), Box<Stop>> {
    // From the end, so that the places of the earlier ones stay true.
    for (place, mut input) in std::mem::take(&mut batch.locked).into_iter().rev() {
        open::unlock_one(&mut input, passphrases)?;
        let rows = expiry::rows(input, policy);
        batch.tally.add_all(&rows);
        // A locked file has one row, which says so.
        batch.rows.splice(place..=place, rows);
    }
    Ok(())
}
