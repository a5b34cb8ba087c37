//! What lasts through a power cut. Of several files the system begins to write all before the first is waited for: then a file
//! system with a journal writes that once for all of them.

use super::not_writable;
use crate::error::Result;
use std::fs::File;
use std::io;
use std::path::Path;

/// Makes the names in these folders last. What [`create`](super::create) writes is whole without it, the old file or the new
/// one; this is for what nothing can make again, and for what must be there before something else is. A folder that cannot be
/// opened for reading, and a file system that syncs no folders, are left to the system.
///
/// # Errors
/// `not-writable`, with the folder.
pub fn sync_folders(folders: &[&Path]) -> Result<()> {
    for path in folders {
        let Ok(folder) = File::open(path) else {
            continue;
        };
        match folder.sync_all() {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            synced => synced.map_err(|error| not_writable(&error).in_file(path))?,
        }
    }
    Ok(())
}

/// Makes what is in these files last; the errors name the path beside each.
pub(super) fn sync_files(files: &[(&File, &Path)]) -> Result<()> {
    if files.len() > 1 {
        files.iter().for_each(|(file, _)| begin(file));
    }
    for (file, path) in files {
        let synced = file.sync_all();
        synced.map_err(|error| not_writable(&error).in_file(path))?;
    }
    Ok(())
}

/// Linux writes what it is told to forget, and so gives a file its blocks now and not with the sync that waits for them.
#[cfg(target_os = "linux")]
fn begin(file: &File) {
    // Only a hint.
    let _slower = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn begin(_file: &File) {}
