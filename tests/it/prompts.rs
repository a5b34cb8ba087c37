//! What is asked on a terminal, and how the terminal is left. `script` gives each command a terminal of its own.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// A shell line in a terminal; what it prints is read as far as a test waits for it.
pub struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    seen: String,
}

impl Terminal {
    /// Runs the line in the folder; `pushcert` is the command under test. Ends with its exit code and the terminal's state.
    pub fn run(folder: &Path, line: &str) -> Terminal {
        let line = line.replace("pushcert", env!("CARGO_BIN_EXE_pushcert"));
        let shown = "echo \"[exit $?]\"; stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(echo|icanon|isig)' | tr '\\n' ' '";
        // A gate that was started in the background has them ignored, and so would all that it starts. The shell outlives a
        // Ctrl-C that reaches its whole group, as it does where the terminal is not in raw mode at that moment.
        let mut child = Command::new("env")
            .args(["--default-signal=INT,QUIT", "script"])
            .args(["-qec", &format!("trap : INT; {line}; {shown}"), "/dev/null"])
            .current_dir(folder)
            .env_remove("CI")
            .env("TERM", "xterm")
            // Words are waited for as they are; tests/it/colour.rs has the colours.
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Terminal {
            keys: child.stdin.take().unwrap(),
            screen: child.stdout.take().unwrap(),
            child,
            seen: String::new(),
        }
    }

    /// Waits until the words stand on the screen, after all that was waited for before.
    pub fn wait_for(&mut self, words: &str) {
        let mut byte = [0];
        let mut shown = Vec::new();
        while !String::from_utf8_lossy(&shown).contains(words) {
            let read = self.screen.read(&mut byte).unwrap();
            let so_far = String::from_utf8_lossy(&shown);
            assert_eq!(read, 1, "ended before {words:?}: {}{so_far}", self.seen);
            shown.extend(byte);
        }
        self.seen.push_str(&String::from_utf8_lossy(&shown));
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Everything that was shown, the last line being the state of the terminal.
    pub fn end(mut self) -> String {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).unwrap();
        self.child.wait().unwrap();
        self.seen.push_str(&String::from_utf8_lossy(&rest));
        self.seen
    }
}

/// The lines that a terminal was left with: exit code and flags.
pub fn ending(screen: &str) -> Vec<&str> {
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let at = lines
        .iter()
        .position(|line| line.ends_with(']') && line.contains("[exit "));
    let at = at.unwrap_or_else(|| panic!("{screen}"));
    let code = lines[at].rsplit("[exit ").next().unwrap();
    vec![code, lines[at + 1]]
}

pub const SANE: &str = "isig icanon echo";

fn folder() -> TempDir {
    TempDir::new().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_new_key_gets_the_passphrase_that_is_typed_twice() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), "pushcert csr");
    terminal.wait_for("passphrase for the new key (empty for none): ");
    terminal.press("swordfish\n");
    terminal.wait_for("the same again: ");
    terminal.press("swordfish\n");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
    assert!(!screen.contains("swordfish"));
    let opened = Command::new("openssl")
        .args(["pkey", "-noout", "-passin", "pass:swordfish", "-in"])
        .arg(place.path().join("PushKey.pem"))
        .status();
    assert!(opened.unwrap().success());
}

#[test]
fn a_passphrase_that_a_flag_asks_for_is_not_offered_to_be_left_out() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), "pushcert csr --passout prompt");
    terminal.wait_for("passphrase for the new key: ");
    terminal.press("swordfish\n");
    terminal.wait_for("the same again: ");
    terminal.press("swordfish\n");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
}

