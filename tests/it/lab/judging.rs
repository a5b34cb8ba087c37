//! What APNs answers, notification by notification, without a connection.

use pushcert::apple::reason;
use pushcert::lab::notification::{Notification, Sender, is_uuid};
use pushcert::lab::tokens::{Known, Tokens};

const TOPIC: &str = "com.example.app";
const UUID: &str = "123e4567-e89b-12d3-a456-4266554400a0";

fn token() -> String {
    "a1".repeat(32)
}

/// A good one, with these headers added.
fn notification(headers: &[(&str, &str)]) -> Notification {
    let named = headers.iter().any(|(name, _)| *name == "apns-topic");
    let topic = (!named).then_some(("apns-topic", TOPIC));
    let headers = topic.iter().chain(headers);
    Notification {
        method: "POST".to_string(),
        path: format!("/3/device/{}", token()),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        body: br#"{"aps":{"alert":"Hello"}}"#.to_vec(),
    }
}

fn universal() -> Sender {
    Sender::Certificate {
        topics: vec![TOPIC.to_string(), format!("{TOPIC}.voip")],
        assumed: None,
    }
}

fn judged(notification: &Notification, sender: &Sender) -> Option<&'static str> {
    let refusal = notification.refusal(sender, &Tokens::default());
    refusal.map(|reason| reason.name)
}

#[test]
fn headers_are_judged_one_by_one() {
    let long = "c".repeat(65);
    let longest = "c".repeat(64);
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
    let cases: [Case; 26] = [
        (&[], None),
        (&[("apns-id", UUID)], None),
        (&[("apns-id", &UUID.to_uppercase())], None),
        (&[("apns-id", &UUID.replace('-', ""))], Some("BadMessageId")),
        (&[("apns-id", "")], Some("BadMessageId")),
        (&[("apns-push-type", "alert")], None),
        (&[("apns-push-type", "Alert")], Some("InvalidPushType")),
        (&[("apns-push-type", "silent")], Some("InvalidPushType")),
        (&[("apns-priority", "1")], None),
        (&[("apns-priority", "5")], None),
        (&[("apns-priority", "10")], None),
        (&[("apns-priority", "0")], Some("BadPriority")),
        (&[("apns-priority", "high")], Some("BadPriority")),
        (
            &[("apns-push-type", "background"), ("apns-priority", "5")],
            None,
        ),
        (
            &[("apns-push-type", "background"), ("apns-priority", "10")],
            Some("BadPriority"),
        ),
        (&[("apns-expiration", "0")], None),
        (&[("apns-expiration", "1800000000")], None),
        (&[("apns-expiration", "-1")], Some("BadExpirationDate")),
        (&[("apns-expiration", "soon")], Some("BadExpirationDate")),
        (&[("apns-collapse-id", &longest)], None),
        (&[("apns-collapse-id", &long)], Some("BadCollapseId")),
        (
            &[("apns-priority", "5"), ("apns-priority", "5")],
            Some("DuplicateHeaders"),
        ),
        (&[("accept", "a"), ("accept", "b")], None),
        // A certificate makes a provider token needless.
        (&[("authorization", "bearer x")], None),
        (&[("apns-topic", "com.example.app.voip")], None),
        (
            &[("apns-topic", "com.example.other")],
            Some("TopicDisallowed"),
        ),
    ];
    for (headers, expected) in cases {
        let found = judged(&notification(headers), &universal());
        assert_eq!(found, expected, "{headers:?}");
    }
}

#[test]
fn method_path_and_topic() {
    let good = notification(&[]);
    let get = Notification {
        method: "GET".to_string(),
        ..good.clone()
    };
    assert_eq!(judged(&get, &universal()), Some("MethodNotAllowed"));
    for (path, expected) in [
        ("/3/device", "MissingDeviceToken"),
        ("/3/device/", "MissingDeviceToken"),
        ("/3/device/00/1", "BadPath"),
        ("/3/devices/00", "BadPath"),
        ("/4/broadcasts/apps/com.example.app", "BadPath"),
        ("/", "BadPath"),
        ("/3/device/zz", "BadDeviceToken"),
    ] {
        let path = path.to_string();
        let odd = Notification {
            path,
            ..good.clone()
        };
        assert_eq!(judged(&odd, &universal()), Some(expected), "{}", odd.path);
    }
    for (topic, expected) in [("", "BadTopic"), ("com example", "BadTopic")] {
        let odd = notification(&[("apns-topic", topic)]);
        assert_eq!(judged(&odd, &universal()), Some(expected), "{topic}");
    }
    let silent = Notification {
        headers: Vec::new(),
        ..good
    };
    assert_eq!(judged(&silent, &universal()), Some("MissingTopic"));
    assert_eq!(silent.topic(&universal()), None);
    let simple = Sender::Certificate {
        topics: vec![TOPIC.to_string()],
        assumed: Some(TOPIC.to_string()),
    };
    assert_eq!(judged(&silent, &simple), None);
    assert_eq!(silent.topic(&simple), Some(TOPIC));
}

