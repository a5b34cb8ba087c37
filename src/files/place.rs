//! Where an output goes: links are followed where nobody else chooses what is replaced, and what cannot be replaced is told
//! before anything is written.

use super::{folder_of, not_writable};
use crate::error::{Error, Result};
use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// How many links are followed to an output, as Linux does.
const LINKS: usize = 40;

/// The file itself that an output at `path` replaces, once links are followed as [`create`](super::create) follows them.
pub fn place_of(path: &Path) -> Result<PathBuf> {
    match Place::find(path, true, true) {
        Ok(Place {
            path: place,
            old: Some(_),
        }) => Ok(place),
        Ok(_) => Err(Error::NotFound.in_file(path)),
        Err(error) => Err(error.in_file(path)),
    }
}

/// As [`place_of`], where nothing stands yet.
pub fn free_place_of(path: &Path) -> Result<PathBuf> {
    match Place::find(path, true, true) {
        Ok(Place { path: place, old }) => match old {
            None => Ok(place),
            Some(_) => Err(Error::Exists { key: true }.in_file(path)),
        },
        Err(error) => Err(error.in_file(path)),
    }
}

/// Where an output goes once links are followed, and the file that it replaces there.
pub(super) struct Place {
    pub path: PathBuf,
    pub old: Option<Metadata>,
}

impl Place {
    /// Without `force` anything that stands there is in the way.
    pub fn find(path: &Path, holds_key: bool, force: bool) -> Result<Place> {
        if path.as_os_str().as_bytes().ends_with(b"/") || path.file_name().is_none() {
            return Err(refused("it names a folder"));
        }
        let mut path = path.to_path_buf();
        for followed in 0..LINKS {
            let Some(found) = entry(&path)? else {
                return Place::unless_foreign(path, None, followed);
            };
            if !force {
                return Err(Error::Exists { key: holds_key });
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
#[cfg(target_os = "linux")]
fn mounted(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let root = StatxAttributes::MOUNT_ROOT;
    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty()) {
        Ok(about) if about.stx_attributes_mask.contains(root) => {
            about.stx_attributes.contains(root)
        }
        // Before 5.8 the kernel does not say it of a file.
        _ => listed(path),
    }
}

#[cfg(not(target_os = "linux"))]
fn mounted(path: &Path) -> bool {
    listed(path)
}

/// Whether the list of mounts has it.
fn listed(path: &Path) -> bool {
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

pub(super) fn refused(reason: &str) -> Error {
    Error::NotWritable {
        reason: reason.to_owned(),
    }
}
