//! How far the reading of many files has come, for whoever waits for it.

use crate::inputs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Counters that may be looked at while the files are read.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicUsize,
    total: OnceLock<usize>,
    counts: AtomicBool,
}

impl Progress {
    /// Files read so far.
    pub fn read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    /// All files, once their number is known.
    pub fn total(&self) -> Option<usize> {
        self.total.get().copied()
    }

    /// Has the files counted, once, by a walk of its own: the one that reads them is hardly ahead of the reading, so that a million paths
    /// need not be kept. Without a thread to do it in the number stays unknown.
    pub fn count(self: &Arc<Progress>, paths: &[PathBuf]) {
        if self.total().is_some() || self.counts.swap(true, Ordering::Relaxed) {
            return;
        }
        let (progress, paths) = (Arc::clone(self), paths.to_vec());
        let _uncounted =
            thread::Builder::new().spawn(move || progress.found(inputs::find(paths).count()));
    }

    pub(super) fn found(&self, total: usize) {
        self.total.get_or_init(|| total);
    }

    pub(super) fn one_more(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }
}
