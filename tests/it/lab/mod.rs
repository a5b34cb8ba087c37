//! The stand-in CA and gateway, judged by OpenSSL's own tools.

pub mod cli;
pub mod clients;
mod faults;
mod garbage;
mod http2;
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

#[test]
fn each_kind_has_apples_subject_and_verifies() {
    let lab = Lab::new();
    let uuid = MDM.strip_prefix("com.apple.mgmt.External.").unwrap();
    let cases = [
        (
            LeafKind::Sandbox,
            TOPIC,
            "UID=com.example.app, CN=Apple Development IOS Push Services: com.example.app, OU=LABTEAM123, C=US".to_string(),
            "1.2.840.113635.100.6.3.1",
        ),
        (
            LeafKind::Production,
            TOPIC,
            "UID=com.example.app, CN=Apple Production IOS Push Services: com.example.app, OU=LABTEAM123, C=US".to_string(),
            "1.2.840.113635.100.6.3.2",
        ),
        (
            LeafKind::Universal,
            TOPIC,
            "UID=com.example.app, CN=Apple Push Services: com.example.app, OU=LABTEAM123, O=Lab Account, C=US".to_string(),
            "1.2.840.113635.100.6.3.1 1.2.840.113635.100.6.3.2 1.2.840.113635.100.6.3.6",
        ),
        (
            LeafKind::Voip,
            TOPIC,
            "UID=com.example.app.voip, CN=VoIP Services: com.example.app, OU=LABTEAM123, C=US".to_string(),
            "1.2.840.113635.100.6.3.1 1.2.840.113635.100.6.3.2 1.2.840.113635.100.6.3.6",
        ),
        (
            LeafKind::Mdm,
            MDM,
            format!("UID={MDM}, CN=APSP:{uuid}, C=XX"),
            "",
        ),
    ];
    for (kind, topic, subject, oids) in cases {
        lab.issue(topic, kind, 395);
        let shown = lab.openssl(&[
            "x509",
            "-in",
            "leaf.pem",
            "-noout",
            "-subject",
            "-nameopt",
            "sep_comma_plus_space,sname,esc_ctrl",
        ]);
        assert_eq!(shown.trim_end(), format!("subject={subject}"));
        let verified = lab.openssl(&[
            "verify",
            "-purpose",
            "sslclient",
            "-CAfile",
            "ca.pem",
            "leaf.pem",
        ]);
        assert_eq!(verified, "leaf.pem: OK\n");
        let text = lab.openssl(&["x509", "-in", "leaf.pem", "-noout", "-text"]);
        let found: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter_map(|line| line.strip_suffix(':'))
            .filter(|line| line.starts_with("1.2.840.113635.100.6.3."))
            .collect();
        assert_eq!(found.join(" "), oids, "{text}");
    }
}

#[test]
fn a_universal_leaf_has_apples_extensions_and_string_types() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 395);
    assert_eq!(leaf.serial_number().to_bn().unwrap().num_bytes(), 16);
    assert_eq!(leaf.not_before().diff(leaf.not_after()).unwrap().days, 395);
    let types = lab.openssl(&[
        "x509",
        "-in",
        "leaf.pem",
        "-noout",
        "-subject",
        "-nameopt",
        "show_type,sname,sep_comma_plus",
    ]);
    assert_eq!(
        types.trim_end(),
        "subject=UID=UTF8STRING:com.example.app,CN=UTF8STRING:Apple Push Services: com.example.app,OU=UTF8STRING:LABTEAM123,O=UTF8STRING:Lab Account,C=PRINTABLESTRING:US"
    );
    let text = lab.openssl(&["x509", "-in", "leaf.pem", "-noout", "-text"]);
    for expected in [
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage:\n                TLS Web Client Authentication\n",
        "Policy: 1.2.840.113635.100.5.1\n",
        "Signature Algorithm: sha256WithRSAEncryption\n",
    ] {
        assert!(text.contains(expected), "{expected}{text}");
    }
    let topics = [
        &b"\x0c\x0fcom.example.app\x30\x05\x0c\x03app"[..],
        b"\x0c\x14com.example.app.voip\x30\x06\x0c\x04voip",
        b"\x0c\x1ccom.example.app.complication\x30\x0e\x0c\x0ccomplication",
    ]
    .concat();
    let mut value = vec![0x30, u8::try_from(topics.len()).unwrap()];
    value.extend(topics);
    let der = leaf.to_der().unwrap();
    assert!(der.windows(value.len()).any(|window| window == value));
}

