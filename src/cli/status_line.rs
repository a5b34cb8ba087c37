//! One line on the terminal that says how far long work has come. Nobody sees it before a second has gone by, and nothing is left of it.

use super::terminal::ci_says_no;
use crate::report::escape;
use rustix::termios::tcgetwinsize;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthChar;

/// How long nobody needs to be told anything.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a state stands at least, so that it can be read.
const STANDS: Duration = Duration::from_millis(100);
/// Back to the beginning of the line, and all of it away.
const AWAY: &str = "\r\x1b[K";

/// The line; dropped, it goes away.
pub(super) struct StatusLine {
    wanted: bool,
    /// Before this it does not change.
    due: Instant,
    shown: String,
}

impl StatusLine {
    /// None yet, and never one where `quiet` or the surroundings forbid it.
    pub(super) fn new(quiet: bool) -> StatusLine {
        let variable = |name| std::env::var(name).ok();
        let wanted = !quiet
            && io::stderr().is_terminal()
            && fits(variable("TERM").as_deref(), variable("CI").as_deref());
        StatusLine::from(Instant::now(), wanted)
    }

    fn from(start: Instant, wanted: bool) -> StatusLine {
        StatusLine {
            wanted,
            due: start + PATIENCE,
            shown: String::new(),
        }
    }

    /// Shows the state, which is asked for only then, once the work takes over a second.
    pub(super) fn tell(&mut self, state: impl Fn() -> String) {
        let columns = || tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
        if let Some(text) = self.at(Instant::now(), columns, state) {
            write(&text);
        }
    }

    /// Takes it away until the next state, for what else goes to the terminal.
    pub(super) fn clear(&mut self) {
        if !std::mem::take(&mut self.shown).is_empty() {
            write(AWAY);
        }
    }

    /// What is to be written at that moment, if anything.
    fn at(
        &mut self,
        now: Instant,
        columns: impl Fn() -> u16,
        state: impl Fn() -> String,
    ) -> Option<String> {
        if !self.wanted || now < self.due {
            return None;
        }
        self.due = now + STANDS;
        let text = cut(&escape::text(&state()), usize::from(columns()));
        if text == self.shown {
            return None;
        }
        self.shown = text;
        Some(format!("{AWAY}{}", self.shown))
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Not through what decides about colour: without its control sequence the line would stay. Where nobody can see it, it is lost.
fn write(text: &str) {
    let mut stderr = io::stderr();
    let _unseen = stderr.write_all(text.as_bytes());
}

/// Whether a line can be taken away again there, and nobody keeps what is shown: the values of `TERM` and `CI`.
fn fits(term: Option<&str>, ci: Option<&str>) -> bool {
    !matches!(term, None | Some("" | "dumb")) && !ci_says_no(ci)
}

/// As much of the text as leaves the last column free: a line that is full wraps, and then only half of it would go away. A terminal that
/// does not say how wide it is has 80 columns.
fn cut(text: &str, columns: usize) -> String {
    let columns = if columns == 0 { 80 } else { columns };
    let mut room = columns - 1;
    let fits = |letter: &char| {
        let width = letter.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: fn() -> u16 = || 80;

    fn after(line: &mut StatusLine, start: Instant, millis: u64, state: &str) -> Option<String> {
        let now = start + Duration::from_millis(millis);
        line.at(now, WIDE, || state.to_string())
    }

    #[test]
    fn it_comes_after_a_second_and_stands_long_enough_to_be_read() {
        let start = Instant::now();
        let mut line = StatusLine::from(start, true);
        assert_eq!(after(&mut line, start, 999, "read 1"), None);
        let first = after(&mut line, start, 1000, "read 2");
        assert_eq!(first.as_deref(), Some("\r\x1b[Kread 2"));
        assert_eq!(after(&mut line, start, 1099, "read 3"), None);
        let next = after(&mut line, start, 1100, "read 4");
        assert_eq!(next.as_deref(), Some("\r\x1b[Kread 4"));
        assert_eq!(after(&mut line, start, 1200, "read 4"), None);
        line.shown.clear();
    }

    #[test]
    fn where_it_is_not_wanted_the_state_is_not_even_asked_for() {
        let start = Instant::now();
        let mut line = StatusLine::from(start, false);
        let state = || -> String { panic!("asked") };
        assert_eq!(line.at(start + 2 * PATIENCE, WIDE, state), None);
    }

    #[test]
    fn it_never_fills_the_last_column() {
        assert_eq!(cut("read 10 of 20 files", 20), "read 10 of 20 files");
        assert_eq!(cut("read 10 of 20 files", 19), "read 10 of 20 file");
        assert_eq!(cut("read 10", 1), "");
        assert_eq!(cut(&"x".repeat(100), 0).len(), 79);
        // Two columns each.
        assert_eq!(cut("証明書", 5), "証明");
        assert_eq!(cut("証明書", 6), "証明");
    }

    #[test]
    fn only_where_it_goes_away_again() {
        assert!(fits(Some("xterm"), None));
        assert!(fits(Some("xterm"), Some("false")));
        assert!(!fits(Some("dumb"), None));
        assert!(!fits(None, None));
        assert!(!fits(Some("xterm"), Some("true")));
    }
}
