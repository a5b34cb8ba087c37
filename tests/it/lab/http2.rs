//! The gateway over HTTP/2, asked by curl.

use super::{Lab, MDM, TOPIC, TOPICS, next, settings, sha256};
use pushcert::apple::Environment;
use pushcert::apple::reason;
use pushcert::lab::gateway::Running;
use pushcert::lab::issue::LeafKind;
use pushcert::lab::notification::is_uuid;
use pushcert::lab::settings::{Protocol, Settings, Tls};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

const CERTIFICATE: [&str; 4] = ["--cert", "leaf.pem", "--key", "key.pem"];

/// What curl was answered.
pub struct Answer {
    version: String,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn reason(&self) -> (u16, Value) {
        (self.status, serde_json::from_str(&self.body).unwrap())
    }
}

/// One request; the rest of the command line is given.
pub fn curl(lab: &Lab, running: &Running, path: &str, arguments: &[&str]) -> Result<Answer, i32> {
    let url = format!("https://{}{path}", running.address());
    let output = Command::new("curl")
        .args([
            "-q",
            "-s",
            "-i",
            "--http2",
            "--noproxy",
            "*",
            "--cacert",
            "ca.pem",
        ])
        .args(arguments)
        .arg(url)
        .current_dir(lab.folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(output.status.code().unwrap());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_string(), value.to_string())
    };
    Ok(Answer {
        version: first.next().unwrap().to_string(),
        status: first.next().unwrap().parse().unwrap(),
        headers: lines.map(header).collect(),
        body: body.to_string(),
    })
}

/// A notification to a token, with curl's certificate and these arguments.
pub fn push(lab: &Lab, running: &Running, token: &str, arguments: &[&str]) -> Answer {
    let path = format!("/3/device/{token}");
    let arguments = [
        &CERTIFICATE[..],
        &["-d", r#"{"aps":{"alert":"Hello"}}"#],
        arguments,
    ]
    .concat();
    curl(lab, running, &path, &arguments).unwrap()
}

pub fn topic(name: &str) -> String {
    format!("apns-topic: {name}")
}

#[test]
fn a_notification_is_answered_and_told() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let token = "A1".repeat(32);
    let id = "123e4567-e89b-12d3-a456-4266554400a0";
    let answer = push(
        &lab,
        &running,
        &token,
        &[
            "-H",
            &topic("com.example.app.voip"),
            "-H",
            &format!("apns-id: {id}"),
            "-H",
            "apns-push-type: voip",
            "-H",
            "apns-priority: 5",
            "-H",
            "apns-expiration: 1800000000",
            "-H",
            "apns-collapse-id: weather",
        ],
    );
    assert_eq!((answer.version.as_str(), answer.status), ("HTTP/2", 200));
    assert_eq!(answer.headers["apns-id"], id);
    assert_eq!(answer.headers.get("apns-unique-id"), None);
    assert_eq!(answer.body, "");
    assert_eq!(
        next(&events),
        json!({
            "event": "handshake", "connection": 1, "tls": "TLSv1.3", "alpn": "h2", "accepted": true,
            "certificate": {"sha256": sha256(&leaf), "topics": TOPICS},
        })
    );
    assert_eq!(
        next(&events),
        json!({
            "event": "notification", "connection": 1, "token": token, "topic": "com.example.app.voip", "status": 200,
            "apns_id": id, "push_type": "voip", "priority": "5", "expiration": "1800000000", "collapse_id": "weather",
            "payload": {"aps": {"alert": "Hello"}},
        })
    );
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
}