#[test]
fn the_longest_topic_still_verifies() {
    let lab = Lab::new();
    for kind in [LeafKind::Sandbox, LeafKind::Universal, LeafKind::Voip] {
        lab.issue(&"a".repeat(200), kind, 1);
        let verified = lab.openssl(&["verify", "-x509_strict", "-CAfile", "ca.pem", "leaf.pem"]);
        assert_eq!(verified, "leaf.pem: OK\n");
    }
}

#[test]
fn an_expired_leaf_has_lived_a_year() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Sandbox, -3);
    assert_eq!(leaf.not_before().diff(leaf.not_after()).unwrap().days, 365);
    let now = openssl::asn1::Asn1Time::days_from_now(0).unwrap();
    assert_eq!(leaf.not_after().diff(&now).unwrap().days, 3);
}

#[test]
fn what_apple_would_not_issue_is_a_usage_error() {
    let lab = Lab::new();
    let spki = lab.key.public_key_to_der().unwrap();
    let now = OffsetDateTime::now_utc();
    let long = "a".repeat(201);
    for (topic, kind, days) in [
        ("", LeafKind::Sandbox, 1),
        ("com example", LeafKind::Sandbox, 1),
        ("com.example.\u{fc}", LeafKind::Sandbox, 1),
        (&long, LeafKind::Sandbox, 1),
        (TOPIC, LeafKind::Mdm, 1),
        ("com.apple.mgmt.External.", LeafKind::Mdm, 1),
        (TOPIC, LeafKind::Sandbox, i64::MAX),
        (TOPIC, LeafKind::Sandbox, i64::MIN),
    ] {
        let error = issue(&lab.authority, &spki, topic, kind, days, now).unwrap_err();
        assert_eq!(error.id(), "usage", "{topic} {days}");
    }
    let error = issue(&lab.authority, b"no key", TOPIC, LeafKind::Sandbox, 1, now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "damaged public key: OpenSSL does not load it"
    );
    for kind in LeafKind::ALL {
        assert_eq!(kind.as_str().parse::<LeafKind>().unwrap(), kind);
    }
    assert_eq!("bogus".parse::<LeafKind>().unwrap_err().id(), "usage");
}

#[test]
fn a_lab_comes_back_from_its_files() {
    let lab = Lab::new();
    let read = |name: &'static str| Ok(std::fs::read(lab.path(name)).unwrap());
    let loaded = Authority::load(read).unwrap();
    for (one, other) in lab
        .authority
        .files()
        .unwrap()
        .iter()
        .zip(loaded.files().unwrap())
    {
        assert_eq!(one.name, other.name);
        assert_eq!(one.holds_key, one.name.ends_with(".key.pem"));
        assert!(one.contents == other.contents);
    }
    let swapped = |name: &'static str| match name {
        "intermediate.key.pem" => read("server.key.pem"),
        other => read(other),
    };
    assert_eq!(
        Authority::load(swapped).err().unwrap().to_string(),
        "damaged lab: intermediate.key.pem: the private key fits none of the certificates"
    );
    let empty = |_: &'static str| Ok(Vec::new());
    assert_eq!(
        Authority::load(empty).err().unwrap().to_string(),
        "damaged lab: ca.pem: not the two certificates that lab init wrote"
    );
    let verified = lab.openssl(&[
        "verify",
        "-purpose",
        "sslserver",
        "-CAfile",
        "ca.pem",
        "-verify_hostname",
        "localhost",
        "server.pem",
    ]);
    assert_eq!(verified, "server.pem: OK\n");
    let ca = lab.openssl(&[
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        "ca.pem",
        "-out",
        "both.p7b",
    ]);
    assert_eq!(ca, "");
    let names = lab.openssl(&["pkcs7", "-in", "both.p7b", "-print_certs", "-noout"]);
    assert!(
        names.contains(
            "subject=CN=pushcert lab Worldwide Developer Relations CA, O=pushcert lab, C=US\n"
        ),
        "{names}"
    );
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

