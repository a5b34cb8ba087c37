//! Waiting for others: a signal ends the command at once and not with the work, and a terminal sees what is going on once it
//! takes over a second.

use super::reply::Stop;
use super::terminal::say;
use crate::error::Result;
use crate::files::signal;
use crate::live;
use std::io::IsTerminal;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How often a signal is looked for.
const GLANCE: Duration = Duration::from_millis(20);
/// How long nobody needs to be told anything.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits for the work. Meanwhile, if `quiet` does not forbid it, `state` is shown on a terminal and is gone afterwards.
pub(super) fn run<T>(
    work: impl Future<Output = Result<T>>,
    quiet: bool,
    state: impl Fn() -> String,
) -> std::result::Result<T, Box<Stop>> {
    let mut line = Line::new(quiet);
    let runtime = live::runtime()?;
    let answer = runtime.block_on(async {
        let mut work = pin!(work);
        loop {
            if let Ok(answer) = timeout(GLANCE, work.as_mut()).await {
                return answer;
            }
            signal::check()?;
            line.tell(&state);
        }
    });
    runtime.shutdown_background();
    Ok(answer?)
}

/// The line on the terminal; dropped, it goes away.
pub(super) struct Line {
    wanted: bool,
    started: Instant,
    shown: String,
}

impl Line {
    /// None yet, and never one where `quiet` or no terminal forbids it.
    pub(super) fn new(quiet: bool) -> Line {
        Line {
            wanted: !quiet && std::io::stderr().is_terminal(),
            started: Instant::now(),
            shown: String::new(),
        }
    }

    /// Shows the state once the work takes over a second.
    pub(super) fn tell(&mut self, state: impl Fn() -> String) {
        if self.wanted && self.started.elapsed() >= PATIENCE {
            self.show(state());
        }
    }

    fn show(&mut self, state: String) {
        if state != self.shown {
            say(&format!("\r\x1b[K{state}"));
            self.shown = state;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            say("\r\x1b[K");
        }
    }
}