#[test]
fn refusals_have_apples_status_and_reason() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let gone = "b2".repeat(32);
    let settings = Settings {
        tokens: vec![
            "a1".repeat(32).parse().unwrap(),
            format!("{gone}=Unregistered").parse().unwrap(),
        ],
        ..settings()
    };
    let (running, events) = lab.gateway(settings);
    for (token, named, status, reason) in [
        ("0".repeat(64), TOPIC, 400, "BadDeviceToken"),
        ("c3".repeat(32), TOPIC, 400, "BadDeviceToken"),
        ("a1".repeat(32), "com.example.other", 400, "TopicDisallowed"),
        (gone, TOPIC, 410, "Unregistered"),
    ] {
        let answer = push(&lab, &running, &token, &["-H", &topic(named)]);
        let (found, mut body) = answer.reason();
        let timestamp = body.as_object_mut().unwrap().remove("timestamp");
        assert_eq!((found, body), (status, json!({ "reason": reason })));
        assert_eq!(timestamp.is_some_and(|at| at.is_u64()), status == 410);
        assert!(is_uuid(&answer.headers["apns-id"]));
        assert_eq!(next(&events)["accepted"], true);
        let told = next(&events);
        assert_eq!(told["status"], status);
        assert_eq!(told["reason"], reason);
        assert_eq!(told["apns_id"], answer.headers["apns-id"]);
        assert_eq!(next(&events)["event"], "closed");
    }
    let answer = push(&lab, &running, &"a1".repeat(32), &[]);
    assert_eq!(answer.reason(), (400, json!({"reason": "MissingTopic"})));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(100_000));
    std::fs::write(lab.path("large.json"), large).unwrap();
    let path = format!("/3/device/{}", "a1".repeat(32));
    let arguments = [&CERTIFICATE[..], &["-H", "apns-topic: com.example.app"]].concat();
    let sent = [&arguments[..], &["--data-binary", "@large.json"]].concat();
    let answer = curl(&lab, &running, &path, &sent).unwrap();
    assert_eq!(answer.reason(), (413, json!({"reason": "PayloadTooLarge"})));
    let answer = curl(&lab, &running, &path, &arguments).unwrap();
    assert_eq!(
        answer.reason(),
        (405, json!({"reason": "MethodNotAllowed"}))
    );
    let sent = [&arguments[..], &["-d", "{}"]].concat();
    let answer = curl(&lab, &running, "/3/devices", &sent).unwrap();
    assert_eq!(answer.reason(), (404, json!({"reason": "BadPath"})));
}

#[test]
fn every_reason_can_be_the_answer_on_both_protocols() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for (name, status, packet) in [
        ("TooManyRequests", 429, 255),
        ("Shutdown", 503, 10),
        ("ExpiredToken", 410, 8),
    ] {
        let settings = Settings {
            answer: reason::find(name),
            ..settings()
        };
        let (running, _events) = lab.gateway(settings);
        let answer = push(&lab, &running, &"a1".repeat(32), &["-H", &topic(TOPIC)]);
        let (found, body) = answer.reason();
        assert_eq!((found, &body["reason"]), (status, &json!(name)));
        let frame = super::simple(&[0xa1; 32], b"{}");
        assert_eq!(super::said(&lab, &running, &frame), [8, packet, 0, 0, 0, 0]);
    }
}

