//! The probe over HTTP/2 and what each answer proves; the frames are written by hand in Python.

use super::servers::*;
use super::world::*;
use pushcert::apple::reason::{self, Judgement};
use pushcert::finding::Severity;
use pushcert::live::{Alert, Handshake, Proof, Protocol, Verdict};
use std::thread;
use std::time::{Duration, Instant};

const H2: &str = "context.set_alpn_protocols(['h2'])\n";
/// The server's preface, and the probe awaited.
const OPEN: &str = "c = context.wrap_socket(raw, server_side=True)\nc.sendall(h2(4))\nrequest()\n";

/// What comes of a server that does this after the probe, on both TLS versions.
fn after_the_probe(talk: &str) -> [Handshake; 2] {
    let ask = |version: &str| {
        let server = Server::python(&format!("{H2}{version}"), &format!("{OPEN}{talk}"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.protocol, Protocol::Http2);
        assert!(answer.probe.sent, "{talk}");
        answer
    };
    thread::scope(|scope| {
        let newer = scope.spawn(|| ask(""));
        let older = ask(TLS12);
        [newer.join().unwrap(), older]
    })
}

#[test]
fn every_reason_is_judged_as_the_table_says() {
    // One server answers all of them, a connection each.
    let answers: Vec<(u16, String)> = reason::ALL
        .iter()
        .map(|reason| (reason.status, reason.name.to_owned()))
        .collect();
    let list: Vec<String> = answers
        .iter()
        .map(|(status, name)| format!("({status}, b'{{\"reason\":\"{name}\"}}')"))
        .collect();
    let talk = format!(
        "for status, body in [{}]:\n  c = context.wrap_socket(raw, server_side=True)\n  c.sendall(h2(4))\n  request()\n  c.sendall(answer(status, body))\n  c.close()\n  raw, _ = listener.accept()",
        list.join(",")
    );
    let server = Server::python(H2, &talk);
    for ((status, name), reason) in answers.iter().zip(reason::ALL) {
        let answer = ask_port(server.port, &world().good, true);
        let (verdict, findings) = match reason.judgement {
            Judgement::Accepted => (Verdict::Accepted, vec![]),
            Judgement::TopicRefused => (
                Verdict::Accepted,
                vec![("topic-refused", Severity::Critical)],
            ),
            Judgement::Rejected => (Verdict::Rejected, vec![]),
            Judgement::Nothing => (Verdict::NotRejected, vec![]),
        };
        assert_eq!(
            (answer.verdict, ids(&answer)),
            (verdict, findings),
            "{name}"
        );
        let proof = (verdict == Verdict::Accepted).then_some(Proof::Probe);
        assert_eq!(answer.proof, proof, "{name}");
        assert_eq!(answer.probe.status, Some(*status));
        assert_eq!(answer.probe.reason.as_deref(), Some(name.as_str()));
    }
}

#[test]
fn success_is_accepted_without_waiting() {
    let started = Instant::now();
    for answer in after_the_probe("c.sendall(answer(200))\nhold()") {
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(answer.proof, Some(Proof::Probe));
        assert_eq!(
            (answer.probe.status, answer.probe.reason.clone()),
            (Some(200), None)
        );
        assert_eq!(
            answer.explanation(),
            "the gateway asked for the certificate and answered a probe that can reach nobody, with HTTP status 200"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[test]
fn what_no_table_knows_decides_nothing_and_is_shown_as_received() {
    for (talk, status, reason) in [
        (
            "answer(400, b'{\"reason\":\"Novel\\\\u001b[2J\"}')",
            400,
            Some("Novel\u{1b}[2J"),
        ),
        ("answer(403, b'{\"reason\":7}')", 403, None),
        ("answer(403, b'forbidden')", 403, None),
        ("answer(403, b'[' * 60000)", 403, None),
        ("answer(500)", 500, None),
        ("answer(204)", 204, None),
    ] {
        for answer in after_the_probe(&format!("c.sendall({talk})\nhold()")) {
            assert_eq!(answer.verdict, Verdict::NotRejected, "{talk}");
            assert_eq!(answer.probe.status, Some(status));
            assert_eq!(answer.probe.reason.as_deref(), reason);
            assert_eq!((answer.proof, ids(&answer)), (None, vec![]));
        }
    }
}

#[test]
fn a_reason_longer_than_any_is_cut() {
    let talk = "c.sendall(answer(400, b'{\"reason\":\"' + b'x' * 9000 + b'\"}'))\nhold()";
    for answer in after_the_probe(talk) {
        assert_eq!(answer.probe.reason, Some("x".repeat(200)));
    }
}

#[test]
fn a_page_about_the_certificate_is_a_refusal() {
    for (page, reason) in [
        ("The SSL certificate error", "The SSL certificate error"),
        (
            "No required SSL certificate was sent",
            "No required SSL certificate was sent",
        ),
    ] {
        let talk = format!("c.sendall(answer(400, b'<center>{page}</center>'))\nhold()");
        for answer in after_the_probe(&talk) {
            assert_eq!(answer.verdict, Verdict::Rejected);
            assert_eq!(answer.probe.reason.as_deref(), Some(reason));
            assert_eq!(
                answer.explanation(),
                format!("the server refused the certificate with HTTP status 400 ({reason})")
            );
        }
        let talk = format!("c.sendall(answer(404, b'{page}'))\nhold()");
        for answer in after_the_probe(&talk) {
            assert_eq!(answer.verdict, Verdict::NotRejected);
        }
    }
}

#[test]
fn a_goaway_decides_nothing_and_shows_its_reason() {
    for (talk, reason) in [
        ("goaway(11, b'{\"reason\":\"Shutdown\"}')", Some("Shutdown")),
        (
            "goaway(0, b'{\"reason\":\"BadCertificate\"}')",
            Some("BadCertificate"),
        ),
        ("goaway(2, b'no json')", None),
        ("goaway(0)", None),
    ] {
        for answer in after_the_probe(&format!("c.sendall({talk})\nc.close()")) {
            assert_eq!(answer.verdict, Verdict::NotRejected, "{talk}");
            assert_eq!(answer.probe.status, None);
            assert_eq!(answer.probe.reason.as_deref(), reason, "{talk}");
            assert_eq!((answer.proof, ids(&answer)), (None, vec![]), "{talk}");
        }
    }
}

#[test]
fn the_answer_that_came_before_a_goaway_counts() {
    let talk = "c.sendall(answer(400, b'{\"reason\":\"BadDeviceToken\"}') + goaway(0, b'{\"reason\":\"Shutdown\"}', 1))\nc.close()";
    for answer in after_the_probe(talk) {
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(answer.probe.reason.as_deref(), Some("BadDeviceToken"));
    }
}

#[test]
fn a_close_or_a_reset_decides_nothing() {
    let reset = "s = socket.socket(fileno=c.detach())\n\
                 s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\ns.close()";
    for talk in ["c.close()", reset] {
        for answer in after_the_probe(talk) {
            assert_eq!(answer.verdict, Verdict::NotRejected);
            assert_eq!(ids(&answer), [("closed-early", Severity::Unknown)]);
        }
    }
    for before in ["c.close()", reset] {
        for version in ["", TLS12] {
            let server = Server::python(&format!("{H2}{version}"), &format!("{WRAP}{before}"));
            let answer = ask_port(server.port, &world().good, true);
            assert_eq!(answer.verdict, Verdict::NotRejected);
            assert_eq!(ids(&answer), [("closed-early", Severity::Unknown)]);
            assert!(!answer.probe.sent || version == TLS12);
        }
    }
}

#[test]
fn a_request_that_is_taken_back_decides_nothing() {
    for answer in after_the_probe("c.sendall(h2(3, struct.pack('>I', 7), 0, 1))\nhold()") {
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!((answer.probe.status, ids(&answer)), (None, vec![]));
    }
}

#[test]
fn bytes_that_are_no_http_2_are_no_gateway() {
    for talk in [
        "c.sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n')\nhold()",
        "c.sendall(h2(1, b'\\xff' * 9, 4, 1))\nhold()",
        "c.sendall(h2(0, b'x', 0, 5))\nhold()",
    ] {
        for answer in after_the_probe(talk) {
            assert_eq!(answer.verdict, Verdict::NotRejected, "{talk}");
            assert_eq!(
                ids(&answer),
                [("not-a-gateway", Severity::Unknown)],
                "{talk}"
            );
        }
    }
}

#[test]
fn silence_decides_nothing_and_ends_with_the_timeout() {
    let short = Wishes {
        timeout: Duration::from_millis(700),
        ..wishes(true)
    };
    for talk in ["hold()", "c.sendall(h2(4))\nrequest()\nhold()"] {
        let server = Server::python(H2, &format!("{WRAP}{talk}"));
        let started = Instant::now();
        let target = format!("127.0.0.1:{}", server.port);
        let answer = ask_with(&target, &[&world().good], &roots(), &short);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(ids(&answer), []);
        assert!(answer.probe.sent);
        assert!(started.elapsed() >= short.timeout);
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}

#[test]
fn an_alert_is_heard_before_and_instead_of_an_answer() {
    for (pair, number) in [(&world().stranger, 48), (&world().expired, 45)] {
        for version in ["", TLS12] {
            let server = Server::python(&format!("{H2}{version}"), &format!("{OPEN}hold()"));
            let answer = ask_port(server.port, pair, true);
            assert_eq!(answer.verdict, Verdict::Rejected);
            assert_eq!(answer.alert, Some(Alert::new(number)));
            assert_eq!(answer.alert_after_ms.is_some(), version.is_empty());
            assert!(!answer.probe.sent);
        }
    }
}

#[test]
fn a_late_alert_keeps_its_number_under_http_2() {
    // The server leaves the client's last flight unread until the preface of HTTP/2 has come, a record of 41 bytes.
    let talk = r#"
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inward, outward, server_side=True)
inward.write(raw.recv(65536))
try: tls.do_handshake()
except ssl.SSLWantReadError: raw.sendall(outward.read())
flight = b""
while b"\x17\x03\x03\x00\x29" not in flight: flight += raw.recv(65536)
inward.write(flight)
try: tls.do_handshake()
except ssl.SSLError: raw.sendall(outward.read())
while raw.recv(1): pass
"#;
    let server = Server::python(H2, talk);
    let answer = ask_port(server.port, &world().stranger, true);
    assert!(answer.probe.sent);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!(answer.alert, Some(Alert::new(48)));
    assert!(answer.alert_after_ms.unwrap() >= WAIT.as_secs_f64() * 1000.0);
}

#[test]
fn without_a_probe_nothing_is_asked_and_nothing_proved() {
    let server = Server::python(H2, &format!("{WRAP}c.sendall(h2(4))\nexactly(24)\nhold()"));
    let started = Instant::now();
    let answer = ask_port(server.port, &world().good, false);
    assert!(started.elapsed() >= WAIT);
    assert_eq!(answer.verdict, Verdict::NotRejected);
    assert!(!answer.probe.sent);
    assert_eq!(
        answer.explanation(),
        "the server asked for the certificate and did not refuse it, but proved nothing: over HTTP/2 only the answer to a probe proves a certificate"
    );
}

#[test]
fn a_server_that_does_not_ask_gets_no_probe() {
    for version in ["", TLS12] {
        let setup = format!("{H2}context.verify_mode = ssl.CERT_NONE\n{version}");
        let server = Server::python(&setup, &format!("{WRAP}c.sendall(h2(4))\nhold()"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRequested);
        assert!(!answer.probe.sent);
    }
}
