//! Names, ports, and peers that do not come to a finished handshake.

use super::servers::*;
use super::world::*;
use pushcert::finding::Severity;
use pushcert::live::{Alert, Patience, Protocol, Roots, Stage, Target, Verdict, ask};
use pushcert::secret::SecretBytes;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn targets_are_host_and_port() {
    let parsed = |text| Target::parse(text).map(|target| (target.host().to_owned(), target.port()));
    assert_eq!(parsed("a.test:2195").unwrap(), ("a.test".to_owned(), 2195));
    assert_eq!(parsed("[::1]:2195").unwrap(), ("::1".to_owned(), 2195));
    assert_eq!(Target::parse("[::1]:1").unwrap().to_string(), "[::1]:1");
    assert_eq!(parsed("10.0.0.1:65535").unwrap().1, 65535);
    for wrong in [
        "",
        "a",
        "a:",
        ":1",
        "a:0",
        "a:65536",
        "a:+1",
        "a:01",
        "::1:2195",
        "[::1]",
        "[a]:1",
        "a b:1",
        "a/b:1",
        "http://a:1",
        "a\0:1",
        "[::1:1",
        "a\u{202e}:1",
    ] {
        assert_eq!(Target::parse(wrong).unwrap_err().id(), "usage", "{wrong:?}");
    }
}

#[test]
fn a_name_is_looked_up_and_its_addresses_are_tried() {
    let server = Server::demanding("-tls1_3");
    let target = format!("localhost:{}", server.port);
    let answer = ask_with(&target, &[&world().good], &roots(), &wishes(false));
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert!(answer.stages.dns_ms.is_some());
    assert!(answer.tls.unwrap().server_verified);
}

#[test]
fn a_server_that_does_not_verify_is_its_own_finding() {
    let foreign = Roots::Certificates(vec![world().stranger.certificate.to_der().unwrap()]);
    let load = "context.load_cert_chain('elsewhere.pem')";
    for (setup, roots, error) in [
        ("", foreign, "self-signed certificate in certificate chain"),
        (load, roots(), "hostname mismatch"),
    ] {
        let server = Server::python(setup, &format!("{WRAP}hold()"));
        let target = format!("localhost:{}", server.port);
        let answer = ask_with(&target, &[&world().good], &roots, &wishes(false));
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(ids(&answer), [("server-not-verified", Severity::Critical)]);
        let tls = answer.tls.unwrap();
        assert!(!tls.server_verified);
        let told = tls.server_verify_error.unwrap().to_lowercase();
        assert_eq!(told, error);
    }
}

#[test]
fn the_system_store_verifies_no_stand_in() {
    let found = openssl_probe::probe();
    let found = found.cert_file.is_some() || !found.cert_dir.is_empty();
    let server = Server::demanding("-tls1_3");
    let target = format!("127.0.0.1:{}", server.port);
    let answer = ask_with(
        &target,
        &[&world().good],
        &Roots::System {
            file: None,
            folders: None,
        },
        &wishes(false),
    );
    let expected = match found {
        true => (
            Verdict::Accepted,
            ("server-not-verified", Severity::Critical),
        ),
        false => (Verdict::Unreachable, ("no-roots", Severity::Unknown)),
    };
    assert_eq!((answer.verdict, ids(&answer)[0]), expected);
}

#[test]
fn without_roots_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let none = Roots::Certificates(Vec::new());
    let answer = ask_with(&target, &[&world().good], &none, &wishes(true));
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(ids(&answer), [("no-roots", Severity::Unknown)]);
    assert_eq!(answer.failed_stage, None);
    assert!(listener.accept().is_err());
}

#[test]
fn a_closed_port_is_unreachable_by_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let answer = ask_port(port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tcp));
    assert_eq!(answer.reason.as_deref(), Some("connection refused"));
    assert_eq!(answer.tls, None);
}

#[test]
fn a_name_that_does_not_exist_is_unreachable_by_dns() {
    let target = "nowhere.invalid:1";
    let answer = ask_with(target, &[&world().good], &roots(), &wishes(true));
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Dns));
    assert_eq!(answer.address, None);
}

#[test]
fn peers_that_speak_no_tls_are_unreachable_by_tls() {
    let plain = peer(|mut stream| {
        stream.write_all(b"220 smtp.test ready\r\n").unwrap();
        hold(stream);
    });
    let answer = ask_port(plain, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
    assert_eq!(answer.reason.as_deref(), Some("wrong version number"));
    assert_eq!(answer.protocol, Protocol::Unknown);

    let closing = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let answer = ask_port(closing, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
    assert_eq!(answer.tls, None);
}

#[test]
fn the_timeout_holds_whatever_a_peer_does() {
    let dripping = |mut stream: TcpStream| {
        let record = [0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3];
        for byte in record.iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
    };
    for port in [peer(hold), peer(dripping)] {
        let started = Instant::now();
        let short = Wishes {
            timeout: Duration::from_millis(600),
            ..wishes(true)
        };
        let target = format!("127.0.0.1:{port}");
        let answer = ask_with(&target, &[&world().good], &roots(), &short);
        let taken = started.elapsed();
        assert_eq!(answer.verdict, Verdict::Unreachable);
        assert_eq!(answer.failed_stage, Some(Stage::Tls));
        let reason = "the handshake did not finish in time";
        assert_eq!(answer.reason.as_deref(), Some(reason));
        assert!(taken >= Duration::from_millis(600) && taken < Duration::from_secs(3));
    }
}

#[test]
fn an_alert_before_the_certificate_does_not_judge_it() {
    let refusing = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).unwrap();
        hold(stream);
    });
    let answer = ask_port(refusing, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
    assert_eq!(answer.alert, Some(Alert::new(40)));
    assert_eq!(
        answer.explanation(),
        "the certificate was not judged: tls failed: the server sent alert 40 (handshake_failure)"
    );
}

#[test]
fn a_key_that_does_not_fit_is_never_sent() {
    let world = world();
    let mut query = query("127.0.0.1:1", &[&world.good], true);
    query.credentials.key = SecretBytes::new(world.stranger.key.private_key_to_pkcs8().unwrap());
    let patience = Patience {
        timeout: WAIT,
        wait: WAIT,
    };
    let error = ask(&query, &roots(), &patience).unwrap_err();
    assert_eq!(error.id(), "crypto");
}
