//! Work that waits for others, on a thread of its own: a signal ends the command at once and not with the work, and a terminal
//! sees what is going on once it takes over a second.

use super::reply::Stop;
use crate::error::{Error, Result};
use crate::files::signal;
use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a signal is looked for.
const GLANCE: Duration = Duration::from_millis(20);
/// How long nobody needs to be told anything.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does the work. Meanwhile, if `quiet` does not forbid it, `state` is shown on a terminal and is gone afterwards.
pub(super) fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
    quiet: bool,
    state: impl Fn() -> String,
) -> std::result::Result<T, Box<Stop>> {
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || {
        // The command may have been interrupted meanwhile, and nobody listens.
        let _ = sender.send(work());
    });
    let started = Instant::now();
    let mut line = Line {
        wanted: !quiet && std::io::stderr().is_terminal(),
        shown: String::new(),
    };
    loop {
        match answer.recv_timeout(GLANCE) {
            Ok(answer) => return Ok(answer?),
            Err(RecvTimeoutError::Timeout) => signal::check()?,
            Err(RecvTimeoutError::Disconnected) => {
                let reason = "the work ended without a result".to_string();
                return Err(Error::Network { reason }.into());
            }
        }
        if line.wanted && started.elapsed() >= PATIENCE {
            line.show(state());
        }
    }
}

/// The line on the terminal; dropped, it goes away.
struct Line {
    wanted: bool,
    shown: String,
}

impl Line {
    fn show(&mut self, state: String) {
        if state != self.shown {
            anstream::eprint!("\r\x1b[K{state}");
            self.shown = state;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            anstream::eprint!("\r\x1b[K");
        }
    }
}
