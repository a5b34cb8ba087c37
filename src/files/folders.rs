//! Folders of the program's own: private ones, ones made like another, and the link that stands for a folder.

use super::place::ours;
use super::{folder_of, metadata, not_writable, signal};
use crate::error::{Error, Result};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::{Component, Path, PathBuf};

/// Makes a folder that only the caller enters (0700). One that exists is taken if it is a folder of the caller's or root's
/// that nobody else writes to.
pub fn make_private_folder(path: &Path) -> Result<()> {
    let refused = |reason: &str| {
        let reason = reason.to_owned();
        Err(Error::NotWritable { reason }.in_file(path))
    };
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(not_writable(&error).in_file(path)),
    }
    match fs::symlink_metadata(path) {
        Ok(about) if !about.is_dir() => refused("it is no folder"),
        Ok(about) if !ours(&about) => refused("it belongs to another user"),
        Ok(about) if about.mode() & 0o022 != 0 => refused("others may write to it"),
        Ok(_) => Ok(()),
        Err(error) => Err(not_writable(&error).in_file(path)),
    }
}

/// Makes the folder `path` with owner, group, mode and attributes of the folder `like`.
pub fn make_folder_like(path: &Path, like: &Path) -> Result<()> {
    let make = || -> Result<()> {
        let old = fs::metadata(like).map_err(|error| not_writable(&error))?;
        let builder = DirBuilder::new().mode(0o700).create(path);
        builder.map_err(|error| not_writable(&error))?;
        let new = File::open(path).map_err(|error| not_writable(&error))?;
        metadata::keep(like, &old, &new, false)
    };
    make().map_err(|error| error.in_file(path))
}

/// The link that stands for the folder of `path`, if that folder is a link to a folder beside it
/// (`current/ck.pem` with `current -> 2026`).
pub fn link_of_folder(path: &Path) -> Option<PathBuf> {
    let link = path.parent()?;
    let target = fs::read_link(link).ok()?;
    let mut parts = target.components();
    let sibling = match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => true,
        _ => {
            let beside = folder_of(link).join(&target);
            let above = beside.parent().and_then(|above| above.canonicalize().ok());
            above.is_some() && above == folder_of(link).canonicalize().ok()
        }
    };
    (sibling && fs::metadata(link).is_ok_and(|about| about.is_dir())).then(|| link.to_path_buf())
}

/// Whether a link stands there, whatever it leads to.
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink())
}

/// What a link leads to, as it says itself.
pub fn link_target(link: &Path) -> Option<PathBuf> {
    fs::read_link(link).ok()
}

/// Makes `link` lead to `target` instead of to what it leads to now: in one instant, by renaming another link over it.
/// A link of another user is not touched.
pub fn point_link(link: &Path, target: &Path) -> Result<()> {
    let refused = |error: io::Error| not_writable(&error).in_file(link);
    let about = fs::symlink_metadata(link).map_err(refused)?;
    if !about.is_symlink() || !ours(&about) {
        let reason = "it is no link of the caller's or root's".to_owned();
        return Err(Error::NotWritable { reason }.in_file(link));
    }
    // The name of a hidden file that was just made is free in this folder.
    let hidden = signal::temporary(folder_of(link)).map_err(refused)?;
    let name = hidden.path().to_path_buf();
    drop(hidden);
    let swapped = symlink(target, &name).and_then(|()| fs::rename(&name, link));
    if swapped.is_err() {
        let _gone_already = fs::remove_file(&name);
    }
    signal::forget(&name);
    swapped.map_err(refused)
}

/// The names in a folder, sorted; none where it cannot be read.
pub fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.file_name().into()).collect();
    names.sort();
    names
}

/// Removes a file of the program's own, if it is there.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(not_writable(&error).in_file(path))
        }
        _ => Ok(()),
    }
}

/// Removes a folder of the program's own with the files in it; a folder in it makes it stay.
pub fn remove_folder(path: &Path) -> Result<()> {
    for name in names(path) {
        remove(&path.join(name))?;
    }
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(not_writable(&error).in_file(path))
        }
        _ => Ok(()),
    }
}
