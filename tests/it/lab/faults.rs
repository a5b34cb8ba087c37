//! The gateway that misbehaves as it is told.

use super::http2::{curl, push, topic};
use super::{Lab, TOPIC, TOPICS, connect, next, settings, sha256, simple};
use openssl::ssl::{ShutdownState, SslConnector, SslMethod, SslStream, SslVersion};
use openssl::x509::X509VerifyResult;
use pushcert::lab::authority::Authority;
use pushcert::lab::gateway::Running;
use pushcert::lab::issue::{LeafKind, issue};
use pushcert::lab::settings::{Faults, Protocol, ServerCertificate, Settings, Stage, Tls};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

fn misbehaving(faults: Faults) -> Settings {
    Settings {
        faults,
        ..settings()
    }
}

fn closing(stage: Stage) -> Settings {
    misbehaving(Faults {
        close_at: Some(stage),
        ..Faults::default()
    })
}

/// All there is to read, and whether TLS was ended.
fn rest(stream: &mut SslStream<TcpStream>) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    let ended = stream.get_shutdown().contains(ShutdownState::RECEIVED);
    (bytes, ended)
}

/// A connection on which HTTP/2 was chosen.
pub fn h2(lab: &Lab, running: &Running) -> SslStream<TcpStream> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_ca_file(lab.path("ca.pem")).unwrap();
    builder.set_alpn_protos(b"\x02h2").unwrap();
    let tcp = TcpStream::connect(running.address()).unwrap();
    let stream = builder.build().connect("localhost", tcp).unwrap();
    assert_eq!(stream.ssl().selected_alpn_protocol(), Some(&b"h2"[..]));
    stream
}

#[test]
fn it_closes_before_tls_or_in_its_midst() {
    let lab = Lab::new();
    let (running, events) = lab.gateway(closing(Stage::Tcp));
    let mut tcp = TcpStream::connect(running.address()).unwrap();
    let mut bytes = Vec::new();
    assert_eq!(tcp.read_to_end(&mut bytes).unwrap(), 0);
    drop(tcp);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));

    let (running, events) = lab.gateway(closing(Stage::Hello));
    let mut tcp = TcpStream::connect(running.address()).unwrap();
    tcp.write_all(&[22, 3, 1, 0, 200]).unwrap();
    assert_eq!(tcp.read_to_end(&mut bytes).unwrap(), 0);
    drop(tcp);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
}

#[test]
fn it_closes_after_the_handshake_without_ending_tls() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for (stage, version) in [
        (Stage::Handshake, SslVersion::TLS1_2),
        (Stage::Handshake, SslVersion::TLS1_3),
        (Stage::Settings, SslVersion::TLS1_3),
    ] {
        let (running, events) = lab.gateway(closing(stage));
        let mut stream = connect(&lab, &running, version);
        assert_eq!(rest(&mut stream), (Vec::new(), false));
        drop(stream);
        assert_eq!(next(&events)["accepted"], true);
        assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
    }
    let (running, _events) = lab.gateway(closing(Stage::Handshake));
    assert_eq!(rest(&mut h2(&lab, &running)), (Vec::new(), false));
    let (running, _events) = lab.gateway(closing(Stage::Settings));
    let mut stream = h2(&lab, &running);
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .unwrap();
    let (bytes, ended) = rest(&mut stream);
    let length = usize::from(bytes[2]);
    // One SETTINGS frame of the connection, and no GOAWAY.
    assert_eq!(
        (&bytes[3..9], bytes.len()),
        (&[4, 0, 0, 0, 0, 0][..], 9 + length)
    );
    assert!(!ended);
}

#[test]
fn it_closes_in_place_of_an_answer() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(closing(Stage::Response));
    let named = topic(TOPIC);
    let arguments = [
        "--cert", "leaf.pem", "--key", "key.pem", "-d", "{}", "-H", &named,
    ];
    let path = format!("/3/device/{}", "a1".repeat(32));
    assert!(curl(&lab, &running, &path, &arguments).is_err());
    assert_eq!(next(&events)["accepted"], true);
    let told = next(&events);
    assert_eq!(
        (&told["status"], &told["answered"]),
        (&json!(200), &json!(false))
    );
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));

    let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
    stream.write_all(&simple(&[0; 32], b"{}")).unwrap();
    assert_eq!(rest(&mut stream), (Vec::new(), false));
    assert_eq!(next(&events)["accepted"], true);
    let told = next(&events);
    assert_eq!(
        (&told["status"], &told["answered"]),
        (&json!(8), &json!(false))
    );
}

#[test]
fn it_waits_before_an_answer() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let delay = Duration::from_millis(300);
    let (running, _events) = lab.gateway(misbehaving(Faults {
        delay,
        ..Faults::default()
    }));
    let begun = Instant::now();
    let answer = push(&lab, &running, &"a1".repeat(32), &["-H", &topic(TOPIC)]);
    assert_eq!(answer.status, 200);
    assert!(begun.elapsed() >= delay);
    let begun = Instant::now();
    let frame = simple(&[0; 32], b"{}");
    assert_eq!(super::said(&lab, &running, &frame), [8, 8, 0, 0, 0, 0]);
    assert!(begun.elapsed() >= delay);
}

