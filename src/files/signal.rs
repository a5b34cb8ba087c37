//! What a signal does: it sets a flag that long work asks for; a second one ends the program at once.
//! Either way no temporary file is left behind.

use super::own_status;
use crate::error::{Error, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, iterator::Signals, low_level};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::thread;
use tempfile::NamedTempFile;

static RECEIVED: AtomicUsize = AtomicUsize::new(0);
static STEADY: AtomicUsize = AtomicUsize::new(0);
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static LISTENING: OnceLock<Vec<Handled>> = OnceLock::new();
static WATCHING: Once = Once::new();

/// A signal that is taken over, and the action that ends the program at once on its second arrival.
struct Handled {
    signal: i32,
    ends_at_once: SigId,
}

/// Takes over SIGINT, SIGTERM and SIGHUP, once, at program start. One that is ignored already (`nohup`, a job in the
/// background) stays ignored. Where a handler cannot be set, the signal keeps ending the program.
pub fn listen() {
    LISTENING.get_or_init(|| {
        let ignored = ignored_signals();
        [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|signal| ignored >> (signal - 1) & 1 == 0)
            .filter_map(|signal| take_over(signal).ok())
            .collect()
    });
}

fn take_over(signal: i32) -> io::Result<Handled> {
    let again = Arc::new(AtomicBool::new(false));
    // In this order: the first arrival finds the flag unset, and sets it.
    let ends_at_once = flag::register_conditional_default(signal, again.clone())?;
    flag::register(signal, again)?;
    // Set in the handler itself: who is interrupted in a system call finds it set.
    flag::register_usize(signal, &RECEIVED, signal as usize)?;
    Ok(Handled {
        signal,
        ends_at_once,
    })
}

/// From the first temporary file on a second signal has something to remove before it ends the program: a thread's work,
/// which commands that write nothing do without.
fn watch() {
    WATCHING.call_once(|| {
        let Some(handled) = LISTENING.get() else {
            return;
        };
        // Before the thread hears any: one that comes in between has to be sent once more at worst, never taken for a second one.
        let first = usize::from(interrupted().is_none());
        let Ok(mut signals) = Signals::new(handled.iter().map(|handled| handled.signal)) else {
            return;
        };
        for handled in handled {
            low_level::unregister(handled.ends_at_once);
        }
        let watcher = thread::Builder::new().name("signals".to_owned());
        // Without the thread a second signal does what the first did.
        let _watching = watcher.spawn(move || {
            if let Some(signal) = signals.forever().nth(first) {
                end(signal);
            }
        });
    });
}

/// The signal that asks the program to end, if one came.
pub fn interrupted() -> Option<i32> {
    match RECEIVED.load(Ordering::SeqCst) {
        0 => None,
        signal => i32::try_from(signal).ok(),
    }
}

/// [`Error::Interrupted`] if a signal came: for long work, between its steps.
pub fn check() -> Result<()> {
    match interrupted() {
        Some(signal) if STEADY.load(Ordering::SeqCst) == 0 => Err(Error::Interrupted { signal }),
        _ => Ok(()),
    }
}

/// While this lives, a first signal stops nothing that is written: for steps that are worse half done than late.
pub struct Steady(());

impl Steady {
    /// From now on.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Steady {
        STEADY.fetch_add(1, Ordering::SeqCst);
        Steady(())
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        STEADY.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A new hidden file, 0600, that a second signal removes too.
pub(super) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    made(|| {
        builder
            .prefix(".pushcert-")
            .rand_bytes(10)
            .tempfile_in(folder)
    })
}

/// As [`temporary`], under a name that is free.
pub(super) fn temporary_named(folder: &Path, name: &OsStr) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    made(|| builder.prefix(name).rand_bytes(0).tempfile_in(folder))
}

fn made(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<NamedTempFile> {
    watch();
    // Made under the lock, so that `end` sees every file that exists.
    let mut known = temporaries();
    let file = make()?;
    known.push(file.path().to_path_buf());
    Ok(file)
}

/// Ends what [`temporary`] began, when the file is gone or has its name.
pub(super) fn forget(path: &Path) {
    temporaries().retain(|known| known != path);
}

fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(signal: i32) {
    // Held until the end, so that no new file appears after these are gone.
    let known = temporaries();
    for path in known.iter() {
        let _gone_already = fs::remove_file(path);
    }
    if low_level::emulate_default_handler(signal).is_err() {
        low_level::exit(128 + signal);
    }
}

/// The signals this program was started to ignore, as bits; none where the system does not say.
fn ignored_signals() -> u64 {
    own_status("SigIgn:")
        .and_then(|bits| u64::from_str_radix(&bits, 16).ok())
        .unwrap_or(0)
}
