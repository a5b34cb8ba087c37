//! `pushcert rotate rollback`: the version before comes back, and the one that goes is kept in its place.

use super::super::hook::Hook;
use super::super::reply::{Reply, Stop};
use super::super::{Common, PassIn, moment};
use super::Held;
use super::account::Account;
use super::restore;
use super::swap::{self, Aftermath};
use crate::finding::{Finding, Severity, id};
use crate::inputs;
use crate::report::rotate::Outcome;
use crate::report::words;
use crate::rotation::{self, Event, Facts, Found, Purpose, Standing, Version};
use crate::secret::{Passphrase, SecretBytes};
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert rotate rollback live/ck.pem --dry-run
  pushcert rotate rollback live/ck.pem -- systemctl reload push.service", "0 brought back · 2 refused or undone, the file is as it was · 3 could not be done"))]
pub(super) struct Rollback {
    /// The file that was renewed
    #[arg(value_name = "LIVE")]
    live: PathBuf,
    /// Bring back this version instead of the last; rotate status numbers them
    #[arg(long, value_name = "N")]
    to: Option<u32>,
    /// Print the plan and touch nothing
    #[arg(long)]
    dry_run: bool,
    /// The file with the key, where LIVE holds the certificate alone
    #[arg(long, value_name = "FILE")]
    live_key: Option<PathBuf>,
    /// Bound of the hook
    #[arg(long, value_name = "D", default_value = "5m", value_parser = moment::parse_duration)]
    hook_timeout: Duration,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
    /// The hook and its arguments, run without a shell once the version is back
    #[arg(last = true, value_name = "HOOK")]
    hook: Vec<OsString>,
}

