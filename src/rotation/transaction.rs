//! The swap itself: kept, written down, made; then settled, or undone. Each step leaves the live file whole, old or new, and
//! the state file says which step may have been the last.

use super::facts::Facts;
use super::site::{Layout, Site, folder_of};
use super::state::{Entry, Event, KeptFile, Pending, State, Swap, Version};
use super::store;
use crate::error::{Error, Result};
use crate::files::{self, signal::Steady};
use crate::public_key::Fingerprint;
use crate::secret::SecretBytes;
use std::path::PathBuf;
use time::OffsetDateTime;

/// What stands at the live path, or is to stand there.
#[derive(Debug)]
pub struct Standing {
    /// Of its certificate.
    pub facts: Facts,
    /// File by file.
    pub contents: Vec<SecretBytes>,
}

/// What a swap is for.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// A new certificate, or an earlier version.
    pub event: Event,
    /// The version that comes back, if it is one.
    pub restores: Option<u32>,
    /// The refusals that were overridden.
    pub allowed: Vec<String>,
    /// How many earlier versions stay.
    pub keep: usize,
    /// When.
    pub now: OffsetDateTime,
}

/// Makes the swap. The order is what a crash leaves whole: the old version is kept, the swap is written down, then it is made.
/// An error leaves the old files in their place.
pub fn commit(
    site: &Site,
    state: &mut State,
    old: &Standing,
    new: &Standing,
    purpose: &Purpose,
) -> Result<()> {
    let number = state.last_number + 1;
    let names = [format!("{number:04}.live"), format!("{number:04}.key")];
    let named = names.into_iter().zip(digests(&old.contents));
    let version = Version {
        number,
        kept: purpose.now,
        facts: old.facts.clone(),
        files: named
            .map(|(name, sha256)| KeptFile {
                name: PathBuf::from(name),
                sha256,
            })
            .collect(),
    };
    store::keep(site, &version, &old.contents)?;
    files::signal::check()?;
    let _steady = Steady::new();
    let folders = new_folder(site, number);
    let before = state.clone();
    state.last_number = number;
    state.live_key = site.recorded_key();
    state.swap = Some(Swap {
        event: purpose.event,
        begun: purpose.now,
        old: version,
        new_files: digests(&new.contents),
        new: new.facts.clone(),
        restores: purpose.restores,
        allowed: purpose.allowed.clone(),
        folders: folders.clone(),
        keep: purpose.keep,
    });
    // The last moment to turn back: nothing but the store has been touched.
    let ready = store::write(site, state).and_then(|()| match files::signal::interrupted() {
        Some(signal) => Err(Error::Interrupted { signal }),
        None => Ok(()),
    });
    let folder = folders.as_ref().map(|(_, folder)| folder.as_path());
    let swapped = ready.and_then(|()| site.swap(&new.contents, folder));
    if let Err(error) = swapped {
        // Of two files one may have its new contents already.
        if let Some(swap) = state.swap.take() {
            if stands(site, &swap.old.digests()) != Some(true) {
                put_back(site, &swap)?;
            }
            drop_folder(site, &swap);
        }
        *state = before;
        store::write(site, state)?;
        store::sweep(site, state);
        return Err(error);
    }
    Ok(())
}

/// Puts the old files back and forgets the swap.
pub fn undo(site: &Site, state: &mut State, now: OffsetDateTime) -> Result<()> {
    let _steady = Steady::new();
    let Some(swap) = state.swap.clone() else {
        return Ok(());
    };
    if stands(site, &swap.old.digests()) != Some(true) {
        put_back(site, &swap)?;
    }
    drop_folder(site, &swap);
    forget(site, state, "undone", now)
}

