//! The swap itself: kept, written down, made; then settled, or undone. Each step leaves the live file whole, old or new, and
//! the state file says which step may have been the last.

use super::facts::Facts;
use super::site::{Layout, Site, folder_of};
use super::state::{Entry, Event, KeptFile, State, Swap, Version};
use super::{steps, store};
use crate::error::Result;
use crate::files::signal::{self, Steady};
use crate::files::{self, Prepared};
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

/// The state after a swap's end, on the disk already: it has but to get its name.
pub struct Ending {
    state: State,
    /// The state file.
    end: Vec<Prepared>,
}

/// Makes the swap. The old version, what is written down of the swap and the new file last before it is made, its end but for the
/// name too. An error leaves the old files in their place.
pub fn commit(
    site: &Site,
    state: &mut State,
    old: &Standing,
    new: &Standing,
    purpose: &Purpose,
) -> Result<Ending> {
    let version = version(state.last_number + 1, old, purpose.now);
    let folders = new_folder(site, version.number);
    let folder = folders.as_ref().map(|(_, folder)| folder.clone());
    let swap = Swap {
        event: purpose.event,
        begun: purpose.now,
        old: version,
        new_files: digests(&new.contents),
        new: new.facts.clone(),
        restores: purpose.restores,
        allowed: purpose.allowed.clone(),
        folders,
        keep: purpose.keep,
    };
    let written = store::write_swap(site, &swap, &old.contents)?;
    let begun = steps::begun(state, swap, site.recorded_key());
    let (ended, _) = steps::ended(&begun, purpose.event.done(), purpose.now);
    let end = store::prepare(site, &ended)?;
    let live = match folder {
        None => files::prepare(&site.outputs(&new.contents), true)?,
        Some(_) => Vec::new(),
    };
    files::sync(&[&written, &end, &live], &[&site.store])?;
    // The last moment to turn back: nothing but the store has been touched, and that forgets it.
    signal::check()?;
    let _steady = Steady::new();
    let before = std::mem::replace(state, begun);
    let swapped = written
        .into_iter()
        .try_for_each(Prepared::appear)
        .and_then(|()| match (&site.layout, &folder) {
            (Layout::Linked(link), Some(folder)) => site.swap_link(link, folder, &new.contents),
            _ => site.swap(live),
        });
    match swapped {
        Ok(()) => Ok(Ending { state: ended, end }),
        Err(error) => {
            take_back(site, state, before)?;
            Err(error)
        }
    }
}

/// What stood there is to be a version of this number.
fn version(number: u32, old: &Standing, now: OffsetDateTime) -> Version {
    let names = [format!("{number:04}.live"), format!("{number:04}.key")];
    let named = names.into_iter().zip(digests(&old.contents));
    Version {
        number,
        kept: now,
        facts: old.facts.clone(),
        files: named
            .map(|(name, sha256)| KeptFile {
                name: PathBuf::from(name),
                sha256,
            })
            .collect(),
    }
}

/// A swap that failed on its way is as if it had not been begun. What cannot be written down stays for the next command.
fn take_back(site: &Site, state: &mut State, before: State) -> Result<()> {
    if let Some(swap) = &state.swap {
        // Of two files one may have its new contents already.
        if stands(site, &swap.old.digests()) != Some(true) {
            put_back(site, swap)?;
        }
        drop_folder(site, swap);
    }
    // Its number is used, so that what was written down of it counts no more.
    *state = State {
        last_number: state.last_number,
        ..before
    };
    if store::write(site, state).is_ok() {
        store::sweep(site, state);
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

/// Ends the swap. Where its end is not prepared, or was to be another, it is written now. Nothing waits for it to last: after a
/// power cut the swap is still written down, and made.
pub fn settle(
    site: &Site,
    state: &mut State,
    ending: Option<Ending>,
    what: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let _steady = Steady::new();
    if state.swap.is_none() {
        return Ok(());
    }
    let (ended, old_folders) = steps::ended(state, what, now);
    match ending.filter(|ending| ending.state == ended) {
        Some(ending) => ending.end.into_iter().try_for_each(Prepared::replace)?,
        None => store::write(site, &ended)?,
    }
    *state = ended;
    store::sweep(site, state);
    if let Layout::Linked(link) = &site.layout {
        for folder in old_folders {
            let _stays = files::remove_folder(&folder_of(link).join(folder));
        }
    }
    Ok(())
}

/// Puts a kept version where nothing stands any more; it is the live one then, and kept no longer.
pub fn restore(
    site: &Site,
    state: &mut State,
    version: &Version,
    contents: &[SecretBytes],
    now: OffsetDateTime,
) -> Result<()> {
    let prepared = files::prepare(&site.outputs(contents), false)?;
    files::sync(&[&prepared], &[])?;
    signal::check()?;
    let _steady = Steady::new();
    site.swap(prepared)?;
    *state = steps::restored(state, version, now);
    store::write(site, state)?;
    store::sweep(site, state);
    Ok(())
}

/// Ends a start whose certificate came to the live path in another way.
pub fn complete(site: &Site, state: &mut State, live: &Facts, now: OffsetDateTime) -> Result<()> {
    steps::end_pending(state, &live.spki_sha256);
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
    *state = steps::forgotten(state, what, now);
    store::write(site, state)?;
    store::sweep(site, state);
    Ok(())
}

/// What stood there before the swap stands there again.
pub(super) fn put_back(site: &Site, swap: &Swap) -> Result<()> {
    match (&site.layout, &swap.folders) {
        (Layout::Linked(link), Some((before, _))) => site.point(link, before),
        _ => {
            let contents = store::version(site, &swap.old)?;
            let prepared = files::prepare(&site.outputs(&contents), true)?;
            files::sync(&[&prepared], &[])?;
            site.swap(prepared)
        }
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
