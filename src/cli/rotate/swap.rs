//! A swap with its hook: made, then the hook and a look at what stands there, then settled; or undone, and the hook told so.

use super::super::hook::{self, Ended, Hook};
use super::super::reply::Stop;
use super::Held;
use crate::error::Error;
use crate::files::signal;
use crate::finding::{Finding, Severity, id};
use crate::rotation::{self, Ending, Facts, Found};
use time::OffsetDateTime;

/// The hook of a command and how its output is shown.
pub(super) struct Aftermath<'a> {
    pub hook: Option<&'a Hook>,
    pub quiet: bool,
    /// `finished`, `rolled-back` or `completed`, for the record.
    pub what: &'a str,
}

impl Aftermath<'_> {
    /// Runs the hook of the swap that is written down, looks at the result, and settles or undoes it. What the hook's row says.
    pub fn settle(
        &self,
        held: &mut Held,
        ending: Option<Ending>,
        now: OffsetDateTime,
    ) -> Result<Option<(String, String)>, Box<Stop>> {
        let Some(swap) = held.state.swap.clone() else {
            return Ok(None);
        };
        let event = swap.event.as_str();
        let ended = self.run(held, event, &swap.old.facts, &swap.new, false);
        let trouble = match &ended {
            Some(ended) if !ended.is_good() => {
                Some((id::HOOK_FAILED, format!("the hook {}", ended.describe())))
            }
            _ => match rotation::stands(&held.site, &swap.new_files) {
                Some(true) => None,
                Some(false) => {
                    let text = "after the hook the file is not what was written".to_string();
                    Some((id::POST_CHECK_FAILED, text))
                }
                None => {
                    let text = "after the hook the file cannot be read".to_string();
                    Some((id::POST_CHECK_FAILED, text))
                }
            },
        };
        let Some((id, message)) = trouble else {
            rotation::settle(&held.site, &mut held.state, ending, self.what, now)?;
            let row = |ended: Ended| (self.name(), ended.describe());
            return Ok(ended.map(row));
        };
        rotation::undo(&held.site, &mut held.state, now)?;
        held.found = Found::Nothing;
        let again = self.run(held, "rollback", &swap.new, &swap.old.facts, true);
        let again =
            again.map(|ended| format!(", and the hook, run again for that, {}", ended.describe()));
        let message = format!(
            "{message}; the version before is back{}",
            again.unwrap_or_default()
        );
        let finding = Finding::new(id, Severity::Critical, message)
            .in_path(held.site.live().display().to_string());
        let mut stop = Stop::no(vec![finding]);
        if let (Some(Ended::Interrupted), Some(signal)) = (&ended, signal::interrupted()) {
            let interrupted: Box<Stop> = Error::Interrupted { signal }.into();
            stop.code = interrupted.code;
        }
        Err(stop)
    }

    /// Runs the hook for a rotation that another program, or an earlier command, has made.
    pub fn run(
        &self,
        held: &Held,
        event: &str,
        old: &Facts,
        new: &Facts,
        whatever: bool,
    ) -> Option<Ended> {
        let hook = self.hook?;
        let variables = hook::variables(event, &held.site, old, new);
        Some(hook.run(&variables, self.quiet, whatever))
    }

    fn name(&self) -> String {
        self.hook.map(Hook::describe).unwrap_or_default()
    }
}

/// The hook of the command line, found before anything is touched.
pub(super) fn hook(
    argv: &[std::ffi::OsString],
    timeout: std::time::Duration,
    passin: &[std::ffi::OsString],
) -> Result<Option<Hook>, Box<Stop>> {
    if argv.is_empty() {
        return Ok(None);
    }
    let named = passin
        .iter()
        .filter_map(|source| source.to_str()?.strip_prefix("env:"));
    let hook = Hook {
        argv: argv.to_vec(),
        timeout,
        secret_variables: named.map(str::to_string).collect(),
    };
    hook.find()?;
    Ok(Some(hook))
}
