//! A signal while an input is waited for ends a command as one at any other time does.

use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Runs a command on the pipe `p`, tells it to end once it has opened that, and gives its exit code, stdout and stderr.
fn told_to_end(line: &str, signal: Signal) -> (Option<i32>, String, String) {
    let place = TempDir::new().unwrap();
    let pipe = place.path().join("p");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    // A suite that was started in the background has SIGINT ignored, and so would all that it starts.
    let child = Command::new("env")
        .arg("--default-signal=INT,QUIT")
        .arg(cargo_bin("pushcert"))
        .args(line.split(' '))
        .current_dir(place.path())
        .env("CI", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Returns when the command has it open, and as long as it is held there is no end to read.
    let held = OpenOptions::new().write(true).open(&pipe).unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(held);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_command_that_waits_for_a_pipe_ends_with_the_code_of_the_signal() {
    for line in ["inspect p", "inspect . p", "expiry p", "merge p", "check p"] {
        assert_eq!(
            told_to_end(line, Signal::INT),
            (Some(130), String::new(), "error: interrupted\n".into()),
            "{line}"
        );
        assert_eq!(
            told_to_end(line, Signal::TERM),
            (Some(143), String::new(), "error: terminated\n".into()),
            "{line}"
        );
    }
}