#[test]
fn it_never_asks_for_a_certificate() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for tls in [Tls::Tls12, Tls::Tls13] {
        let settings = Settings {
            tls,
            ..misbehaving(Faults {
                no_client_auth: true,
                ..Faults::default()
            })
        };
        let (running, events) = lab.gateway(settings);
        let answer = push(&lab, &running, &"a1".repeat(32), &["-H", &topic(TOPIC)]);
        assert_eq!(
            answer.reason(),
            (403, json!({"reason": "MissingProviderToken"}))
        );
        assert_eq!(next(&events)["certificate"], Value::Null);
        assert_eq!(next(&events)["status"], 403);
        assert_eq!(next(&events)["event"], "closed");
        // The binary protocol has no word for it: frames are taken from anyone.
        let version = match tls {
            Tls::Tls12 => SslVersion::TLS1_2,
            _ => SslVersion::TLS1_3,
        };
        let mut stream = connect(&lab, &running, version);
        stream.write_all(&simple(&[0; 32], b"{}")).unwrap();
        assert_eq!(rest(&mut stream), (vec![8, 8, 0, 0, 0, 0], true));
        let handshake = next(&events);
        assert_eq!(
            (&handshake["accepted"], &handshake["certificate"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(next(&events)["topic"], "");
    }
}

#[test]
fn a_lenient_one_refuses_in_http_as_nginx_does() {
    let lab = Lab::new();
    let lenient = |tls| Settings {
        tls,
        ..misbehaving(Faults {
            lenient: true,
            ..Faults::default()
        })
    };
    for tls in [Tls::Tls12, Tls::Tls13] {
        let (running, events) = lab.gateway(lenient(tls));
        let ask = || push(&lab, &running, &"a1".repeat(32), &["-H", &topic(TOPIC)]);
        lab.issue(TOPIC, LeafKind::Universal, 30);
        assert_eq!(ask().status, 200);
        while next(&events)["event"] != "closed" {}

        let expired = lab.issue(TOPIC, LeafKind::Universal, -1);
        let answer = ask();
        let page = "<html>\n<head><title>400 The SSL certificate error</title></head>\n<body><h1>400 Bad Request</h1>\n<p>The SSL certificate error</p></body>\n</html>\n";
        assert_eq!((answer.status, answer.body.as_str()), (400, page));
        assert_eq!(answer.headers.get("apns-id"), None);
        let handshake = next(&events);
        assert_eq!(handshake["accepted"], true);
        assert_eq!(
            handshake["certificate"],
            json!({"sha256": sha256(&expired), "topics": TOPICS})
        );
        assert_eq!(next(&events)["reason"], "The SSL certificate error");
        assert_eq!(next(&events)["event"], "closed");

        let path = format!("/3/device/{}", "a1".repeat(32));
        let answer = curl(&lab, &running, &path, &["-d", "{}"]).unwrap();
        let words = "<title>400 No required SSL certificate was sent</title>";
        assert_eq!((answer.status, answer.body.contains(words)), (400, true));
        while next(&events)["event"] != "closed" {}

        // The binary protocol only closes, whatever it is sent.
        let version = match tls {
            Tls::Tls12 => SslVersion::TLS1_2,
            _ => SslVersion::TLS1_3,
        };
        let mut stream = connect(&lab, &running, version);
        assert_eq!(rest(&mut stream), (Vec::new(), true));
        drop(stream);
        let handshake = next(&events);
        assert_eq!(
            (&handshake["accepted"], &handshake["alert"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(next(&events)["event"], "closed");
    }
}

#[test]
fn a_lenient_one_forgets_no_refusal_between_connections() {
    let lab = Lab::new();
    let foreign = Authority::create(OffsetDateTime::now_utc()).unwrap();
    let spki = lab.key.public_key_to_der().unwrap();
    let now = OffsetDateTime::now_utc();
    let der = issue(&foreign, &spki, TOPIC, LeafKind::Universal, 30, now).unwrap();
    let leaf = openssl::x509::X509::from_der(&der).unwrap();
    std::fs::write(lab.path("leaf.pem"), leaf.to_pem().unwrap()).unwrap();
    let (running, _events) = lab.gateway(Settings {
        tls: Tls::Tls12,
        protocol: Protocol::Legacy,
        ..misbehaving(Faults {
            lenient: true,
            ..Faults::default()
        })
    });
    let address = running.address().to_string();
    let output = std::process::Command::new("openssl")
        .args(["s_client", "-connect", &address, "-CAfile", "ca.pem"])
        .args(["-cert", "leaf.pem", "-key", "key.pem"])
        .args(["-sess_out", "session.pem"])
        .current_dir(lab.folder.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("New, TLSv1.2"), "{shown}");
    // There is no session that could be resumed, and with it a certificate that was let in.
    assert!(!lab.path("session.pem").exists());
}

#[test]
fn its_own_certificate_can_be_one_that_no_client_takes() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for (kind, expected) in [
        (ServerCertificate::Good, 0),
        // X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_HOSTNAME_MISMATCH.
        (ServerCertificate::Expired, 10),
        (ServerCertificate::WrongName, 62),
    ] {
        let (running, _events) = lab.gateway(misbehaving(Faults {
            server_certificate: kind,
            ..Faults::default()
        }));
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_ca_file(lab.path("ca.pem")).unwrap();
        let tcp = TcpStream::connect(running.address()).unwrap();
        let mut ssl = builder
            .build()
            .configure()
            .unwrap()
            .into_ssl("localhost")
            .unwrap();
        // The result of the verification is asked for, whatever it does to the handshake.
        ssl.set_verify_callback(openssl::ssl::SslVerifyMode::PEER, |_, _| true);
        ssl.set_alpn_protos(b"\x02h2").unwrap();
        let stream = ssl.connect(tcp).unwrap();
        let result: X509VerifyResult = stream.ssl().verify_result();
        assert_eq!(result.as_raw(), expected, "{kind:?}");
    }
}
