//! What is gone, damaged or of another kind: the live file, the key of a start, the state.

use super::{Place, assert_pair};
use std::os::unix::fs::symlink;

#[test]
fn a_live_file_that_is_gone_comes_back_from_the_kept_version() {
    let place = Place::started();
    let old = place.read("ck.pem");
    place.ok("rotate finish ck.pem new.cer --no-check");
    let status = place.ok("rotate status ck.pem").stdout;
    assert!(
        status.contains("\n  kept       version 1   com.example.app, sandbox, until "),
        "{status}"
    );
    std::fs::remove_file(place.path("ck.pem")).unwrap();
    let before = place.everything();
    for line in ["rotate status ck.pem", "rotate finish ck.pem new.cer"] {
        let ran = place.run(line);
        assert_eq!(ran.code, 3, "{line}");
        let lines: Vec<&str> = ran.stderr.lines().collect();
        assert_eq!(lines[0], "error: ck.pem: no such file or folder", "{line}");
        assert!(
            lines[1].starts_with("hint: pushcert rotate rollback ck.pem    (brings back version 1: com.example.app, until "),
            "{line}: {}",
            lines[1]
        );
    }
    let ran = place.ok("rotate rollback ck.pem --dry-run");
    assert!(
        ran.stdout
            .starts_with("would bring back an earlier ck.pem\n  now        no file\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(place.everything(), before);
    let ran = place.hooked(
        "rotate rollback ck.pem",
        "echo $PUSHCERT_EVENT$PUSHCERT_OLD_SHA256 > seen",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .starts_with("brought back ck.pem   com.example.app, sandbox, until ")
    );
    assert!(
        ran.stderr
            .contains("\n  before     no file\n  mode       0600, of this user"),
        "{}",
        ran.stderr
    );
    assert_eq!(place.read("ck.pem"), old);
    assert_eq!(place.mode("ck.pem"), 0o600);
    assert_eq!(place.text("seen"), "rollback\n");
    assert_eq!(
        place.names(".pushcert/ck.pem"),
        ["0001.swap", "lock", "state.json"]
    );
    assert_eq!(place.run("rotate rollback ck.pem").code, 2);
}

#[test]
fn a_hook_that_fails_leaves_what_stands_where_nothing_stood() {
    let place = Place::started();
    let old = place.read("ck.pem");
    place.ok("rotate finish ck.pem new.cer --no-check");
    std::fs::remove_file(place.path("ck.pem")).unwrap();
    let ran = place.hooked("rotate rollback ck.pem --json", "exit 1");
    assert_eq!((ran.code, ran.ids()), (2, vec!["hook-failed".to_string()]));
    assert_eq!(place.read("ck.pem"), old);
}

#[test]
fn of_a_rotation_that_was_killed_and_a_file_that_is_gone_the_old_version_comes_back() {
    let place = Place::started();
    let old = place.read("ck.pem");
    let state = place.read(".pushcert/ck.pem/state.json");
    place.ok("rotate finish ck.pem new.cer --no-check");
    place.write(".pushcert/ck.pem/state.json", state);
    std::fs::remove_file(place.path("ck.pem")).unwrap();
    place.ok("rotate rollback ck.pem");
    assert_eq!(place.read("ck.pem"), old);
    place.ok("rotate status ck.pem --fail-on never");
}

#[test]
fn a_pair_comes_back_when_both_are_gone_and_never_over_one_that_is_left() {
    let place = super::pairs::started("tls");
    let old = (place.read("tls/cert.pem"), place.read("tls/key.pem"));
    place.ok("rotate finish tls/cert.pem new.cer --no-check");
    let key = place.read("tls/key.pem");
    std::fs::remove_file(place.path("tls/cert.pem")).unwrap();
    assert_eq!(place.run("rotate rollback tls/cert.pem").code, 3);
    assert_eq!(place.read("tls/key.pem"), key);
    std::fs::remove_file(place.path("tls/key.pem")).unwrap();
    place.ok("rotate rollback tls/cert.pem");
    assert_eq!((place.read("tls/cert.pem"), place.read("tls/key.pem")), old);
}

#[test]
fn a_pair_behind_a_link_comes_back_to_where_the_link_leads() {
    let place = super::pairs::linked();
    let old = (
        place.read("current/cert.pem"),
        place.read("current/key.pem"),
    );
    place.ok("rotate finish current/cert.pem new.cer --no-check");
    let target = std::fs::read_link(place.path("current")).unwrap();
    for name in ["current/cert.pem", "current/key.pem"] {
        std::fs::remove_file(place.path(name)).unwrap();
    }
    place.ok("rotate rollback current/cert.pem");
    assert_eq!(
        (
            place.read("current/cert.pem"),
            place.read("current/key.pem")
        ),
        old
    );
    assert_eq!(std::fs::read_link(place.path("current")).unwrap(), target);
}

#[test]
fn a_start_is_given_up_by_removing_its_files() {
    let place = Place::new();
    place.ok("rotate start ck.pem");
    let first = place.read("ck.certSigningRequest");
    let again = place.ok("rotate start ck.pem");
    let or = again.stderr.lines().last().unwrap();
    let line = or
        .strip_prefix("or    ")
        .unwrap()
        .split("    ")
        .next()
        .unwrap();
    assert_eq!(
        line,
        "rm .pushcert/ck.pem/pending.* && pushcert rotate start ck.pem"
    );
    for name in ["pending.key.pem", "pending.certSigningRequest"] {
        std::fs::remove_file(place.path(".pushcert/ck.pem").join(name)).unwrap();
    }
    assert!(place.run("rotate status ck.pem --json").json()["state"]["pending"].is_null());
    let ran = place.ok("rotate start ck.pem --reuse-key");
    let first_line = ran.stderr.lines().next().unwrap();
    assert!(
        first_line.starts_with("warning: ck.pem: what was started on ")
            && first_line.ends_with(" is given up, as its key is no longer in .pushcert"),
        "{first_line}"
    );
    assert_ne!(place.read("ck.certSigningRequest"), first);
    std::fs::remove_file(place.path(".pushcert/ck.pem/pending.certSigningRequest")).unwrap();
    place.ok("rotate start ck.pem");
    place.issue(
        "ck.certSigningRequest",
        "new.cer",
        "sandbox",
        super::TOPIC,
        365,
    );
    place.ok("rotate finish ck.pem new.cer --no-check");
    assert_pair(&place.path("ck.pem"));
}

/// The first line and the hint of a command that could not.
fn trouble(place: &Place, line: &str) -> (String, String) {
    let ran = place.run(line);
    assert_eq!(ran.code, 3, "{line}: {}", ran.stderr);
    let mut lines = ran.stderr.lines().map(str::to_string);
    (lines.next().unwrap(), lines.next().unwrap_or_default())
}

const COMMANDS: [&str; 4] = [
    "rotate status LIVE",
    "rotate start LIVE",
    "rotate finish LIVE new.cer --no-check",
    "rotate rollback LIVE",
];

#[test]
fn what_is_no_file_is_said_as_what_it_is() {
    let place = Place::started();
    let made = std::process::Command::new("mkfifo")
        .arg(place.path("pipe"))
        .status();
    assert!(made.unwrap().success());
    for command in COMMANDS {
        for (live, reason) in [("lab", "it is a folder"), ("pipe", "it is a pipe")] {
            let (error, _) = trouble(&place, &command.replace("LIVE", live));
            assert_eq!(error, format!("error: {live}: cannot be read: {reason}"));
        }
        let (error, _) = trouble(&place, &command.replace("LIVE", "none/ck.pem"));
        assert_eq!(error, "error: none/ck.pem: no such file or folder");
    }
}

#[test]
fn a_state_that_is_damaged_is_set_aside_whole() {
    let place = Place::started();
    let file = ".pushcert/ck.pem/state.json";
    for (text, reason) in [
        ("null", "it is not what pushcert writes there"),
        ("[]", "it is not what pushcert writes there"),
        ("{\"format\": 2}", "it is of another version of pushcert"),
        (
            "{\"format\": 1}",
            "a part of it is missing or of another type",
        ),
    ] {
        place.write(file, text);
        for command in COMMANDS {
            let (error, hint) = trouble(&place, &command.replace("LIVE", "ck.pem"));
            assert!(error.ends_with(&format!(": {reason}")), "{error}");
            assert_eq!(
                hint,
                "hint: mv .pushcert/ck.pem .pushcert/ck.pem.damaged    (forgets it; kept versions and a pending key stay there as files)"
            );
        }
    }
    std::fs::rename(
        place.path(".pushcert/ck.pem"),
        place.path(".pushcert/ck.pem.damaged"),
    )
    .unwrap();
    place.ok("rotate finish ck.pem new.cer .pushcert/ck.pem.damaged/pending.key.pem --no-check");
    assert_pair(&place.path("ck.pem"));
}

#[test]
fn a_state_behind_a_link_is_neither_read_nor_written() {
    let place = Place::started();
    std::fs::rename(place.path(".pushcert"), place.path("elsewhere")).unwrap();
    symlink("elsewhere", place.path(".pushcert")).unwrap();
    for command in COMMANDS {
        let (error, _) = trouble(&place, &command.replace("LIVE", "ck.pem"));
        assert_eq!(
            error,
            "error: .pushcert: cannot be read: it is a link, and what is remembered is kept in a folder"
        );
    }
}
