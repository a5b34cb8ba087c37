//! The folder of a live file's state: `.pushcert/NAME/` with the state file, the lock, the pending key and the kept versions.

use super::site::{STORE, Site, folder_of};
use super::state::{KeptFile, Pending, State, Swap, Version};
use super::{record, steps};
use crate::error::{Error, Result};
use crate::files::{self, Lock, Output, Prepared};
use crate::public_key::Fingerprint;
use crate::secret::SecretBytes;
use std::path::{Path, PathBuf};

const STATE: &str = "state.json";
const LOCK: &str = "lock";
/// The key of a start, until it is used.
pub const PENDING_KEY: &str = "pending.key.pem";
/// The request of a start, until its certificate is used.
pub const PENDING_REQUEST: &str = "pending.certSigningRequest";
/// How hidden files begin that were never given their name.
const HIDDEN: &str = ".pushcert-";

/// Finds a live file with what is remembered of it; a key file that was named before counts if none is named now.
pub fn open(live: &Path, live_key: Option<&Path>) -> Result<(Site, State)> {
    open_by(live, live_key, Site::find)
}

/// As [`open`], where neither file is there any more.
pub fn open_missing(live: &Path, live_key: Option<&Path>) -> Result<(Site, State)> {
    open_by(live, live_key, Site::find_missing)
}

fn open_by(
    live: &Path,
    live_key: Option<&Path>,
    find: impl Fn(&Path, Option<&Path>) -> Result<Site>,
) -> Result<(Site, State)> {
    let site = find(live, live_key)?;
    let state = read(&site.store)?;
    match (&state.live_key, live_key) {
        (Some(key), None) => {
            let key = folder_of(live).join(key);
            Ok((find(live, Some(&key))?, state))
        }
        _ => Ok((site, state)),
    }
}

/// A start is pending as long as its key is there, or its request where the live key is used again: who removes them gives it
/// up. The start that was given up, if one was.
pub fn given_up(site: &Site, state: &mut State) -> Option<Pending> {
    let name = match state.pending.as_ref()?.reuses_key {
        true => PENDING_REQUEST,
        false => PENDING_KEY,
    };
    match files::is_file(&site.store.join(name)) {
        true => None,
        false => state.pending.take(),
    }
}

/// Takes the lock of a live file, making the folder of its state if need be.
pub fn lock(site: &Site, holder: &str) -> Result<Lock> {
    let mut folder = PathBuf::new();
    let mut inside = false;
    for part in site.store.components() {
        folder.push(part);
        inside |= part.as_os_str() == STORE;
        if inside && !files::is_folder(&folder) {
            files::make_private_folder(&folder)?;
            files::sync_folders(&[folder_of(&folder)])?;
        } else if inside {
            files::make_private_folder(&folder)?;
        }
    }
    files::lock(&site.store.join(LOCK), holder)
}

/// Who is at work on the live file now, if anyone is.
pub fn holder(site: &Site) -> Result<Option<String>> {
    files::lock_holder(&site.store.join(LOCK))
}

/// What is remembered: the state file, or what a swap that is not known to have ended has written down after it.
fn read(store: &Path) -> Result<State> {
    let path = store.join(STATE);
    let state = match files::read(&path) {
        Ok(bytes) => record::decode(bytes.expose_secret()).map_err(|error| error.in_file(&path))?,
        Err(error) if matches!(error.cause(), Error::NotFound) => State::default(),
        Err(error) => return Err(error),
    };
    let number = state.last_number + 1;
    match files::read(&store.join(swap_name(number))) {
        Ok(bytes) => Ok(match record::unseal(bytes.expose_secret()) {
            Some((swap, live_key)) if swap.old.number == number => {
                steps::begun(&state, swap, live_key)
            }
            _ => state,
        }),
        Err(error) if matches!(error.cause(), Error::NotFound | Error::Empty) => Ok(state),
        Err(error) => Err(error),
    }
}

/// The name of what is written down of a swap before it is made. It counts as long as the state file knows of none of this number.
pub(super) fn swap_name(number: u32) -> String {
    format!("{number:04}.swap")
}

