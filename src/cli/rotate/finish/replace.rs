//! The new file in the live one's place: encoded in its form, judged by a gateway, swapped; then the hook and a look at the
//! result, and all of it settled or undone.

use super::super::super::hook::Hook;
use super::super::super::reply::{Reply, Stop};
use super::super::Held;
use super::super::swap::Aftermath;
use super::Finish;
use super::reading::Ready;
use crate::finding::Finding;
use crate::inputs::{self, Input};
use crate::report::rotate::Outcome;
use crate::rotation::{self, Event, Live, Purpose, Standing};
use crate::secret::{Passphrase, SecretBytes};
use time::OffsetDateTime;

impl Finish {
    pub(super) fn replace(
        &self,
        held: &mut Held,
        ready: Ready,
        hook: Option<&Hook>,
        now: OffsetDateTime,
    ) -> Result<Reply, Box<Stop>> {
        let contents = self.encode(&ready)?;
        let Ready { live, plan, .. } = ready;
        let mut overridden = plan.overridden.clone();
        let checked = self.judge(held, &live, &contents, &mut overridden, now);
        let account = self.account(&plan.old, &plan.new, &overridden, &live, now);
        let checked = checked.map_err(|stop| account.stopped(held, stop, "refused", None))?;
        let purpose = Purpose {
            event: Event::Finish,
            restores: None,
            allowed: overridden.iter().map(|one| one.id.to_string()).collect(),
            keep: self.keep,
            now,
        };
        let old = Standing {
            facts: plan.old.clone(),
            contents: ready.bytes,
        };
        let new = Standing {
            facts: plan.new.clone(),
            contents,
        };
        let ending = rotation::commit(&held.site, &mut held.state, &old, &new, &purpose)?;
        let aftermath = Aftermath {
            hook,
            quiet: self.common.quiet,
            what: Event::Finish.done(),
        };
        let ran = aftermath
            .settle(held, Some(ending), now)
            .map_err(|stop| account.stopped(held, stop, "rolled-back", hook))?;
        Ok(account.reply(held, Outcome::Swapped, Some(checked), ran))
    }

    /// Asks about the new files as a server would load them. What the row says; or the refusal.
    fn judge(
        &self,
        held: &Held,
        live: &Live,
        contents: &[SecretBytes],
        overridden: &mut Vec<Finding>,
        now: OffsetDateTime,
    ) -> Result<String, Box<Stop>> {
        if self.no_check {
            return Ok("by no gateway (--no-check)".to_string());
        }
        let passphrases: Vec<Passphrase> = live.form.key_passphrase().into_iter().collect();
        let files = held.site.files.iter().zip(contents);
        let new: Vec<Input> = files
            .map(|(path, bytes)| inputs::open_bytes(path, bytes, &passphrases))
            .collect();
        self.question().demand(&new, &self.allow, overridden, now)
    }
}
