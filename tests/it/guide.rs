//! `guide`: what it makes of a folder, and the whole way in a terminal.

use crate::lab::cli::Serving;
use crate::prompts::{SANE, Terminal, ending};
use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn folder(fixtures: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in fixtures {
        std::fs::copy(format!("{FIXTURES}/{name}"), folder.path().join(name)).unwrap();
    }
    folder
}

fn stdout(folder: &Path, line: &str) -> String {
    let output = cargo_bin_cmd!("pushcert")
        .current_dir(folder)
        .args(line.split(' '))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn without_a_terminal_it_says_where_a_folder_stands() {
    let nothing = "\
step 1 of 5: no key is here yet

  next  1  a key and a request  pushcert csr
        2  the certificate      Apple's portal: upload the request, download the certificate
        3  ck.pem               pushcert merge . -o ck.pem
        4  the proof            pushcert check ck.pem
        5  a notification       pushcert send ck.pem --token HEX --alert Hello

next  pushcert csr
";
    assert_eq!(stdout(folder(&[]).path(), "guide"), nothing);
    for (files, first, next) in [
        (
            &["aps.cer"][..],
            "step 1 of 5: no key is here yet",
            "next  pushcert csr",
        ),
        (
            &["push.key.pem"],
            "step 2 of 5: push.key.pem is here, its push certificate is not",
            "next  Apple's portal: upload the request, download the certificate",
        ),
        (
            &["push.encrypted.pem", "ios_development.cer"],
            "step 2 of 5: push.encrypted.pem is here, its push certificate is not",
            "next  Apple's portal: upload the request, download the certificate",
        ),
        (
            &["push.key.pem", "aps.cer"],
            "step 3 of 5: aps.cer and push.key.pem are here",
            "next  pushcert merge . -o ck.pem",
        ),
        (
            &["ck.pem", "push.key.pem"],
            "step 4 of 5: ck.pem is here, not proven yet",
            "next  pushcert check ck.pem",
        ),
    ] {
        let shown = stdout(folder(files).path(), "guide");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            (lines[0], *lines.last().unwrap()),
            (first, next),
            "{files:?}"
        );
    }
}

#[test]
fn what_leads_no_further_is_named() {
    let place = folder(&["aps.cer", "ios_development.cer", "rsa4096.key.pem"]);
    let shown = stdout(place.path(), "guide");
    let expected = "
not for this way
  ios_development.cer  a signing certificate, not for push
  aps.cer              a push certificate whose key is not here
";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_lab_beside_it_and_a_result_further_down_are_not_this_way() {
    let place = TempDir::new().unwrap();
    stdout(place.path(), "lab init");
    std::fs::create_dir(place.path().join("old")).unwrap();
    std::fs::copy(
        format!("{FIXTURES}/ck.pem"),
        place.path().join("old/ck.pem"),
    )
    .unwrap();
    let shown = stdout(place.path(), "guide");
    assert_eq!(
        shown.lines().next(),
        Some("step 3 of 5: old/ck.pem is here")
    );
    std::fs::remove_dir_all(place.path().join("old")).unwrap();
    let shown = stdout(place.path(), "guide");
    assert_eq!(
        shown.lines().next(),
        Some("step 1 of 5: no key is here yet")
    );
}

#[test]
fn json_tells_each_step_and_its_state() {
    let place = folder(&["push.key.pem", "aps.cer"]);
    let document: Value = serde_json::from_str(&stdout(place.path(), "guide --json")).unwrap();
    let states: Vec<&str> = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["done", "done", "next", "later", "later"]);
    assert_eq!(document["steps"][2]["how"], "pushcert merge . -o ck.pem");
}

#[test]
fn a_file_is_not_a_folder() {
    let place = folder(&["aps.cer"]);
    cargo_bin_cmd!("pushcert")
        .current_dir(place.path())
        .args(["guide", "aps.cer"])
        .assert()
        .code(64)
        .stderr("error: DIR is a folder, and this is a file\nhint: pushcert inspect aps.cer\n");
}

#[test]
fn the_whole_way_in_a_terminal() {
    let lab = TempDir::new().unwrap();
    stdout(lab.path(), "lab init");
    let token = "a1".repeat(32);
    let gateway = Serving::start(lab.path(), &format!("--token {token}"));
    let place = TempDir::new().unwrap();
    let line = format!(
        "pushcert guide --gateway {} --ca-file {}/lab/ca.pem",
        gateway.address,
        lab.path().display()
    );
    let mut terminal = Terminal::run(place.path(), &line);
    terminal.wait_for("run pushcert csr [Y/n]");
    terminal.press("\r");
    terminal.wait_for("passphrase for the new key (empty for none): ");
    terminal.press("\n");
    terminal.wait_for("type where it is: ");
    terminal.press("~/nowhere.cer\n");
    terminal.wait_for("nowhere.cer: no such file or folder");
    terminal.wait_for("no push certificate for this key is there yet");
    terminal.wait_for("type where it is: ");
    let request = place
        .path()
        .join("CertificateSigningRequest.certSigningRequest");
    let issue = format!(
        "lab issue {} --topic com.example.app -o issued.cer",
        request.display()
    );
    stdout(lab.path(), &issue);
    terminal.press(&format!("{}/issued.cer\n", lab.path().display()));
    terminal.wait_for("run pushcert merge . ");
    terminal.wait_for("[Y/n]");
    terminal.press("\r");
    terminal.wait_for("wrote ck.pem");
    terminal.wait_for("run pushcert check ck.pem --gateway ");
    terminal.wait_for("[Y/n]");
    terminal.press("\r");
    terminal.wait_for("com.example.app is accepted by ");
    terminal.wait_for("(empty: none): ");
    terminal.press(&format!("{token}\n"));
    terminal.wait_for("took the notification");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
    let last = "  renew      pushcert rotate start ck.pem\r\n";
    assert!(screen.contains(last), "{screen}");
}

#[test]
fn a_step_that_is_declined_ends_it() {
    let place = TempDir::new().unwrap();
    let mut terminal = Terminal::run(place.path(), "pushcert guide");
    terminal.wait_for("run pushcert csr [Y/n]");
    terminal.press("n\r");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn the_end_of_input_at_a_question_is_3_and_ctrl_c_is_130() {
    for (key, code, said) in [
        ("\x04", "3]", "\r\nerror: end of input at the prompt\r\n"),
        ("\x03", "130]", "\r\nerror: interrupted\r\n"),
    ] {
        // At a question, and where a line is asked for.
        for (files, asks) in [
            (&[][..], "run pushcert csr [Y/n] "),
            (&["push.key.pem"], "type where it is: "),
        ] {
            let place = folder(files);
            let mut terminal = Terminal::run(place.path(), "pushcert guide");
            terminal.wait_for(asks);
            terminal.press(key);
            terminal.wait_for(said);
            let screen = terminal.end();
            assert_eq!(ending(&screen), [code, SANE], "{screen}");
            let left = std::fs::read_dir(place.path()).unwrap().count();
            assert_eq!(left, files.len());
        }
    }
}

#[test]
fn an_answer_that_is_neither_yes_nor_no_is_asked_again() {
    let place = TempDir::new().unwrap();
    let mut terminal = Terminal::run(place.path(), "pushcert guide");
    terminal.wait_for("run pushcert csr [Y/n] ");
    terminal.press("perhaps\n");
    terminal.wait_for("\r\ny or n?\r\nrun pushcert csr [Y/n] ");
    terminal.press("NO\n");
    let screen = terminal.end();
    assert_eq!(ending(&screen), ["0]", SANE], "{screen}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}
