//! The files below a folder, in one order on every machine, and what else is asked about a path without reading it.

use super::{signal, words};
use crate::error::{Error, Result};
use std::cmp::Ordering;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Every file below the folder, sorted by name within each folder. Hidden entries, links to folders, pipes, sockets and
/// devices are left out; links to files are in, dangling ones too (reading them says so). What cannot be entered is an
/// error that names it. After a signal the last value is [`Error::Interrupted`].
pub fn walk(folder: &Path) -> Walk {
    Walk {
        entries: Some(WalkDir::new(folder).sort_by(by_name).into_iter()),
        folder: folder.to_path_buf(),
    }
}

/// The files below a folder, found while they are asked for.
pub struct Walk {
    /// `None` after a signal.
    entries: Option<walkdir::IntoIter>,
    folder: PathBuf,
}

impl Iterator for Walk {
    type Item = Result<PathBuf>;

    fn next(&mut self) -> Option<Result<PathBuf>> {
        loop {
            let entries = self.entries.as_mut()?;
            if let Err(error) = signal::check() {
                self.entries = None;
                return Some(Err(error));
            }
            match entries.next()? {
                Ok(entry) if entry.depth() > 0 && hidden(&entry) => {
                    if entry.file_type().is_dir() {
                        entries.skip_current_dir();
                    }
                }
                Ok(entry) if entry.depth() > 0 && leads_to_file(&entry) => {
                    return Some(Ok(entry.into_path()));
                }
                Ok(_) => {}
                Err(error) => return Some(Err(unreadable(&error, &self.folder))),
            }
        }
    }
}

/// The order of two entries of one folder. Their paths differ in the names alone, which are costly to find again for each comparison.
fn by_name(one: &DirEntry, other: &DirEntry) -> Ordering {
    let (one, other) = (one.path().as_os_str(), other.path().as_os_str());
    one.as_bytes().cmp(other.as_bytes())
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

/// Whether a regular file stands at the path, or a link to one.
pub fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether the path is a regular file whose mode lets everyone read it.
pub fn mode_readable_by_others(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0)
}

/// The permissions of what stands at the path, as `chmod` takes them (`0600`); `None` where that is not known.
pub fn mode(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    Some(format!("{:04o}", metadata.permissions().mode() & 0o7777))
}

/// Whether the path is a file that someone may execute.
pub fn is_executable(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
