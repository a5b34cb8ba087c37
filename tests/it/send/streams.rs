//! Many over one connection: the server's limit, lines as they come, readers that leave, and signals.

use super::peers::*;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn child(words: &[&str]) -> Command {
    // A suite that was started in the background has SIGINT ignored, and so would all that it starts.
    let mut command = Command::new("env");
    command.args(["--default-signal=INT,QUIT", env!("CARGO_BIN_EXE_pushcert")]);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.current_dir(folder()).arg("send").args(words);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn the_servers_limit_of_concurrent_requests_is_kept() {
    for limit in [1, 7] {
        // An answer takes a moment, so that as many as may be are open together.
        let mut server = node(limit, &format!("setTimeout(() => {{ {TAKEN} }}, 5);"));
        let file = tokens(&format!("streams-limit-{limit}"), 40, &[]);
        let words = ["sandbox.pem", "--tokens", &file, "--alert", "x", "--json"];
        let document = send_to(&at(&server), &words).document();
        assert_eq!(document["summary"]["accepted"], 40);
        assert_eq!(document["summary"]["connections"], 1);
        let most = (0..40).map(|_| {
            let line: Value = serde_json::from_str(&server.line()).unwrap();
            assert_eq!(line["session"], 1);
            line["most"].as_u64().unwrap()
        });
        assert_eq!(most.max(), Some(limit as u64));
    }
}

#[test]
fn thousands_go_over_one_connection_each_once() {
    let mut server = node(200, TAKEN);
    let file = tokens("streams-thousands", 3000, &[]);
    let words = ["sandbox.pem", "--tokens", &file, "--alert", "x", "--jsonl"];
    let run = send_to(&at(&server), &words);
    assert_eq!(run.code, 0);
    let (lines, summary) = run.lines();
    let mut told: Vec<u64> = lines
        .iter()
        .map(|line| line["line"].as_u64().unwrap())
        .collect();
    told.sort_unstable();
    assert!(told.into_iter().eq(1..=3000));
    assert_eq!(summary["summary"]["accepted"], 3000);
    let mut received: Vec<String> = (0..3000)
        .map(|_| {
            let line: Value = serde_json::from_str(&server.line()).unwrap();
            assert_eq!(line["session"], 1);
            line["token"].as_str().unwrap().to_owned()
        })
        .collect();
    received.sort_unstable();
    assert!(received.into_iter().eq((1..=3000).map(numbered)));
}

#[test]
fn a_line_is_there_as_soon_as_its_answer() {
    // The second answer is given only when the first has been read: the server waits for the third request's token.
    let server = node(1, &format!("if (count < 3) {{ {TAKEN} }}"));
    let file = tokens("streams-lines", 3, &[]);
    let gateway = format!("127.0.0.1:{}", server.port);
    let words = [
        "sandbox.pem",
        "--tokens",
        &file,
        "--alert",
        "x",
        "--jsonl",
        "--timeout",
        "60s",
    ];
    let mut sender = child(&[&words[..], &["--gateway", &gateway, "--ca-file", "ca.pem"]].concat())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sender.stdout.take().unwrap()).lines();
    for number in 1..=2 {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(
            (line["line"].as_u64(), line["state"].as_str()),
            (Some(number), Some("accepted"))
        );
    }
    // A signal ends it, and what is known is told.
    let killed = Command::new("kill")
        .args(["-INT", &sender.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (line["line"].as_u64(), line["state"].as_str()),
        (Some(3), Some("unknown"))
    );
    let summary: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(summary["exit_code"], 130);
    assert_eq!(summary["summary"]["accepted"], 2);
    assert_eq!(sender.wait().unwrap().code(), Some(130));
}

#[test]
fn a_reader_that_leaves_ends_the_run_and_makes_no_zero() {
    // Answers come only after the reader has gone.
    let server = node(1, &format!("setTimeout(() => {{ {TAKEN} }}, 100);"));
    let file = tokens("streams-pipe", 50, &[]);
    let gateway = format!("127.0.0.1:{}", server.port);
    let words = ["sandbox.pem", "--tokens", &file, "--alert", "x", "--jsonl"];
    let mut sender = child(&[&words[..], &["--gateway", &gateway, "--ca-file", "ca.pem"]].concat())
        .spawn()
        .unwrap();
    drop(sender.stdout.take());
    let ended = sender.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn a_text_names_the_lines_that_are_not_known_to_be_sent() {
    let talk = "wrap()\npreface(2)\nfor stream in requests(2): reply(stream)\n\
        streams = requests(2)\nreply(streams[0])\nrequests(1)\nend()";
    let server = python("['h2']", talk);
    let file = tokens("streams-rest", 30, &[]);
    let words = [
        "sandbox.pem",
        "--tokens",
        &file,
        "--alert",
        "x",
        "--timeout",
        "3s",
    ];
    let run = send_to(&at(&server), &words);
    assert_eq!(run.code, 3);
    let first = format!("unknown   {TOPIC}: 27 of 30 notifications are not known to be sent");
    assert_eq!(run.first_line(), first);
    assert!(
        run.stdout.ends_with("\nnext  sed -n '4,30p' streams-rest > rest.txt    (then the same with --tokens rest.txt)\n"),
        "{}",
        run.stdout
    );
}
