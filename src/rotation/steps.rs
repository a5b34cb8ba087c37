//! What each step of a swap makes of the state. Pure: the disk is [`super::transaction`]'s.

use super::state::{Entry, Event, Pending, State, Swap, Version};
use std::path::PathBuf;
use time::OffsetDateTime;

/// The swap is about to be made.
pub(super) fn begun(state: &State, swap: Swap, live_key: Option<PathBuf>) -> State {
    State {
        last_number: swap.old.number,
        live_key,
        swap: Some(swap),
        ..state.clone()
    }
}

/// The swap was made and its hook is done with: the old version is kept, those before it as far as wanted, and a pending key
/// that is live now is pending no more. With it, the folders behind a link that are no longer kept.
pub(super) fn ended(state: &State, what: &str, now: OffsetDateTime) -> (State, Vec<PathBuf>) {
    let mut state = state.clone();
    let Some(swap) = state.swap.take() else {
        return (state, Vec::new());
    };
    state.note(entry(&swap, what, now));
    state.live = Some((swap.new.clone(), swap.new_files.clone()));
    state
        .versions
        .retain(|version| Some(version.number) != swap.restores);
    state.versions.push(swap.old);
    let surplus = state.versions.len().saturating_sub(swap.keep);
    state.versions.drain(..surplus);
    end_pending(&mut state, &swap.new.spki_sha256);
    let mut old_folders = Vec::new();
    if let Some((_, folder)) = swap.folders {
        state.folders.push(folder);
        // Who opened a file behind the link a moment ago still finds the folder before this one.
        let surplus = state.folders.len().saturating_sub(swap.keep.max(1) + 1);
        old_folders.extend(state.folders.drain(..surplus));
    }
    (state, old_folders)
}

/// The swap was not made, or was undone.
pub(super) fn forgotten(state: &State, what: &str, now: OffsetDateTime) -> State {
    let mut state = state.clone();
    if let Some(swap) = state.swap.take() {
        state.note(entry(&swap, what, now));
    }
    state
}

/// A kept version stands where nothing stood.
pub(super) fn restored(state: &State, version: &Version, now: OffsetDateTime) -> State {
    let mut state = state.clone();
    state.note(Entry {
        what: Event::Rollback.done().to_string(),
        at: now,
        old_sha256: None,
        new_sha256: Some(version.facts.sha256.clone()),
        allowed: Vec::new(),
    });
    state.live = Some((version.facts.clone(), version.digests()));
    state.versions.retain(|kept| kept.number != version.number);
    state
}

fn entry(swap: &Swap, what: &str, now: OffsetDateTime) -> Entry {
    Entry {
        what: what.to_string(),
        at: now,
        old_sha256: Some(swap.old.facts.sha256.clone()),
        new_sha256: Some(swap.new.sha256.clone()),
        allowed: swap.allowed.clone(),
    }
}

/// Forgets a start whose key is the live one now.
pub(super) fn end_pending(state: &mut State, live_spki_sha256: &str) {
    let used = |pending: &Pending| pending.spki_sha256 == live_spki_sha256;
    if state.pending.as_ref().is_some_and(used) {
        state.pending = None;
    }
}
