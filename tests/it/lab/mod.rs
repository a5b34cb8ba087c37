//! The stand-in CA and gateway, judged by OpenSSL's own tools.

pub mod cli;
pub mod clients;
mod faults;
mod frames;
mod garbage;
mod handshakes;
mod http2;
mod issuing;
mod judging;

use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslStream, SslVersion};
use openssl::x509::X509;
use pushcert::apple::Environment;
use pushcert::lab::authority::Authority;
use pushcert::lab::event::Event;
use pushcert::lab::gateway::{Gateway, Running};
use pushcert::lab::issue::{LeafKind, issue};
use pushcert::lab::settings::{Settings, Tls};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use time::OffsetDateTime;

const TOPIC: &str = "com.example.app";

const MDM: &str = "com.apple.mgmt.External.6f7ab3f0-6d3c-4c53-a1a7-3d0ab4a0f1d2";

/// A lab's files on disk, a client key, and whatever was issued for it.
struct Lab {
    folder: tempfile::TempDir,
    authority: Authority,
    key: PKey<openssl::pkey::Private>,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(OffsetDateTime::now_utc()).unwrap();
        for file in authority.files().unwrap() {
            let path = folder.path().join(file.name);
            std::fs::write(path, file.contents.expose_secret()).unwrap();
        }
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let pem = key.private_key_to_pem_pkcs8().unwrap();
        std::fs::write(folder.path().join("key.pem"), pem).unwrap();
        Lab {
            folder,
            authority,
            key,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn issue(&self, topic: &str, kind: LeafKind, days: i64) -> X509 {
        let spki = self.key.public_key_to_der().unwrap();
        let now = OffsetDateTime::now_utc();
        let der = issue(&self.authority, &spki, topic, kind, days, now).unwrap();
        let leaf = X509::from_der(&der).unwrap();
        std::fs::write(self.path("leaf.pem"), leaf.to_pem().unwrap()).unwrap();
        leaf
    }

    fn openssl(&self, arguments: &[&str]) -> String {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        plain(&output.stdout)
    }

    fn gateway(&self, settings: Settings) -> (Running, Receiver<Event>) {
        let (sender, events) = channel();
        let running = Gateway::bind("127.0.0.1:0", &self.authority, settings)
            .unwrap()
            .run_in_thread(move |event| drop(sender.send(event)))
            .unwrap();
        let address = running.address().to_string();
        assert_eq!(
            next(&events),
            json!({"event": "listening", "address": address})
        );
        (running, events)
    }
}

fn settings() -> Settings {
    Settings::new(OffsetDateTime::now_utc)
}

/// What an openssl command prints, alike for every version: names without spaces around `=`, no space at line ends.
fn plain(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed).replace(" = ", "=");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The next event without its time, which is checked to be RFC 3339 in UTC.
fn next(events: &Receiver<Event>) -> Value {
    let event = events.recv_timeout(Duration::from_secs(20)).unwrap();
    let mut json = event.to_json();
    let time = json.as_object_mut().unwrap().remove("time").unwrap();
    let rfc3339 = &time::format_description::well_known::Rfc3339;
    let time = time.as_str().unwrap().to_string();
    assert!(time.ends_with('Z'), "{time}");
    OffsetDateTime::parse(&time, rfc3339).unwrap();
    json
}

fn sha256(leaf: &X509) -> String {
    let digest = openssl::sha::sha256(&leaf.to_der().unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `openssl s_client` and the gateway say about a connection whose client never speaks; `accepted` ends it after the handshake.
fn s_client(lab: &Lab, settings: Settings, version: &str, certificate: bool) -> (String, Value) {
    let (running, events) = lab.gateway(settings);
    let address = running.address().to_string();
    let mut arguments = vec![
        "s_client",
        "-connect",
        &address,
        version,
        "-CAfile",
        "ca.pem",
        "-verify_return_error",
    ];
    if certificate {
        arguments.extend(["-cert", "leaf.pem", "-key", "key.pem"]);
    }
    let mut client = Command::new("openssl")
        .args(arguments)
        .current_dir(lab.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = client.stdin.take();
    let handshake = next(&events);
    if handshake["accepted"] == true {
        drop(stdin);
        let output = client.wait_with_output().unwrap();
        let shown = plain(&output.stdout);
        assert!(shown.contains("O=pushcert lab"), "{shown}");
        assert!(shown.contains("Verify return code: 0 (ok)"), "{shown}");
        assert!(shown.contains("Acceptable client certificate CA names\nCN=pushcert lab Worldwide Developer Relations CA, O=pushcert lab, C=US\nCN=pushcert lab Root CA, O=pushcert lab, C=US\n"), "{shown}");
        assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
        return (
            String::from_utf8_lossy(&output.stderr).into_owned(),
            handshake,
        );
    }
    let output = client.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
    (
        String::from_utf8_lossy(&output.stderr).into_owned(),
        handshake,
    )
}

fn handshake(version: &str, leaf: Option<(&X509, &[&str])>, alert: Option<u8>) -> Value {
    let mut event = json!({
        "event": "handshake",
        "connection": 1,
        "tls": if version == "-tls1_3" { "TLSv1.3" } else { "TLSv1.2" },
        "accepted": alert.is_none(),
    });
    if let Some((leaf, topics)) = leaf {
        event["certificate"] = json!({"sha256": sha256(leaf), "topics": topics});
    }
    if let Some(alert) = alert {
        event["alert"] = json!(alert);
    }
    event
}

const TOPICS: &[&str] = &[
    "com.example.app",
    "com.example.app.voip",
    "com.example.app.complication",
];

fn connect(lab: &Lab, running: &Running, version: SslVersion) -> SslStream<TcpStream> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_ca_file(lab.path("ca.pem")).unwrap();
    builder
        .set_certificate_file(lab.path("leaf.pem"), SslFiletype::PEM)
        .unwrap();
    builder.set_private_key(&lab.key).unwrap();
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    let tcp = TcpStream::connect(running.address()).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    builder.build().connect("localhost", tcp).unwrap()
}

fn simple(token: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0], &length(token)[..], token, &length(payload), payload].concat()
}

fn enhanced(identifier: u32, token: &[u8], payload: &[u8]) -> Vec<u8> {
    [
        &[1],
        &identifier.to_be_bytes()[..],
        &[0; 4],
        &simple(token, payload)[1..],
    ]
    .concat()
}

fn framed(items: &[(u8, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, data) in items {
        body.push(*kind);
        body.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        body.extend(*data);
    }
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[2], &length[..], &body].concat()
}

/// A leaf with the extensions given, made without [`issue`]: what Apple does not issue.
fn odd_leaf(lab: &Lab, extensions: &[(&str, bool)]) -> X509 {
    let read = |name: &str| std::fs::read(lab.path(name)).unwrap();
    let issuer = X509::stack_from_pem(&read("ca.pem")).unwrap().remove(1);
    let issuer_key = PKey::private_key_from_pem(&read("intermediate.key.pem")).unwrap();
    let mut leaf = X509::builder().unwrap();
    leaf.set_version(2).unwrap();
    let usual = lab.issue(TOPIC, LeafKind::Sandbox, 30);
    leaf.set_subject_name(usual.subject_name()).unwrap();
    leaf.set_issuer_name(issuer.subject_name()).unwrap();
    leaf.set_serial_number(usual.serial_number()).unwrap();
    leaf.set_not_before(usual.not_before()).unwrap();
    leaf.set_not_after(usual.not_after()).unwrap();
    leaf.set_pubkey(&lab.key).unwrap();
    for (oid, critical) in extensions {
        let oid = openssl::asn1::Asn1Object::from_str(oid).unwrap();
        let null = openssl::asn1::Asn1OctetString::new_from_bytes(&[5, 0]).unwrap();
        let extension = openssl::x509::X509Extension::new_from_der(&oid, *critical, &null);
        leaf.append_extension(extension.unwrap()).unwrap();
    }
    leaf.sign(&issuer_key, openssl::hash::MessageDigest::sha256())
        .unwrap();
    let leaf = leaf.build();
    std::fs::write(lab.path("leaf.pem"), leaf.to_pem().unwrap()).unwrap();
    leaf
}

/// What the gateway says to a client of TLS 1.3 that offers no ALPN, sends this, and no more.
fn said(lab: &Lab, running: &Running, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(lab, running, SslVersion::TLS1_3);
    stream.write_all(bytes).unwrap();
    if bytes.is_empty() {
        stream.shutdown().unwrap();
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}
