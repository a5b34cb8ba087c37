//! Libraries that push to Apple, pushing to the lab's gateway: aioapns (PyPI) and @parse/node-apn (npm), in the versions that
//! `.ci/run` installs below `target/peers`. curl is in `http2`.

use super::{Lab, TOPIC, connect, next, settings};
use openssl::ssl::SslVersion;
use pushcert::lab::gateway::Running;
use pushcert::lab::issue::LeafKind;
use pushcert::lab::settings::{Faults, Settings, Tls};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder below `target/peers`. Without it there is nothing to test, which is a failure where the gate runs.
pub fn peer(name: &str) -> Option<PathBuf> {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let folder = target.parent().unwrap().join("peers").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let gate = std::env::var_os("CI").is_some();
    assert!(!gate, "{}: .ci/run installs it", folder.display());
    eprintln!("{} is not installed: nothing was tested", folder.display());
    None
}

/// A program beside this file.
fn program(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/it/lab/clients").join(name)
}

/// The two libraries that are installed, each as the command that sends to these tokens.
fn libraries() -> Vec<(&'static str, Command)> {
    let mut libraries = Vec::new();
    if let Some(folder) = peer("python") {
        let mut command = Command::new("/usr/bin/python3");
        command
            .env("PYTHONPATH", folder)
            .arg(program("aioapns_client.py"));
        libraries.push(("aioapns", command));
    }
    if let Some(folder) = peer("node_modules") {
        let mut command = Command::new("node");
        command
            .env("NODE_PATH", folder)
            .arg(program("node_apn_client.js"));
        libraries.push(("@parse/node-apn", command));
    }
    libraries
}

fn send(lab: &Lab, running: &Running, command: &mut Command, tokens: &[String]) -> Output {
    let leaf = std::fs::read(lab.path("leaf.pem")).unwrap();
    let key = std::fs::read(lab.path("key.pem")).unwrap();
    std::fs::write(lab.path("ck.pem"), [leaf, key].concat()).unwrap();
    command
        .arg(running.address().port().to_string())
        .args(tokens)
        .current_dir(lab.folder.path())
        .output()
        .unwrap()
}

/// The answers that the library tells of, without what only one of the two tells.
fn answers(output: &Output) -> Vec<(Option<u64>, Value)> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            (answer["status"].as_u64(), answer["reason"].clone())
        })
        .collect()
}

#[test]
fn libraries_are_answered_as_by_apple() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let [known, gone, other] = ["a1", "b2", "c3"].map(|byte| byte.repeat(32));
    let sent = [known.clone(), gone.clone(), other, "0".repeat(64)];
    let expected = [
        (Some(200), Value::Null),
        (Some(410), json!("Unregistered")),
        (Some(400), json!("BadDeviceToken")),
        (Some(400), json!("BadDeviceToken")),
    ];
    for tls in [Tls::Tls12, Tls::Tls13] {
        for (name, mut command) in libraries() {
            let settings = Settings {
                tls,
                tokens: vec![
                    known.parse().unwrap(),
                    format!("{gone}=Unregistered").parse().unwrap(),
                ],
                ..settings()
            };
            let (running, events) = lab.gateway(settings);
            let output = send(&lab, &running, &mut command, &sent);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name}: {said}");
            assert_eq!(answers(&output), expected, "{name}: {said}");
            assert_eq!(next(&events)["accepted"], true);
            for (number, (token, (status, reason))) in sent.iter().zip(&expected).enumerate() {
                let mut told = json!({
                    "event": "notification", "connection": 1, "token": token, "topic": TOPIC, "status": status,
                    "apns_id": format!("00000000-0000-4000-8000-{number:012}"), "push_type": "alert", "priority": "10",
                    "payload": {"aps": {"alert": "Hello"}},
                });
                if !reason.is_null() {
                    told["reason"] = reason.clone();
                }
                assert_eq!(next(&events), told, "{name}");
            }
            assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
        }
    }
}

#[test]
fn libraries_do_not_take_a_gateway_for_another() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let settings = Settings {
        faults: Faults {
            server_certificate: pushcert::lab::settings::ServerCertificate::WrongName,
            ..Faults::default()
        },
        ..settings()
    };
    for (name, mut command) in libraries() {
        let (running, events) = lab.gateway(settings.clone());
        let output = send(&lab, &running, &mut command, &["a1".repeat(32)]);
        assert!(
            !answers(&output)
                .iter()
                .any(|(status, _)| *status == Some(200))
        );
        // The gateway is stopped: it was left during the handshake, and nothing was sent to it.
        drop(running);
        let told: Vec<Value> = events.iter().map(|event| event.to_json()).collect();
        let kinds: Vec<&str> = told
            .iter()
            .map(|event| event["event"].as_str().unwrap())
            .collect();
        assert_eq!(kinds[..2], ["handshake", "closed"], "{name}");
        assert_eq!(told[0]["accepted"], false, "{name}");
        assert!(!kinds.contains(&"notification"), "{name}");
    }
}

#[test]
fn a_client_without_alpn_is_known_by_its_preface() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let (running, events) = lab.gateway(settings());
        let mut stream = connect(&lab, &running, version);
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        std::io::Write::write_all(&mut stream, preface).unwrap();
        let mut head = [0; 9];
        std::io::Read::read_exact(&mut stream, &mut head).unwrap();
        // SETTINGS of the connection.
        assert_eq!(head[3..], [4, 0, 0, 0, 0, 0]);
        drop(stream);
        let handshake = next(&events);
        assert_eq!(
            (&handshake["accepted"], handshake.get("alpn")),
            (&json!(true), None)
        );
        assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
    }
}
