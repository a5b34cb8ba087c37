//! SIGINT, SIGTERM and SIGHUP as a flag. With a handler in place a prompt puts the terminal right and a write removes its
//! temporary file before the command ends; a second signal of the same kind ends it at once.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

struct Flags {
    number: Arc<AtomicUsize>,
}

static FLAGS: OnceLock<Flags> = OnceLock::new();

/// Installs the handlers, once.
///
/// # Errors
/// `not-readable` with the system's reason; no system refuses these signals.
pub fn watch() -> Result<()> {
    let number = Arc::new(AtomicUsize::new(0));
    let again = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        let value = usize::try_from(signal).unwrap_or_default();
        // The order matters: the second signal finds the first one's flag set.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&again))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&again)))
            .and_then(|_| signal_hook::flag::register_usize(signal, Arc::clone(&number), value))
            .map_err(|error| super::not_readable(&error))?;
    }
    let _ = FLAGS.set(Flags { number });
    Ok(())
}

/// The signal that has arrived, if any.
pub fn pending() -> Option<i32> {
    let number = FLAGS.get()?.number.load(Ordering::SeqCst);
    i32::try_from(number).ok().filter(|signal| *signal != 0)
}

/// Ends the work in hand if a signal has arrived.
///
/// # Errors
/// `interrupted`.
pub fn check() -> Result<()> {
    match pending() {
        Some(signal) => Err(Error::Interrupted { signal }),
        None => Ok(()),
    }
}
