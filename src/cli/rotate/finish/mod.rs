//! `pushcert rotate finish`: everything is read and planned, then checked by a gateway and swapped, the hook run, and all of it
//! undone if that fails.

mod complete;
mod reading;
mod refused;
mod replace;

use super::super::endpoint::ConnectionFlags;
use super::super::reply::{Reply, Stop};
use super::super::wishes::Env;
use super::super::{Common, PassIn, moment};
use super::Held;
use super::account::Account;
use super::live_check::Question;
use super::swap;
use crate::apple::Environment;
use crate::finding::Finding;
use crate::live::Target;
use crate::rotation::{Event, Facts, Found, Live, MAY_BE_ALLOWED};
use crate::secret::SecretBytes;
use clap::Args;
use clap::builder::PossibleValuesParser;
use reading::Ready;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert rotate finish live/ck.pem ~/Downloads/aps.cer
  pushcert rotate finish live/ck.pem ~/Downloads --dry-run
  pushcert rotate finish live/ck.pem aps.cer -- systemctl reload push.service", "0 in place · 2 refused or undone, the old file is in place · 3 could not be done"))]
pub(super) struct Finish {
    /// The file that is renewed
    #[arg(value_name = "LIVE")]
    live: PathBuf,
    /// The downloaded certificate, a folder with it, a PKCS#12 or a ready PEM
    #[arg(required = true, value_name = "NEW")]
    new: Vec<PathBuf>,
    /// Ask no gateway; everything else is judged all the same
    #[arg(long)]
    no_check: bool,
    /// Override this finding, and say so in the record (repeatable)
    #[arg(long, value_name = "ID", value_parser = PossibleValuesParser::new(MAY_BE_ALLOWED), hide_possible_values = true)]
    allow: Vec<String>,
    /// Print the plan and touch nothing
    #[arg(long)]
    dry_run: bool,
    /// The file with the key, where LIVE holds the certificate alone
    #[arg(long, value_name = "FILE")]
    live_key: Option<PathBuf>,
    /// How many earlier versions to keep
    #[arg(long, value_name = "N", default_value_t = 1)]
    keep: usize,
    /// Ask this gateway (repeatable); Apple's if not given
    #[arg(long, value_name = "HOST:PORT", value_parser = Target::parse)]
    gateway: Vec<Target>,
    /// Ask about this environment only
    #[arg(long, value_enum, value_name = "E")]
    env: Option<Env>,
    #[command(flatten)]
    connection: ConnectionFlags,
    /// Bound of each silence before and after the probe
    #[arg(long, value_name = "D", default_value = "2s", value_parser = moment::parse_duration)]
    wait: Duration,
    /// Bound of the hook
    #[arg(long, value_name = "D", default_value = "5m", value_parser = moment::parse_duration)]
    hook_timeout: Duration,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
    /// The hook and its arguments, run without a shell once the new file is in place
    #[arg(last = true, value_name = "HOOK")]
    hook: Vec<OsString>,
}

impl Finish {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let now = moment::now(None);
        let hook = swap::hook(&self.hook, self.hook_timeout, &self.passin.passin)?;
        let hook = hook.as_ref();
        let mut passphrases =
            super::super::passphrases(&self.passin, None, &self.common, &self.new)?;
        let live_key = self.live_key.as_deref();
        let verb = (!self.dry_run).then_some("finish");
        let mut held = Held::open(&self.live, live_key, verb, now)?;
        let warning = held.warning();
        let ready = self.read(&held, &mut passphrases, now)?;
        let mut reply = if self.dry_run {
            let steps = self.steps(&ready)?;
            let plan = &ready.plan;
            let account = self.account(&plan.old, &plan.new, &plan.overridden, &ready.live, now);
            account.planned(&held, steps, hook)
        } else if ready.plan.is_live && ready.live.key.is_some() {
            self.complete(&mut held, &ready, hook, now)?
        } else {
            if held.found == Found::Made {
                held.settle(now)?;
            }
            self.replace(&mut held, ready, hook, now)?
        };
        reply.stderr.insert_str(0, &warning);
        Ok(reply)
    }

    /// What would be done, in words.
    fn steps(&self, ready: &Ready) -> Result<Vec<String>, Box<Stop>> {
        if ready.plan.is_live {
            return Ok(vec![
                "nothing to swap: the live file holds it already".to_string(),
            ]);
        }
        // Whether its form can be kept is part of the answer.
        self.encode(ready)?;
        let ask = (!self.no_check).then(|| format!("ask {}", self.question().describe()));
        let keep = format!("keep the live version, {} of them in all", self.keep);
        Ok(ask.into_iter().chain([keep, "swap".to_string()]).collect())
    }

    /// The new identity in the live file's form.
    fn encode(&self, ready: &Ready) -> Result<Vec<SecretBytes>, Box<Stop>> {
        let encoded = ready.live.form.encode(&ready.choice.identity);
        Ok(encoded.map_err(|error| error.in_file(&self.live))?)
    }

    fn account<'a>(
        &self,
        old: &'a Facts,
        new: &'a Facts,
        overridden: &'a [Finding],
        live: &Live,
        now: OffsetDateTime,
    ) -> Account<'a> {
        Account {
            event: Event::Finish,
            old,
            new,
            overridden,
            form: live.form.describe(),
            json: self.common.json,
            now,
        }
    }

    fn question(&self) -> Question<'_> {
        Question {
            connection: &self.connection,
            gateways: &self.gateway,
            environment: self.env.map(Environment::from),
            wait: self.wait,
            quiet: self.common.quiet,
        }
    }
}
