//! Outputs appear whole: written to a hidden file beside their place, synced, then renamed into it.
//! A crash, a full disk or a kill leaves the old file or the new one.

use super::prepared::{Prepared, prepare, sync};
use super::{folder_of, not_writable, signal};
use crate::error::{Error, Result};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    let prepared = prepare(outputs, force)?;
    refuse_same_place(&prepared)?;
    sync(&[&prepared], &[])?;
    // The last moment to turn back: from the first rename on, all are made.
    signal::check()?;
    let mut appeared: Vec<PathBuf> = Vec::new();
    for one in prepared {
        let new = one.is_new().map(Path::to_path_buf);
        if let Err(error) = one.appear() {
            for path in appeared {
                let _gone_already = fs::remove_file(path);
            }
            return Err(error);
        }
        appeared.extend(new);
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

fn refuse_same_place(prepared: &[Prepared]) -> Result<()> {
    let mut seen: Vec<(Option<PathBuf>, _)> = Vec::new();
    for one in prepared {
        let place = one.place();
        let entry = (folder_of(place).canonicalize().ok(), place.file_name());
        if seen.contains(&entry) {
            return Err(Error::Usage {
                reason: format!("two outputs are one file: {}", one.path().display()),
            });
        }
        seen.push(entry);
    }
    Ok(())
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
