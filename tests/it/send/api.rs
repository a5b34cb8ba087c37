//! Over HTTP/2: the request as a server receives it, and the answer as a person and a script read it.

use super::peers::*;
use serde_json::{Value, json};

/// The sandbox identity and a device, without what is sent.
const ADDRESSED: [&str; 3] = ["sandbox.pem", "--token", TOKEN];

/// The request that a server receives, its headers and its body.
fn received(words: &[&str]) -> (Value, String) {
    let mut server = node(100, TAKEN);
    let run = send_to(&at(&server), words);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let mut request: Value = serde_json::from_str(&server.line()).unwrap();
    let authority = format!("127.0.0.1:{}", server.port);
    let headers = request["headers"].as_object_mut().unwrap();
    assert_eq!(headers.remove(":method"), Some(json!("POST")));
    assert_eq!(headers.remove(":scheme"), Some(json!("https")));
    assert_eq!(headers.remove(":authority"), Some(json!(authority)));
    let body = request["body"].as_str().unwrap().to_owned();
    (request["headers"].take(), body)
}

#[test]
fn what_no_flag_says_comes_from_the_certificate() {
    let alert = ["--alert", "Hello"];
    let (headers, body) = received(&[&ADDRESSED[..], &alert].concat());
    assert_eq!(
        headers,
        json!({
            ":path": format!("/3/device/{TOKEN}"),
            "apns-topic": TOPIC,
            "apns-push-type": "alert",
            "apns-priority": "10",
        })
    );
    assert_eq!(body, r#"{"aps":{"alert":"Hello"}}"#);
}

#[test]
fn every_header_has_its_flag() {
    let words = [
        "universal.pem",
        "--token",
        &TOKEN.to_uppercase(),
        "--payload",
        "-",
        "--topic",
        "com.example.app.complication",
        "--push-type",
        "complication",
        "--priority",
        "1",
        "--expiration",
        "1900000000",
        "--collapse-id",
        "a b",
        "--apns-id",
        "eabeae54-14a8-11e5-b60b-1697f925ec7b",
    ];
    let mut server = node(100, TAKEN);
    let server_words = at(&server);
    let server_words: Vec<&str> = server_words.iter().map(String::as_str).collect();
    let payload = "\u{feff}\n { \"aps\": {},\n  \"a\": \"ä\" }\n";
    let run = send_with(&[&words[..], &server_words].concat(), payload);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let request: Value = serde_json::from_str(&server.line()).unwrap();
    // The JSON goes out as it came in.
    assert_eq!(request["body"], "{ \"aps\": {},\n  \"a\": \"ä\" }");
    for (name, value) in [
        (":path", format!("/3/device/{TOKEN}")),
        ("apns-topic", "com.example.app.complication".to_owned()),
        ("apns-push-type", "complication".to_owned()),
        ("apns-priority", "1".to_owned()),
        ("apns-expiration", "1900000000".to_owned()),
        ("apns-collapse-id", "a b".to_owned()),
        ("apns-id", "eabeae54-14a8-11e5-b60b-1697f925ec7b".to_owned()),
    ] {
        assert_eq!(request["headers"][name], value, "{name}");
    }
}

#[test]
fn an_accepted_notification_is_told_with_its_id() {
    let server = node(100, TAKEN);
    let run = send_to(&at(&server), &ONE);
    let host = format!("127.0.0.1:{}", server.port);
    let text = format!(
        "ok   {TOPIC}: {host} took the notification\n\n\
        \x20 token      {TOKEN}\n\
        \x20 answer     200\n\
        \x20 apns-id    id-1\n\
        \x20 type       alert, priority 10\n\
        \x20 endpoint   {host}, HTTP/2, TLS 1.3, server verified\n"
    );
    assert_eq!((run.code, run.stdout.as_str()), (0, text.as_str()));
    assert_eq!(run.stderr, "");
    let document = outcome(&at(&server), &ONE);
    assert_eq!(document["status"], "ok");
    assert_eq!(document["findings"], json!([]));
    let one = json!({"token": TOKEN, "topic": TOPIC, "apns_id": "id-2", "status": 200, "state": "accepted"});
    assert_eq!(document["notifications"], json!([one]));
}

#[test]
fn a_refusal_is_explained_as_explain_does() {
    let server = node(100, &reason(400, "BadDeviceToken"));
    let document = outcome(&at(&server), &ONE);
    assert_eq!(document["exit_code"], 2);
    let one = &document["notifications"][0];
    let entry =
        pushcert::dictionary::find(pushcert::dictionary::Kind::Reason, "BadDeviceToken").unwrap();
    assert_eq!(
        *one,
        json!({
            "token": TOKEN,
            "topic": TOPIC,
            "apns_id": "id-1",
            "status": 400,
            "reason": "BadDeviceToken",
            "explanation": format!("{}: {}", entry.meaning, entry.cause),
            "state": "refused",
        })
    );
    let finding = &document["findings"][0];
    assert_eq!(finding["id"], "notification-refused");
    assert_eq!(finding["severity"], "critical");
    let run = send_to(&at(&server), &ONE);
    let host = format!("127.0.0.1:{}", server.port);
    let first = format!("critical   {TOPIC}: {host} refused the notification: BadDeviceToken");
    assert_eq!((run.code, run.first_line()), (2, first.as_str()));
    assert!(
        run.stdout
            .contains(&format!("  meaning    {}\n", entry.meaning))
    );
    assert!(run.stdout.ends_with("\nnext  compare the build's aps-environment with the host: pushcert inspect PROFILE sandbox.pem\n"));
}

#[test]
fn what_a_server_does_not_take_now_is_no_refusal() {
    for (status, name) in [
        (429, "TooManyRequests"),
        (503, "ServiceUnavailable"),
        (500, "InternalServerError"),
    ] {
        let server = node(100, &reason(status, name));
        let document = outcome(&at(&server), &ONE);
        assert_eq!(document["exit_code"], 3, "{name}");
        assert_eq!(document["notifications"][0]["state"], "deferred");
        assert_eq!(document["findings"][0]["id"], "notification-deferred");
    }
}

#[test]
fn foreign_reasons_are_shown_escaped() {
    let server = node(100, &reason(400, "\\u001b[2J\\n::error::x"));
    let run = send_to(&at(&server), &ONE);
    assert_eq!(run.code, 2);
    assert!(
        run.first_line().ends_with(": \\u{1b}[2J\\u{a}::error::x"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains('\u{1b}'));
    assert!(!run.stdout.lines().any(|line| line.starts_with("::")));
}

#[test]
fn one_that_is_refused_does_not_keep_the_others() {
    let answer = format!(
        "if (token === '{ZERO}') {{ {} }} else {{ {TAKEN} }}",
        reason(400, "BadDeviceToken")
    );
    let server = node(100, &answer);
    let file = tokens("api-one-refused", 50, &[(7, ZERO)]);
    let words = many(&file);
    let document = outcome(&at(&server), &words);
    assert_eq!(document["exit_code"], 2);
    let notifications = document["notifications"].as_array().unwrap();
    assert_eq!(notifications.len(), 50);
    for (index, one) in notifications.iter().enumerate() {
        let line = index + 1;
        let state = if line == 7 { "refused" } else { "accepted" };
        assert_eq!((&one["line"], &one["state"]), (&json!(line), &json!(state)));
        assert!(one["apns_id"].as_str().unwrap().starts_with("id-"));
    }
    let summary = &document["summary"];
    assert_eq!(
        *summary,
        json!({"total": 50, "accepted": 49, "refused": 1, "deferred": 0, "unknown": 0, "unsent": 0, "repeated": 0,
            "connections": 1, "endpoint": format!("127.0.0.1:{}", server.port), "protocol": "http2"})
    );
    let run = send_to(&at(&server), &words);
    assert_eq!(run.code, 2);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let host = format!("127.0.0.1:{}", server.port);
    assert_eq!(
        lines[0],
        format!("critical   {TOPIC}: {host} refused 1 of 50 notifications")
    );
    assert_eq!(lines[2], "  accepted   49");
    assert!(lines[3].starts_with("  refused    1: BadDeviceToken: the certificate was accepted"));
    let refused = format!("  refused    line 7, {ZERO}, 400, BadDeviceToken, id-");
    assert!(
        lines.iter().any(|line| line.starts_with(&refused)),
        "{}",
        run.stdout
    );
}

#[test]
fn a_refused_certificate_ends_the_run() {
    // The server takes one at a time, so the second is not sent when the first has been answered.
    let server = node(1, &reason(403, "BadCertificate"));
    let file = tokens("api-certificate-refused", 5, &[]);
    let document = outcome(&at(&server), &many(&file));
    assert_eq!(document["exit_code"], 2);
    assert_eq!(
        states(&document),
        ["refused", "unsent", "unsent", "unsent", "unsent"]
    );
    assert_eq!(
        document["notifications"][4]["explanation"],
        "the certificate is refused with BadCertificate"
    );
}
