//! Flags and their defaults, seen in dry runs, which touch no network.

use super::peers::*;
use serde_json::{Value, json};

/// The headers of a dry run.
fn headers(words: &[&str]) -> Value {
    let fixed = ["--token", TOKEN, "--dry-run", "--json"];
    let run = send(&[words, &fixed].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let document = run.document();
    assert_eq!(document["dry_run"], true);
    assert_eq!(document["notifications"][0]["state"], "unsent");
    document["request"]["headers"].clone()
}

#[test]
fn topic_and_type_follow_from_each_other_and_from_the_certificate() {
    std::fs::write(
        folder().join("usage-silent.json"),
        r#"{"aps":{"content-available":1}}"#,
    )
    .unwrap();
    let alert = ["--alert", "x"];
    let silent = ["--payload", "usage-silent.json"];
    for (words, contents, topic, push_type, priority) in [
        (&["sandbox.pem"][..], alert, TOPIC, "alert", "10"),
        (&["sandbox.pem"], silent, TOPIC, "background", "5"),
        (
            &["universal.pem", "--env", "sandbox"],
            alert,
            TOPIC,
            "alert",
            "10",
        ),
        (
            &["universal.pem", "--env", "sandbox", "--push-type", "voip"],
            alert,
            "com.example.app.voip",
            "voip",
            "10",
        ),
        (
            &[
                "universal.pem",
                "--env",
                "production",
                "--topic",
                "com.example.app.complication",
            ],
            alert,
            "com.example.app.complication",
            "complication",
            "10",
        ),
        (
            &["voip.pem", "--env", "sandbox"],
            silent,
            "com.example.app.voip",
            "voip",
            "10",
        ),
        (
            &["mdm.pem"],
            silent,
            "com.apple.mgmt.External.1",
            "mdm",
            "10",
        ),
        (
            &["sandbox.pem", "--push-type", "liveactivity"],
            alert,
            "com.example.app.push-type.liveactivity",
            "liveactivity",
            "10",
        ),
    ] {
        assert_eq!(
            headers(&[words, &contents].concat()),
            json!({"apns-topic": topic, "apns-push-type": push_type, "apns-priority": priority}),
            "{words:?}"
        );
    }
}

#[test]
fn where_it_goes_follows_from_the_environment() {
    for (words, endpoint) in [
        (&["sandbox.pem"][..], "api.sandbox.push.apple.com:443"),
        (
            &["universal.pem", "--env", "production"],
            "api.push.apple.com:443",
        ),
        (
            &["universal.pem", "--env", "development"],
            "api.sandbox.push.apple.com:443",
        ),
        (
            &["sandbox.pem", "--via", "legacy"],
            "gateway.sandbox.push.apple.com:2195",
        ),
        (
            &["universal.pem", "--gateway", "localhost:2197"],
            "localhost:2197",
        ),
    ] {
        let fixed = ["--token", TOKEN, "--alert", "x", "--dry-run", "--json"];
        let document = send(&[words, &fixed].concat()).document();
        assert_eq!(document["request"]["endpoint"], endpoint);
    }
}

#[test]
fn a_dry_run_shows_what_would_be_sent() {
    let words = [
        "sandbox.pem",
        "--token",
        TOKEN,
        "--alert",
        "Hello",
        "--collapse-id",
        "news",
        "--dry-run",
    ];
    let run = send(&words);
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stdout,
        format!(
            "ok   {TOPIC}: one notification would go to api.sandbox.push.apple.com:443; nothing was sent\n\n\
             \x20 token             {TOKEN}\n\
             \x20 path              /3/device/TOKEN\n\
             \x20 apns-topic        {TOPIC}\n\
             \x20 apns-push-type    alert\n\
             \x20 apns-priority     10\n\
             \x20 apns-collapse-id  news\n\
             \x20 payload           25 bytes\n\
             \x20                   {{\"aps\":{{\"alert\":\"Hello\"}}}}\n"
        )
    );
    let lines = send(&[&words[..], &["--jsonl"]].concat());
    let (lines, summary) = lines.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["token"], TOKEN);
    assert_eq!(
        summary["request"]["payload"],
        json!({"aps": {"alert": "Hello"}})
    );
}

