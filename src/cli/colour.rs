//! Colour, second to the word that it stands on: the state that a line of a text begins with, and `error:`, `warning:`, `hint:`.
//! Nothing that a machine reads comes through here.

use super::Color;
use clap::ValueEnum;
use std::ffi::OsString;
use std::io;

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const MAGENTA: &str = "\x1b[35m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

/// States as they begin a line of a result: two spaces or more stand between them and what they are said of.
const STATES: [(&str, &str); 4] = [
    ("ok", GREEN),
    ("warning", YELLOW),
    ("critical", RED),
    ("unknown", MAGENTA),
];

/// What begins a line of the conversation.
const SAID: [(&str, &str); 3] = [("error:", RED), ("warning:", YELLOW), ("hint:", CYAN)];

/// Makes what `--color` says true of all that is printed from now on.
pub(super) fn set(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// What `--color` says on a command line that has not been parsed, or cannot be.
pub(super) fn wished(arguments: impl Iterator<Item = OsString>) -> Color {
    let mut color = Color::Auto;
    let mut arguments = arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_string),
            None => None,
        };
        if let Some(said) = value.and_then(|value| Color::from_str(&value, false).ok()) {
            color = said;
        }
    }
    color
}

/// A result in text as it goes to stdout: with colour where that is wanted there.
pub(super) fn result(text: String) -> String {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => text,
        _ => painted(&text, &STATES, "  "),
    }
}

/// What is said on stderr, with colour, for a stream that takes it away where it is not wanted.
pub(super) fn conversation(text: &str) -> String {
    painted(text, &SAID, " ")
}

/// The text, in which a line's first word has its colour if it is one of these, with `after` behind it and not far from the margin.
fn painted(text: &str, words: &[(&str, &str)], after: &str) -> String {
    let line = |line: &str| {
        let word = line.strip_prefix("  ").unwrap_or(line);
        let margin = &line[..line.len() - word.len()];
        let known = words.iter().find_map(|(known, colour)| {
            let rest = word.strip_prefix(known)?;
            rest.starts_with(after).then_some((known, colour, rest))
        });
        match known {
            Some((known, colour, rest)) => format!("{margin}{colour}{known}{PLAIN}{rest}"),
            None => line.to_string(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_painted_where_it_begins_a_line_and_nowhere_else() {
        let text = "ok   a\n  critical   b\nwarning of c\n    unknown   d\nokay  e\nf  ok  g";
        let wanted = "\x1b[32mok\x1b[0m   a\n  \x1b[31mcritical\x1b[0m   b\nwarning of c\n    unknown   d\nokay  e\nf  ok  g";
        assert_eq!(painted(text, &STATES, "  "), wanted);
    }

    #[test]
    fn the_wish_is_found_before_a_command_line_is_parsed() {
        let of = |line: &str| format!("{:?}", wished(line.split(' ').map(OsString::from)));
        assert_eq!(of("pushcert --color never --help"), "Never");
        assert_eq!(of("pushcert check --color=always"), "Always");
        assert_eq!(of("pushcert check --color"), "Auto");
        assert_eq!(of("pushcert check --colors=never"), "Auto");
        assert_eq!(of("pushcert rotate -- hook --color never"), "Auto");
    }
}
