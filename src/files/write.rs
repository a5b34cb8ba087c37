//! Outputs appear whole: written to a hidden file beside their place, synced, then renamed into it.
//! A crash, a full disk or a kill leaves the old file or the new one.

use super::{folder_of, metadata, not_writable, own_status, signal};
use crate::error::{Error, Result};
use rustix::fs::Mode;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::NamedTempFile;

/// How many links are followed to an output, as Linux does.
const LINKS: usize = 40;

/// One file to write.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// Where, as the user typed it.
    pub path: &'a Path,
    /// Everything that is to stand in it.
    pub contents: &'a [u8],
    /// Whether a private key is in it: then it is 0600 if new, and closed to others if it replaces a file.
    pub holds_key: bool,
}

/// Writes all outputs or, where that can be known before the first appears, none. Without `force` anything that stands at
/// one of the paths is [`Error::Exists`]; with it, a file is replaced and what the system keeps about it stays.
/// [`Error::NotWritable`] says why an output cannot be written; every error names its path.
pub fn create(outputs: &[Output<'_>], force: bool) -> Result<()> {
    let mut places = Vec::with_capacity(outputs.len());
    for output in outputs {
        let place = Place::find(output, force).map_err(|error| error.in_file(output.path))?;
        places.push(place);
    }
    refuse_same_place(outputs, &places)?;
    let mut written = Vec::with_capacity(outputs.len());
    for (output, place) in outputs.iter().zip(&places) {
        let file = Hidden::write(output, place).map_err(|error| error.in_file(output.path))?;
        written.push(file);
    }
    // The last moment to turn back: from the first rename on, all are made.
    signal::check()?;
    let mut appeared = Vec::new();
    for ((output, place), file) in outputs.iter().zip(&places).zip(written) {
        if let Err(error) = file.appear(output, place) {
            for path in appeared {
                let _gone_already = fs::remove_file(path);
            }
            return Err(error.in_file(output.path));
        }
        if place.old.is_none() {
            appeared.push(&place.path);
        }
    }
    Ok(())
}

/// Adds to the end of a file that others write to as well, or makes it.
///
/// # Errors
/// `not-writable`.
pub fn append(path: &Path, contents: &[u8]) -> Result<()> {
    let opened = fs::OpenOptions::new().append(true).create(true).open(path);
    opened
        .and_then(|mut file| file.write_all(contents))
        .map_err(|error| not_writable(&error).in_file(path))
}

/// Writes a new file with owner, group, mode and attributes of the file `like`, less any access for others if it holds a
/// key. Every error names the output.
pub fn create_like(output: &Output<'_>, like: &Path) -> Result<()> {
    let write = || -> Result<()> {
        let place = Place::find(output, false)?;
        let old = fs::metadata(like).map_err(|error| not_writable(&error))?;
        let file = Hidden::write_like(output, &place, Some((like, &old)))?;
        file.appear(output, &place)
    };
    write().map_err(|error| error.in_file(output.path))
}

/// The file itself that an output at `path` replaces, once links are followed as [`create`] follows them.
pub fn place_of(path: &Path) -> Result<PathBuf> {
    let output = Output {
        path,
        contents: &[],
        holds_key: true,
    };
    let place = Place::find(&output, true).map_err(|error| error.in_file(path))?;
    match place.old {
        Some(_) => Ok(place.path),
        None => Err(Error::NotFound.in_file(path)),
    }
}

/// Makes the names in a folder last through a power cut. What [`create`] writes is whole without it, the old file or the new
/// one; this is for what nothing can make again. A folder that cannot be opened for reading is left to the system.
pub fn sync_folder(folder: &Path) {
    let _unsynced = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Makes the folder and those above it that are missing. One that exists is fine.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| {
        let error = match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Error::NotWritable {
                reason: "a file is in the way of the folder".to_owned(),
            },
            _ => not_writable(&error),
        };
        error.in_file(path)
    })
}

