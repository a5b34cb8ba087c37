//! Over the binary protocol: frames to the lab's gateway and to peers that answer otherwise.

use super::peers::*;
use serde_json::{Value, json};

/// Tokens that the gateway logged, in order, until so many are there.
fn logged(server: &mut crate::live::servers::Server, count: usize) -> Vec<(String, u64)> {
    let mut logged = Vec::new();
    while logged.len() < count {
        let event = event(server, "notification");
        assert_eq!(event["topic"], TOPIC);
        let token = event["token"].as_str().unwrap().to_owned();
        logged.push((token, event["status"].as_u64().unwrap()));
    }
    logged
}

#[test]
fn silence_is_the_binary_protocols_yes() {
    let mut server = gateway(&[]);
    let words = ONE_LEGACY;
    let run = send_to(&at_lab(&server), &words);
    let host = format!("127.0.0.1:{}", server.port);
    let text = format!(
        "ok   {TOPIC}: {host} took the notification\n\n\
        \x20 token      {TOKEN}\n\
        \x20 answer     none, which is the binary protocol's yes\n\
        \x20 type       alert, priority 10\n\
        \x20 endpoint   {host}, binary protocol, TLS 1.3, server verified\n"
    );
    assert_eq!((run.code, run.stdout), (0, text));
    assert_eq!(logged(&mut server, 1), [(TOKEN.to_owned(), 0)]);
}

#[test]
fn an_error_packet_is_explained() {
    let server = gateway(&[]);
    let document = outcome(&at_lab(&server), &legacy("sandbox.pem", "--token", ZERO));
    assert_eq!(document["exit_code"], 2);
    assert_eq!(
        document["notifications"],
        json!([{
            "token": ZERO,
            "topic": TOPIC,
            "status": 8,
            "reason": "invalid token",
            "explanation": "the device token is not valid for this environment or app: the certificate was accepted",
            "state": "refused",
        }])
    );
}

#[test]
fn those_after_a_refused_one_are_sent_again_on_a_new_connection() {
    let mut server = gateway(&[]);
    let file = tokens("legacy-many", 150, &[(5, ZERO)]);
    let document = outcome(&at_lab(&server), &legacy("sandbox.pem", "--tokens", &file));
    assert_eq!(document["exit_code"], 2);
    assert_eq!(document["summary"]["connections"], 2);
    let (states, statuses) = (states(&document), statuses(&document));
    for (index, (state, status)) in states.into_iter().zip(statuses).enumerate() {
        let wanted = match index + 1 {
            5 => ("refused", &json!(8)),
            _ => ("accepted", &json!(0)),
        };
        assert_eq!((state, status), wanted);
    }
    // The gateway has read each once: what follows a refused frame on the same connection it never reads.
    let wanted: Vec<(String, u64)> = (1..=150)
        .map(|line| match line {
            5 => (ZERO.to_owned(), 8),
            line => (numbered(line), 0),
        })
        .collect();
    assert_eq!(logged(&mut server, 150), wanted);
}

#[test]
fn a_shutdown_names_the_last_that_was_taken() {
    let talk = "wrap()\nfirst = frames(3)\nc.sendall(bytes([8, 10]) + identifier(first[1]))\nend()\n\
        again()\nsecond = frames(1)\nprint(second[0][8:40].hex(), flush=True)\nend()";
    let mut server = python("[]", talk);
    let file = tokens("legacy-shutdown", 3, &[]);
    let document = outcome(&at(&server), &legacy("sandbox.pem", "--tokens", &file));
    assert_eq!(document["exit_code"], 0);
    assert_eq!(document["summary"]["connections"], 2);
    assert_eq!(server.line(), numbered(3));
}

#[test]
fn a_status_that_promises_nothing_is_no_refusal() {
    for status in [1, 255] {
        let talk = format!(
            "wrap()\nfirst = frames(1)\nc.sendall(bytes([8, {status}]) + identifier(first[0]))\nend()"
        );
        let server = python("[]", &talk);
        let document = outcome(&at(&server), &ONE_LEGACY);
        assert_eq!(document["exit_code"], 3);
        assert_eq!(states(&document), ["deferred"]);
        assert_eq!(statuses(&document), [&json!(status)]);
    }
}

#[test]
fn what_is_closed_without_a_word_is_not_known_to_be_sent() {
    let talk = "wrap()\nframes(1)\nc.close()";
    let server = python("[]", talk);
    let document = outcome(&at(&server), &ONE_LEGACY);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(states(&document), ["unknown"]);
    assert_eq!(statuses(&document), [&Value::Null]);
    assert_eq!(document["findings"][0]["id"], "not-known-sent");
}

#[test]
fn what_names_no_notification_of_the_connection_settles_none() {
    let talk = "wrap()\nframes(1)\nc.sendall(bytes([8, 8, 0, 0, 1, 0]))\nend()";
    let server = python("[]", talk);
    let document = outcome(&at(&server), &ONE_LEGACY);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(
        document["notifications"][0]["explanation"],
        "the server answered with status 8 and named no notification of this connection"
    );
}

#[test]
fn bytes_that_are_no_error_packet_are_no_gateways() {
    let talk = "wrap()\nframes(1)\nc.sendall(b'HTTP/1.1 400 Bad Request\\r\\n')\nend()";
    let server = python("[]", talk);
    let document = outcome(&at(&server), &ONE_LEGACY);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(document["findings"][0]["id"], "not-a-gateway");
    assert_eq!(states(&document), ["unknown"]);
    assert_eq!(statuses(&document), [&Value::Null]);
}

#[test]
fn who_asks_for_no_certificate_gets_no_frame() {
    let talk = "context.verify_mode = ssl.CERT_NONE\nwrap()\nprint(len(c.recv(4096)), flush=True)";
    let mut server = python("[]", talk);
    let document = outcome(&at(&server), &ONE_LEGACY);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(document["findings"][0]["id"], "not-requested");
    assert_eq!(states(&document), ["unsent"]);
    assert_eq!(statuses(&document), [&Value::Null]);
    assert_eq!(server.line(), "0");
}

#[test]
fn a_refused_certificate_is_a_no_before_anything_is_sent() {
    for version in ["1.2", "1.3"] {
        let server = gateway(&["--tls", version]);
        let document = outcome(&at_lab(&server), &legacy("expired.pem", "--token", TOKEN));
        assert_eq!(document["exit_code"], 2, "{document:#}");
        let finding = &document["findings"][0];
        assert_eq!(finding["id"], "rejected");
        assert_eq!(
            finding["message"],
            format!(
                "127.0.0.1:{}: the server refused the certificate with alert 45 (certificate_expired)",
                server.port
            )
        );
        assert_eq!(states(&document), ["unsent"]);
        assert_eq!(statuses(&document), [&Value::Null]);
    }
}
