//! `pushcert rotate finish`: checked, swapped, the hook run, and all of it undone if that fails.

use super::super::endpoint::ConnectionFlags;
use super::super::hook::Hook;
use super::super::passphrase::Passphrases;
use super::super::reply::{Reply, Stop};
use super::super::wishes::Env;
use super::super::{Common, PassIn, moment, open};
use super::Held;
use super::live_check::{self, Question};
use super::opened::Opened;
use super::swap::{self, Aftermath};
use crate::apple::Environment;
use crate::assembly::{Assembly, Choice, Parts};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::files;
use crate::finding::{Finding, Severity, id};
use crate::inputs::{self, Input, Inputs, State as InputState};
use crate::live::Target;
use crate::report::rotate::{Outcome, Swapped, document, planned};
use crate::rotation::store::PENDING_KEY;
use crate::rotation::{
    self, Candidate, Event, Facts, Found, Live, MAY_BE_ALLOWED, Plan, Purpose, Standing,
};
use crate::secret::{Passphrase, SecretBytes};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert rotate finish live/ck.pem ~/Downloads/aps.cer
  pushcert rotate finish live/ck.pem ~/Downloads --dry-run
  pushcert rotate finish live/ck.pem aps.cer -- systemctl reload push.service", "0 in place · 2 refused, nothing is changed · 3 could not be done, or was undone"))]
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

/// Everything that is known before anything is touched.
struct Ready {
    live: Live,
    bytes: Vec<SecretBytes>,
    choice: Choice,
    plan: Plan,
}

