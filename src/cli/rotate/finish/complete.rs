//! The live file holds the new certificate already: what is unfinished is finished.

use super::super::super::hook::Hook;
use super::super::super::reply::{Reply, Stop};
use super::super::Held;
use super::super::account::Ran;
use super::super::swap::Aftermath;
use super::Finish;
use super::reading::Ready;
use crate::finding::{Finding, Severity, id};
use crate::report::rotate::Outcome;
use crate::rotation::{self, Event, Facts};
use time::OffsetDateTime;

impl Finish {
    pub(super) fn complete(
        &self,
        held: &mut Held,
        ready: &Ready,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let new = &ready.plan.new;
        let pending = held.state.pending.as_ref();
        let is_pending = pending.is_some_and(|one| one.spki_sha256 == new.spki_sha256);
        let aftermath = Aftermath {
            hook,
            quiet: self.common.quiet,
            what: "completed",
        };
        let (old, outcome, ran) = if let Some(swap) = held.state.swap.clone() {
            let ran = aftermath.settle(held, None, now)?;
            (swap.old.facts, Outcome::Completed, ran)
        } else {
            let old = ready.plan.old.clone();
            match is_pending {
                true => {
                    let ran = self.end_start(held, &aftermath, &old, new, now)?;
                    (old, Outcome::Completed, ran)
                }
                false => (old, Outcome::Nothing, None),
            }
        };
        let account = self.account(&old, new, &[], &ready.live, now);
        Ok(account.reply(held, outcome, None, ran))
    }

    /// The certificate of the start came to the live path in another way.
    fn end_start(
        &self,
        held: &mut Held,
        aftermath: &Aftermath,
        old: &Facts,
        new: &Facts,
        now: OffsetDateTime,
    ) -> Result<Ran, Box<Stop>> {
        let ended = aftermath.run(held, Event::Finish.as_str(), old, new, false);
        if let Some(ended) = ended.as_ref().filter(|ended| !ended.is_good()) {
            let message = format!(
                "the hook {}; the live file is as it was before",
                ended.describe()
            );
            let finding = Finding::new(id::HOOK_FAILED, Severity::Critical, message);
            return Err(Stop::no(vec![
                finding.in_path(self.live.display().to_string()),
            ]));
        }
        rotation::complete(&held.site, &mut held.state, new, now)?;
        let name = aftermath.hook.map(Hook::describe).unwrap_or_default();
        Ok(ended.map(|ended| (name, ended.describe())))
    }
}