#[test]
fn wrong_usage_is_64() {
    let to = ["--token", TOKEN];
    let what = ["--alert", "x"];
    for words in [
        // Nobody, or two ways of saying to whom; nothing, or two ways of saying what.
        &["sandbox.pem", "--alert", "x"][..],
        &["sandbox.pem", "--token", TOKEN],
        &[
            "sandbox.pem",
            "--token",
            TOKEN,
            "--tokens",
            "x",
            "--alert",
            "x",
        ],
        &[
            "sandbox.pem",
            "--token",
            TOKEN,
            "--alert",
            "x",
            "--payload",
            "x",
        ],
        // A wrong value.
        &["sandbox.pem", "--token", "xyz", "--alert", "x"],
        &["sandbox.pem", "--token", &TOKEN[1..], "--alert", "x"],
        &[&["sandbox.pem"], &to[..], &what, &["--priority", "7"]].concat(),
        &[&["sandbox.pem"], &to[..], &what, &["--push-type", "letter"]].concat(),
        &[
            &["sandbox.pem"],
            &to[..],
            &what,
            &["--push-type", "background", "--priority", "10"],
        ]
        .concat(),
        &[&["sandbox.pem"], &to[..], &what, &["--expiration", "soon"]].concat(),
        &[&["sandbox.pem"], &to[..], &what, &["--topic", "a b"]].concat(),
        &[&["sandbox.pem"], &to[..], &what, &["--collapse-id", ""]].concat(),
        &[
            &["sandbox.pem"],
            &to[..],
            &what,
            &["--collapse-id", &"x".repeat(65)],
        ]
        .concat(),
        &[&["sandbox.pem"], &to[..], &what, &["--apns-id", "1"]].concat(),
        &[
            &["sandbox.pem"],
            &to[..],
            &what,
            &["--gateway", "localhost"],
        ]
        .concat(),
        &[&["sandbox.pem"], &to[..], &what, &["--json", "--jsonl"]].concat(),
        // Standard input is read once.
        &["sandbox.pem", "--tokens", "-", "--payload", "-"],
        &["-", "--tokens", "-", "--alert", "x"],
        // It serves both environments.
        &[&["universal.pem"], &to[..], &what].concat(),
        &[&["universal.pem"], &to[..], &what, &["--via", "legacy"]].concat(),
    ] {
        let run = send(&[words, &["--dry-run"]].concat());
        assert_eq!(run.code, 64, "{words:?}: {}{}", run.stdout, run.stderr);
    }
    let longest = "x".repeat(64);
    let fits = [
        &["sandbox.pem"],
        &to[..],
        &what,
        &["--collapse-id", &longest, "--dry-run"],
    ]
    .concat();
    assert_eq!(send(&fits).code, 0);
}

#[test]
fn an_environment_that_the_certificate_does_not_serve_is_a_no() {
    let words = [
        "sandbox.pem",
        "--token",
        TOKEN,
        "--alert",
        "x",
        "--env",
        "production",
        "--dry-run",
        "--json",
    ];
    let document = send(&words).document();
    assert_eq!(document["exit_code"], 2);
    assert_eq!(document["findings"][0]["id"], "not-wanted");
}

#[test]
fn tokens_and_payload_come_from_stdin_too() {
    let dry = ["--dry-run", "--json"];
    let words = [&["sandbox.pem", "--tokens", "-", "--alert", "x"][..], &dry].concat();
    let document = send_with(&words, &format!("{TOKEN}\n{ZERO}")).document();
    assert_eq!(document["notifications"][1]["token"], ZERO);
    let words = [
        &["sandbox.pem", "--token", TOKEN, "--payload", "-"][..],
        &dry,
    ]
    .concat();
    let document = send_with(&words, "{\"mdm\":\"x\"}").document();
    assert_eq!(document["request"]["payload"], json!({"mdm": "x"}));
}

#[test]
fn an_expiration_is_told_in_three_ways() {
    let expires = |text: &str| {
        headers(&["sandbox.pem", "--alert", "x", "--expiration", text])["apns-expiration"].clone()
    };
    assert_eq!(expires("0"), "0");
    assert_eq!(expires("1900000000"), "1900000000");
    assert_eq!(expires("2030-03-17T17:46:40Z"), "1900000000");
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let later: i64 = expires("2h").as_str().unwrap().parse().unwrap();
    assert!((now + 7200..now + 7800).contains(&later), "{later}");
}

#[test]
fn what_is_no_identity_sends_nothing() {
    let words = ["sandbox.cer", "--token", TOKEN, "--alert", "x", "--json"];
    let document = send(&words).document();
    assert_eq!(document["exit_code"], 2);
    assert_eq!(document["findings"][0]["id"], "no-key");
    let run = send(&["absent.pem", "--token", TOKEN, "--alert", "x", "--jsonl"]);
    let (lines, summary) = run.lines();
    assert_eq!((run.code, lines.len()), (3, 0));
    assert_eq!(summary["findings"][0]["id"], "not-found");
}

#[test]
fn of_several_identities_a_flag_chooses() {
    let both = [
        "sandbox.pem",
        "universal.pem",
        "--token",
        TOKEN,
        "--alert",
        "x",
        "--dry-run",
        "--json",
    ];
    let document = send(&both).document();
    assert_eq!(
        (
            document["exit_code"].clone(),
            document["findings"][0]["id"].clone()
        ),
        (json!(2), json!("ambiguous"))
    );
    let words = [&both[..], &["--env", "production"]].concat();
    let endpoint = send(&words).document()["request"]["endpoint"].clone();
    assert_eq!(endpoint, "api.push.apple.com:443");
    let certificate = document["findings"][1]["identity"]
        .as_str()
        .unwrap()
        .to_owned();
    let words = [
        &both[..],
        &["--cert", &certificate[..12], "--env", "sandbox"],
    ]
    .concat();
    assert_eq!(send(&words).document()["exit_code"], 0);
}
