//! To the lab's gateway over HTTP/2, well behaved and not.

use super::peers::*;
use serde_json::{Value, json};

/// The document of a run to a gateway with these words.
fn sent(gateway_words: &[&str], words: &[&str]) -> Value {
    let server = gateway(gateway_words);
    outcome(&at_lab(&server), words)
}

fn is_uuid(text: &Value) -> bool {
    let parts: Vec<usize> = text.as_str().unwrap().split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
}

#[test]
fn a_notification_is_taken_with_an_id_and_arrives_as_it_was_sent() {
    let mut server = gateway(&[]);
    let words = [
        &ONE[..],
        &["--collapse-id", "c", "--expiration", "0", "--json"],
    ]
    .concat();
    let document = send_to(&at_lab(&server), &words).document();
    assert_eq!(document["exit_code"], 0);
    let one = &document["notifications"][0];
    assert_eq!(
        (&one["status"], &one["state"]),
        (&json!(200), &json!("accepted"))
    );
    assert!(is_uuid(&one["apns_id"]), "{one}");
    let event = event(&mut server, "notification");
    for (key, value) in [
        ("token", TOKEN),
        ("topic", TOPIC),
        ("push_type", "alert"),
        ("priority", "10"),
        ("expiration", "0"),
        ("collapse_id", "c"),
    ] {
        assert_eq!(event[key], value, "{key}");
    }
    assert_eq!(event["payload"], json!({"aps": {"alert": "x"}}));
}

#[test]
fn what_the_gateway_refuses_has_its_reason() {
    for (words, reason) in [
        (
            &["sandbox.pem", "--token", ZERO, "--alert", "x"][..],
            "BadDeviceToken",
        ),
        (
            &[&ONE[..], &["--topic", "com.example.other"]].concat(),
            "TopicDisallowed",
        ),
    ] {
        let document = sent(&[], words);
        assert_eq!(document["exit_code"], 2);
        let one = &document["notifications"][0];
        assert_eq!(
            (&one["status"], &one["reason"]),
            (&json!(400), &json!(reason))
        );
        assert!(is_uuid(&one["apns_id"]), "{one}");
    }
    let document = sent(&["--env", "production"], &ONE);
    assert_eq!(document["exit_code"], 2);
    assert_eq!(
        document["notifications"][0]["reason"],
        "BadCertificateEnvironment"
    );
}

#[test]
fn every_reason_of_the_dictionary_is_explained_by_it() {
    use pushcert::dictionary::{Kind, find};
    for reason in [
        "Unregistered",
        "TooManyRequests",
        "Shutdown",
        "PayloadTooLarge",
        "Forbidden",
    ] {
        let document = sent(&["--answer", reason], &ONE);
        let one = &document["notifications"][0];
        let known = pushcert::apple::reason::find(reason).unwrap();
        assert_eq!(
            (&one["status"], &one["reason"]),
            (&json!(known.status), &json!(reason))
        );
        let entry = find(Kind::Reason, reason).unwrap();
        assert_eq!(
            one["explanation"],
            format!("{}: {}", entry.meaning, entry.cause)
        );
        let code = if known.status == 429 || known.status >= 500 {
            3
        } else {
            2
        };
        assert_eq!(document["exit_code"], code, "{reason}");
    }
}

#[test]
fn one_refused_of_many_is_one() {
    // No more than a pipe holds of the gateway's events.
    let mut server = gateway(&[]);
    let file = tokens("lab-many", 100, &[(43, ZERO)]);
    let document = outcome(&at_lab(&server), &many(&file));
    assert_eq!(document["exit_code"], 2);
    let summary = &document["summary"];
    assert_eq!(
        (&summary["accepted"], &summary["refused"]),
        (&json!(99), &json!(1))
    );
    assert_eq!(summary["connections"], 1);
    assert_eq!(document["notifications"][42]["reason"], "BadDeviceToken");
    let mut logged: Vec<String> = (0..100)
        .map(|_| {
            let event = event(&mut server, "notification");
            assert_eq!(event["connection"], 1);
            event["token"].as_str().unwrap().to_owned()
        })
        .collect();
    logged.sort_unstable();
    let mut wanted: Vec<String> = (1..=100)
        .map(|n| {
            if n == 43 {
                ZERO.to_owned()
            } else {
                numbered(n)
            }
        })
        .collect();
    wanted.sort_unstable();
    assert_eq!(logged, wanted);
}

#[test]
fn faults_end_in_what_is_known() {
    for (fault, id, state) in [
        (&["--close-at", "tcp"][..], "unreachable", "unsent"),
        (&["--close-at", "hello"], "unreachable", "unsent"),
        (&["--close-at", "response"], "not-known-sent", "unknown"),
        (
            &["--server-cert", "expired"],
            "server-not-verified",
            "unsent",
        ),
        (
            &["--server-cert", "wrong-name"],
            "server-not-verified",
            "unsent",
        ),
    ] {
        let document = sent(fault, &ONE);
        assert_eq!(document["exit_code"], 3, "{fault:?}: {document:#}");
        assert_eq!(document["findings"][0]["id"], id, "{fault:?}: {document:#}");
        assert_eq!(document["notifications"][0]["state"], state, "{fault:?}");
    }
}

#[test]
fn a_refused_certificate_is_a_no_on_every_way_of_refusing() {
    let expired = ["expired.pem", "--token", TOKEN, "--alert", "x"];
    for version in ["1.2", "1.3"] {
        let document = sent(&["--tls", version], &expired);
        assert_eq!(document["exit_code"], 2, "{document:#}");
        assert_eq!(document["findings"][0]["id"], "rejected");
        assert_eq!(document["notifications"][0]["state"], "unsent");
    }
    // As nginx does: the handshake succeeds, and a page says no.
    let document = sent(&["--lenient"], &expired);
    assert_eq!(document["exit_code"], 2, "{document:#}");
    assert_eq!(document["notifications"][0]["status"], 400);
    // Without a request for a certificate none is sent.
    let document = sent(&["--no-client-auth"], &ONE);
    assert_eq!(document["exit_code"], 2, "{document:#}");
    assert_eq!(
        document["notifications"][0]["reason"],
        "MissingProviderToken"
    );
}
