//! Waiting for others: a signal ends the command at once and not with the work, and a terminal sees what is going on once it
//! takes over a second.

use super::reply::Stop;
use super::status_line::StatusLine;
use crate::error::Result;
use crate::files::signal;
use crate::live;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// How often a signal is looked for.
const GLANCE: Duration = Duration::from_millis(20);

/// Waits for the work. Meanwhile, if `quiet` does not forbid it, `state` is shown on a terminal and is gone afterwards.
pub(super) fn run<T>(
    work: impl Future<Output = Result<T>>,
    quiet: bool,
    state: impl Fn() -> String,
) -> std::result::Result<T, Box<Stop>> {
    let mut line = StatusLine::new(quiet);
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
