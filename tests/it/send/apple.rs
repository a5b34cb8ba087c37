//! To Apple's hosts, which a proxy on loopback stands in for: names, ports, and the way through a proxy.

use super::peers::*;
use crate::check::stand_in::{Proxy, Says, apple};
use serde_json::json;

/// One notification, with the CA that signed the stand-in.
const AT_STAND_IN: [&str; 7] = [
    "sandbox.pem",
    "--token",
    TOKEN,
    "--alert",
    "x",
    "--ca-file",
    "ca.pem",
];

#[test]
fn without_a_gateway_it_goes_to_the_api_of_the_environment() {
    let server = apple("c.sendall(answer(200))");
    let port = server.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let url = proxy.url();
    let words = [&AT_STAND_IN[..], &["--proxy", &url, "--json"]].concat();
    let document = send(&words).document();
    assert_eq!(document["exit_code"], 0, "{document:#}");
    assert_eq!(
        document["summary"]["endpoint"],
        "api.sandbox.push.apple.com:443"
    );
    assert_eq!(
        proxy.heard(),
        ["CONNECT api.sandbox.push.apple.com:443 HTTP/1.1"]
    );
}

#[test]
fn a_network_that_keeps_443_for_browsers_is_left_by_2197() {
    let server = apple("c.sendall(answer(200))");
    let port = server.port;
    let proxy = Proxy::start(move |target| match target {
        "api.push.apple.com:2197" => Says::Tunnel(port),
        _ => Says::Status("403 Forbidden"),
    });
    let words = [
        "universal.pem",
        "--env",
        "production",
        "--token",
        TOKEN,
        "--alert",
        "x",
        "--ca-file",
        "ca.pem",
    ];
    let document = send(&[&words[..], &["--proxy", &proxy.url(), "--json"]].concat()).document();
    assert_eq!(document["exit_code"], 0, "{document:#}");
    assert_eq!(document["summary"]["endpoint"], "api.push.apple.com:2197");
}

#[test]
fn the_retired_gateway_is_tried_and_explained() {
    let proxy = Proxy::start(|_| Says::Status("502 Bad Gateway"));
    let url = proxy.url();
    let words = [&AT_STAND_IN[..], &["--via", "legacy", "--proxy", &url]].concat();
    let run = send(&words);
    assert_eq!(run.code, 3);
    assert_eq!(
        proxy.heard(),
        ["CONNECT gateway.sandbox.push.apple.com:2195 HTTP/1.1"]
    );
    let row = "  why        Apple turned the binary gateways off on 2021-03-31; --via api sends over HTTP/2\n";
    assert!(run.stdout.contains(row), "{}", run.stdout);
}

#[test]
fn a_failing_proxy_is_named_and_nothing_is_sent() {
    let proxy = Proxy::absent();
    let url = proxy.url();
    let words = [&AT_STAND_IN[..], &["--proxy", &url, "--json"]].concat();
    let document = send(&words).document();
    assert_eq!(document["exit_code"], 3);
    let finding = &document["findings"][0];
    assert_eq!(finding["id"], "unreachable");
    let message = finding["message"].as_str().unwrap();
    let named = format!(
        "the proxy {} does not answer: connection refused",
        proxy.address()
    );
    assert_eq!(message, named);
    assert_eq!(document["notifications"][0]["state"], "unsent");
}

#[test]
fn without_a_store_of_cas_nothing_is_sent() {
    let proxy = Proxy::start(|_| Says::Close);
    let output = command(&[
        "sandbox.pem",
        "--token",
        TOKEN,
        "--alert",
        "x",
        "--json",
        "--proxy",
        &proxy.url(),
    ])
    .env("SSL_CERT_FILE", folder().join("no-such-file"))
    .env("SSL_CERT_DIR", folder().join("no-such-folder"))
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["findings"][0]["id"], "no-roots");
    assert_eq!(document["findings"][0]["severity"], json!("unknown"));
    assert_eq!(proxy.heard(), Vec::<String>::new());
}
