//! What lasts through a power cut. Several are synced at the same time, so that the file system writes its journal once for all
//! of them.

use super::not_writable;
use crate::error::Result;
use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;

/// Makes what is in these files last; the errors name the path beside each.
pub(super) fn sync_files(files: &[(&File, &Path)]) -> Result<()> {
    together(files, &|file| file.sync_all())
}

/// Makes the names in these folders last. What [`create`](super::create) writes is whole without it, the old file or the new
/// one; this is for what nothing can make again, and for what must be there before something else is. A folder that cannot be
/// opened for reading, and a file system that syncs no folders, are left to the system.
///
/// # Errors
/// `not-writable`, with the folder.
pub fn sync_folders(folders: &[&Path]) -> Result<()> {
    let open: Vec<(File, &Path)> = folders
        .iter()
        .filter_map(|path| Some((File::open(path).ok()?, *path)))
        .collect();
    let open: Vec<(&File, &Path)> = open.iter().map(|(file, path)| (file, *path)).collect();
    together(&open, &|folder| match folder.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    })
}

/// All but the last on a thread each, the last here.
fn together(
    files: &[(&File, &Path)],
    sync: &(impl Fn(&File) -> io::Result<()> + Sync),
) -> Result<()> {
    let one =
        |file: &File, path: &Path| sync(file).map_err(|error| not_writable(&error).in_file(path));
    let Some(((last, path), others)) = files.split_last() else {
        return Ok(());
    };
    thread::scope(|scope| {
        let mut begun = Vec::with_capacity(others.len());
        for (file, path) in others {
            let thread = thread::Builder::new().name("sync".to_owned());
            begun.push((file, path, thread.spawn_scoped(scope, || one(file, path))));
        }
        let mut all = one(last, path);
        for (file, path, thread) in begun {
            let synced = match thread.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(synced)) => synced,
                // No thread could be had.
                _ => one(file, path),
            };
            all = all.and(synced);
        }
        all
    })
}