#[test]
fn a_new_passphrase_that_is_typed_in_two_ways_three_times_is_given_up() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), "pushcert csr");
    for _ in 0..3 {
        terminal.wait_for("passphrase for the new key (empty for none): ");
        terminal.press("one\n");
        terminal.wait_for("the same again: ");
        terminal.press("another\n");
    }
    terminal.wait_for("\r\nerror: the two passphrases differed 3 times\r\n");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["3]", SANE], "{screen}");
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn ctrl_c_at_a_passphrase_leaves_the_terminal_as_it_was() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), "pushcert csr");
    terminal.wait_for("(empty for none): ");
    terminal.press("half\x03");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["130]", SANE], "{screen}");
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn the_end_of_input_at_a_passphrase_is_3() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), "pushcert csr");
    terminal.wait_for("(empty for none): ");
    terminal.press("\x04");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["3]", SANE], "{screen}");
    assert!(screen.contains("end of input at the prompt"), "{screen}");
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn a_locked_file_is_asked_for_by_name_and_again_when_wrong() {
    let place = folder();
    let line = format!("pushcert inspect {FIXTURES}/testPush.p12");
    let mut terminal = Terminal::run(place.path(), &line);
    terminal.wait_for("testPush.p12: ");
    terminal.press("wrong\n");
    terminal.wait_for("testPush.p12: wrong passphrase, 2 tries left\r\n");
    terminal.wait_for("testPush.p12: ");
    terminal.press("hello123\n");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
    assert!(screen.contains("RSA-2048"), "{screen}");
}

#[test]
fn the_last_wrong_passphrase_is_an_error_that_names_the_file() {
    let place = folder();
    let line = format!("pushcert convert {FIXTURES}/testPush.p12 --only key -o key.pem");
    let mut terminal = Terminal::run(place.path(), &line);
    for said in ["2 tries left", "1 try left", "\nerror: "] {
        terminal.wait_for("passphrase for ");
        terminal.wait_for("testPush.p12: ");
        terminal.press("wrong\n");
        terminal.wait_for(said);
    }
    terminal.wait_for("testPush.p12: wrong passphrase\r\n");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["3]", SANE], "{screen}");
    assert_eq!(screen.matches("wrong passphrase").count(), 3, "{screen}");
    assert_eq!(names(place.path()), [""; 0]);
}

/// Two certificates for one key, which differ in their environments.
fn ambiguous() -> String {
    format!(
        "pushcert merge {FIXTURES}/aps_development.cer {FIXTURES}/aps.cer {FIXTURES}/push.key.pem -o ck.pem"
    )
}

#[test]
fn one_of_two_identities_is_chosen_with_the_arrow_keys() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), &ambiguous());
    terminal.wait_for("which identity");
    terminal.wait_for("sandbox + production");
    terminal.press("\x1b[B\r");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
    let leaf = std::fs::read(place.path().join("ck.pem")).unwrap();
    let leaf = openssl::x509::X509::from_pem(&leaf).unwrap().to_der();
    let wanted = std::fs::read(format!("{FIXTURES}/aps.cer")).unwrap();
    assert_eq!(leaf.unwrap(), wanted);
}

#[test]
fn ctrl_c_at_a_choice_brings_the_cursor_back() {
    let place = folder();
    let mut terminal = Terminal::run(place.path(), &ambiguous());
    terminal.wait_for("which identity");
    terminal.wait_for("sandbox + production");
    terminal.press("\x03");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["130]", SANE], "{screen}");
    let (hidden, shown) = (screen.rfind("\x1b[?25l"), screen.rfind("\x1b[?25h"));
    assert!(hidden.is_some() && shown > hidden, "{screen:?}");
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn a_choice_that_is_left_is_3() {
    for key in ["\x1b", "q"] {
        let place = folder();
        let mut terminal = Terminal::run(place.path(), &ambiguous());
        terminal.wait_for("which identity (arrow keys, Enter; Esc for none)");
        terminal.wait_for("sandbox + production");
        terminal.press(key);
        terminal.wait_for("error: no choice was made\r\n");
        let screen = terminal.end();
        assert_eq!(ending(&screen), ["3]", SANE], "{screen}");
        let (hidden, shown) = (screen.rfind("\x1b[?25l"), screen.rfind("\x1b[?25h"));
        assert!(hidden.is_some() && shown > hidden, "{screen:?}");
        assert_eq!(names(place.path()), [""; 0]);
    }
}

#[test]
fn a_key_is_not_written_to_a_terminal() {
    let place = folder();
    let line =
        format!("pushcert merge {FIXTURES}/aps_development.cer {FIXTURES}/push.key.pem -o -");
    let screen = Terminal::run(place.path(), &line).end();
    assert_eq!(ending(&screen), ["2]", SANE], "{screen}");
    assert!(!screen.contains("PRIVATE KEY"), "{screen}");
    assert!(
        screen.contains("error: a private key is not written to a terminal"),
        "{screen}"
    );
}