#[test]
fn the_certificate_comes_before_topic_and_token() {
    let odd = Notification {
        path: "/3/device/0".to_string(),
        ..notification(&[("apns-topic", "com.example.other")])
    };
    for (sender, expected) in [
        (Sender::Nobody, "MissingProviderToken"),
        (Sender::Stranger, "BadCertificate"),
        (Sender::Elsewhere, "BadCertificateEnvironment"),
        (universal(), "TopicDisallowed"),
    ] {
        assert_eq!(judged(&odd, &sender), Some(expected));
    }
    let bearer = notification(&[("authorization", "bearer x")]);
    assert_eq!(
        judged(&bearer, &Sender::Nobody),
        Some("InvalidProviderToken")
    );
}

#[test]
fn payloads_are_json_objects_of_limited_length() {
    let sized = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8)).into_bytes();
    assert_eq!(sized(4096).len(), 4096);
    let voip: &[(&str, &str)] = &[
        ("apns-push-type", "voip"),
        ("apns-topic", "com.example.app.voip"),
    ];
    for (headers, body, expected) in [
        (&[][..], b"".to_vec(), Some("PayloadEmpty")),
        (&[], b"not JSON".to_vec(), Some("PayloadEmpty")),
        (&[], b"[]".to_vec(), Some("PayloadEmpty")),
        (&[], b"{\"aps\":".to_vec(), Some("PayloadEmpty")),
        // What a pass is updated with.
        (&[], b"{}".to_vec(), None),
        (&[], sized(4096), None),
        (&[], sized(4097), Some("PayloadTooLarge")),
        (voip, sized(5120), None),
        (voip, sized(5121), Some("PayloadTooLarge")),
    ] {
        let length = body.len();
        let sent = Notification {
            body,
            ..notification(headers)
        };
        assert_eq!(judged(&sent, &universal()), expected, "{length}");
    }
}

#[test]
fn a_token_is_anyones_until_some_are_named() {
    let zero = "0".repeat(64);
    let all = Tokens::default();
    let name = |tokens: &Tokens, token: &str| tokens.refusal(token).map(|reason| reason.name);
    let bad = Some("BadDeviceToken");
    for (token, expected) in [
        (token(), None),
        (token().to_uppercase(), None),
        ("a1".repeat(80), None),
        ("a1".repeat(100), None),
        ("a1".repeat(101), bad),
        ("a1".repeat(31), bad),
        ("a".repeat(65), bad),
        (zero.clone(), bad),
        ("g".repeat(64), bad),
        (String::new(), bad),
    ] {
        assert_eq!(name(&all, &token), expected, "{token}");
    }
    let gone = "b2".repeat(32);
    let known: [Known; 2] = [
        token().to_uppercase().parse().unwrap(),
        format!("{gone}=Unregistered").parse().unwrap(),
    ];
    let some = Tokens::new(known.to_vec(), None);
    for (token, expected) in [
        (token(), None),
        (gone, Some("Unregistered")),
        ("c3".repeat(32), bad),
        (zero.clone(), bad),
    ] {
        assert_eq!(name(&some, &token), expected, "{token}");
    }
    for (text, error) in [
        (zero.as_str(), "the all-zero token is no device's"),
        ("abc", "a device token is 64 to 200 hex digits, two a byte"),
        ("ab=Nonsense", "not a reason of APNs"),
    ] {
        assert_eq!(text.parse::<Known>().unwrap_err().to_string(), error);
    }
}

#[test]
fn one_answer_for_everything_comes_before_all_else() {
    let shutdown = reason::find("Shutdown");
    let tokens = Tokens::new(Vec::new(), shutdown);
    for notification in [notification(&[]), Notification::default()] {
        assert_eq!(notification.refusal(&Sender::Nobody, &tokens), shutdown);
    }
}

#[test]
fn uuids_have_their_groups() {
    for (text, expected) in [
        (UUID, true),
        ("123e4567-e89b-12d3-a456-4266554400a", false),
        ("123e4567-e89b-12d3-a456-4266554400ag", false),
        ("123e4567e-89b-12d3-a456-4266554400a0", false),
    ] {
        assert_eq!(is_uuid(text), expected, "{text}");
    }
}
