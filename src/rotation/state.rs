//! What is remembered of a live file between commands: a pending start, the kept versions, a swap that is under way.

use super::facts::Facts;
use crate::public_key::Fingerprint;
use std::path::PathBuf;
use time::OffsetDateTime;

/// Everything that is remembered of one live file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The file with the key, where it is not in the live file: its path as seen from the live file's folder, or absolute.
    pub live_key: Option<PathBuf>,
    /// A start that waits for its certificate.
    pub pending: Option<Pending>,
    /// The request that the last start wrote, so that the next may take its place.
    pub last_request: Option<(PathBuf, Fingerprint)>,
    /// Earlier versions that are kept, the newest last.
    pub versions: Vec<Version>,
    /// The number of the last version that was kept, kept no longer perhaps.
    pub last_number: u32,
    /// What the last swap put in place, and the SHA-256 of its files.
    pub live: Option<(Facts, Vec<Fingerprint>)>,
    /// A swap that was begun and is not known to have ended.
    pub swap: Option<Swap>,
    /// Folders that swaps of a link have made, the newest last.
    pub folders: Vec<PathBuf>,
    /// What was done, the newest last.
    pub history: Vec<Entry>,
}

/// A key that waits for its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// When it was made.
    pub started: OffsetDateTime,
    /// Which key the certificate will be for.
    pub spki_sha256: String,
    /// Whether the live file's own key is used again.
    pub reuses_key: bool,
    /// The request, as an absolute path.
    pub request: PathBuf,
}

/// An earlier version of the live file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counts up.
    pub number: u32,
    /// When it was replaced.
    pub kept: OffsetDateTime,
    /// What it is.
    pub facts: Facts,
    /// Its files: the live file, then that of the key.
    pub files: Vec<KeptFile>,
}

/// A file of a version in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name there.
    pub name: PathBuf,
    /// What it must hold.
    pub sha256: Fingerprint,
}

/// What replaces what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new certificate took the old one's place.
    Finish,
    /// An earlier version came back.
    Rollback,
}

impl Event {
    /// The word of `PUSHCERT_EVENT`, the state file and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Finish => "finish",
            Event::Rollback => "rollback",
        }
    }

    /// The word of the record once it is done.
    pub fn done(self) -> &'static str {
        match self {
            Event::Finish => "finished",
            Event::Rollback => "rolled-back",
        }
    }
}

/// A swap that is written down before it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// What for.
    pub event: Event,
    /// When it was begun.
    pub begun: OffsetDateTime,
    /// The version that is replaced, kept already.
    pub old: Version,
    /// SHA-256 of each file after.
    pub new_files: Vec<Fingerprint>,
    /// What takes its place.
    pub new: Facts,
    /// The version that comes back, if it is one.
    pub restores: Option<u32>,
    /// The refusals that were overridden.
    pub allowed: Vec<String>,
    /// Where a link to a folder is swapped: what it led to, and the folder that is made for it.
    pub folders: Option<(PathBuf, PathBuf)>,
    /// How many earlier versions are kept once it has ended.
    pub keep: usize,
}

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `started`, `finished`, `rolled-back`, `undone` or `completed`.
    pub what: String,
    /// When.
    pub at: OffsetDateTime,
    /// SHA-256 of the certificate before.
    pub old_sha256: Option<String>,
    /// SHA-256 of the certificate after.
    pub new_sha256: Option<String>,
    /// The refusals that were overridden.
    pub allowed: Vec<String>,
}

/// So many lines of the record are kept.
const HISTORY: usize = 100;

impl Version {
    /// The SHA-256 of each of its files.
    pub fn digests(&self) -> Vec<Fingerprint> {
        self.files.iter().map(|file| file.sha256).collect()
    }
}

impl State {
    /// Adds a line to the record.
    pub fn note(&mut self, entry: Entry) {
        self.history.push(entry);
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
    }

    /// The version that a rollback brings back.
    pub fn previous(&self) -> Option<&Version> {
        self.versions.last()
    }
}
