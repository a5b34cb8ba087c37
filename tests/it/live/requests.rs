//! What a server receives: the probe of each kind of certificate, and many requests over one connection.

use super::servers::Server;
use super::world::*;
use pushcert::apple::Kind;
use pushcert::certificate::{Certificate, Topic};
use pushcert::live::http2::{Answer, Broken, Connection, Post};
use pushcert::live::{Connector, Offer, Opened, Patience, Push, Terms, Verdict, ask};
use std::time::Duration;

fn leaf(kind: Kind, user_id: &str, topics: &[(&str, &[&str])]) -> Certificate {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let der = std::fs::read(folder.join("aps.cer")).unwrap();
    let mut leaf = Certificate::parse(&der).unwrap().0;
    leaf.kind = kind;
    leaf.subject.user_id = Some(user_id.to_owned());
    let topic = |(name, kinds): &(&str, &[&str])| Topic {
        name: name.to_string(),
        kinds: kinds.iter().map(|kind| kind.to_string()).collect(),
    };
    leaf.topics = topics.iter().map(topic).collect();
    leaf
}

#[test]
fn a_probe_asks_for_the_topic_that_the_certificate_is_for() {
    let app = ("com.x", &["app"][..]);
    let voip = ("com.x.voip", &["voip"][..]);
    for (leaf, topic, push_type) in [
        (
            leaf(Kind::ApnsUniversal, "com.u", &[voip, app]),
            "com.x",
            "background",
        ),
        (
            leaf(Kind::ApnsUniversal, "com.u", &[voip]),
            "com.u",
            "background",
        ),
        (leaf(Kind::ApnsSandbox, "com.u", &[]), "com.u", "background"),
        (
            leaf(Kind::Voip, "com.u.voip", &[voip]),
            "com.u.voip",
            "voip",
        ),
        (
            leaf(Kind::Voip, "com.u", &[("com.x.voip", &["app"])]),
            "com.x.voip",
            "voip",
        ),
        (
            leaf(Kind::Mdm, "com.apple.mgmt.External.1", &[]),
            "com.apple.mgmt.External.1",
            "mdm",
        ),
    ] {
        let push = Push::of(&leaf);
        assert_eq!(
            (push.topic.as_deref(), push.push_type),
            (Some(topic), push_type)
        );
    }
    let nameless = Certificate {
        subject: Default::default(),
        ..leaf(Kind::ApnsSandbox, "", &[])
    };
    assert_eq!(Push::of(&nameless).topic, None);
}

#[test]
fn a_probe_arrives_as_one_push_that_can_reach_nobody() {
    for (topic, push_type, received) in [
        (
            Some("com.example.app"),
            "background",
            Some("com.example.app"),
        ),
        (
            Some("com.example.app.voip"),
            "voip",
            Some("com.example.app.voip"),
        ),
        (
            Some("com.apple.mgmt.External.1"),
            "mdm",
            Some("com.apple.mgmt.External.1"),
        ),
        (None, "background", None),
        (Some("no\r\ntopic"), "background", None),
    ] {
        let mut server = Server::node("1.3", true);
        let target = format!("127.0.0.1:{}", server.port);
        let mut query = query(&target, &[&world().good], true);
        query.probe = Some(Push {
            topic: topic.map(str::to_owned),
            push_type,
        });
        let patience = Patience {
            timeout: Duration::from_secs(10),
            wait: WAIT,
        };
        let answer = ask(&query, &roots(), &patience).unwrap();
        assert_eq!(answer.verdict, Verdict::Accepted);
        let headers: serde_json::Value = serde_json::from_str(&server.line()).unwrap();
        assert_eq!(headers[":method"], "POST");
        assert_eq!(headers[":scheme"], "https");
        assert_eq!(headers[":authority"], target);
        assert_eq!(headers[":path"], format!("/3/device/{}", "0".repeat(64)));
        assert_eq!(headers["apns-topic"].as_str(), received);
        assert_eq!(headers["apns-push-type"], push_type);
        assert_eq!(headers["apns-priority"], "5");
    }
}

/// Opens a connection to a server that verifies.
async fn connection(port: u16, pair: &Pair) -> Connection {
    let query = query(&format!("127.0.0.1:{port}"), &[pair], false);
    let patience = Patience {
        timeout: Duration::from_secs(10),
        wait: WAIT,
    };
    let terms = Terms {
        offer: Offer::Any,
        verified: true,
    };
    let connector = Connector::new(query.route, query.credentials, &roots(), terms, patience);
    let (handshake, opened) = connector.unwrap().unwrap().open().await.unwrap();
    match opened {
        Some(Opened::Http2(connection)) => connection,
        _ => panic!("{handshake:?}"),
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

/// Opens a connection and sends so many requests at once.
fn send(port: u16, pair: &Pair, count: usize) -> Vec<Result<Answer, Broken>> {
    run(async {
        let connection = connection(port, pair).await;
        let post = Post {
            headers: vec![("apns-topic", "com.example.app".to_owned())],
            body: br#"{"aps":{}}"#.to_vec(),
        };
        let letter = post.seal().unwrap();
        let mut pending = Vec::new();
        for number in 0..count {
            match connection.post(&letter, &format!("/3/device/{number:064x}")) {
                Ok(sent) => pending.push(sent.answer()),
                Err(broken) => return vec![Err(broken)],
            }
        }
        let mut answers = Vec::new();
        for answer in pending {
            answers.push(answer.await);
        }
        answers
    })
}

#[test]
fn many_requests_share_a_connection() {
    let server = Server::node("1.3", true);
    let answers = send(server.port, &world().good, 250);
    assert_eq!(answers.len(), 250);
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status, answer.reason().as_deref()),
            (400, Some("BadDeviceToken"))
        );
        assert_eq!(answer.apns_id, None);
    }
}

#[test]
fn an_end_is_told_to_every_request() {
    let talk = "c = context.wrap_socket(raw, server_side=True)\nc.sendall(h2(4))\nrequest()\n\
        c.sendall(answer(200) + goaway(0, b'{\"reason\":\"Shutdown\"}', 1))\nc.close()";
    let server = Server::python("context.set_alpn_protocols(['h2'])", talk);
    let answers = send(server.port, &world().good, 3);
    assert_eq!(answers[0].as_ref().map(|answer| answer.status), Ok(200));
    for answer in &answers[1..] {
        let Err(Broken::GoAway(goaway)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(
            (goaway.code, goaway.reason().as_deref()),
            (0, Some("Shutdown"))
        );
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_named() {
    let post = Post {
        headers: vec![("apns-collapse-id", "a\nb".to_owned())],
        body: Vec::new(),
    };
    let broken = post.seal().err();
    assert_eq!(broken, Some(Broken::Header("apns-collapse-id")));
}
