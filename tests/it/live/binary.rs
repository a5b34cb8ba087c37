//! The binary protocol against `openssl s_server` and Python's `ssl`.

use super::servers::*;
use super::world::*;
use pushcert::live::{Alert, Proof, Protocol, Roots, Stage, Verdict};
use std::time::{Duration, Instant};

#[test]
fn a_finished_tls_1_2_handshake_is_accepted_only_after_the_wait() {
    let server = Server::demanding("-tls1_2");
    let started = Instant::now();
    let answer = ask_port(server.port, &world().good, false);
    assert!(started.elapsed() >= WAIT);
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.proof, Some(Proof::Handshake));
    assert_eq!(answer.protocol, Protocol::Binary);
    assert_eq!(answer.address, Some("127.0.0.1".parse().unwrap()));
    assert_eq!((answer.stages.dns_ms, answer.alert), (None, None));
    assert!(answer.stages.tcp_ms.is_some() && answer.stages.tls_ms.is_some());
    assert!(!answer.probe.sent);
    assert_eq!(ids(&answer), []);
    let tls = answer.tls.unwrap();
    assert_eq!(tls.version, "TLSv1.2");
    assert_eq!(tls.cipher.as_deref(), Some("ECDHE-ECDSA-AES256-GCM-SHA384"));
    assert_eq!(tls.alpn, None);
    assert!(tls.server_verified && tls.client_certificate_requested);
    assert_eq!(tls.server_verify_error, None);
    assert_eq!(tls.acceptable_cas, ["CN=Test CA, O=x"]);
    // s_server adds what it finds in its CA file.
    assert_eq!(tls.server_chain.len(), 2);
    assert_eq!(tls.server_chain[0].subject, "CN=server, O=x");
    assert_eq!(tls.server_chain[0].issuer, "CN=Test CA, O=x");
    assert_eq!(tls.server_chain[0].sha256.len(), 64);
    assert!(tls.server_chain[0].not_after.is_some());
}

#[test]
fn a_tls_1_3_ticket_is_accepted_only_after_the_wait() {
    for probe in [true, false] {
        let server = Server::demanding("-tls1_3");
        let started = Instant::now();
        let answer = ask_port(server.port, &world().good, probe);
        assert!(started.elapsed() >= WAIT);
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(answer.proof, Some(Proof::Ticket));
        assert_eq!(answer.probe.sent, probe);
        assert_eq!(answer.probe.status, None);
        let tls = answer.tls.unwrap();
        assert_eq!(tls.version, "TLSv1.3");
        assert_eq!(tls.acceptable_cas, ["CN=Test CA, O=x"]);
    }
}

#[test]
fn refused_certificates_are_named_by_their_alert_on_both_versions() {
    for version in ["-tls1_2", "-tls1_3"] {
        for (pair, number, name) in [
            (&world().stranger, 48, "unknown_ca"),
            (&world().expired, 45, "certificate_expired"),
        ] {
            let server = Server::demanding(version);
            let answer = ask_port(server.port, pair, true);
            assert_eq!(answer.verdict, Verdict::Rejected, "{version} {name}");
            assert_eq!(answer.alert, Some(Alert { number, name }));
            assert_eq!(answer.alert_after_ms.is_some(), version == "-tls1_3");
            assert_eq!((answer.proof, answer.probe.sent), (None, false));
            assert_eq!(answer.failed_stage, None);
            assert_eq!(answer.protocol, Protocol::Binary);
            assert_eq!(
                answer.explanation(),
                format!("the server refused the certificate with alert {number} ({name})")
            );
            let tls = answer.tls.unwrap();
            assert!(tls.client_certificate_requested && tls.server_verified);
            assert_eq!(tls.server_chain.len(), 2);
            assert_eq!(tls.acceptable_cas, ["CN=Test CA, O=x"]);
        }
    }
}

#[test]
fn nothing_is_added_to_the_certificates_given() {
    let world = world();
    let both = Roots::Certificates(vec![
        world.ca.certificate.to_der().unwrap(),
        world.intermediate.certificate.to_der().unwrap(),
    ]);
    let server = Server::demanding("-tls1_3");
    let target = format!("127.0.0.1:{}", server.port);
    let alone = ask_with(&target, &[&world.below], &both, &wishes(false));
    assert_eq!(alone.verdict, Verdict::Rejected);
    assert_eq!(alone.alert, Some(Alert::new(48)));
    let server = Server::demanding("-tls1_3");
    let target = format!("127.0.0.1:{}", server.port);
    let chain = [&world.below, &world.intermediate];
    let whole = ask_with(&target, &chain, &roots(), &wishes(false));
    assert_eq!(whole.verdict, Verdict::Accepted);
}

#[test]
fn a_server_that_asks_for_nothing_proves_nothing() {
    for version in ["-tls1_2", "-tls1_3"] {
        let server = Server::openssl(&[version]);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRequested);
        assert!(!answer.probe.sent);
        assert!(!answer.tls.unwrap().client_certificate_requested);
    }
}