#[test]
fn certificates_are_refused_with_apples_alerts_on_both_tls_versions() {
    let lab = Lab::new();
    let foreign = Authority::create(OffsetDateTime::now_utc()).unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let good = lab.issue(TOPIC, LeafKind::Universal, 30);
        let (_, event) = s_client(&lab, settings(), version, true);
        assert_eq!(event, handshake(version, Some((&good, TOPICS)), None));

        let refused = |leaf: Option<(&X509, &[&str])>, settings: Settings, alert: u8| {
            let (error, event) = s_client(&lab, settings, version, leaf.is_some());
            assert_eq!(event, handshake(version, leaf, Some(alert)), "{error}");
            assert!(
                error.contains(&format!("SSL alert number {alert}\n")),
                "{error}"
            );
        };
        let serial = good
            .serial_number()
            .to_bn()
            .unwrap()
            .to_hex_str()
            .unwrap()
            .to_string();
        let revoked = Settings {
            revoked: vec![serial],
            ..settings()
        };
        refused(Some((&good, TOPICS)), revoked, 44);
        refused(
            None,
            settings(),
            if version == "-tls1_3" { 116 } else { 40 },
        );

        let expired = lab.issue(TOPIC, LeafKind::Universal, -1);
        refused(Some((&expired, TOPICS)), settings(), 45);

        let sandbox = lab.issue(TOPIC, LeafKind::Sandbox, 30);
        let production = Settings {
            environment: Some(Environment::Production),
            ..settings()
        };
        refused(Some((&sandbox, &[TOPIC])), production.clone(), 46);

        let mdm = lab.issue(MDM, LeafKind::Mdm, 30);
        let (_, event) = s_client(&lab, production, version, true);
        assert_eq!(event, handshake(version, Some((&mdm, &[MDM])), None));
        let only_sandbox = Settings {
            environment: Some(Environment::Sandbox),
            ..settings()
        };
        refused(Some((&mdm, &[MDM])), only_sandbox, 46);

        let spki = lab.key.public_key_to_der().unwrap();
        let now = OffsetDateTime::now_utc();
        let der = issue(&foreign, &spki, TOPIC, LeafKind::Universal, 30, now).unwrap();
        let unknown = X509::from_der(&der).unwrap();
        std::fs::write(lab.path("leaf.pem"), unknown.to_pem().unwrap()).unwrap();
        let (error, event) = s_client(&lab, settings(), version, true);
        // The foreign CA has the same names; the key ids tell them apart.
        assert_eq!(
            event,
            handshake(version, Some((&unknown, TOPICS)), Some(48)),
            "{error}"
        );
        assert!(error.contains("SSL alert number 48\n"), "{error}");
    }
}

#[test]
fn a_gateway_speaks_only_the_version_it_was_told() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for (tls, version) in [(Tls::Tls12, "-tls1_3"), (Tls::Tls13, "-tls1_2")] {
        let (error, event) = s_client(&lab, Settings { tls, ..settings() }, version, true);
        assert_eq!(
            event,
            json!({"event": "handshake", "connection": 1, "accepted": false, "alert": 70})
        );
        assert!(error.contains("SSL alert number 70\n"), "{error}");
    }
}

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