/// Writes the state as a whole. Until the file system comes to it a power cut brings back the one before, which must tell the
/// truth too; [`promise`] and [`super::commit`] are for what must last.
pub(super) fn write(site: &Site, state: &State) -> Result<()> {
    let prepared = prepare(site, state)?;
    files::sync(&[&prepared], &[])?;
    prepared.into_iter().try_for_each(Prepared::replace)
}

/// Remembers a start: its key, unless that is the live one, its request, and the state, in this order. They last through a power
/// cut once this returns.
pub fn promise(site: &Site, state: &State, key: Option<&SecretBytes>, request: &str) -> Result<()> {
    let text = record::encode(state);
    let key = key.map(|key| (site.store.join(PENDING_KEY), key.expose_secret()));
    let others = [
        (site.store.join(PENDING_REQUEST), request.as_bytes()),
        (state_file(site), text.as_bytes()),
    ];
    let all: Vec<(PathBuf, &[u8])> = key.into_iter().chain(others).collect();
    let outputs: Vec<Output> = all.iter().map(in_store).collect();
    files::create(&outputs, true)?;
    files::sync_folders(&[&site.store])
}

/// A state that is to be in the place of the one before when it appears.
pub(super) fn prepare(site: &Site, state: &State) -> Result<Vec<Prepared>> {
    let text = record::encode(state);
    let output = Output {
        path: &state_file(site),
        contents: text.as_bytes(),
        holds_key: true,
    };
    files::prepare(&[output], true)
}

/// Writes down a swap that is about to be made, and keeps the old version.
pub(super) fn write_swap(
    site: &Site,
    swap: &Swap,
    contents: &[SecretBytes],
) -> Result<Vec<Prepared>> {
    let text = record::seal(swap, site.recorded_key().as_deref());
    let kept = swap.old.files.iter().zip(contents);
    let kept = kept.map(|(file, contents)| (site.store.join(&file.name), contents.expose_secret()));
    let written = site.store.join(swap_name(swap.old.number));
    let all: Vec<(PathBuf, &[u8])> = kept.chain([(written, text.as_bytes())]).collect();
    let outputs: Vec<Output> = all.iter().map(in_store).collect();
    files::prepare_in_place(&outputs)
}

fn in_store<'a>((path, contents): &'a (PathBuf, &'a [u8])) -> Output<'a> {
    Output {
        path,
        contents,
        holds_key: true,
    }
}

fn state_file(site: &Site) -> PathBuf {
    site.store.join(STATE)
}

/// The bytes of a kept version, file by file.
///
/// # Errors
/// `damaged` where a file is not as it was kept.
pub fn version(site: &Site, version: &Version) -> Result<Vec<SecretBytes>> {
    let read = |kept: &KeptFile| {
        let path = site.store.join(&kept.name);
        let bytes = files::read(&path)?;
        match Fingerprint::of(bytes.expose_secret()) == kept.sha256 {
            true => Ok(bytes),
            false => {
                let reason = "it is not as it was kept".to_string();
                let what = "earlier version";
                Err(Error::Damaged { what, reason }.in_file(&path))
            }
        }
    };
    version.files.iter().map(read).collect()
}

/// Removes what the state does not know: files of versions that are kept no longer, hidden files that a kill left behind.
/// What cannot be removed stays until the next time.
pub(super) fn sweep(site: &Site, state: &State) {
    let swap = state.swap.iter().map(|swap| &swap.old);
    let known: Vec<&PathBuf> = state
        .versions
        .iter()
        .chain(swap)
        .flat_map(|version| &version.files)
        .map(|kept| &kept.name)
        .collect();
    for name in files::names(&site.store) {
        let text = name.to_string_lossy();
        let is_version = text.ends_with(".live") || text.ends_with(".key");
        let is_version = is_version && !known.contains(&&name);
        // The last one stays: the state that ended its swap may not be on the disk yet.
        let is_swap = text.ends_with(".swap") && text != swap_name(state.last_number);
        if text.starts_with(HIDDEN) || is_version || is_swap {
            let _later = files::remove(&site.store.join(&name));
        }
    }
    let wanted = state.pending.is_some();
    for name in [PENDING_KEY, PENDING_REQUEST] {
        if !wanted {
            let _later = files::remove(&site.store.join(name));
        }
    }
}
