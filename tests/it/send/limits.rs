//! What is refused before anything is sent, at the edge of each limit.

use super::peers::*;
use serde_json::{Value, json};

/// The first finding of a run that never connects: the port is closed.
fn refused(words: &[&str]) -> (i32, Value) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let words = [
        words,
        &["--gateway", &address, "--ca-file", "ca.pem", "--json"],
    ]
    .concat();
    let document = send(&words).document();
    (
        document["exit_code"].as_i64().unwrap() as i32,
        document["findings"][0].clone(),
    )
}

fn file(name: &str, contents: &str) -> String {
    std::fs::write(folder().join(name), contents).unwrap();
    name.to_owned()
}

/// A payload of so many bytes.
fn payload(length: usize) -> String {
    let frame = r#"{"aps":{"alert":""}}"#.len();
    let text = "x".repeat(length - frame);
    file(
        &format!("payload-{length}.json"),
        &format!(r#"{{"aps":{{"alert":"{text}"}}}}"#),
    )
}

#[test]
fn a_payload_has_a_longest_length_for_each_way() {
    for (words, longest, of) in [
        (&["sandbox.pem"][..], 4096, "of the push type alert"),
        (
            &["voip.pem", "--push-type", "voip"],
            5120,
            "of the push type voip",
        ),
        (
            &["sandbox.pem", "--via", "legacy"],
            2048,
            "of the binary protocol",
        ),
    ] {
        let (fits, over) = (payload(longest), payload(longest + 1));
        let to = ["--token", TOKEN, "--payload"];
        // What fits gets as far as the port that is closed.
        let (code, finding) = refused(&[words, &to, &[&fits]].concat());
        assert_eq!((code, finding["id"].as_str()), (3, Some("unreachable")));
        let (code, finding) = refused(&[words, &to, &[&over]].concat());
        assert_eq!((code, finding["id"].as_str()), (2, Some("bad-payload")));
        let length = longest + 1;
        let message =
            format!("the payload has {length} bytes, and a payload {of} {longest} at most");
        assert_eq!(finding["message"], message);
        assert_eq!(finding["path"], over);
    }
}

#[test]
fn a_payload_is_a_json_object() {
    for (contents, message) in [
        ("[1]", "the payload is an array, not a JSON object"),
        ("\"x\"", "the payload is a string, not a JSON object"),
        (
            "{\"aps\":",
            "the payload is no JSON: EOF while parsing a value at line 1 column 7",
        ),
        (" \n", "the payload is empty"),
    ] {
        let path = file("payload-wrong.json", contents);
        let words = ["sandbox.pem", "--token", TOKEN, "--payload", &path];
        let (code, finding) = refused(&words);
        assert_eq!((code, finding["id"].as_str()), (2, Some("bad-payload")));
        assert_eq!(finding["message"], message);
    }
    let path = "payload-latin1.json";
    std::fs::write(folder().join(path), b"{\"a\":\"\xe4\"}").unwrap();
    let (code, finding) = refused(&["sandbox.pem", "--token", TOKEN, "--payload", path]);
    assert_eq!(code, 2);
    assert_eq!(
        finding["message"],
        "the payload is no UTF-8, in which JSON is sent"
    );
}

#[test]
fn every_wrong_line_of_a_file_of_tokens_is_named() {
    let text = format!(
        "\u{feff}{TOKEN}\r\n# a comment\n\nxyz\n{}\n{TOKEN}0\n<{}>\n",
        &TOKEN[..62],
        "0123abcd ".repeat(8).trim()
    );
    let path = file("tokens-wrong", &text);
    let words = [
        "sandbox.pem",
        "--tokens",
        &path,
        "--alert",
        "x",
        "--dry-run",
    ];
    let run = send(&words);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: tokens-wrong: line 4: the token is no hex: it holds `x`\n\
         error: tokens-wrong: line 5: the token has 62 hex digits; a token has 64, or more, up to 200\n\
         error: tokens-wrong: line 6: the token has 65 hex digits; a token has 64, or more, up to 200\n"
    );
    assert_eq!(run.stdout, "");
    let many = file("tokens-all-wrong", &"x\n".repeat(30));
    let words = ["sandbox.pem", "--tokens", &many, "--alert", "x", "--json"];
    let document = send(&words).document();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 21);
    assert_eq!(
        findings[20]["message"],
        "10 more lines are no tokens either"
    );
}

#[test]
fn a_file_without_a_token_is_nothing_to_send_to() {
    for contents in ["# none\n\n", "\n"] {
        let path = file("tokens-none", contents);
        let (code, finding) = refused(&["sandbox.pem", "--tokens", &path, "--alert", "x"]);
        assert_eq!((code, finding["id"].as_str()), (3, Some("no-input-found")));
    }
}

#[test]
fn longer_tokens_go_over_http2_only() {
    let long = "ab".repeat(80);
    let words = ["sandbox.pem", "--token", &long, "--alert", "x"];
    assert_eq!(refused(&words).0, 3);
    let (code, finding) = refused(&[&words[..], &["--via", "legacy"]].concat());
    assert_eq!((code, finding["id"].as_str()), (2, Some("bad-token")));
    let message = "the token has 80 bytes, and the binary protocol takes 32 only";
    assert_eq!(finding["message"], message);
}

#[test]
fn headers_have_no_place_in_the_binary_protocol() {
    for (words, message) in [
        (
            ["--collapse-id", "x"],
            "the binary protocol has neither a collapse id nor an apns-id",
        ),
        (
            ["--priority", "1"],
            "the binary protocol has the priorities 5 and 10 only",
        ),
        (
            ["--expiration", "4294967296"],
            "the binary protocol has 32 bits for the expiration",
        ),
    ] {
        let (code, finding) = refused(&[&ONE_LEGACY[..], &words].concat());
        assert_eq!((code, finding["id"].as_str()), (2, Some("not-in-binary")));
        assert_eq!(finding["message"], message);
    }
    // Where the server chooses the protocol, nothing is sent either.
    let server = python("[]", "wrap()\nend()");
    let words = [
        "sandbox.pem",
        "--token",
        TOKEN,
        "--alert",
        "x",
        "--collapse-id",
        "x",
        "--json",
    ];
    let document = send_to(&at(&server), &words).document();
    assert_eq!(document["exit_code"], 2);
    assert_eq!(document["findings"][0]["id"], "not-in-binary");
    assert_eq!(document["notifications"][0]["state"], "unsent");
}

#[test]
fn repeated_tokens_are_said_and_sent_to_once() {
    let server = node(100, TAKEN);
    let path = tokens(
        "tokens-repeated",
        4,
        &[(3, &numbered(1)), (4, &numbered(2).to_uppercase())],
    );
    let words = ["sandbox.pem", "--tokens", &path, "--alert", "x", "--json"];
    let run = send_to(&at(&server), &words);
    assert_eq!(
        run.stderr,
        "warning: tokens-repeated: line 3 repeats line 1; it is sent to once\n\
         warning: tokens-repeated: line 4 repeats line 2; it is sent to once\n"
    );
    let document = run.document();
    assert_eq!(document["exit_code"], 0);
    assert_eq!(document["notifications"].as_array().unwrap().len(), 2);
    assert_eq!(document["summary"]["repeated"], 2);
    assert_eq!(
        document["findings"][1],
        json!({"id": "duplicate-token", "severity": "info", "message": "line 4 repeats line 2", "path": path})
    );
}