#[test]
fn frames_are_answered_as_apple_does() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let (zero, some) = ([0; 32], [0xab; 32]);
    let body = b"{\"aps\":{}}";
    let id = [0, 0, 1, 2];
    let large = [b' '; 2049];
    let largest = [b' '; 2048];
    // What is sent, the tokens and statuses of the notifications, the packet that ends it.
    type Case<'a> = (Vec<u8>, Vec<(&'a [u8], u8)>, Vec<u8>);
    let cases: Vec<Case> = vec![
        (
            simple(&zero, body),
            vec![(&zero, 8)],
            vec![8, 8, 0, 0, 0, 0],
        ),
        (
            enhanced(0x0a0b0c0d, &zero, body),
            vec![(&zero, 8)],
            vec![8, 8, 10, 11, 12, 13],
        ),
        (
            framed(&[(1, &zero), (2, body), (3, &id), (4, &[0; 4]), (5, &[10])]),
            vec![(&zero, 8)],
            vec![8, 8, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some[..31]), (2, body), (3, &id)]),
            vec![(&some[..31], 5)],
            vec![8, 5, 0, 0, 1, 2],
        ),
        (
            framed(&[(2, body), (3, &id)]),
            vec![(&[], 2)],
            vec![8, 2, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some), (3, &id)]),
            vec![(&some, 4)],
            vec![8, 4, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some), (2, &large), (3, &id)]),
            vec![(&some, 7)],
            vec![8, 7, 0, 0, 1, 2],
        ),
        (
            framed(&[(3, &id), (9, b"?")]),
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some), (1, &some)]),
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 0, 0],
        ),
        (
            vec![2, 0xff, 0xff, 0xff, 0xff],
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 0, 0],
        ),
        (
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 0, 0],
        ),
        (
            // What follows a refused one is lost.
            [
                framed(&[(1, &some), (2, &largest)]),
                simple(&some, body),
                enhanced(7, &zero, body),
                simple(&some, body),
            ]
            .concat(),
            vec![(&some, 0), (&some, 0), (&zero, 8)],
            vec![8, 8, 0, 0, 0, 7],
        ),
    ];
    let mut connection = 0;
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        for (bytes, notifications, packet) in &cases {
            connection += 1;
            let mut stream = connect(&lab, &running, version);
            stream.write_all(bytes).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert_eq!(&answer, packet);
            drop(stream);
            let event = next(&events);
            assert_eq!(event["connection"], connection);
            assert_eq!(event["certificate"]["sha256"], sha256(&leaf));
            for (token, status) in notifications {
                let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
                let mut expected = json!({"event": "notification", "connection": connection, "token": token, "topic": TOPIC, "status": status});
                let reason = match status {
                    2 => "missing device token",
                    4 => "missing payload",
                    5 => "invalid token size",
                    7 => "invalid payload size",
                    8 => "invalid token",
                    _ => "protocol error",
                };
                if *status != 0 {
                    expected["reason"] = json!(reason);
                }
                let mut event = next(&events);
                event.as_object_mut().unwrap().remove("payload");
                assert_eq!(event, expected);
            }
            assert_eq!(
                next(&events),
                json!({"event": "closed", "connection": connection})
            );
        }
    }
}

#[test]
fn a_notification_in_pieces_is_taken_in_silence() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Voip, 30);
    let (running, events) = lab.gateway(settings());
    let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
    for byte in simple(&[7; 32], b"{}") {
        stream.write_all(&[byte]).unwrap();
    }
    let handshake = next(&events);
    assert_eq!(
        handshake["certificate"]["topics"],
        json!(["com.example.app.voip"])
    );
    let expected = json!({"event": "notification", "connection": 1, "token": "07".repeat(32), "topic": "com.example.app.voip", "status": 0, "payload": {}});
    assert_eq!(next(&events), expected);
    stream.shutdown().unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    drop(stream);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
}

#[test]
fn a_stopped_gateway_closes_what_is_open_and_frees_its_port() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
    assert_eq!(next(&events)["accepted"], true);
    let address = running.address().to_string();
    drop(running);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
    assert!(events.recv().is_err());
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest));
    assert_eq!(rest, b"");
    drop(TcpStream::connect(&address).unwrap_err());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Gateway::bind(&address, &lab.authority, settings())
        .err()
        .unwrap();
    assert_eq!(error.id(), "network");
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

