//! Closes, resets and bytes that are none of the binary protocol's, at each stage.

use super::servers::*;
use super::world::*;
use pushcert::finding::Severity;
use pushcert::live::{Proof, Protocol, Stage, Verdict};

#[test]
fn a_close_before_the_probe_is_a_refusal() {
    for setup in ["", NO_TICKETS, TLS12] {
        let server = Server::python(setup, &format!("{WRAP}c.close()"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::Rejected, "{setup}");
        assert_eq!((answer.alert, answer.probe.sent), (None, false));
    }
}

#[test]
fn a_close_after_the_probe_takes_the_acceptance_back() {
    for setup in ["", TLS12] {
        let server = Server::python(setup, &format!("{WRAP}frame()\nc.close()"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert!(answer.probe.sent);
        assert_eq!(ids(&answer), [("closed-early", Severity::Unknown)]);
    }
}

#[test]
fn a_reset_is_a_close() {
    let reset = "raw2 = c.detach()\ns = socket.socket(fileno=raw2)\n\
                 s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\ns.close()";
    for setup in [NO_TICKETS, TLS12] {
        let server = Server::python(setup, &format!("{WRAP}{reset}"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::Rejected);
        assert_eq!((answer.alert, answer.probe.sent), (None, false));
        let server = Server::python(setup, &format!("{WRAP}frame()\n{reset}"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(ids(&answer), [("closed-early", Severity::Unknown)]);
    }
}

#[test]
fn a_close_within_the_handshake_refuses_only_what_was_sent() {
    let talk = r#"
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inward, outward, server_side=True)
inward.write(raw.recv(65536))
try: tls.do_handshake()
except ssl.SSLWantReadError: pass
flight = outward.read()
"#;
    let whole = format!("{talk}raw.sendall(flight)\nraw.recv(65536)\nraw.close()");
    let server = Server::python(TLS12, &whole);
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!((answer.alert, answer.protocol), (None, Protocol::Binary));
    let part = format!("{talk}raw.sendall(flight[:-9])\nraw.close()");
    let server = Server::python(TLS12, &part);
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
}

#[test]
fn an_error_packet_may_come_in_pieces_but_must_come_whole() {
    let pieces = "frame()\nfor b in b'\\x08\\x80test': c.sendall(bytes([b]))\nhold()";
    let server = Server::python(TLS12, &format!("{WRAP}{pieces}"));
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.proof, Some(Proof::Probe));
    assert_eq!(answer.probe.status, Some(128));
    for end in ["c.close()", "hold()"] {
        let part = format!("{WRAP}frame()\nc.sendall(b'\\x08\\x08te')\n{end}");
        let server = Server::python(TLS12, &part);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(ids(&answer), [("not-a-gateway", Severity::Unknown)]);
    }
}

#[test]
fn other_bytes_are_no_gateway() {
    let after = format!("{WRAP}frame()\nc.sendall(b'HTTP/1.1 400 Bad Request')\nhold()");
    let before = format!("{WRAP}c.sendall(b'220 hello')\nhold()");
    let endless = format!("{WRAP}while True: c.sendall(b'x' * 4096)");
    for (talk, sent) in [(after, true), (before, false), (endless, false)] {
        let server = Server::python(TLS12, &talk);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(answer.probe.sent, sent);
        assert_eq!(ids(&answer), [("not-a-gateway", Severity::Unknown)]);
    }
}

#[test]
fn http_1_is_no_gateway() {
    let setup = "context.set_alpn_protocols(['http/1.1'])";
    let server = Server::python(setup, &format!("{WRAP}hold()"));
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::NotRejected);
    assert_eq!(answer.protocol, Protocol::Unknown);
    assert!(!answer.probe.sent);
    assert_eq!(ids(&answer), [("not-a-gateway", Severity::Unknown)]);
    assert_eq!(answer.tls.unwrap().alpn.as_deref(), Some("http/1.1"));
}