#[test]
fn what_tls_lets_through_is_refused_in_the_answer() {
    let lab = Lab::new();
    let production = Settings {
        environment: Some(Environment::Production),
        ..settings()
    };
    let sandbox = Settings {
        environment: Some(Environment::Sandbox),
        ..settings()
    };
    for tls in [Tls::Tls12, Tls::Tls13] {
        let with = |settings: &Settings| Settings {
            tls,
            ..settings.clone()
        };
        for (kind, name, settings, expected) in [
            (
                LeafKind::Sandbox,
                TOPIC,
                &production,
                "BadCertificateEnvironment",
            ),
            (LeafKind::Mdm, MDM, &sandbox, "BadCertificateEnvironment"),
        ] {
            lab.issue(name, kind, 30);
            let (running, events) = lab.gateway(with(settings));
            let answer = push(&lab, &running, &"a1".repeat(32), &["-H", &topic(name)]);
            assert_eq!(answer.reason(), (403, json!({ "reason": expected })));
            assert_eq!(next(&events)["accepted"], true);
        }
        // Issued by the CA, and for nothing.
        super::odd_leaf(&lab, &[]);
        let (running, _events) = lab.gateway(with(&settings()));
        let answer = push(&lab, &running, &"a1".repeat(32), &[]);
        assert_eq!(answer.reason(), (403, json!({"reason": "BadCertificate"})));
        // A topic of its own is all that an older certificate has, so it need not be named.
        lab.issue(TOPIC, LeafKind::Sandbox, 30);
        let (running, events) = lab.gateway(with(&sandbox));
        let answer = push(&lab, &running, &"a1".repeat(32), &[]);
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert!(is_uuid(&answer.headers["apns-unique-id"]));
        assert_eq!(next(&events)["alpn"], "h2");
        assert_eq!(next(&events)["topic"], TOPIC);
        assert_eq!(next(&events)["event"], "closed");
        let path = format!("/3/device/{}", "a1".repeat(32));
        for (more, expected) in [
            (&[][..], "MissingProviderToken"),
            (&["-H", "authorization: bearer x"], "InvalidProviderToken"),
        ] {
            let arguments = [&["-d", "{}"], more].concat();
            let answer = curl(&lab, &running, &path, &arguments).unwrap();
            assert_eq!(answer.reason(), (403, json!({ "reason": expected })));
            let handshake = next(&events);
            assert_eq!(handshake["accepted"], true);
            assert_eq!(handshake["certificate"], Value::Null);
            assert_eq!(next(&events)["reason"], expected);
            assert_eq!(next(&events)["event"], "closed");
        }
        lab.issue(TOPIC, LeafKind::Sandbox, -1);
        let arguments = [&CERTIFICATE[..], &["-d", "{}"]].concat();
        assert!(curl(&lab, &running, &path, &arguments).is_err());
        let handshake = next(&events);
        assert_eq!(
            (&handshake["accepted"], &handshake["alert"]),
            (&json!(false), &json!(45))
        );
    }
}

#[test]
fn the_protocol_is_chosen_by_alpn_or_fixed() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let path = format!("/3/device/{}", "a1".repeat(32));
    let named = topic(TOPIC);
    let sent = [&CERTIFICATE[..], &["-d", "{}", "-H", &named]].concat();
    let frame = super::simple(&[0; 32], b"{}");
    let with = |protocol| Settings {
        protocol,
        ..settings()
    };

    let (running, events) = lab.gateway(with(Protocol::Auto));
    assert_eq!(curl(&lab, &running, &path, &sent).unwrap().status, 200);
    assert_eq!(super::said(&lab, &running, &frame), [8, 8, 0, 0, 0, 0]);
    let only_http1 = [&sent[..], &["--http1.1"]].concat();
    // curl's code for a handshake that failed.
    assert_eq!(curl(&lab, &running, &path, &only_http1).err(), Some(35));
    let alpn = ["h2", "-", "-"];
    let alerts = [Value::Null, Value::Null, json!(120)];
    for (alpn, alert) in alpn.iter().zip(alerts) {
        let handshake = next(&events);
        assert_eq!(handshake["alpn"].as_str().unwrap_or("-"), *alpn);
        assert_eq!(handshake["alert"], alert);
        while next(&events)["event"] != "closed" {}
    }

    let (running, events) = lab.gateway(with(Protocol::Legacy));
    // HTTP/1.1 is what curl falls back to, and no frame begins like that.
    assert!(curl(&lab, &running, &path, &sent).is_err());
    assert_eq!(next(&events).get("alpn"), None);
    assert_eq!(next(&events)["reason"], "protocol error");
    assert_eq!(next(&events)["event"], "closed");
    assert_eq!(super::said(&lab, &running, &frame), [8, 8, 0, 0, 0, 0]);

    let (running, _events) = lab.gateway(with(Protocol::Http2));
    assert_eq!(curl(&lab, &running, &path, &sent).unwrap().status, 200);
    // Without ALPN it is HTTP/2 all the same: SETTINGS is what the server begins with.
    let greeting = super::said(&lab, &running, &[]);
    assert_eq!(greeting[3], 4, "{greeting:?}");
}
