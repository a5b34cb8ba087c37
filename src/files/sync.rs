//! What lasts through a power cut. Several are synced at the same time, so that the file system writes its journal once for all
//! of them.

use super::not_writable;
use crate::error::Result;
use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;

/// Makes the names in these folders last. What [`create`](super::create) writes is whole without it, the old file or the new
/// one; this is for what nothing can make again, and for what must be there before something else is. A folder that cannot be
/// opened for reading, and a file system that syncs no folders, are left to the system.
///
/// # Errors
/// `not-writable`, with the folder.
pub fn sync_folders(folders: &[&Path]) -> Result<()> {
    sync_together(&[], folders)
}

/// Makes what is in these files and the names in these folders last; the errors name the path beside each.
pub(super) fn sync_together(files: &[(&File, &Path)], folders: &[&Path]) -> Result<()> {
    let open: Vec<(File, &Path)> = folders
        .iter()
        .filter_map(|path| Some((File::open(path).ok()?, *path)))
        .collect();
    let open = open.iter().map(|(folder, path)| (folder, *path, true));
    let all = files.iter().map(|(file, path)| (*file, *path, false));
    together(&all.chain(open).collect::<Vec<_>>())
}

/// All but the last on a thread each, the last here.
fn together(all: &[(&File, &Path, bool)]) -> Result<()> {
    let Some((last, others)) = all.split_last() else {
        return Ok(());
    };
    thread::scope(|scope| {
        let mut begun = Vec::with_capacity(others.len());
        for other in others {
            let thread = thread::Builder::new().name("sync".to_owned());
            begun.push((other, thread.spawn_scoped(scope, || one(other))));
        }
        let mut result = one(last);
        for (other, thread) in begun {
            let synced = match thread.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(synced)) => synced,
                // No thread could be had.
                _ => one(other),
            };
            result = result.and(synced);
        }
        result
    })
}

fn one((file, path, is_folder): &(&File, &Path, bool)) -> Result<()> {
    match file.sync_all() {
        Err(error) if *is_folder && error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced.map_err(|error| not_writable(&error).in_file(path)),
    }
}
