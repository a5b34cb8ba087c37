//! What is asked on the terminal: a passphrase, one of several. After Ctrl-C the terminal is as it was before.

use super::colour;
use crate::error::{Error, Result};
use crate::files::{self, signal};
use crate::report::escape::text as escaped;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often a signal is looked for while a prompt waits.
const GLANCE: Duration = Duration::from_millis(20);

/// Writes to standard error, coloured where that is wanted. Where nobody can hear it (a closed pipe, a full disk) it is lost, and
/// nothing else is.
pub fn say(text: &str) {
    let _unheard = anstream::stderr().write_all(colour::conversation(text).as_bytes());
}

/// Whether a question may be asked: standard error is a terminal, and neither `--no-input` nor `CI` says no. `ci` is the
/// value of that variable; empty, `0` and `false` say nothing.
pub fn may_prompt(no_input: bool, ci: Option<&str>) -> bool {
    !no_input && !ci_says_no(ci) && io::stderr().is_terminal()
}

/// Whether `CI`, with this value, says that nobody sits at the terminal.
pub fn ci_says_no(ci: Option<&str>) -> bool {
    !matches!(ci, None | Some("" | "0" | "false"))
}

/// Whether a choice may be asked for, which needs standard input as well.
pub fn may_select(no_input: bool, ci: Option<&str>) -> bool {
    may_prompt(no_input, ci) && io::stdin().is_terminal()
}

/// A line typed without echo on the controlling terminal. [`Error::NotReadable`] at the end of input and where there is
/// no terminal, [`Error::Interrupted`] on Ctrl-C, SIGTERM and SIGHUP.
pub fn passphrase(prompt: &str) -> Result<Zeroizing<Vec<u8>>> {
    let prompt = escaped(prompt);
    let as_it_was = AsItWas::now();
    // rpassword sees to that too, but only after its prompt stands there and may have been answered.
    as_it_was.without(LocalModes::ECHO | LocalModes::ICANON);
    let typed = answer(move || rpassword::prompt_password(&prompt))?;
    Ok(Zeroizing::new(typed.into_bytes()))
}

/// The index of the item that is chosen with the arrow keys, in a terminal on standard input and error. [`Error::NotReadable`]
/// where Esc or q leaves it.
pub fn select(prompt: &str, items: &[String]) -> Result<usize> {
    let items: Vec<String> = items.iter().map(|item| escaped(item)).collect();
    let prompt = format!("{} (arrow keys, Enter; Esc for none)", escaped(prompt));
    let _as_it_was = AsItWas::now();
    let chosen = answer(move || {
        dialoguer::Select::new()
            .with_prompt(prompt)
            .items(&items)
            .default(0)
            .interact_opt()
            .map_err(|dialoguer::Error::IO(error)| error)
    })?;
    chosen.ok_or_else(|| Error::NotReadable {
        reason: "no choice was made".to_owned(),
    })
}

/// Yes or no, in a terminal on standard input and error; an empty line is yes, and anything else is asked again. Errors as
/// of [`line()`].
pub fn confirm(prompt: &str) -> Result<bool> {
    loop {
        let typed = typed(&format!("{prompt} [Y/n] "))?;
        match typed.trim().to_ascii_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => say("y or n?\n"),
        }
    }
}

/// A line, which may be empty, in a terminal on standard input and error. [`Error::NotReadable`] at the end of input,
/// [`Error::Interrupted`] on Ctrl-C, SIGTERM and SIGHUP.
pub fn line(prompt: &str) -> Result<String> {
    typed(&format!("{prompt}: "))
}

/// The line that is typed, which the terminal itself edits: so Ctrl-D is the end of input, as everywhere.
fn typed(prompt: &str) -> Result<String> {
    signal::listen();
    say(&escaped(prompt));
    let line = files::read_stdin_line();
    if !matches!(line, Ok(Some(_))) {
        // No line end was typed after which an error could stand.
        say("\n");
    }
    let line = match line {
        Err(error) if matches!(error.cause(), Error::Interrupted { .. }) => {
            return Err(error.cause().clone());
        }
        // A terminal that is gone, which cannot be read, has no more to say either.
        Ok(None) | Err(_) => return Err(end_of_input()),
        Ok(Some(line)) => line,
    };
    Ok(String::from_utf8_lossy(line.expose_secret()).into_owned())
}

fn end_of_input() -> Error {
    Error::NotReadable {
        reason: "end of input at the prompt".to_owned(),
    }
}

/// Asks in a thread of its own: what reads the terminal goes on after a signal.
fn answer<T: Send + 'static>(ask: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    // Both libraries put the terminal right only if a handler keeps Ctrl-C from ending the program in their midst.
    signal::listen();
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || sender.send(ask()));
    let answer = loop {
        let answer = answer.recv_timeout(GLANCE);
        if let Some(signal) = signal::interrupted() {
            return Err(interrupted(signal));
        }
        match answer {
            Ok(answer) => break answer,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break Err(io::ErrorKind::NotConnected.into()),
        }
    };
    answer.map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => interrupted(2),
        io::ErrorKind::UnexpectedEof => end_of_input(),
        _ => Error::NotReadable {
            reason: "there is no terminal to ask on".to_owned(),
        },
    })
}

/// The terminal's state, to which it returns with the end of this value.
struct AsItWas(Option<Termios>);

impl AsItWas {
    fn now() -> AsItWas {
        AsItWas(tcgetattr(io::stderr()).ok())
    }

    fn without(&self, modes: LocalModes) {
        if let Some(mut changed) = self.0.clone() {
            changed.local_modes -= modes;
            let _terminal_gone = tcsetattr(io::stderr(), OptionalActions::Now, &changed);
        }
    }
}

impl Drop for AsItWas {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _terminal_gone = tcsetattr(io::stderr(), OptionalActions::Now, before);
        }
    }
}

fn interrupted(signal: i32) -> Error {
    // A selection hides the cursor and does not bring it back when it is interrupted.
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        let _terminal_gone = stderr.write_all(b"\x1b[?25h");
    }
    Error::Interrupted { signal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_move_the_cursor() {
        assert_eq!(
            escaped("a\u{1b}[2J\n\u{202e}ä.p12"),
            "a\\u{1b}[2J\\u{a}\\u{202e}ä.p12"
        );
    }

    #[test]
    fn no_input_and_ci_forbid_prompts() {
        assert!(!may_prompt(true, None));
        assert!(!may_prompt(false, Some("true")));
        assert!(!may_prompt(false, Some("1")));
    }
}
