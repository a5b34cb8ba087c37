//! Files to rows, on every core, in the order of the walk and without keeping more than a few batches at a time.

use super::file::{has_dates, told};
use super::policy::Policy;
use super::progress::Progress;
use super::row::{Entry, Row};
use super::summary::Tally;
use crate::container::Depth;
use crate::error::{Error, Result};
use crate::finding::{Finding, Status};
use crate::inputs::{self, Found, Input, Keyring, State};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many files a thread takes at once.
const CHUNK: usize = 64;
/// How many of its chunks may wait for a thread, and for the reader of the rows.
const WAITING: usize = 8;
/// How long a batch is waited for before whoever waits may look around.
const MOMENT: Duration = Duration::from_millis(20);
/// What a row of the command line is missing where it leads to nothing.
const WANTED: &str = "certificate";

/// What some files brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order of the files, as far as they are wanted.
    pub rows: Vec<Row>,
    /// What all of them come to.
    pub tally: Tally,
    /// Files of the command line that a passphrase is missing for, each with the place in `rows` of the one row that says so. They are
    /// not in the tally.
    pub locked: Vec<(usize, Input)>,
    /// Files of no kind read here.
    pub skipped: usize,
    /// Which paths of the command line brought anything.
    sources: Vec<usize>,
}

/// Which rows are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All.
    All,
    /// Those that need attention; the others are only counted.
    Attention,
}

/// The batches of all files, in order.
pub struct Scan {
    /// The chunk `n` is that of thread `n % readers`, so the order needs no sorting.
    readers: Vec<Receiver<Batch>>,
    turn: usize,
    threads: Vec<JoinHandle<()>>,
    paths: Vec<PathBuf>,
    fruitful: Vec<bool>,
}

/// How the files are read.
struct Reading<'a> {
    keyring: &'a Keyring,
    policy: &'a Arc<Policy>,
    keep: Keep,
    progress: &'a Arc<Progress>,
}