fn refuse_same_place(outputs: &[Output<'_>], places: &[Place]) -> Result<()> {
    let mut seen: Vec<(Option<PathBuf>, _)> = Vec::new();
    for (output, place) in outputs.iter().zip(places) {
        let entry = (
            folder_of(&place.path).canonicalize().ok(),
            place.path.file_name(),
        );
        if seen.contains(&entry) {
            return Err(Error::Usage {
                reason: format!("two outputs are one file: {}", output.path.display()),
            });
        }
        seen.push(entry);
    }
    Ok(())
}

/// Where an output goes once links are followed, and the file that it replaces there.
struct Place {
    path: PathBuf,
    old: Option<Metadata>,
}

impl Place {
    fn find(output: &Output<'_>, force: bool) -> Result<Place> {
        if output.path.as_os_str().as_bytes().ends_with(b"/") || output.path.file_name().is_none() {
            return Err(refused("it names a folder"));
        }
        let mut path = output.path.to_path_buf();
        for followed in 0..LINKS {
            let Some(found) = entry(&path)? else {
                return Place::unless_foreign(path, None, followed);
            };
            if !force {
                return Err(Error::Exists {
                    key: output.holds_key,
                });
            }
            if !found.file_type().is_symlink() {
                replaceable(found.file_type())?;
                return Place::unless_foreign(path, Some(found), followed);
            }
            if !ours(&found) {
                return Err(refused("it is a link that belongs to another user"));
            }
            let target = fs::read_link(&path).map_err(|error| not_writable(&error))?;
            path = folder_of(&path).join(target);
        }
        Err(refused("it is a link that leads in circles"))
    }

    /// Whoever can put a link into a folder must not choose which of the caller's files is replaced in another's.
    fn unless_foreign(path: PathBuf, old: Option<Metadata>, followed: usize) -> Result<Place> {
        let folder = folder_of(&path);
        let about = match fs::metadata(folder) {
            Ok(about) if about.is_dir() => about,
            Ok(_) => {
                return Err(refused(&format!("{} is not a folder", folder.display())));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(refused(&format!("there is no folder {}", folder.display())));
            }
            Err(error) => return Err(not_writable(&error)),
        };
        if followed > 0 && !ours(&about) {
            return Err(refused(
                "it is a link into a folder that belongs to another user",
            ));
        }
        if old.is_some() && mounted(&path) {
            return Err(refused(
                "it is mounted by itself, so nothing can replace it",
            ));
        }
        Ok(Place { path, old })
    }
}

fn entry(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(not_writable(&error)),
    }
}

fn replaceable(kind: FileType) -> Result<()> {
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(refused("it is a folder"))
    } else if kind.is_fifo() {
        Err(refused("it is a pipe"))
    } else if kind.is_socket() {
        Err(refused("it is a socket"))
    } else {
        Err(refused("it is a device"))
    }
}

pub(super) fn ours(about: &Metadata) -> bool {
    about.uid() == 0 || about.uid() == rustix::process::geteuid().as_raw()
}

/// Linux only; elsewhere the rename itself fails, after other outputs may have appeared.
fn mounted(path: &Path) -> bool {
    let (Ok(path), Ok(mounts)) = (path.canonicalize(), fs::read("/proc/self/mountinfo")) else {
        return false;
    };
    let escaped = path
        .as_os_str()
        .as_bytes()
        .iter()
        .flat_map(|byte| match byte {
            b' ' | b'\t' | b'\n' | b'\\' => format!("\\{byte:03o}").into_bytes(),
            byte => vec![*byte],
        })
        .collect::<Vec<u8>>();
    mounts
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .any(|point| point == escaped)
}

/// An output that is complete on the disk and has no name yet.
struct Hidden(Option<NamedTempFile>);

impl Hidden {
    fn write(output: &Output<'_>, place: &Place) -> Result<Hidden> {
        let like = place.old.as_ref().map(|old| (place.path.as_path(), old));
        Hidden::write_like(output, place, like)
    }

    fn write_like(
        output: &Output<'_>,
        place: &Place,
        like: Option<(&Path, &Metadata)>,
    ) -> Result<Hidden> {
        let failed = |error: io::Error| not_writable(&error);
        let hidden = signal::temporary(folder_of(&place.path)).map_err(failed)?;
        let hidden = Hidden(Some(hidden));
        let Some(file) = hidden.0.as_ref().map(NamedTempFile::as_file) else {
            return Ok(hidden);
        };
        match like {
            Some((path, old)) => metadata::keep(path, old, file, output.holds_key)?,
            None if output.holds_key => metadata::set_mode(file, 0o600)?,
            None => metadata::set_mode(file, 0o666 & !umask())?,
        }
        let mut writer = file;
        writer.write_all(output.contents).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(hidden)
    }

    fn appear(mut self, output: &Output<'_>, place: &Place) -> Result<()> {
        let Some(file) = self.0.take() else {
            return Ok(());
        };
        let hidden = file.path().to_path_buf();
        let renamed = match place.old {
            Some(_) => file.persist(&place.path),
            // Someone else may have been faster since `Place::find`.
            None => file.persist_noclobber(&place.path),
        };
        // A failed rename has removed the hidden file by now.
        let result = renamed.map(drop).map_err(|error| error.error);
        signal::forget(&hidden);
        result.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists {
                key: output.holds_key,
            },
            io::ErrorKind::ResourceBusy => {
                refused("it is mounted by itself, so nothing can replace it")
            }
            _ => not_writable(&error),
        })
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

fn refused(reason: &str) -> Error {
    Error::NotWritable {
        reason: reason.to_owned(),
    }
}

/// Fails if anything stands at the path, a dangling link too.
///
/// # Errors
/// `exists`.
pub fn refuse_existing(path: &Path, holds_key: bool) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(Error::Exists { key: holds_key }.in_file(path)),
        Err(_) => Ok(()),
    }
}

/// A folder of mode 0700 that goes away with this value.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Makes a temporary folder.
///
/// # Errors
/// `not-writable`.
pub fn temporary_folder() -> Result<Folder> {
    let folder = tempfile::Builder::new().prefix("pushcert-").tempdir();
    folder.map(Folder).map_err(|error| not_writable(&error))
}
