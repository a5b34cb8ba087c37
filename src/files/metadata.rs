//! Gives a new file what the file it replaces had: owner, group, mode, extended attributes with the access control list
//! and the security label among them. Where one cannot be given, the error says which.

use super::words;
use crate::error::{Error, Result};
use rustix::fs::{Gid, Mode, Uid, XattrFlags};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::fs::{File, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const ACCESS_LIST: &CStr = c"system.posix_acl_access";

/// Signatures over the old contents, which the kernel makes anew.
const NOT_KEPT: [&CStr; 2] = [c"security.ima", c"security.evm"];

/// Makes `new` like the file `old` at `path`, and takes the access of others away if it is to hold a key. The order is one
/// in which nobody gains access on the way.
pub(super) fn keep(path: &Path, old: &Metadata, new: &File, holds_key: bool) -> Result<()> {
    let now = new
        .metadata()
        .map_err(|error| lost("mode", words(&error)))?;
    let uid = (now.uid() != old.uid()).then(|| Uid::from_raw(old.uid()));
    let gid = (now.gid() != old.gid()).then(|| Gid::from_raw(old.gid()));
    if uid.is_some() || gid.is_some() {
        rustix::fs::fchown(new, uid, gid)
            .map_err(|errno| lost("owner and group", words(&errno.into())))?;
    }
    keep_attributes(path, new, holds_key)?;
    let mode = old.permissions().mode() & 0o7777;
    let mode = if holds_key { mode & !0o007 } else { mode };
    set_mode(new, mode)
}

/// Sets the permission bits, whatever the umask.
pub(super) fn set_mode(file: &File, mode: u32) -> Result<()> {
    // `Mode` is as wide as the system's own type, which is not `u32` everywhere.
    let mode = Mode::from_raw_mode(mode as rustix::fs::RawMode);
    rustix::fs::fchmod(file, mode).map_err(|errno| lost("mode", words(&errno.into())))
}

fn keep_attributes(path: &Path, new: &File, holds_key: bool) -> Result<()> {
    let refused = |name: &CStr, errno: Errno| lost(&name.to_string_lossy(), words(&errno.into()));
    let names = match names(path) {
        Ok(names) => names,
        Err(errno) => return Err(lost("extended attributes", words(&errno.into()))),
    };
    if !names.iter().any(|name| name.as_c_str() == ACCESS_LIST) {
        // One inherited from the folder would let in whom the old file kept out.
        match rustix::fs::fremovexattr(new, ACCESS_LIST) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(errno) => return Err(refused(ACCESS_LIST, errno)),
        }
    }
    for name in names {
        if NOT_KEPT.contains(&name.as_c_str()) {
            continue;
        }
        let mut value = sized(rustix::fs::getxattr_query(path, &name), |buffer| {
            rustix::fs::getxattr(path, &name, buffer)
        })
        .map_err(|errno| refused(&name, errno))?;
        if holds_key && name.as_c_str() == ACCESS_LIST {
            close_to_others(&mut value);
        }
        // A label that the new file has already needs no right to set it.
        let same = sized(rustix::fs::fgetxattr_query(new, &name), |buffer| {
            rustix::fs::fgetxattr(new, &name, buffer)
        });
        if same.is_ok_and(|same| same == value) {
            continue;
        }
        rustix::fs::fsetxattr(new, &name, &value, XattrFlags::empty())
            .map_err(|errno| refused(&name, errno))?;
    }
    Ok(())
}

fn names(path: &Path) -> rustix::io::Result<Vec<CString>> {
    match sized(rustix::fs::listxattr_query(path), |buffer| {
        rustix::fs::listxattr(path, buffer)
    }) {
        Ok(list) => Ok(list
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .filter_map(|name| CString::new(name).ok())
            .collect()),
        Err(Errno::NOTSUP) => Ok(Vec::new()),
        Err(errno) => Err(errno),
    }
}

/// The value once its size was asked for.
fn sized(
    size: rustix::io::Result<usize>,
    value: impl FnOnce(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; size?];
    if !buffer.is_empty() {
        let count = value(&mut buffer)?;
        buffer.truncate(count);
    }
    Ok(buffer)
}

/// Takes the rights from the entry for others (tag 0x20) of a Linux access control list: a version of 4 bytes, then
/// entries of tag, rights (2 bytes each, little endian) and an id of 4 (linux/posix_acl_xattr.h).
fn close_to_others(list: &mut [u8]) {
    let entries = list.get_mut(4..).unwrap_or_default();
    for entry in entries.chunks_exact_mut(8) {
        if entry.starts_with(&[0x20, 0]) {
            entry[2..4].fill(0);
        }
    }
}

fn lost(what: &str, why: String) -> Error {
    Error::NotWritable {
        reason: format!("the new file cannot get the {what} of the old one: {why}"),
    }
}
