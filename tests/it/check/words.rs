//! The first line answers the question, whatever came of it.

use super::stand_in::{Proxy, Says, Script, apple};
use crate::live::servers::{Server, peer};
use std::io::Read;
use std::net::TcpListener;

fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Exit code and first line.
fn told(words: &str) -> (i32, String) {
    let words = format!("sandbox.pem --ca-file ca.pem --wait 100ms --timeout 2s {words}");
    let (code, text) = Script::new().read(&words, &[]);
    (code, text.lines().next().unwrap().to_string())
}

#[test]
fn what_does_not_answer_is_named() {
    let (a, b) = (closed_port(), closed_port());
    let line = format!("unknown   {a} does not answer");
    assert_eq!(told(&format!("--gateway {a}")), (3, line));
    let line = format!("unknown   {a} and {b} do not answer");
    assert_eq!(told(&format!("--gateway {a} --gateway {b}")), (3, line));
    let port = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let line = format!(
        "unknown   the handshake with 127.0.0.1:{port} failed: the server closed the connection"
    );
    assert_eq!(told(&format!("--gateway 127.0.0.1:{port}")), (3, line));
}

#[test]
fn what_proves_nothing_is_named() {
    let open = Server::openssl(&["-tls1_3"]);
    let address = format!("127.0.0.1:{}", open.port);
    let line =
        format!("unknown   com.example.app is not proven: {address} never asked for a certificate");
    assert_eq!(told(&format!("--gateway {address}")), (3, line));
    let busy = apple("c.sendall(answer(503, b'{\"reason\":\"ServiceUnavailable\"}'))");
    let port = busy.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let line = "unknown   com.example.app is not proven: api.sandbox.push.apple.com:443 neither refused nor proved it";
    let words = format!("--via api --proxy {}", proxy.url());
    assert_eq!(told(&words), (3, line.to_string()));
}

#[test]
fn a_refusal_gives_its_reason_and_foreign_words_are_escaped() {
    let refusing = apple("c.sendall(answer(403, b'{\"reason\":\"BadCertificate\"}'))");
    let port = refusing.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let words = format!("--via api --proxy {}", proxy.url());
    let line =
        "critical   com.example.app is rejected by api.sandbox.push.apple.com:443: BadCertificate";
    assert_eq!(told(&words), (2, line.to_string()));
    let odd = apple("c.sendall(answer(403, b'{\"reason\":\"a\\\\u001b[2J\\\\n::error::b\"}'))");
    let port = odd.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let words = format!(
        "sandbox.pem --ca-file ca.pem --wait 100ms --via api --proxy {}",
        proxy.url()
    );
    let (code, text) = Script::new().read(&words, &[]);
    assert_eq!(code, 3);
    let probe = text
        .lines()
        .find(|line| line.starts_with("    probe"))
        .unwrap();
    assert_eq!(
        probe,
        "    probe    HTTP status 403, a\\u{1b}[2J\\u{a}::error::b"
    );
    assert!(!text.contains('\u{1b}') && !text.lines().any(|line| line.starts_with("::")));
}
