//! One rotation at a time, and what is left when one is told to end, or is killed, while its hook runs.

use super::{Place, Ran};
use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};

/// A `finish` whose hook has begun and waits: it says so through a pipe, and ends when another is written to.
struct Waiting(Child);

const HOOK: &str = "echo $PUSHCERT_EVENT >> events; test $PUSHCERT_EVENT = rollback && exit 0; echo > begun; read line < go";

impl Waiting {
    fn new(place: &Place) -> Waiting {
        for name in ["begun", "go"] {
            let made = Command::new("mkfifo")
                .arg(place.path(name))
                .status()
                .unwrap();
            assert!(made.success());
        }
        // A suite that was started in the background has SIGINT ignored, and so would all that it starts.
        let child = Command::new("env")
            .arg("--default-signal=INT,QUIT")
            .arg(cargo_bin("pushcert"))
            .args("rotate finish ck.pem new.cer --no-check -- sh -c".split(' '))
            .arg(HOOK)
            .current_dir(place.0.path())
            .env("CI", "true")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        File::open(place.path("begun"))
            .unwrap()
            .read_to_string(&mut line)
            .unwrap();
        Waiting(child)
    }

    fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn end(mut self) -> Ran {
        let mut stderr = String::new();
        self.0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        Ran {
            code: self.0.wait().unwrap().code().unwrap_or(-1),
            stdout: String::new(),
            stderr,
        }
    }
}

#[test]
fn the_second_is_told_who_is_at_work() {
    let place = Place::started();
    let waiting = Waiting::new(&place);
    let process = format!("process {}, pushcert rotate finish, since ", waiting.0.id());
    for line in [
        "rotate start ck.pem --json",
        "rotate finish ck.pem new.cer --no-check --json",
        "rotate rollback ck.pem --json",
    ] {
        let ran = place.run(line);
        assert_eq!(
            (ran.code, ran.ids()),
            (3, vec!["busy".to_string()]),
            "{line}"
        );
        let message = ran.json()["findings"][0]["message"]
            .as_str()
            .unwrap()
            .to_string();
        assert!(
            message.starts_with(&format!("another rotation is at work on it: {process}")),
            "{message}"
        );
    }
    let status = place.ok("rotate status ck.pem --json");
    let running = status.json()["state"]["running"]
        .as_str()
        .unwrap()
        .to_string();
    assert!(running.starts_with(&process), "{running}");
    assert_eq!(status.json()["state"]["unfinished"]["stage"], "swapped");
    place.write("go", "on\n");
    let ran = waiting.end();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(place.ok("rotate status ck.pem --json").json()["state"]["running"].is_null());
}

#[test]
fn a_hook_that_writes_without_end_is_ended_all_the_same() {
    for quiet in ["", " -q"] {
        let place = Place::started();
        let old = place.read("ck.pem");
        let output = Command::new(cargo_bin("pushcert"))
            .args(
                format!(
                    "rotate finish ck.pem new.cer --no-check{quiet} --hook-timeout 1s -- sh -c"
                )
                .split(' '),
            )
            .arg("test $PUSHCERT_EVENT = rollback && exit 0; exec yes")
            .current_dir(place.0.path())
            .env("CI", "true")
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            stderr.lines().last().unwrap(),
            "error: ck.pem: the hook did not end within 1s; the version before is back, and the hook, run again for that, ended with 0"
        );
        assert_eq!(place.read("ck.pem"), old);
    }
}

#[test]
fn a_signal_during_the_hook_brings_the_old_file_back() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let place = Place::started();
        let old = place.read("ck.pem");
        let waiting = Waiting::new(&place);
        waiting.send(signal);
        let ran = waiting.end();
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(
            ran.stderr.ends_with("error: ck.pem: the hook was interrupted; the version before is back, and the hook, run again for that, ended with 0\n"),
            "{}",
            ran.stderr
        );
        assert_eq!(
            (place.read("ck.pem"), place.text("events")),
            (old, "finish\nrollback\n".to_string())
        );
        assert!(place.state()["swap"].is_null());
    }
}

