//! The files below a folder, in one order on every machine, and what else is asked about a path without reading it.

use super::{signal, words};
use crate::error::{Error, Result};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Every file below the folder, sorted by name within each folder. Hidden entries, links to folders, pipes, sockets and
/// devices are left out; links to files are in, dangling ones too (reading them says so). What cannot be entered is an
/// error that names it. After a signal the last value is [`Error::Interrupted`].
pub fn walk(folder: &Path) -> Vec<Result<PathBuf>> {
    let mut found = Vec::new();
    let entries = WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !hidden(entry));
    for entry in entries {
        if let Err(error) = signal::check() {
            found.push(Err(error));
            break;
        }
        match entry {
            Ok(entry) if entry.depth() > 0 && leads_to_file(&entry) => {
                found.push(Ok(entry.into_path()));
            }
            Ok(_) => {}
            Err(error) => found.push(Err(unreadable(&error, folder))),
        }
    }
    found
}

fn hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_bytes().starts_with(b".")
}

fn leads_to_file(entry: &DirEntry) -> bool {
    if entry.path_is_symlink() {
        return fs::metadata(entry.path()).map_or(true, |target| target.is_file());
    }
    entry.file_type().is_file()
}

fn unreadable(error: &walkdir::Error, folder: &Path) -> Error {
    let path = error.path().unwrap_or(folder);
    let cause = match error.io_error() {
        Some(error) if error.kind() == std::io::ErrorKind::NotFound => Error::NotFound,
        Some(error) => Error::NotReadable {
            reason: words(error),
        },
        None => Error::NotReadable {
            reason: "a link leads back to it".to_owned(),
        },
    };
    cause.in_file(path)
}

/// Whether two paths name one file that exists.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether a folder stands at the path, or a link to one.
pub fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether the path is a regular file whose mode lets everyone read it.
pub fn mode_readable_by_others(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0)
}
