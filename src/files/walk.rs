//! Folders: sorted, hidden entries skipped, links to files followed, links to folders not.

use super::not_readable;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Whether the path is a folder (or a link to one).
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// Every regular file below a folder. What cannot be entered is an error naming it.
pub fn walk(folder: &Path) -> impl Iterator<Item = Result<PathBuf>> {
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry))
        .filter_map(|entry| match entry {
            Ok(entry) => is_file(&entry).then(|| Ok(entry.into_path())),
            Err(error) => Some(Err(walk_error(&error))),
        })
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Pipes, sockets and devices are not met on a walk.
fn is_file(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_file() || (kind.is_symlink() && entry.path().is_file())
}

fn walk_error(error: &walkdir::Error) -> Error {
    let cause = match error.io_error() {
        Some(io) => not_readable(io),
        None => Error::NotReadable {
            reason: "a loop of folders".to_string(),
        },
    };
    match error.path() {
        Some(path) => cause.in_file(path),
        None => cause,
    }
}