/// Reads all that is below the paths, on threads: one where there is little to read, else as many as there are cores.
///
/// # Errors
/// Where the system gives no thread.
pub fn scan(
    paths: &[PathBuf],
    keyring: &Keyring,
    policy: &Arc<Policy>,
    keep: Keep,
    progress: &Arc<Progress>,
) -> Result<Scan> {
    let reading = Reading {
        keyring,
        policy,
        keep,
        progress,
    };
    let mut scan = Scan {
        readers: Vec::new(),
        turn: 0,
        threads: Vec::new(),
        paths: paths.to_vec(),
        fruitful: vec![false; paths.len()],
    };
    let mut files = inputs::find(paths.to_vec());
    let first: Vec<Found> = files.by_ref().take(CHUNK).collect();
    if first.len() < CHUNK {
        progress.found(first.len());
        // It fits into the channel, and is not waited for.
        let _no_reader = scan.start(&reading)?.send(first);
        return Ok(scan);
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let chunks: Vec<_> = (0..cores)
        .map(|_| scan.start(&reading))
        .collect::<Result<_>>()?;
    scan.spawn(move || {
        let rest = std::iter::from_fn(|| Some(files.by_ref().take(CHUNK).collect::<Vec<_>>()));
        let all = std::iter::once(first).chain(rest.take_while(|chunk| !chunk.is_empty()));
        for (chunk, reader) in all.zip(chunks.iter().cycle()) {
            if reader.send(chunk).is_err() {
                break;
            }
        }
    })?;
    Ok(scan)
}

impl Iterator for Scan {
    /// `None` where nothing has come for a moment, so that whoever waits can look around.
    type Item = Option<Batch>;

    fn next(&mut self) -> Option<Option<Batch>> {
        let reader = self.readers.get(self.turn % self.readers.len().max(1))?;
        match reader.recv_timeout(MOMENT) {
            Ok(batch) => {
                self.turn += 1;
                for source in &batch.sources {
                    if let Some(fruitful) = self.fruitful.get_mut(*source) {
                        *fruitful = true;
                    }
                }
                Some(Some(batch))
            }
            Err(RecvTimeoutError::Timeout) => Some(None),
            // A thread whose turn it is and that has ended had no chunk left to take, and then nobody has.
            Err(RecvTimeoutError::Disconnected) => {
                // The last batch follows. A thread that could not hand on what it has would never be joined.
                self.readers.clear();
                self.join();
                Some(Some(self.barren()))
            }
        }
    }
}

impl Scan {
    /// Starts a thread that reads what is sent to it.
    fn start(&mut self, reading: &Reading) -> Result<SyncSender<Vec<Found>>> {
        let (give, take) = sync_channel::<Vec<Found>>(WAITING);
        let (put, out) = sync_channel(WAITING);
        let (keyring, policy) = (reading.keyring.clone(), Arc::clone(reading.policy));
        let (keep, progress) = (reading.keep, Arc::clone(reading.progress));
        self.spawn(move || {
            for chunk in take {
                // Nobody wants the rest after a signal.
                if put
                    .send(read(chunk, &keyring, &policy, keep, &progress))
                    .is_err()
                {
                    break;
                }
            }
        })?;
        self.readers.push(out);
        Ok(give)
    }

    fn spawn(&mut self, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let started = thread::Builder::new().spawn(work);
        let thread = started.map_err(|error| Error::NotReadable {
            reason: format!("no thread to read with: {error}"),
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Waits for the threads that have nothing left to do. One that panicked must not pass for one that found nothing.
    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }

    /// A row for every path of the command line that brought none.
    fn barren(&self) -> Batch {
        let nothing = Finding::unreadable(&Error::NoInputFound { wanted: WANTED });
        let barren = self.paths.iter().zip(&self.fruitful);
        let rows = barren
            .filter(|(_, fruitful)| !**fruitful)
            .map(|(path, _)| Row {
                path: path.clone(),
                entry: Entry::Trouble(nothing.clone().in_path(path.display().to_string())),
            });
        let rows: Vec<Row> = rows.collect();
        Batch {
            tally: Tally::of(&rows),
            rows,
            ..Batch::default()
        }
    }
}

fn read(
    files: Vec<Found>,
    keyring: &Keyring,
    policy: &Policy,
    keep: Keep,
    progress: &Progress,
) -> Batch {
    let mut batch = Batch::default();
    for found in files {
        let source = found.source;
        let passphrases = keyring.of(&found.path);
        let mut input = found.open(&passphrases, Depth::Dates);
        progress.one_more();
        if input.is_foreign() {
            batch.skipped += 1;
            continue;
        }
        let awaited = input.named && is_locked(&input) && !has_dates(&input);
        let (mut rows, fruitful) = told(&mut input, policy);
        if fruitful && batch.sources.last() != Some(&source) {
            batch.sources.push(source);
        }
        match awaited && !rows.is_empty() {
            true => batch.locked.push((batch.rows.len(), input)),
            false => batch.tally.add_all(&rows),
        }
        if keep == Keep::Attention {
            rows.retain(|row| row.status() != Status::Ok);
        }
        batch.rows.extend(rows);
    }
    batch
}

fn is_locked(input: &Input) -> bool {
    matches!(input.state, State::Locked { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_ends_the_scan_though_another_has_more_to_hand_on() {
        let (full, waiting) = sync_channel(1);
        let (gone, panicked) = sync_channel::<Batch>(1);
        let mut scan = Scan {
            readers: vec![panicked, waiting],
            turn: 0,
            threads: Vec::new(),
            paths: Vec::new(),
            fruitful: Vec::new(),
        };
        let started = [
            scan.spawn(move || while full.send(Batch::default()).is_ok() {}),
            scan.spawn(move || {
                let _gone = gone;
                panic!("a reader panics");
            }),
        ];
        assert!(started.iter().all(Result::is_ok));
        let next = std::panic::AssertUnwindSafe(|| scan.find(Option::is_some));
        assert!(std::panic::catch_unwind(next).is_err());
    }
}