impl Finish {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let now = moment::now(None);
        let hook = swap::hook(&self.hook, self.hook_timeout, &self.passin.passin)?;
        let mut passphrases =
            super::super::passphrases(&self.passin, None, &self.common, &self.new)?;
        let live_key = self.live_key.as_deref();
        let mut held = match self.dry_run {
            true => Held::look(&self.live, live_key)?,
            false => Held::take(&self.live, live_key, "finish", now)?,
        };
        let warning = held.warning();
        let ready = self.ready(&held, &mut passphrases, now)?;
        let mut reply = if self.dry_run {
            self.dry_run(&held, &ready, hook.as_ref(), now)?
        } else if ready.plan.is_live && ready.live.key.is_some() {
            self.complete(&mut held, &ready, hook.as_ref(), now)?
        } else {
            if held.found == Found::Made {
                held.settle(now)?;
            }
            self.replace(&mut held, ready, hook.as_ref(), now)?
        };
        reply.stderr.insert_str(0, &warning);
        Ok(reply)
    }

    /// Reads everything, finds the new identity and refuses what must be refused.
    fn ready(
        &self,
        held: &Held,
        passphrases: &mut Passphrases,
        now: OffsetDateTime,
    ) -> Result<Ready, Box<Stop>> {
        let opened = Opened::read(&held.site, passphrases)?;
        let live = opened.live(&held.site)?;
        let mut inputs = open::open(&self.new, passphrases)?;
        open::demand_named(&inputs)?;
        let own = self.own_keys(held, &opened, &live, passphrases)?;
        let given = inputs.files.len();
        inputs.files.extend(own);
        let pairs = Parts::of(&inputs.files).has_identity();
        if !pairs && still_locked(&inputs).is_some() {
            open::unlock(&mut inputs, passphrases, |_| true)?;
        }
        let environment = self.env.map(Environment::from);
        let found = rotation::find(&inputs.files, &live, environment, &self.allow, now);
        let (choice, plan) = match found {
            Candidate::Found(found) => *found,
            Candidate::None(assembly) => return Err(none_fits(assembly, &inputs, given)),
        };
        if !choice.unused.is_empty() {
            return Err(Stop::no(choice.unused));
        }
        if !plan.refusals.is_empty() {
            let mut stop = Stop::no(named(&plan.refusals, &inputs, &choice));
            stop.own = self.parts(
                held,
                &plan.old,
                &plan.new,
                &plan.overridden,
                "refused",
                None,
                now,
            );
            return Err(stop);
        }
        Ok(Ready {
            live,
            bytes: opened.bytes,
            choice,
            plan,
        })
    }

    /// The keys that a new certificate may fit without being named: that of the start, the live one's, and those
    /// of the versions before.
    fn own_keys(
        &self,
        held: &Held,
        opened: &Opened,
        live: &Live,
        passphrases: &mut Passphrases,
    ) -> Result<Vec<Input>, Box<Stop>> {
        let mut own = Vec::new();
        let mut candidates: Vec<Passphrase> = live.form.key_passphrase().into_iter().collect();
        candidates.extend(passphrases.candidates()?);
        if held
            .state
            .pending
            .as_ref()
            .is_some_and(|pending| !pending.reuses_key)
        {
            let path = held.site.store.join(PENDING_KEY);
            match files::read(&path) {
                Ok(bytes) => {
                    let mut key = inputs::open_bytes(&path, &bytes, &candidates);
                    key.named = false;
                    own.push(key);
                }
                // It went when it became the live one, and the state that says so did not last through a power cut.
                Err(error) if matches!(error.cause(), Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for input in &opened.inputs {
            if let InputState::Open(contents) = &input.state {
                own.push(rotation::keys_of(&input.path, contents));
            }
        }
        // After a rollback the key of the certificate that went is in the version that was kept of it.
        for version in &held.state.versions {
            for kept in &version.files {
                let path = held.site.store.join(&kept.name);
                let Ok(bytes) = files::read(&path) else {
                    continue;
                };
                let input = inputs::open_bytes(&path, &bytes, &candidates);
                if let InputState::Open(contents) = &input.state {
                    own.push(rotation::keys_of(&path, contents));
                }
            }
        }
        Ok(own)
    }

    fn dry_run(
        &self,
        held: &Held,
        ready: &Ready,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let plan = &ready.plan;
        if !plan.is_live {
            ready.live.form.encode(&ready.choice.identity)?;
        }
        let mut steps = Vec::new();
        if plan.is_live {
            steps.push("nothing to swap: the live file holds it already".to_string());
        } else {
            if !self.no_check {
                steps.push(format!("ask {}", self.question().describe()));
            }
            steps.push(format!(
                "keep the live version, {} of them in all",
                self.keep
            ));
            steps.push("swap".to_string());
        }
        if let Some(hook) = hook {
            steps.push(format!("run {}", hook.describe()));
        }
        let swapped = self.swapped(
            held,
            &plan.old,
            &plan.new,
            Outcome::Swapped,
            &ready.live,
            &plan.overridden,
        );
        let hook = hook.map(Hook::describe);
        Ok(Reply {
            stdout: planned(&swapped, &steps, now),
            own: self.parts(
                held,
                &plan.old,
                &plan.new,
                &plan.overridden,
                "dry-run",
                hook.as_deref().map(|hook| (hook, None)),
                now,
            ),
            ..Reply::default()
        })
    }

    /// The live file holds it already: what is unfinished is finished.
    fn complete(
        &self,
        held: &mut Held,
        ready: &Ready,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let spki = &ready.plan.new.spki_sha256;
        let pending = held
            .state
            .pending
            .as_ref()
            .is_some_and(|one| one.spki_sha256 == *spki);
        let aftermath = Aftermath {
            hook,
            quiet: self.common.quiet,
            what: "completed",
        };
        let (mut old, mut ran, mut outcome) = (ready.plan.old.clone(), None, Outcome::Nothing);
        if let Some(swap) = held.state.swap.clone() {
            old = swap.old.facts;
            outcome = Outcome::Completed;
            ran = aftermath.settle(held, None, now)?;
        } else if pending {
            outcome = Outcome::Completed;
            let ended = aftermath.run(held, Event::Finish.as_str(), &old, &ready.plan.new, false);
            if let Some(ended) = ended {
                if !ended.is_good() {
                    let message = format!(
                        "the hook {}; the live file is as it was before",
                        ended.describe()
                    );
                    let finding = Finding::new(id::HOOK_FAILED, Severity::Critical, message);
                    return Err(Stop::no(vec![
                        finding.in_path(self.live.display().to_string()),
                    ]));
                }
                ran = Some((
                    hook.map(Hook::describe).unwrap_or_default(),
                    ended.describe(),
                ));
            }
            rotation::complete(&held.site, &mut held.state, &ready.plan.new, now)?;
        }
        let mut swapped = self.swapped(held, &old, &ready.plan.new, outcome, &ready.live, &[]);
        swapped.hook = ran.clone();
        let word = match outcome {
            Outcome::Nothing => "nothing-to-do",
            _ => "completed",
        };
        let row = ran
            .as_ref()
            .map(|(hook, ended)| (hook.as_str(), Some(ended.as_str())));
        Ok(Reply {
            stderr: swapped.text(now),
            own: self.parts(held, &old, &ready.plan.new, &[], word, row, now),
            ..Reply::default()
        })
    }

    fn replace(
        &self,
        held: &mut Held,
        ready: Ready,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let Ready {
            live,
            bytes,
            choice,
            plan,
        } = ready;
        let in_file = |error: Error| error.in_file(&self.live);
        let contents = live.form.encode(&choice.identity).map_err(in_file)?;
        let mut overridden = plan.overridden.clone();
        let checked = match self.no_check {
            true => "by no gateway (--no-check)".to_string(),
            false => self.check(held, &live, &contents, &mut overridden, &plan, now)?,
        };
        let allowed: Vec<String> = overridden
            .iter()
            .map(|finding| finding.id.to_string())
            .collect();
        let purpose = Purpose {
            event: Event::Finish,
            restores: None,
            allowed,
            keep: self.keep,
            now,
        };
        let old = Standing {
            facts: plan.old.clone(),
            contents: bytes,
        };
        let new = Standing {
            facts: plan.new.clone(),
            contents,
        };
        let ending = rotation::commit(&held.site, &mut held.state, &old, &new, &purpose)?;
        let aftermath = Aftermath {
            hook,
            quiet: self.common.quiet,
            what: "finished",
        };
        let ran = aftermath
            .settle(held, Some(ending), now)
            .map_err(|mut stop| {
                let row = hook.map(Hook::describe);
                let row = row.as_deref().map(|hook| (hook, None));
                stop.own = self.parts(
                    held,
                    &plan.old,
                    &plan.new,
                    &overridden,
                    "rolled-back",
                    row,
                    now,
                );
                stop
            })?;
        let mut swapped = self.swapped(
            held,
            &plan.old,
            &plan.new,
            Outcome::Swapped,
            &live,
            &overridden,
        );
        swapped.checked = Some(checked);
        swapped.hook = ran.clone();
        let row = ran
            .as_ref()
            .map(|(hook, ended)| (hook.as_str(), Some(ended.as_str())));
        Ok(Reply {
            stderr: swapped.text(now),
            own: self.parts(held, &plan.old, &plan.new, &overridden, "done", row, now),
            ..Reply::default()
        })
    }

    /// Asks about the new files as a server would load them. What the row says; or the refusal.
    fn check(
        &self,
        held: &Held,
        live: &Live,
        contents: &[SecretBytes],
        overridden: &mut Vec<Finding>,
        plan: &Plan,
        now: OffsetDateTime,
    ) -> Result<String, Box<Stop>> {
        let passphrases: Vec<Passphrase> = live.form.key_passphrase().into_iter().collect();
        let files = held.site.files.iter().zip(contents);
        let new: Vec<Input> = files
            .map(|(path, bytes)| inputs::open_bytes(path, bytes, &passphrases))
            .collect();
        let question = self.question();
        let checked = question.ask(&new, now)?;
        let (mut against, allowed) = live_check::judge(&checked, &self.allow);
        for finding in allowed {
            if !overridden.iter().any(|known| known.id == finding.id) {
                overridden.push(finding);
            }
        }
        if against.is_empty() && !checked.is_empty() {
            let asked = checked
                .iter()
                .flat_map(|one| &one.asked)
                .filter(|asked| asked.endpoint.counts);
            let said: Vec<String> = asked
                .map(|asked| {
                    format!(
                        "{} by {}",
                        asked.handshake.verdict.as_str(),
                        asked.endpoint.target
                    )
                })
                .collect();
            return Ok(said.join(", "));
        }
        if against.is_empty() {
            let message = "there was nothing to ask a gateway about";
            against.push(Finding::new(id::UNPROVEN, Severity::Unknown, message));
        }
        if let Some(last) = against.last_mut().filter(|last| last.hint.is_none()) {
            last.hint = Some(format!(
                "the live file is untouched; --allow {} overrides this",
                last.id
            ));
        }
        let code = live_check::code(&against);
        let mut stop = Stop::no(against);
        stop.code = code;
        stop.own = self.parts(held, &plan.old, &plan.new, overridden, "refused", None, now);
        Err(stop)
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

    fn swapped<'a>(
        &self,
        held: &'a Held,
        old: &'a Facts,
        new: &'a Facts,
        outcome: Outcome,
        live: &Live,
        overridden: &'a [Finding],
    ) -> Swapped<'a> {
        Swapped {
            site: &held.site,
            event: Event::Finish,
            outcome,
            old,
            new,
            form: live.form.describe(),
            kept: !held.state.versions.is_empty(),
            checked: None,
            hook: None,
            overridden,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn parts(
        &self,
        held: &Held,
        old: &Facts,
        new: &Facts,
        overridden: &[Finding],
        outcome: &str,
        hook: Option<(&str, Option<&str>)>,
        now: OffsetDateTime,
    ) -> serde_json::Map<String, serde_json::Value> {
        if !self.common.json {
            return serde_json::Map::new();
        }
        let plan = document::Plan {
            event: Event::Finish.as_str(),
            site: &held.site,
            old,
            new: Some(new),
            overridden,
            outcome,
            hook,
        };
        let state = document::state(&held.site, &held.state, held.found, now);
        document::parts(Some(plan.value(now)), state)
    }
}

fn still_locked(inputs: &Inputs) -> Option<Error> {
    let mut files = inputs.files.iter();
    let locked = files.find(|input| matches!(input.state, InputState::Locked { .. }));
    locked.and_then(Input::trouble)
}

/// The refusals, each with the file of the new certificate, and what to do about the last.
fn named(refusals: &[Finding], inputs: &Inputs, choice: &Choice) -> Vec<Finding> {
    let source = choice
        .leaf_sources
        .first()
        .and_then(|index| inputs.files.get(*index));
    let path = source.map(Input::name).unwrap_or_default();
    let mut findings: Vec<Finding> = refusals
        .iter()
        .map(|finding| finding.clone().in_path(path.clone()))
        .collect();
    let flags: Vec<String> = refusals
        .iter()
        .map(|finding| format!("--allow {}", finding.id))
        .collect();
    if let Some(last) = findings.last_mut() {
        last.hint = Some(match last.id {
            id::MDM_TOPIC_CHANGED => {
                "at https://identity.apple.com/pushcert choose Renew beside the old certificate"
                    .to_string()
            }
            _ => format!(
                "the live file is untouched; if it is meant so, {}",
                flags.join(" ")
            ),
        });
    }
    findings
}

/// Why none of what was given is a new identity; `given` inputs were, the rest are keys of ours.
fn none_fits(assembly: Assembly, inputs: &Inputs, given: usize) -> Box<Stop> {
    let own: Vec<String> = inputs.files.iter().skip(given).map(Input::name).collect();
    let about_given = |finding: &Finding| {
        let path = finding.path.as_ref();
        path.is_none_or(|path| !own.contains(path))
    };
    match assembly {
        Assembly::Refused(findings) if findings.iter().any(about_given) => {
            let findings = findings.into_iter().filter(about_given).collect();
            let hint = "the key is the one that its request was made with; name its file beside the certificate";
            Stop::no(findings).with_hint(hint)
        }
        Assembly::Ambiguous(several) => {
            let names: Vec<&str> = several.iter().map(Certificate::title).collect();
            let message = format!(
                "several certificates fit, and nothing says which is wanted: {}",
                names.join(", ")
            );
            Stop::no(vec![Finding::new(
                id::AMBIGUOUS,
                Severity::Critical,
                message,
            )])
        }
        _ => {
            let given = inputs.files.iter().take(given);
            let failed = given.into_iter().find_map(Input::trouble);
            failed
                .unwrap_or(Error::NoInputFound {
                    wanted: "certificate",
                })
                .into()
        }
    }
}