#[test]
fn critical_extensions_pass_only_if_they_are_apples() {
    let lab = Lab::new();
    let sandbox = "1.2.840.113635.100.6.3.1";
    type Case<'a> = (&'a [(&'a str, bool)], Option<u8>);
    let cases: [Case; 5] = [
        (&[(sandbox, true)], None),
        (&[(sandbox, true), ("1.2.840.113635.100.6.3.3", true)], None),
        (&[(sandbox, true), ("1.2.3.4", true)], Some(46)),
        (&[("1.2.3.4", false)], Some(46)),
        (&[], Some(46)),
    ];
    for version in ["-tls1_2", "-tls1_3"] {
        for (extensions, alert) in cases {
            let leaf = odd_leaf(&lab, extensions);
            let (error, event) = s_client(&lab, settings(), version, true);
            assert_eq!(
                event,
                handshake(version, Some((&leaf, &[TOPIC])), alert),
                "{error}"
            );
        }
    }
}

#[test]
fn a_refusal_survives_a_client_that_writes_at_once() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, -1);
    let (running, _events) = lab.gateway(settings());
    for _ in 0..30 {
        let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
        stream.write_all(&[0; 9000]).unwrap();
        let error = stream.ssl_read(&mut [0; 16]).unwrap_err();
        let reason = error.ssl_error().unwrap().errors()[0].reason_code();
        // OpenSSL's reason for a received alert is 1000 and its number.
        assert_eq!(reason, 1045);
    }
}

#[test]
fn a_session_can_be_resumed() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let address = running.address().to_string();
    for (connection, flag) in [(1, "-sess_out"), (2, "-sess_in")] {
        let mut client = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &address,
                "-tls1_2",
                "-CAfile",
                "ca.pem",
                "-cert",
                "leaf.pem",
                "-key",
                "key.pem",
                flag,
                "session.pem",
            ])
            .current_dir(lab.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = client.stdin.take();
        let mut expected = handshake("-tls1_2", Some((&leaf, TOPICS)), None);
        expected["connection"] = json!(connection);
        assert_eq!(next(&events), expected);
        drop(stdin);
        let shown = client.wait_with_output().unwrap().stdout;
        let shown = String::from_utf8_lossy(&shown).into_owned();
        let first = if connection == 1 {
            "New, TLSv1.2"
        } else {
            "Reused, TLSv1.2"
        };
        assert!(shown.contains(first), "{shown}");
        assert_eq!(
            next(&events),
            json!({"event": "closed", "connection": connection})
        );
    }
}

#[test]
fn a_client_without_tls_is_only_a_failed_handshake() {
    let lab = Lab::new();
    let (running, events) = lab.gateway(settings());
    let mut tcp = TcpStream::connect(running.address()).unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    drop(tcp.read_to_end(&mut rest));
    drop(tcp);
    assert_eq!(
        next(&events),
        json!({"event": "handshake", "connection": 1, "accepted": false})
    );
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
}

#[test]
fn no_bytes_make_the_reader_of_frames_lose_its_place() {
    use pushcert::lab::wire::next;
    let frames = [
        simple(&[1; 32], b"{}"),
        enhanced(7, &[1; 32], b"{}"),
        framed(&[(1, &[1; 32]), (2, b"{}"), (3, &[0, 0, 0, 7])]),
    ];
    for frame in &frames {
        for end in 0..frame.len() {
            assert_eq!(next(&frame[..end]), None);
        }
        let (whole, length) = next(frame).unwrap();
        assert_eq!((whole.status, length), (0, frame.len()));
        for at in 0..frame.len() {
            for bit in 0..8 {
                let mut damaged = frame.clone();
                damaged[at] ^= 1 << bit;
                if let Some((_, length)) = next(&damaged) {
                    assert!((1..=damaged.len()).contains(&length));
                }
            }
        }
    }
}

#[test]
fn validity_is_judged_by_the_clock_that_is_given() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let settings = Settings {
        clock: || OffsetDateTime::now_utc() + time::Duration::days(31),
        ..settings()
    };
    let (_, event) = s_client(&lab, settings, "-tls1_3", true);
    assert_eq!(event, handshake("-tls1_3", Some((&leaf, TOPICS)), Some(45)));
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
