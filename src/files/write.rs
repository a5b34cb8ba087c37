//! Files that appear whole or not at all: written beside their name, synced, renamed. A key is 0600 from its first moment.

use super::{not_writable, signal};
use crate::error::{Error, Result};
use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// One file to write.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// Where.
    pub path: &'a Path,
    /// What.
    pub contents: &'a [u8],
    /// Whether a private key is in it: then it is 0600 and never readable by others.
    pub holds_key: bool,
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

/// Makes a folder and its parents.
///
/// # Errors
/// `not-writable`.
pub fn make_folder(path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(path).map_err(|error| not_writable(&error).in_file(path))
}

/// Writes all of them. Without `force` nothing that exists is touched; with it an old file's owner, group, mode and
/// attributes are kept.
///
/// # Errors
/// `exists`, `not-writable`, `interrupted`. The old files stay on every error up to the rename of each.
pub fn create(outputs: &[Output], force: bool) -> Result<()> {
    let mut staged = Vec::new();
    for output in outputs {
        if !force {
            refuse_existing(output.path, output.holds_key)?;
        }
        let one = stage(output, force).map_err(|error| error.in_file(output.path))?;
        staged.push((output, one));
    }
    signal::check()?;
    for (output, one) in staged {
        publish(one, output, force).map_err(|error| error.in_file(output.path))?;
    }
    Ok(())
}

struct Staged {
    file: NamedTempFile,
    target: PathBuf,
}

/// Everything but the rename.
fn stage(output: &Output, force: bool) -> Result<Staged> {
    signal::check()?;
    let old = output.path.symlink_metadata().ok().filter(|_| force);
    let target = match &old {
        Some(old) if old.file_type().is_symlink() => trusted_target(output.path, old)?,
        _ => output.path.to_path_buf(),
    };
    let old = target.metadata().ok().filter(|_| force);
    if old.as_ref().is_some_and(Metadata::is_dir) {
        return Err(Error::NotWritable {
            reason: "it is a folder".to_string(),
        });
    }
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return Err(Error::NotWritable {
            reason: "it is not a regular file".to_string(),
        });
    }
    let mut file = tempfile::Builder::new()
        .prefix(".pushcert-")
        .tempfile_in(folder_of(&target))
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NotWritable {
                reason: "its folder does not exist".to_string(),
            },
            _ => not_writable(&error),
        })?;
    let failed = |error: io::Error| not_writable(&error);
    file.write_all(output.contents).map_err(failed)?;
    match &old {
        Some(old) => keep_attributes(file.as_file(), &target, old, output.holds_key)?,
        None if output.holds_key => {}
        None => file
            .as_file()
            .set_permissions(Permissions::from_mode(0o666 & !umask()))
            .map_err(failed)?,
    }
    file.as_file().sync_all().map_err(failed)?;
    signal::check()?;
    Ok(Staged { file, target })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The process's umask, which the system only tells by setting it; no thread runs beside this.
fn umask() -> u32 {
    let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    rustix::process::umask(mask);
    mask.as_raw_mode()
}

/// A link is followed if it and the folder it leads to belong to the caller or to root: nobody else chose the place.
fn trusted_target(link: &Path, metadata: &Metadata) -> Result<PathBuf> {
    let refuse = |reason: &str| Error::NotWritable {
        reason: reason.to_string(),
    };
    let target = link
        .canonicalize()
        .map_err(|_| refuse("it is a link that leads nowhere"))?;
    let folder = folder_of(&target)
        .metadata()
        .map_err(|error| not_writable(&error))?;
    let caller = rustix::process::geteuid().as_raw();
    if [metadata.uid(), folder.uid()]
        .iter()
        .any(|owner| *owner != caller && *owner != 0)
    {
        return Err(refuse(
            "it is a link that belongs to another user, or leads into another user's folder",
        ));
    }
    Ok(target)
}

/// Owner, group, mode and extended attributes (ACLs and labels among them) of the file that is replaced.
fn keep_attributes(new: &File, target: &Path, old: &Metadata, holds_key: bool) -> Result<()> {
    let refuse = |what: &str| Error::NotWritable {
        reason: format!("its {what} cannot be kept"),
    };
    let own = new.metadata().map_err(|error| not_writable(&error))?;
    if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
        let owner = Some(rustix::fs::Uid::from_raw(old.uid()));
        let group = Some(rustix::fs::Gid::from_raw(old.gid()));
        rustix::fs::fchown(new, owner, group).map_err(|_| refuse("owner or group"))?;
    }
    let others = if holds_key { 0o007 } else { 0 };
    let mode = old.mode() & 0o7777 & !others;
    new.set_permissions(Permissions::from_mode(mode))
        .map_err(|_| refuse("mode"))?;
    copy_extended(new, target).ok_or_else(|| refuse("extended attributes"))
}

fn copy_extended(new: &File, target: &Path) -> Option<()> {
    let mut names = vec![0u8; 64 << 10];
    let length = match rustix::fs::listxattr(target, &mut names[..]) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Some(()),
        Err(_) => return None,
    };
    for name in names
        .get(..length)?
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let mut value = vec![0u8; 64 << 10];
        let size = rustix::fs::getxattr(target, name, &mut value[..]).ok()?;
        let value = value.get(..size)?;
        let mut present = vec![0u8; 64 << 10];
        let same = rustix::fs::fgetxattr(new, name, &mut present[..])
            .is_ok_and(|n| present.get(..n) == Some(value));
        if !same {
            rustix::fs::fsetxattr(new, name, value, rustix::fs::XattrFlags::empty()).ok()?;
        }
    }
    Some(())
}

fn publish(staged: Staged, output: &Output, force: bool) -> Result<()> {
    let result = match force {
        true => staged.file.persist(&staged.target),
        // Somebody may have made the file meanwhile.
        false => staged.file.persist_noclobber(&staged.target),
    };
    result.map_err(|failure| match failure.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists {
            key: output.holds_key,
        },
        _ => not_writable(&failure.error),
    })?;
    let folder = File::open(folder_of(&staged.target)).map_err(|error| not_writable(&error))?;
    folder.sync_all().map_err(|error| not_writable(&error))
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