impl Rollback {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let now = moment::now(None);
        let hook = swap::hook(&self.hook, self.hook_timeout, &self.passin.passin)?;
        let mut passphrases = super::super::passphrases(&self.passin, None, &self.common, &[])?;
        let live_key = self.live_key.as_deref();
        let verb = (!self.dry_run).then_some("rollback");
        if let Some(held) = Held::missing(&self.live, live_key, verb, now)? {
            return self.restore(held, hook.as_ref(), now);
        }
        let mut held = Held::open(&self.live, live_key, verb, now)?;
        let mut warning = held.warning();
        if held.found == Found::Made && !self.dry_run {
            // A rollback that was killed is ended by the next; anything else is ended first, and then rolled back.
            let event = held.state.swap.as_ref().map(|swap| swap.event);
            if event == Some(Event::Rollback) && self.to.is_none() {
                let mut reply = self.complete(&mut held, hook.as_ref(), now)?;
                reply.stderr.insert_str(0, &warning);
                return Ok(reply);
            }
            held.settle(now)?;
        }
        let version = self.version(&held)?;
        let contents = rotation::store::version(&held.site, &version)?;
        let candidates = passphrases.candidates()?;
        let old = standing(&held, &candidates)?;
        warning.push_str(&ended(&version, now));
        let new = Standing {
            facts: version.facts.clone(),
            contents,
        };
        let mut reply = match self.dry_run {
            true => {
                let keep = "keep the live version in its place".to_string();
                let account = self.account(&old.facts, &new.facts, now);
                account.planned(&held, vec![keep, "swap".to_string()], hook.as_ref())
            }
            false => self.swap(&mut held, &old, &new, version.number, hook.as_ref(), now)?,
        };
        reply.stderr.insert_str(0, &warning);
        Ok(reply)
    }

    /// The live file is gone.
    fn restore(
        &self,
        mut held: Held,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let warning = held.warning();
        let version = self.version(&held)?;
        let missing = Facts::missing();
        let account = self.account(&missing, &version.facts, now);
        let mut reply = match self.dry_run {
            true => account.planned(&held, vec!["write the kept version".to_string()], hook),
            false => {
                let aftermath = Aftermath {
                    hook,
                    quiet: self.common.quiet,
                    what: Event::Rollback.done(),
                };
                restore::restore(&mut held, &version, &account, &aftermath, now)?
            }
        };
        reply.stderr.insert_str(0, &ended(&version, now));
        reply.stderr.insert_str(0, &warning);
        Ok(reply)
    }

    fn version(&self, held: &Held) -> Result<Version, Box<Stop>> {
        // In a dry run an unfinished swap is still written down: what it replaced is what would come back.
        let unfinished = held
            .state
            .swap
            .as_ref()
            .filter(|_| matches!(held.found, Found::Made | Found::Foreign));
        let mut kept = held
            .state
            .versions
            .iter()
            .chain(unfinished.map(|swap| &swap.old))
            .rev();
        let found = match self.to {
            None => kept.next(),
            Some(number) => kept.find(|version| version.number == number),
        };
        let missing = || {
            let message = match self.to {
                None => "no earlier version is kept".to_string(),
                Some(number) => format!("no version {number} is kept"),
            };
            let finding = Finding::new(id::NO_PREVIOUS_VERSION, Severity::Critical, message);
            Stop::no(vec![finding.in_path(self.live.display().to_string())])
        };
        found.cloned().ok_or_else(missing)
    }

    /// The swap was made, and its hook may not have run.
    fn complete(
        &self,
        held: &mut Held,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let Some(swap) = held.state.swap.clone() else {
            return Ok(Reply::default());
        };
        let (old, new) = (swap.old.facts, swap.new);
        let aftermath = Aftermath {
            hook,
            quiet: self.common.quiet,
            what: "completed",
        };
        let account = self.account(&old, &new, now);
        let ran = aftermath
            .settle(held, None, now)
            .map_err(|stop| account.stopped(held, stop, "rolled-back", hook))?;
        Ok(account.reply(held, Outcome::Completed, None, ran))
    }

    fn swap(
        &self,
        held: &mut Held,
        old: &Standing,
        new: &Standing,
        restores: u32,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let purpose = Purpose {
            event: Event::Rollback,
            restores: Some(restores),
            allowed: Vec::new(),
            keep: held.state.versions.len().max(1),
            now,
        };
        let ending = rotation::commit(&held.site, &mut held.state, old, new, &purpose)?;
        let aftermath = Aftermath {
            hook,
            quiet: self.common.quiet,
            what: Event::Rollback.done(),
        };
        let account = self.account(&old.facts, &new.facts, now);
        let ran = aftermath
            .settle(held, Some(ending), now)
            .map_err(|stop| account.stopped(held, stop, "rolled-back", hook))?;
        Ok(account.reply(held, Outcome::Swapped, None, ran))
    }

    fn account<'a>(&self, old: &'a Facts, new: &'a Facts, now: OffsetDateTime) -> Account<'a> {
        Account {
            event: Event::Rollback,
            old,
            new,
            overridden: &[],
            form: "",
            json: self.common.json,
            now,
        }
    }
}

/// What is said of a version that has expired.
fn ended(version: &Version, now: OffsetDateTime) -> String {
    match version.facts.not_after < now {
        true => {
            let summary = words::until(version.facts.not_after, now);
            format!("warning: the version that comes back {summary}\n")
        }
        false => String::new(),
    }
}

/// What stands there, as far as it can be told without asking: nothing about it keeps an earlier version from coming back.
fn standing(held: &Held, candidates: &[Passphrase]) -> Result<Standing, Box<Stop>> {
    let contents: Vec<SecretBytes> = held.site.read()?;
    let read = contents
        .first()
        .map(|bytes| inputs::open_bytes(held.site.live(), bytes, candidates))
        .and_then(|input| input.contents()?.leaf().map(Facts::of));
    let recorded = held
        .state
        .live
        .as_ref()
        .filter(|(_, files)| *files == rotation::digests(&contents));
    let facts = read
        .or_else(|| recorded.map(|(facts, _)| facts.clone()))
        .unwrap_or_else(Facts::unknown);
    Ok(Standing { facts, contents })
}
