//! `pushcert check`: static findings, then a live handshake with a truthful verdict.

use super::endpoint::{ConnectionFlags, ViaFlag};
use super::fail_on::FailOn;
use super::reply::{Reply, Stop};
use super::wishes::WishFlags;
use super::{Common, PassIn, moment, open};
use crate::apple::Environment;
use crate::assembly;
use crate::audit::Standard;
use crate::check::{self, Checked, Planned};
use crate::container::cms::SignedProfile;
use crate::error::{Error, Result as Could};
use crate::finding::{Finding, Status};
use crate::inputs::Input;
use crate::live::{Query, Target};
use crate::report::{self, json};
use crate::validity::Threshold;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert check ck.pem
  pushcert check ck.pem --gateway localhost:2195 --ca-file lab/ca.pem
  pushcert check ck.pem --offline           (what the file itself says)", "0 accepted · 1 accepted, with warnings · 2 rejected, or critical findings · 3 could not tell"))]
pub(super) struct Check {
    /// ck.pem, a PKCS#12, or a certificate and its key
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Ask this gateway (repeatable); Apple's endpoints if not given
    #[arg(long, value_name = "HOST:PORT", value_parser = Target::parse)]
    gateway: Vec<Target>,
    /// Which of Apple's endpoints to ask
    #[arg(long, value_enum, default_value = "auto", conflicts_with = "gateway")]
    via: ViaFlag,
    #[command(flatten)]
    wishes: WishFlags,
    /// Only the static findings
    #[arg(long)]
    offline: bool,
    /// Judge whether the certificate and this provisioning profile can work together
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Do not send the probe, a notification that can reach nobody
    #[arg(long)]
    no_probe: bool,
    #[command(flatten)]
    connection: ConnectionFlags,
    /// Bound of each silence before and after the probe
    #[arg(long, value_name = "D", default_value = "2s", value_parser = moment::parse_duration)]
    wait: Duration,
    /// Warn when less validity is left: a duration or a percentage
    #[arg(long, value_name = "D", default_value = "30d", value_parser = moment::parse_threshold)]
    warn: Threshold,
    /// Critical when less validity is left
    #[arg(long, value_name = "D", value_parser = moment::parse_threshold)]
    crit: Option<Threshold>,
    /// What makes the exit code other than 0
    #[arg(long, value_enum, default_value = "warning", value_name = "LEVEL")]
    fail_on: FailOn,
    /// Judge validity at this moment (with --offline only)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_at)]
    at: Option<OffsetDateTime>,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Check {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        if self.at.is_some() && !self.offline {
            return Err(Stop::usage(
                "--at goes with --offline: a live handshake is always now",
            ));
        }
        if let (Threshold::Left(warn), Some(Threshold::Left(crit))) = (self.warn, self.crit)
            && crit > warn
        {
            return Err(Stop::usage("--crit is above --warn"));
        }
        let now = moment::now(self.at);
        let wishes = check::Wishes {
            gateways: self.gateway.clone(),
            via: self.via.into(),
            environment: self.wishes.env.map(Environment::from),
            proxies: self.connection.proxies()?,
            probe: !self.no_probe,
            offline: self.offline,
            profile: self.profile.as_deref().map(profile).transpose()?,
        };
        let mut passphrases = super::passphrases(&self.passin, None, &self.common, &self.inputs)?;
        let inputs = open::open(&self.inputs, &mut passphrases)?;
        let unread: Vec<Error> = inputs.files.iter().filter_map(Input::trouble).collect();
        let topic = assembly::Wishes {
            topic: self.wishes.topic.clone(),
            ..assembly::Wishes::default()
        };
        let subjects = check::subjects(&inputs.files, &topic);
        if subjects.is_empty() {
            let wanted = match self.wishes.topic {
                Some(_) => "certificate for that topic",
                None => "certificate",
            };
            let nothing = Error::NoInputFound { wanted };
            let nothing = match self.inputs.as_slice() {
                [one] => nothing.in_file(one),
                _ => nothing,
            };
            return Err(unread.into_iter().next().unwrap_or(nothing).into());
        }
        let standard = Standard {
            now,
            warn: Some(self.warn),
            critical: self.crit,
            apple_endpoint: false,
            environment: None,
        };
        let planned = subjects
            .into_iter()
            .map(|subject| check::plan(subject, &inputs.files, &wishes, &standard))
            .collect();
        let checked = self.ask(planned, &inputs.files, &wishes)?;
        Ok(self.reply(checked, unread, &inputs.files, now))
    }

    /// Asks about all of them at once.
    fn ask(
        &self,
        planned: Vec<Planned>,
        inputs: &[Input],
        wishes: &check::Wishes,
    ) -> Result<Vec<Checked>, Box<Stop>> {
        let queries = planned.iter().map(|one| one.queries(wishes));
        let queries = queries.collect::<Could<Vec<Vec<Query>>>>()?;
        let all = queries.iter().flatten().cloned().collect();
        let answers = self.connection.ask(all, self.wait, self.common.quiet)?;
        let mut answers = answers.into_iter();
        let of_each = planned.into_iter().zip(queries);
        let checked = of_each.map(|(one, queries)| {
            let own = answers.by_ref().take(queries.len()).collect();
            one.settle(own, inputs)
        });
        Ok(checked.collect())
    }

    fn reply(
        &self,
        checked: Vec<Checked>,
        unread: Vec<Error>,
        inputs: &[Input],
        now: OffsetDateTime,
    ) -> Reply {
        let worst = |answers: Vec<Status>| answers.into_iter().fold(Status::Ok, Status::worst);
        let unread: Vec<Finding> = unread.iter().map(Finding::unreadable).collect();
        let status = worst(checked.iter().map(|c| c.status).collect());
        let code = worst(
            checked
                .iter()
                .map(|c| self.fail_on.lower(c.status))
                .collect(),
        );
        let stdout = report::check::texts(&checked, &unread, inputs, now);
        let results: Vec<_> = checked
            .iter()
            .map(|c| report::check::result(c, inputs, now))
            .collect();
        Reply {
            status: status.worst(Status::of(&unread)),
            exit_code: Some(code.worst(Status::of(&unread)).exit_code()),
            stdout,
            findings: checked
                .into_iter()
                .flat_map(|c| c.findings)
                .chain(unread)
                .collect(),
            own: json::part("results", json!(results)),
            ..Reply::default()
        }
    }
}

/// The provisioning profile in a file.
fn profile(path: &Path) -> Result<(String, SignedProfile), Box<Stop>> {
    let inputs = crate::inputs::open(&[path.to_path_buf()], &[])?;
    open::demand_named(&inputs)?;
    let found = inputs
        .files
        .into_iter()
        .find_map(|input| Some((input.name(), input.contents()?.profile.clone()?)));
    let missing = Error::NoInputFound {
        wanted: "provisioning profile",
    };
    found.ok_or_else(|| missing.in_file(path).into())
}
