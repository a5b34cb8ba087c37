//! The CA store of the machine: found where it is said to be, and missed before anything is sent.

use super::stand_in::{Proxy, Says, Script, apple};
use serde_json::json;
use tempfile::TempDir;

#[test]
fn without_a_store_nothing_is_sent_and_the_package_is_named() {
    let proxy = Proxy::start(|_| Says::Close);
    let empty = TempDir::new().unwrap();
    let folder = empty.path().display().to_string();
    let missing = empty.path().join("none.pem").display().to_string();
    let line = format!("sandbox.pem --proxy {} --via api", proxy.url());
    let variables = [
        ("SSL_CERT_FILE", missing.as_str()),
        ("SSL_CERT_DIR", &folder),
    ];
    let (code, text) = Script::new().read(&line, &variables);
    assert_eq!(code, 3, "{text}");
    assert_eq!(
        text.lines().next().unwrap(),
        "unknown   com.example.app was not checked: this machine has no CA store to verify a server with"
    );
    assert!(
        text.contains("ca-certificates") && text.contains("--ca-file"),
        "{text}"
    );
    let line = format!("universal.pem --proxy {}", proxy.url());
    let (code, document) = Script::new().check_with(&line, &variables);
    assert_eq!(code, 3);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(
        (&findings[0]["id"], &findings[0]["severity"]),
        (&json!("issuer-unknown"), &json!("warning"))
    );
    assert_eq!(
        (&findings[1]["id"], &findings[1]["severity"]),
        (&json!("no-roots"), &json!("unknown"))
    );
    assert_eq!(
        findings[1]["hint"],
        "install the package ca-certificates (Debian, Ubuntu, Alpine, Fedora), or name the CA with --ca-file"
    );
    let endpoints = document["results"][0]["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 4);
    assert!(
        endpoints
            .iter()
            .all(|endpoint| endpoint["verdict"] == "unreachable")
    );
    assert_eq!(proxy.heard(), [""; 0]);
}

#[test]
fn the_store_that_the_environment_names_is_used() {
    let server = apple("c.sendall(answer(400, b'{\"reason\":\"BadDeviceToken\"}'))");
    let port = server.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let line = format!("sandbox.pem --proxy {} --via api --wait 100ms", proxy.url());
    let (code, text) = Script::new().read(&line, &[("SSL_CERT_FILE", "ca.pem")]);
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        text.lines().next().unwrap(),
        "warning   com.example.app is accepted by api.sandbox.push.apple.com:443, but its issuer is none of Apple's"
    );
}
