//! The terminal: whether one may be asked, and asking it. Ctrl-C at a prompt leaves the terminal as it was.

use crate::error::{Error, Result};
use crate::files::signal;
use crate::secret::Passphrase;
use dialoguer::{Select, theme::SimpleTheme};
use std::io::{IsTerminal, Write};

/// Installs the signal handlers. rpassword and dialoguer restore the terminal on Ctrl-C only if one is there.
pub(super) fn watch_signals() -> Result<()> {
    signal::watch()
}

/// Whether a passphrase may be asked for: stderr is a terminal, and neither `--no-input` nor `CI` forbids it.
pub(super) fn may_prompt(no_input: bool) -> bool {
    let in_ci = std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"));
    !no_input && !in_ci && std::io::stderr().is_terminal()
}

/// Whether a choice may be asked for, which needs stdin as well.
pub(super) fn may_select(no_input: bool) -> bool {
    may_prompt(no_input) && std::io::stdin().is_terminal()
}

/// Asks for a passphrase on the controlling terminal.
pub(super) fn passphrase(prompt: &str) -> Result<Passphrase> {
    let typed = rpassword::prompt_password(prompt).map_err(|error| failed(&error))?;
    Passphrase::new(typed.into_bytes()).ok_or(Error::Usage {
        reason: "a passphrase holds no NUL".to_string(),
    })
}

/// Lets the user choose a line.
pub(super) fn select(prompt: &str, lines: &[String]) -> Result<usize> {
    let choice = Select::with_theme(&SimpleTheme)
        .with_prompt(prompt)
        .items(lines)
        .default(0)
        .interact();
    choice.map_err(|error| {
        // dialoguer hides the cursor and leaves it hidden when it is interrupted.
        let _ = std::io::stderr().write_all(b"\x1b[?25h");
        let dialoguer::Error::IO(error) = error;
        failed(&error)
    })
}

fn failed(error: &std::io::Error) -> Error {
    match (signal::pending(), error.kind()) {
        (Some(signal), _) => Error::Interrupted { signal },
        (None, std::io::ErrorKind::Interrupted) => Error::Interrupted { signal: 2 },
        (None, std::io::ErrorKind::UnexpectedEof) => Error::NotReadable {
            reason: "end of input at the prompt".to_string(),
        },
        _ => Error::NotReadable {
            reason: "the terminal cannot be asked".to_string(),
        },
    }
}
