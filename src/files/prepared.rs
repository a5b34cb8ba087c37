//! Outputs that are whole under hidden names, and appear when they are told to: one rename each, by which what stood there
//! before is gone.

use super::folders::remove;
use super::place::{Place, refused};
use super::sync::{sync_files, sync_folders};
use super::write::Output;
use super::{folder_of, metadata, not_writable, own_status, signal};
use crate::error::{Error, Result};
use rustix::fs::Mode;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::NamedTempFile;

/// An output that has not appeared yet; dropped, it is gone.
pub struct Prepared {
    hidden: Hidden,
    place: Place,
    /// As the user typed it.
    path: PathBuf,
    holds_key: bool,
    /// It has its name already.
    in_place: bool,
}

/// Writes all outputs beside their places, under hidden names; [`sync`] comes before they appear. Without `force` anything that
/// stands at one of the paths is [`Error::Exists`]; with it, what the system keeps about a file goes over to the one that
/// replaces it. Every error names its path, and leaves nothing behind.
pub fn prepare(outputs: &[Output<'_>], force: bool) -> Result<Vec<Prepared>> {
    let mut places = Vec::with_capacity(outputs.len());
    for output in outputs {
        let place = Place::find(output.path, output.holds_key, force);
        places.push(place.map_err(|error| error.in_file(output.path))?);
    }
    let write = |(output, place): (&Output<'_>, Place)| {
        let like = place.old.as_ref().map(|old| (place.path.as_path(), old));
        let hidden = Hidden::write(output, &place, like);
        let hidden = hidden.map_err(|error| error.in_file(output.path))?;
        Ok(Prepared::of(output, place, hidden))
    };
    outputs.iter().zip(places).map(write).collect()
}

/// Writes new files as [`prepare`] does, with owner, group, mode and attributes of another file each, less any access for
/// others if it holds a key.
pub fn prepare_like(outputs: &[(Output<'_>, &Path)]) -> Result<Vec<Prepared>> {
    let write = |output: &Output<'_>, like: &Path| -> Result<Prepared> {
        let place = Place::find(output.path, output.holds_key, false)?;
        let old = fs::metadata(like).map_err(|error| not_writable(&error))?;
        let hidden = Hidden::write(output, &place, Some((like, &old)))?;
        Ok(Prepared::of(output, place, hidden))
    };
    outputs
        .iter()
        .map(|(output, like)| write(output, like).map_err(|error| error.in_file(output.path)))
        .collect()
}

/// Writes new files (0600) under the names that they are to have, in place of what a kill left there: for those whose names and
/// contents must last at once, and which nobody believes before they are whole.
pub fn prepare_in_place(outputs: &[Output<'_>]) -> Result<Vec<Prepared>> {
    let write = |output: &Output<'_>| -> Result<Prepared> {
        remove(output.path)?;
        let place = Place::find(output.path, true, false)?;
        let name = output.path.file_name().unwrap_or_default();
        let file = signal::temporary_named(folder_of(output.path), name);
        let hidden = Hidden(Some(file.map_err(|error| not_writable(&error))?), None);
        hidden.fill(output.contents)?;
        Ok(Prepared {
            in_place: true,
            ..Prepared::of(output, place, hidden)
        })
    };
    outputs
        .iter()
        .map(|output| write(output).map_err(|error| error.in_file(output.path)))
        .collect()
}

/// Makes what is in these last, and then the names in these folders.
pub fn sync(prepared: &[&[Prepared]], folders: &[&Path]) -> Result<()> {
    let files: Vec<(&File, &Path)> = prepared
        .iter()
        .flat_map(|some| some.iter())
        .filter_map(|one| Some((one.hidden.0.as_ref()?.as_file(), one.path.as_path())))
        .collect();
    sync_files(&files)?;
    sync_folders(folders)
}

impl Prepared {
    fn of(output: &Output<'_>, place: Place, hidden: Hidden) -> Prepared {
        Prepared {
            hidden,
            place,
            path: output.path.to_path_buf(),
            holds_key: output.holds_key,
            in_place: false,
        }
    }

    /// The path at which it replaces nothing, if it does not.
    pub(super) fn is_new(&self) -> Option<&Path> {
        match self.place.old {
            None => Some(&self.place.path),
            Some(_) => None,
        }
    }

    /// Where it goes, as the user typed it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it goes once links are followed.
    pub(super) fn place(&self) -> &Path {
        &self.place.path
    }

    /// The folder in which its name will be.
    pub fn folder(&self) -> &Path {
        folder_of(&self.place.path)
    }

    /// Gives it its name, where nothing stands that was not there when it was prepared.
    pub fn appear(mut self) -> Result<()> {
        let replaces = self.place.old.is_some();
        self.rename(replaces)
    }

    /// Gives it its name, whatever stands there by now.
    pub fn replace(mut self) -> Result<()> {
        self.rename(true)
    }

    fn rename(&mut self, replaces: bool) -> Result<()> {
        self.hidden
            .open_up()
            .map_err(|error| error.in_file(&self.path))?;
        let Some(file) = self.hidden.0.take() else {
            return Ok(());
        };
        let hidden = file.path().to_path_buf();
        let renamed = if self.in_place {
            file.keep().map(|(file, _)| file)
        } else if replaces {
            file.persist(&self.place.path)
        } else {
            // Someone else may have been faster since `Place::find`.
            file.persist_noclobber(&self.place.path)
        };
        // A failed rename has removed the hidden file by now.
        let result = renamed.map(drop).map_err(|error| error.error);
        signal::forget(&hidden);
        let holds_key = self.holds_key;
        result.map_err(|error| {
            let error = match error.kind() {
                io::ErrorKind::AlreadyExists => Error::Exists { key: holds_key },
                io::ErrorKind::ResourceBusy => {
                    refused("it is mounted by itself, so nothing can replace it")
                }
                _ => not_writable(&error),
            };
            error.in_file(&self.path)
        })
    }
}

/// A hidden file, and the mode it gets just before it has its name, where that is not the one it has: until then it is 0600.
struct Hidden(Option<NamedTempFile>, Option<u32>);

impl Hidden {
    fn write(
        output: &Output<'_>,
        place: &Place,
        like: Option<(&Path, &Metadata)>,
    ) -> Result<Hidden> {
        let failed = |error: io::Error| not_writable(&error);
        let hidden = signal::temporary(folder_of(&place.path)).map_err(failed)?;
        let mode = (like.is_none() && !output.holds_key).then(|| 0o666 & !umask());
        let hidden = Hidden(Some(hidden), mode);
        let Some(file) = hidden.0.as_ref().map(NamedTempFile::as_file) else {
            return Ok(hidden);
        };
        match like {
            Some((path, old)) => metadata::keep(path, old, file, output.holds_key)?,
            None => metadata::set_mode(file, 0o600)?,
        }
        hidden.fill(output.contents)?;
        Ok(hidden)
    }

    fn open_up(&self) -> Result<()> {
        match (&self.0, self.1) {
            (Some(file), Some(mode)) => metadata::set_mode(file.as_file(), mode),
            _ => Ok(()),
        }
    }

    fn fill(&self, contents: &[u8]) -> Result<()> {
        let file = self.0.as_ref().map(NamedTempFile::as_file);
        file.map_or(Ok(()), |mut file| file.write_all(contents))
            .map_err(|error| not_writable(&error))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let hidden = file.path().to_path_buf();
            drop(file);
            signal::forget(&hidden);
        }
    }
}

fn umask() -> u32 {
    if let Some(mask) = own_status("Umask:").and_then(|mask| u32::from_str_radix(&mask, 8).ok()) {
        return mask;
    }
    // Elsewhere it can only be read by setting it: to a strict one, and by one thread at a time, or it would stay.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mask = rustix::process::umask(Mode::from_raw_mode(0o077));
    rustix::process::umask(mask);
    // `RawMode` is `u16` on macOS.
    #[allow(clippy::useless_conversion)]
    u32::from(mask.as_raw_mode())
}
