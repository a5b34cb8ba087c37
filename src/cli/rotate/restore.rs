//! `pushcert rotate rollback` where the live file is gone: a kept version takes its place.

use super::super::hook::Hook;
use super::super::reply::{Reply, Stop};
use super::Held;
use super::account::Account;
use super::swap::Aftermath;
use crate::finding::{Finding, Severity, id};
use crate::report::rotate::Outcome;
use crate::rotation::{self, Event, Version};
use time::OffsetDateTime;

/// Puts it there and runs the hook. What fails after that leaves it there, as nothing stood there before.
pub(super) fn restore(
    held: &mut Held,
    version: &Version,
    account: &Account,
    aftermath: &Aftermath,
    now: OffsetDateTime,
) -> Result<Reply, Box<Stop>> {
    let contents = rotation::store::version(&held.site, version)?;
    rotation::restore(&held.site, &mut held.state, version, &contents, now)?;
    let event = Event::Rollback.as_str();
    let ended = aftermath.run(held, event, account.old, account.new, false);
    let failed = ended.as_ref().filter(|ended| !ended.is_good());
    let trouble = match (failed, rotation::stands(&held.site, &version.digests())) {
        (Some(ended), _) => Some((id::HOOK_FAILED, format!("the hook {}", ended.describe()))),
        (None, Some(true)) => None,
        (None, _) => Some((
            id::POST_CHECK_FAILED,
            "after the hook the file is not what was written".to_string(),
        )),
    };
    if let Some((id, message)) = trouble {
        let message = format!("{message}; the version stays, as nothing stood there before");
        let finding = Finding::new(id, Severity::Critical, message)
            .in_path(held.site.live().display().to_string());
        let stop = Stop::no(vec![finding]);
        return Err(account.stopped(held, stop, "done", aftermath.hook));
    }
    let name = aftermath.hook.map(Hook::describe).unwrap_or_default();
    let ran = ended.map(|ended| (name, ended.describe()));
    Ok(account.reply(held, Outcome::Restored, None, ran))
}
