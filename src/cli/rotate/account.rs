//! What a finish or a rollback amounts to, in text and in JSON.

use super::super::hook::Hook;
use super::super::reply::{Reply, Stop};
use super::Held;
use crate::finding::Finding;
use crate::report::rotate::{Outcome, Swapped, document, planned};
use crate::rotation::{Event, Facts};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// The hook's command line, and how it ended.
pub(super) type Ran = Option<(String, String)>;

/// One file in the place of another.
pub(super) struct Account<'a> {
    pub event: Event,
    pub old: &'a Facts,
    pub new: &'a Facts,
    pub overridden: &'a [Finding],
    /// How the new file keeps its key; nothing where that is not said.
    pub form: &'static str,
    /// Whether the JSON document is wanted at all.
    pub json: bool,
    pub now: OffsetDateTime,
}

impl Account<'_> {
    /// It ended well.
    pub fn reply(&self, held: &Held, outcome: Outcome, checked: Option<String>, ran: Ran) -> Reply {
        let word = match outcome {
            Outcome::Swapped | Outcome::Restored => "done",
            Outcome::Completed => "completed",
            Outcome::Nothing => "nothing-to-do",
        };
        let row = ran
            .as_ref()
            .map(|(hook, ended)| (hook.as_str(), Some(ended.as_str())));
        let own = self.own(held, word, row);
        let mut swapped = self.swapped(held, outcome);
        swapped.checked = checked;
        swapped.hook = ran;
        Reply {
            stderr: swapped.text(self.now),
            own,
            ..Reply::default()
        }
    }

    /// What would be done.
    pub fn planned(&self, held: &Held, mut steps: Vec<String>, hook: Option<&Hook>) -> Reply {
        let hook = hook.map(Hook::describe);
        steps.extend(hook.iter().map(|hook| format!("run {hook}")));
        let swapped = self.swapped(held, Outcome::Swapped);
        Reply {
            stdout: planned(&swapped, &steps, self.now),
            own: self.own(held, "dry-run", hook.as_deref().map(|hook| (hook, None))),
            ..Reply::default()
        }
    }

    /// It was refused, or undone.
    pub fn stopped(
        &self,
        held: &Held,
        mut stop: Box<Stop>,
        outcome: &str,
        hook: Option<&Hook>,
    ) -> Box<Stop> {
        let hook = hook.map(Hook::describe);
        stop.own = self.own(held, outcome, hook.as_deref().map(|hook| (hook, None)));
        stop
    }

    fn swapped<'a>(&'a self, held: &'a Held, outcome: Outcome) -> Swapped<'a> {
        Swapped {
            site: &held.site,
            event: self.event,
            outcome,
            old: self.old,
            new: self.new,
            form: self.form,
            kept: !held.state.versions.is_empty(),
            checked: None,
            hook: None,
            overridden: self.overridden,
        }
    }

    fn own(
        &self,
        held: &Held,
        outcome: &str,
        hook: Option<(&str, Option<&str>)>,
    ) -> Map<String, Value> {
        if !self.json {
            return Map::new();
        }
        let plan = document::Plan {
            event: self.event.as_str(),
            site: &held.site,
            old: self.old,
            new: Some(self.new),
            overridden: self.overridden,
            outcome,
            hook,
        };
        let state = document::state(&held.site, &held.state, held.found, self.now);
        document::parts(Some(plan.value(self.now)), state)
    }
}
