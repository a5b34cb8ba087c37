//! `plan` and `state` of the JSON document.

use crate::finding::Finding;
use crate::report::words::rfc3339;
use crate::rotation::{Entry, Facts, Found, Layout, Site, State, Swap, Version};
use crate::validity::days_remaining;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// What is, or was, to be done.
pub struct Plan<'a> {
    /// `start`, `finish` or `rollback`.
    pub event: &'a str,
    /// Where.
    pub site: &'a Site,
    /// What stood there.
    pub old: &'a Facts,
    /// What is to stand there.
    pub new: Option<&'a Facts>,
    /// What is overridden.
    pub overridden: &'a [Finding],
    /// `done`, `dry-run`, `nothing-to-do`, `completed`, `refused`, `rolled-back`.
    pub outcome: &'a str,
    /// The hook and how it ended.
    pub hook: Option<(&'a str, Option<&'a str>)>,
}

impl Plan<'_> {
    /// The `plan` of JSON.
    pub fn value(&self, now: OffsetDateTime) -> Value {
        let files = self
            .site
            .files
            .iter()
            .map(|path| path.display().to_string());
        let hook = self
            .hook
            .map(|(argv, ended)| json!({ "command": argv, "ended": ended }));
        let allowed: Vec<&str> = self.overridden.iter().map(|finding| finding.id).collect();
        json!({
            "event": self.event,
            "outcome": self.outcome,
            "files": files.collect::<Vec<_>>(),
            "layout": self.site.layout.as_str(),
            "link": match &self.site.layout {
                Layout::Linked(link) => Some(link.display().to_string()),
                _ => None,
            },
            "old": facts(self.old, now),
            "new": self.new.map(|new| facts(new, now)),
            "allowed": allowed,
            "hook": hook,
        })
    }
}

/// The `state` of JSON.
pub fn state(site: &Site, state: &State, found: Found, now: OffsetDateTime) -> Value {
    let pending = state.pending.as_ref().map(|pending| {
        json!({
            "started": rfc3339(pending.started),
            "spki_sha256": pending.spki_sha256,
            "reuses_key": pending.reuses_key,
            "request": pending.request.display().to_string(),
        })
    });
    json!({
        "store": site.store.display().to_string(),
        "pending": pending,
        "versions": state.versions.iter().map(|one| version(one, now)).collect::<Vec<_>>(),
        "unfinished": state.swap.as_ref().map(|swap| unfinished(swap, found, now)),
        "history": state.history.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// Both, as the own part of a document.
pub fn parts(plan: Option<Value>, state: Value) -> Map<String, Value> {
    let plan = plan.map(|plan| ("plan".to_string(), plan));
    plan.into_iter()
        .chain([("state".to_string(), state)])
        .collect()
}

/// The facts of a certificate.
pub fn facts(facts: &Facts, now: OffsetDateTime) -> Value {
    if facts.sha256.is_empty() {
        return Value::Null;
    }
    let environments: Vec<&str> = facts.environments.iter().map(|e| e.as_str()).collect();
    json!({
        "sha256": facts.sha256,
        "spki_sha256": facts.spki_sha256,
        "topics": facts.topics,
        "environments": environments,
        "team_id": facts.team_id,
        "not_before": rfc3339(facts.not_before),
        "not_after": rfc3339(facts.not_after),
        "days_remaining": days_remaining(facts.not_after, now),
    })
}

fn version(version: &Version, now: OffsetDateTime) -> Value {
    let files = version
        .files
        .iter()
        .map(|file| file.name.display().to_string());
    json!({
        "number": version.number,
        "kept": rfc3339(version.kept),
        "files": files.collect::<Vec<_>>(),
        "certificate": facts(&version.facts, now),
    })
}

fn unfinished(swap: &Swap, found: Found, now: OffsetDateTime) -> Value {
    let stage = match found {
        Found::Nothing | Found::NotMade => "not-swapped",
        Found::Undone => "half-swapped",
        Found::Made => "swapped",
        Found::Foreign => "changed-since",
    };
    json!({
        "event": swap.event.as_str(),
        "begun": rfc3339(swap.begun),
        "stage": stage,
        "old": facts(&swap.old.facts, now),
        "new": facts(&swap.new, now),
    })
}

fn entry(entry: &Entry) -> Value {
    json!({
        "what": entry.what,
        "at": rfc3339(entry.at),
        "old_sha256": entry.old_sha256,
        "new_sha256": entry.new_sha256,
        "allowed": entry.allowed,
    })
}