#[test]
fn a_certificate_that_could_not_be_sent_is_not_judged() {
    for version in ["-tls1_2", "-tls1_3"] {
        for verify in ["-verify", "-Verify"] {
            let signatures = ["-client_sigalgs", "RSA-PSS+SHA256", "-CAfile", "ca.pem"];
            let server = Server::openssl(&[&[version, verify, "1"][..], &signatures].concat());
            let answer = ask_port(server.port, &world().good, true);
            assert_eq!(answer.verdict, Verdict::Unreachable, "{version} {verify}");
            assert_eq!(answer.failed_stage, Some(Stage::Tls));
            assert_eq!((answer.proof, answer.probe.sent), (None, false));
            assert!(answer.tls.unwrap().client_certificate_requested);
        }
    }
}

#[test]
fn an_old_certificate_is_sent_all_the_same() {
    let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let lenient = ["-tls1_2", "-cipher", "DEFAULT:@SECLEVEL=0"];
    let server = Server::openssl(&[&lenient[..], &verify].concat());
    let answer = ask_port(server.port, &world().old, false);
    assert_eq!(answer.verdict, Verdict::Accepted);
    let server = Server::demanding("-tls1_2");
    let answer = ask_port(server.port, &world().old, false);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!(answer.alert, Some(Alert::new(42)));
}

#[test]
fn a_request_that_names_no_cas_is_a_request() {
    for setup in ["", TLS12] {
        let server = Server::python(setup, &format!("{WRAP}hold()"));
        let answer = ask_port(server.port, &world().good, false);
        assert_eq!(answer.verdict, Verdict::Accepted);
        let tls = answer.tls.unwrap();
        assert!(tls.client_certificate_requested);
        assert_eq!(tls.acceptable_cas, [""; 0]);
    }
}

#[test]
fn no_ticket_and_no_answer_is_not_rejected() {
    let server = Server::python(NO_TICKETS, &format!("{WRAP}hold()"));
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::NotRejected);
    assert!(answer.probe.sent);
    assert_eq!((answer.proof, ids(&answer)), (None, vec![]));
}

#[test]
fn the_error_packet_proves_the_certificate() {
    let talk = format!(
        "{WRAP}f = frame()\nprint(f.hex(), flush=True)\nc.sendall(b'\\x08\\x08' + f[56:60])\nhold()"
    );
    for setup in ["", TLS12] {
        let mut server = Server::python(setup, &talk);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(answer.proof, Some(Proof::Probe));
        assert_eq!(answer.probe.status, Some(8));
        let token = "00".repeat(32);
        let rest = "02000a7b22617073223a7b7d7d030004746573740400040000000005000105";
        assert_eq!(server.line(), format!("0200000042010020{token}{rest}"));
    }
}

#[test]
fn statuses_that_say_nothing_of_the_certificate_decide_nothing() {
    for (setup, verdict) in [("", Verdict::Accepted), (NO_TICKETS, Verdict::NotRejected)] {
        let talk = format!("{WRAP}frame()\nc.sendall(b'\\x08\\xfftest')\nc.close()");
        let server = Server::python(setup, &talk);
        let started = Instant::now();
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, verdict);
        assert_ne!(answer.proof, Some(Proof::Probe));
        assert_eq!(answer.probe.status, Some(255));
        assert!(started.elapsed() >= WAIT);
    }
}

#[test]
fn an_alert_after_the_probe_still_refuses() {
    // The server leaves the client's last flight unread until the probe (a record of 88 bytes) has come.
    let talk = r#"
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inward, outward, server_side=True)
inward.write(raw.recv(65536))
try: tls.do_handshake()
except ssl.SSLWantReadError: raw.sendall(outward.read())
flight = b""
while b"\x17\x03\x03\x00\x58" not in flight: flight += raw.recv(65536)
inward.write(flight)
try: tls.do_handshake()
except ssl.SSLError: raw.sendall(outward.read())
while raw.recv(1): pass
"#;
    let server = Server::python("", talk);
    let answer = ask_port(server.port, &world().stranger, true);
    assert!(answer.probe.sent);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!(answer.alert, Some(Alert::new(48)));
    assert!(answer.alert_after_ms.unwrap() >= WAIT.as_secs_f64() * 1000.0);
}

#[test]
fn a_flood_of_tickets_does_not_outlast_the_wait() {
    let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let flood = ["-tls1_3", "-num_tickets", "300000"];
    let server = Server::openssl(&[&flood[..], &verify].concat());
    let started = Instant::now();
    let answer = ask_port(server.port, &world().good, false);
    let taken = started.elapsed();
    assert_eq!(answer.proof, Some(Proof::Ticket));
    assert!(
        taken >= WAIT && taken < WAIT + Duration::from_secs(2),
        "{taken:?}"
    );
}