/// Ends the swap: the old version is kept, those before it as far as wanted, and a pending key that is live now is pending no more.
pub fn settle(site: &Site, state: &mut State, what: &str, now: OffsetDateTime) -> Result<()> {
    let _steady = Steady::new();
    let Some(swap) = state.swap.take() else {
        return Ok(());
    };
    state.note(Entry {
        what: what.to_string(),
        at: now,
        old_sha256: Some(swap.old.facts.sha256.clone()),
        new_sha256: Some(swap.new.sha256.clone()),
        allowed: swap.allowed.clone(),
    });
    state.live = Some((swap.new.clone(), swap.new_files.clone()));
    state
        .versions
        .retain(|version| Some(version.number) != swap.restores);
    state.versions.push(swap.old);
    let surplus = state.versions.len().saturating_sub(swap.keep);
    state.versions.drain(..surplus);
    end_pending(state, &swap.new.spki_sha256);
    let mut old_folders = Vec::new();
    if let Some((_, folder)) = swap.folders {
        state.folders.push(folder);
        // Who opened a file behind the link a moment ago still finds the folder before this one.
        let surplus = state.folders.len().saturating_sub(swap.keep.max(1) + 1);
        old_folders.extend(state.folders.drain(..surplus));
    }
    store::write(site, state)?;
    store::sweep(site, state);
    if let Layout::Linked(link) = &site.layout {
        for folder in old_folders {
            let _stays = files::remove_folder(&folder_of(link).join(folder));
        }
    }
    Ok(())
}

/// Ends a start whose certificate came to the live path in another way.
pub fn complete(site: &Site, state: &mut State, live: &Facts, now: OffsetDateTime) -> Result<()> {
    end_pending(state, &live.spki_sha256);
    state.note(Entry {
        what: "completed".to_string(),
        at: now,
        old_sha256: None,
        new_sha256: Some(live.sha256.clone()),
        allowed: Vec::new(),
    });
    store::write(site, state)?;
    store::sweep(site, state);
    Ok(())
}

/// Forgets a start whose key is the live one now.
fn end_pending(state: &mut State, live_spki_sha256: &str) {
    let used = |pending: &Pending| pending.spki_sha256 == live_spki_sha256;
    if state.pending.as_ref().is_some_and(used) {
        state.pending = None;
    }
}

/// Whether exactly these files stand at the live path; `None` where one cannot be read.
pub fn stands(site: &Site, digests_wanted: &[Fingerprint]) -> Option<bool> {
    let contents = site.read().ok()?;
    Some(digests(&contents) == digests_wanted)
}

/// The SHA-256 of each file.
pub fn digests(contents: &[SecretBytes]) -> Vec<Fingerprint> {
    let of = |bytes: &SecretBytes| Fingerprint::of(bytes.expose_secret());
    contents.iter().map(of).collect()
}

pub(super) fn forget(
    site: &Site,
    state: &mut State,
    what: &str,
    now: OffsetDateTime,
) -> Result<()> {
    if let Some(swap) = state.swap.take() {
        state.note(Entry {
            what: what.to_string(),
            at: now,
            old_sha256: Some(swap.old.facts.sha256),
            new_sha256: Some(swap.new.sha256),
            allowed: swap.allowed,
        });
    }
    store::write(site, state)?;
    store::sweep(site, state);
    Ok(())
}

/// What stood there before the swap stands there again.
pub(super) fn put_back(site: &Site, swap: &Swap) -> Result<()> {
    match (&site.layout, &swap.folders) {
        (Layout::Linked(link), Some((before, _))) => {
            files::point_link(link, before)?;
            files::sync_folder(folder_of(link));
            Ok(())
        }
        _ => site.swap(&store::version(site, &swap.old)?, None),
    }
}

/// Removes the folder that was made for a swap of a link which is not made, or undone.
pub(super) fn drop_folder(site: &Site, swap: &Swap) {
    if let (Layout::Linked(link), Some((_, folder))) = (&site.layout, &swap.folders)
        && files::link_target(link).as_deref() != Some(folder.as_path())
    {
        let _stays = files::remove_folder(&folder_of(link).join(folder));
    }
}

/// What the link leads to, and a name beside it that is free.
fn new_folder(site: &Site, number: u32) -> Option<(PathBuf, PathBuf)> {
    let Layout::Linked(link) = &site.layout else {
        return None;
    };
    let name = link.file_name().unwrap_or_default().to_string_lossy();
    let taken = files::names(folder_of(link));
    let free = (0..)
        .map(|more: u32| match more {
            0 => PathBuf::from(format!("{name}-{number:04}")),
            more => PathBuf::from(format!("{name}-{number:04}-{more}")),
        })
        .find(|candidate| !taken.contains(candidate));
    Some((files::link_target(link)?, free?))
}
