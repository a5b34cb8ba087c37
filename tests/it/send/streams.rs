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
        let document = outcome(&at(&server), &many(&file));
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
fn a_full_disk_ends_the_run_and_is_said_once() {
    let server = node(1, TAKEN);
    let file = tokens("streams-full", 20, &[]);
    let gateway = format!("127.0.0.1:{}", server.port);
    let words = ["sandbox.pem", "--tokens", &file, "--alert", "x", "--jsonl"];
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut sender = child(&[&words[..], &["--gateway", &gateway, "--ca-file", "ca.pem"]].concat());
    let ended = sender
        .stdout(full)
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(3));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(
        said,
        "error: stdout cannot be written: No space left on device (os error 28)\n"
    );
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

#[test]
fn a_signal_leaves_a_text_that_says_what_is_known() {
    let mut server = node(1, &format!("if (count < 3) {{ {TAKEN} }}"));
    let file = tokens("streams-signal", 5, &[]);
    let gateway = format!("127.0.0.1:{}", server.port);
    let words = [
        "sandbox.pem",
        "--tokens",
        &file,
        "--alert",
        "x",
        "--timeout",
        "60s",
    ];
    let sender = child(&[&words[..], &["--gateway", &gateway, "--ca-file", "ca.pem"]].concat())
        .spawn()
        .unwrap();
    // The third request has arrived and gets no answer.
    for _ in 0..3 {
        server.line();
    }
    let id = sender.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = sender.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(143));
    let text = String::from_utf8(ended.stdout).unwrap();
    let first = format!("unknown   {TOPIC}: 3 of 5 notifications are not known to be sent");
    assert_eq!(text.lines().next(), Some(first.as_str()));
    for line in [
        "  accepted   2",
        "  unknown    1: sent and not answered, so perhaps delivered: interrupted",
        "  unsent     2: interrupted",
        "next  sed -n '3,5p' streams-signal > rest.txt    (then the same with --tokens rest.txt)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[test]
fn a_terminal_sees_how_far_it_is() {
    let talk = "wrap()\npreface(1)\nfor stream in requests(1): reply(stream)\nrequests(1)\nend()";
    let server = python("['h2']", talk);
    let file = tokens("streams-terminal", 2, &[]);
    let line = format!(
        "pushcert send sandbox.pem --tokens {file} --alert x --gateway 127.0.0.1:{} --ca-file ca.pem --timeout 3s",
        server.port
    );
    let mut terminal = crate::prompts::Terminal::run(folder(), &line);
    terminal.wait_for("\r\u{1b}[K1 of 2 answers");
    terminal.wait_for("\r\u{1b}[Kunknown");
    assert!(terminal.end().contains("[exit 3]"));
}

#[test]
fn a_document_is_one_with_any_number_of_notifications() {
    let server = node(100, TAKEN);
    for count in [1, 2, 300] {
        let file = tokens(&format!("streams-document-{count}"), count, &[]);
        let run = send_to(&at(&server), &[&many(&file)[..], &["--json"]].concat());
        let document = run.document();
        let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
        let wanted = [
            "schema_version",
            "command",
            "status",
            "exit_code",
            "findings",
            "notifications",
            "summary",
        ];
        assert_eq!(keys, wanted);
        assert_eq!(document["notifications"].as_array().unwrap().len(), count);
        // As every other document is printed.
        assert_eq!(run.stdout, format!("{document:#}\n"));
    }
}
