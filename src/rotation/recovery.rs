//! What a killed command left behind, brought to an end: a swap that was not made is forgotten, a half of one is undone, and
//! one that was made waits for its hook.

use super::site::Site;
use super::state::{State, Swap};
use super::{store, transaction};
use crate::error::{Error, Result};
use crate::public_key::Fingerprint;
use time::OffsetDateTime;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No swap is under way.
    Nothing,
    /// The swap had not been made; it is forgotten.
    NotMade,
    /// Half of two files had been swapped; the old ones are back.
    Undone,
    /// It was made, and its end was not reached: whether its hook ran is not known. It is still written down.
    Made,
    /// Someone else has written the live file since; the swap is forgotten and the file left alone.
    Foreign,
}

/// Where the swap that is written down stands. Changes nothing.
///
/// # Errors
/// The live file stands there and cannot be read.
pub fn look(site: &Site, state: &State) -> Result<Found> {
    match &state.swap {
        None => Ok(Found::Nothing),
        Some(swap) => match site.read() {
            Ok(contents) => Ok(stage(&transaction::digests(&contents), swap)),
            Err(error) if matches!(error.cause(), Error::NotFound | Error::Empty) => {
                Ok(Found::Foreign)
            }
            Err(error) => Err(error),
        },
    }
}

fn stage(now: &[Fingerprint], swap: &Swap) -> Found {
    if now == swap.new_files {
        return Found::Made;
    }
    if now == swap.old.digests() {
        return Found::NotMade;
    }
    let old = swap.old.digests();
    let ours = |position: usize| {
        let file = now.get(position);
        file == old.get(position) || file == swap.new_files.get(position)
    };
    match (0..now.len()).all(ours) {
        true => Found::Undone,
        false => Found::Foreign,
    }
}

/// Brings to an end what can be without a hook.
pub fn recover(site: &Site, state: &mut State, now: OffsetDateTime) -> Result<Found> {
    let found = look(site, state)?;
    match found {
        Found::Nothing => store::sweep(site, state),
        Found::Made => {}
        Found::NotMade | Found::Foreign => {
            if let Some(swap) = &state.swap {
                transaction::drop_folder(site, swap);
                if found == Found::Foreign {
                    // Nobody else may have what stood there before.
                    state.versions.push(swap.old.clone());
                }
            }
            transaction::forget(site, state, "undone", now)?;
        }
        Found::Undone => transaction::undo(site, state, now)?,
    }
    Ok(found)
}
