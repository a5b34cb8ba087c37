//! Files to rows, on every core, in the order of the walk and without keeping more than a few batches at a time.

use super::policy::Policy;
use super::row::{Dated, Entry, Row};
use super::summary::Tally;
use crate::container::{Depth, Format};
use crate::error::{Error, Result};
use crate::finding::{Finding, Status};
use crate::inputs::{self, Found, Input, Keyring, State};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many files a thread takes at once.
const CHUNK: usize = 64;
/// How many of its chunks may wait for a thread, and for the reader of the rows.
const WAITING: usize = 8;
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

/// Counters that whoever waits may look at.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files found so far.
    pub found: AtomicUsize,
    /// Files read so far.
    pub read: AtomicUsize,
}

/// The batches of all files, in order.
pub struct Scan {
    work: Work,
    paths: Vec<PathBuf>,
    fruitful: Vec<bool>,
    /// The last batch, of paths that brought nothing, has been given.
    ended: bool,
}

enum Work {
    /// Few files, already read.
    Done(Option<Batch>),
    /// A thread for each core; the chunk `n` is that of thread `n % threads`, so the order needs no sorting.
    Threads {
        batches: Vec<Receiver<Batch>>,
        turn: usize,
    },
}

/// Reads all that is below the paths. Threads are only started where there is work for them.
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
    let mut files = inputs::find(paths.to_vec());
    let first: Vec<Found> = files.by_ref().take(CHUNK).collect();
    let work = if first.len() < CHUNK {
        progress.found.store(first.len(), Ordering::Relaxed);
        let batch = read(first, keyring, policy, keep, progress);
        Work::Done(Some(batch))
    } else {
        threads(first, files, keyring, policy, keep, progress)?
    };
    Ok(Scan {
        work,
        paths: paths.to_vec(),
        fruitful: vec![false; paths.len()],
        ended: false,
    })
}

fn threads(
    first: Vec<Found>,
    mut files: impl Iterator<Item = Found> + Send + 'static,
    keyring: &Keyring,
    policy: &Arc<Policy>,
    keep: Keep,
    progress: &Arc<Progress>,
) -> Result<Work> {
    let count = thread::available_parallelism().map_or(1, usize::from);
    let (mut chunks, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (give, take) = sync_channel::<Vec<Found>>(WAITING);
        let (put, out) = sync_channel(WAITING);
        let (keyring, policy) = (keyring.clone(), Arc::clone(policy));
        let progress = Arc::clone(progress);
        spawn(move || {
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
        chunks.push(give);
        batches.push(out);
    }
    let progress = Arc::clone(progress);
    spawn(move || {
        let rest = std::iter::from_fn(|| Some(files.by_ref().take(CHUNK).collect::<Vec<_>>()));
        let all = std::iter::once(first).chain(rest.take_while(|chunk| !chunk.is_empty()));
        hand_out(all, &chunks, &progress);
    })?;
    Ok(Work::Threads { batches, turn: 0 })
}

fn hand_out(
    all: impl Iterator<Item = Vec<Found>>,
    chunks: &[SyncSender<Vec<Found>>],
    progress: &Progress,
) {
    for (chunk, thread) in all.zip(chunks.iter().cycle()) {
        progress.found.fetch_add(chunk.len(), Ordering::Relaxed);
        if thread.send(chunk).is_err() {
            break;
        }
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().spawn(work);
    started.map(drop).map_err(|error| Error::NotReadable {
        reason: format!("no thread to read with: {error}"),
    })
}

impl Iterator for Scan {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let batch = match &mut self.work {
            Work::Done(batch) => batch.take(),
            Work::Threads { batches, turn } => {
                let thread = *turn % batches.len().max(1);
                *turn += 1;
                // A thread whose turn it is and that has ended had no chunk left to take, and then nobody has.
                batches.get(thread).and_then(|batch| batch.recv().ok())
            }
        };
        if let Some(batch) = batch {
            for source in &batch.sources {
                if let Some(fruitful) = self.fruitful.get_mut(*source) {
                    *fruitful = true;
                }
            }
            return Some(batch);
        }
        match std::mem::replace(&mut self.ended, true) {
            true => None,
            false => Some(self.barren()),
        }
    }
}

impl Scan {
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
        let (source, path) = (found.source, found.path.clone());
        let input = found.open(&keyring.of(&path), Depth::Dates);
        progress.read.fetch_add(1, Ordering::Relaxed);
        if input.is_foreign() {
            batch.skipped += 1;
            continue;
        }
        let (mut rows, fruitful) = told(&input, policy);
        if fruitful && batch.sources.last() != Some(&source) {
            batch.sources.push(source);
        }
        match input.state {
            State::Locked { .. } if input.named && !rows.is_empty() && !has_dates(&input) => {
                batch.locked.push((batch.rows.len(), input));
            }
            _ => batch.tally.add_all(&rows),
        }
        if keep == Keep::Attention {
            rows.retain(|row| row.status() != Status::Ok);
        }
        batch.rows.extend(rows);
    }
    batch
}

fn has_dates(input: &Input) -> bool {
    input
        .contents()
        .is_some_and(|contents| !contents.certificates.is_empty() || contents.profile.is_some())
}

/// The rows of a file that was opened.
pub fn rows(input: &Input, policy: &Policy) -> Vec<Row> {
    told(input, policy).0
}

/// The rows that are wanted, and whether there were any at all.
fn told(input: &Input, policy: &Policy) -> (Vec<Row>, bool) {
    let trouble = |finding| Row::trouble(input, finding);
    let not_read = |error: Error| trouble(Finding::unreadable(&error));
    let Some(contents) = input.contents() else {
        return (input.trouble().map(not_read).into_iter().collect(), true);
    };
    let certificates = contents.certificates.iter().map(|part| &part.certificate);
    let (all, endless): (Vec<Dated>, bool) = match &contents.profile {
        Some(signed) => {
            let dated = Dated::of_profile(&signed.profile);
            let endless = dated.is_none();
            (dated.into_iter().collect(), endless)
        }
        None => (certificates.map(Dated::of_certificate).collect(), false),
    };
    let mut seen = !all.is_empty();
    let mut rows: Vec<Row> = Vec::with_capacity(all.len());
    for mut dated in all {
        dated.with_key = contents.encrypted || !contents.keys.is_empty();
        policy.judge(&mut dated);
        if policy.wants(&dated) {
            rows.push(Row {
                path: input.path.clone(),
                entry: Entry::Dated(Box::new(dated)),
            });
        }
    }
    if endless {
        rows.push(not_read(Error::Damaged {
            what: "provisioning profile",
            reason: "it does not say when it ends".to_string(),
        }));
    }
    rows.extend(input.broken_parts().into_iter().map(trouble));
    // What is locked in a PEM file is a key, which has no dates; in a PKCS#12 it may be anything.
    if contents.format == Format::Pkcs12 {
        rows.extend(input.trouble().map(not_read));
    }
    seen |= !rows.is_empty();
    if !seen && input.named {
        let found = format!("{} without a certificate", contents.description);
        let wanted = "a certificate";
        rows.push(not_read(Error::WrongKind { wanted, found }));
        seen = true;
    }
    (rows, seen)
}