#[test]
fn a_dead_holder_keeps_nobody_out_and_the_same_command_ends_what_it_began() {
    let place = Place::started();
    let waiting = Waiting::new(&place);
    waiting.send(Signal::KILL);
    drop(waiting.end());
    let new = place.read("ck.pem");
    let status = place.run("rotate status ck.pem --json");
    assert_eq!(
        (status.code, status.ids()),
        (
            2,
            vec![
                "rotation-unfinished".to_string(),
                "rotation-pending".to_string()
            ]
        )
    );
    assert_eq!(status.json()["state"]["unfinished"]["stage"], "swapped");
    place.write("events", "");
    let ran = place.hooked(
        "rotate finish ck.pem new.cer --no-check",
        "echo $PUSHCERT_EVENT >> events",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("warning: ck.pem: an earlier rotation ended after its swap; whether its hook ran is not known\n"));
    assert!(ran.stderr.contains("\ncompleted the rotation of ck.pem   "));
    assert_eq!(
        (place.text("events"), place.read("ck.pem")),
        ("finish\n".to_string(), new)
    );
    assert_eq!(place.ok("rotate status ck.pem --json").ids(), [""; 0]);
}

#[test]
fn a_killed_rotation_can_be_rolled_back_or_undone_by_a_failing_hook() {
    let place = Place::started();
    let old = place.read("ck.pem");
    let waiting = Waiting::new(&place);
    waiting.send(Signal::KILL);
    drop(waiting.end());
    let again = place.copy();
    place.ok("rotate rollback ck.pem");
    assert_eq!(place.read("ck.pem"), old);
    let ran = again.hooked("rotate finish ck.pem new.cer --no-check --json", "exit 1");
    assert_eq!((ran.code, ran.ids()), (2, vec!["hook-failed".to_string()]));
    assert_eq!(again.read("ck.pem"), old);
}

#[test]
fn what_another_program_writes_after_a_kill_is_left_alone_and_the_old_version_kept() {
    let place = Place::started();
    let old = place.read("ck.pem");
    let waiting = Waiting::new(&place);
    waiting.send(Signal::KILL);
    drop(waiting.end());
    place.issue(
        "first/CertificateSigningRequest.certSigningRequest",
        "by-hand.cer",
        "sandbox",
        super::TOPIC,
        50,
    );
    place.ok("merge by-hand.cer first/PushKey.pem -o ck.pem --force");
    let by_hand = place.read("ck.pem");
    let status = place.run("rotate status ck.pem --json");
    assert_eq!(
        (status.code, &status.json()["state"]["unfinished"]["stage"]),
        (2, &"changed-since".into())
    );
    let ran = place.ok("rotate start ck.pem");
    assert!(
        ran.stderr.starts_with("warning: ck.pem: an earlier rotation did not end, and another program has written the file since; it is left as it is\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(place.read("ck.pem"), by_hand);
    assert_eq!(
        place.ok("rotate status ck.pem --json").ids(),
        ["rotation-pending"]
    );
    place.ok("rotate rollback ck.pem");
    assert_eq!(place.read("ck.pem"), old);
}

#[test]
fn a_state_file_that_is_damaged_is_named_and_nothing_is_guessed() {
    let place = Place::started();
    let before = place.read("ck.pem");
    let state = ".pushcert/ck.pem/state.json";
    let good = place.text(state);
    for bad in [
        "",
        "{}",
        "{\"format\": 2}",
        &good.replace("\"versions\"", "\"version\""),
        &good[..good.len() / 2],
    ] {
        place.write(state, bad);
        for line in [
            "rotate status ck.pem --json",
            "rotate finish ck.pem new.cer --no-check --json",
            "rotate rollback ck.pem --json",
        ] {
            let ran = place.run(line);
            let finding = &ran.json()["findings"][0];
            assert_eq!(
                (ran.code, &finding["path"]),
                (3, &state.into()),
                "{line}: {bad}"
            );
        }
    }
    assert_eq!(place.read("ck.pem"), before);
    place.write(state, good);
    place.ok("rotate finish ck.pem new.cer --no-check");
}

#[test]
fn a_folder_of_state_that_others_write_to_is_not_used() {
    let place = Place::new();
    std::fs::create_dir(place.path(".pushcert")).unwrap();
    place.chmod(".pushcert", 0o777);
    let ran = place.run("rotate start ck.pem --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["not-writable".to_string()]));
    assert_eq!(
        ran.json()["findings"][0]["message"],
        "cannot be written: others may write to it"
    );
    std::fs::remove_dir(place.path(".pushcert")).unwrap();
    std::os::unix::fs::symlink("first", place.path(".pushcert")).unwrap();
    let ran = place.run("rotate start ck.pem --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["not-readable".to_string()]));
    assert_eq!(
        place.names("first"),
        [
            "CertificateSigningRequest.certSigningRequest",
            "PushKey.pem"
        ]
    );
}
