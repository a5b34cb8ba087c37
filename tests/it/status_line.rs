//! What a terminal shows while work takes long. A pipe that a test holds open makes it last until the line has been seen.

use crate::prompts::Terminal;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const AWAY: &str = "\r\x1b[K";

/// A folder `fleet` of a hundred certificates, and a pipe beside it.
fn place() -> TempDir {
    let place = TempDir::new().unwrap();
    let fleet = place.path().join("fleet");
    std::fs::create_dir(&fleet).unwrap();
    for number in 0..100 {
        let to = fleet.join(format!("{number}.cer"));
        std::fs::copy(format!("{FIXTURES}/aps.cer"), to).unwrap();
    }
    let made = Command::new("mkfifo")
        .arg(place.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    place
}

/// The writing end, as soon as the program reads at the other.
fn pipe(place: &Path) -> File {
    let pipe = OpenOptions::new().write(true).open(place.join("pipe"));
    pipe.unwrap()
}

fn fill(mut pipe: File) {
    let certificate = std::fs::read(format!("{FIXTURES}/aps.cer")).unwrap();
    pipe.write_all(&certificate).unwrap();
}

/// What stands between the last of some words and the first of others after it.
fn between<'a>(screen: &'a str, last: &str, first: &str) -> &'a str {
    let (_, rest) = screen
        .rsplit_once(last)
        .unwrap_or_else(|| panic!("{screen:?}"));
    let (between, _) = rest
        .split_once(first)
        .unwrap_or_else(|| panic!("{screen:?}"));
    between
}

#[test]
fn a_long_reading_tells_the_count_and_the_whole_and_goes_away_again() {
    let place = place();
    let line = "NO_COLOR=1 pushcert expiry fleet pipe --at 2026-01-01";
    let mut terminal = Terminal::run(place.path(), line);
    let pipe = pipe(place.path());
    terminal.wait_for(&format!("{AWAY}read 100 of 101 files"));
    fill(pipe);
    let screen = terminal.end();
    // One certificate in so many places.
    assert_eq!(
        between(&screen, "101 files", "ok         1 certificate,"),
        AWAY
    );
}

#[test]
fn it_does_not_wrap_on_a_narrow_terminal() {
    let place = place();
    let line = "stty cols 12; pushcert expiry fleet pipe --at 2026-01-01";
    let mut terminal = Terminal::run(place.path(), line);
    let pipe = pipe(place.path());
    terminal.wait_for(&format!("{AWAY}read 100 of"));
    fill(pipe);
    let screen = terminal.end();
    assert_eq!(between(&screen, "read 100 of", "ok  "), AWAY);
}

#[test]
fn a_prompt_stands_on_a_line_of_its_own() {
    let place = place();
    let line = format!("pushcert expiry pipe {FIXTURES}/testPush.p12 --at 2026-01-01");
    let mut terminal = Terminal::run(place.path(), &line);
    let pipe = pipe(place.path());
    terminal.wait_for(&format!("{AWAY}read 0 of 2 files"));
    fill(pipe);
    terminal.wait_for("testPush.p12: ");
    terminal.press("hello123\n");
    let screen = terminal.end();
    assert_eq!(between(&screen, "0 of 2 files", "passphrase for "), AWAY);
}
