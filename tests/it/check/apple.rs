//! Apple's own hosts, stood in for behind a proxy: no connection leaves loopback.

use super::stand_in::{Proxy, Says, Script, apple};
use serde_json::{Value, json};

const BAD_TOKEN: &str = "c.sendall(answer(400, b'{\"reason\":\"BadDeviceToken\"}'))";
const WRONG_ENVIRONMENT: &str =
    "c.sendall(answer(403, b'{\"reason\":\"BadCertificateEnvironment\"}'))";

fn endpoints(document: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_string();
    document["results"][0]["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| {
            format!(
                "{} {}:{} {} {}",
                word(&endpoint["question"]),
                word(&endpoint["host"]),
                endpoint["port"],
                word(&endpoint["protocol"]),
                word(&endpoint["verdict"]),
            )
        })
        .collect()
}

fn findings(document: &Value) -> Vec<String> {
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_string();
    let all = document["findings"].as_array().unwrap().iter();
    all.map(|f| format!("{} {}", word(f, "id"), word(f, "severity")))
        .collect()
}

/// The words of a check through this proxy.
fn words(file: &str, proxy: &Proxy, more: &str) -> String {
    format!(
        "{file} --proxy {} --ca-file ca.pem --wait 100ms --timeout 5s{more}",
        proxy.url()
    )
}

#[test]
fn a_universal_certificate_is_proven_in_both_environments() {
    let (sandbox, production) = (apple(BAD_TOKEN), apple(BAD_TOKEN));
    let ports = (sandbox.port, production.port);
    let proxy = Proxy::start(move |target| match target {
        "api.sandbox.push.apple.com:443" => Says::Tunnel(ports.0),
        "api.push.apple.com:443" => Says::Status("403 Forbidden"),
        "api.push.apple.com:2197" => Says::Tunnel(ports.1),
        _ => Says::Status("502 Bad Gateway"),
    });
    let (code, document) = Script::new().check(&words("universal.pem", &proxy, ""));
    assert_eq!(
        endpoints(&document),
        [
            "sandbox api.sandbox.push.apple.com:443 http2 accepted",
            "production api.push.apple.com:2197 http2 accepted",
            "sandbox api-manage-broadcast.sandbox.push.apple.com:2195 unknown unreachable",
            "production api-manage-broadcast.push.apple.com:2196 unknown unreachable",
        ]
    );
    assert_eq!(
        findings(&document),
        [
            "issuer-unknown warning",
            "unreachable info",
            "unreachable info"
        ]
    );
    assert_eq!(code, 1);
    let first = &document["results"][0]["endpoints"][0];
    assert_eq!(
        first["probe"],
        json!({ "sent": true, "status": 400, "reason": "BadDeviceToken" })
    );
    assert_eq!(
        (&first["proof"], &first["tls"]["alpn"]),
        (&json!("probe"), &json!("h2"))
    );
    assert_eq!(first["tls"]["server_verified"], true);
    assert_eq!(
        proxy.heard(),
        [
            "CONNECT api-manage-broadcast.push.apple.com:2196 HTTP/1.1",
            "CONNECT api-manage-broadcast.sandbox.push.apple.com:2195 HTTP/1.1",
            "CONNECT api.push.apple.com:2197 HTTP/1.1",
            "CONNECT api.push.apple.com:443 HTTP/1.1",
            "CONNECT api.sandbox.push.apple.com:443 HTTP/1.1",
        ]
    );
}

#[test]
fn half_a_proof_is_no_proof() {
    let sandbox = apple(BAD_TOKEN);
    let port = sandbox.port;
    let proxy = Proxy::start(move |target| match target {
        "api.sandbox.push.apple.com:443" => Says::Tunnel(port),
        _ => Says::Status("503 Service Unavailable"),
    });
    let script = Script::new();
    let (code, document) = script.check(&words("universal.pem", &proxy, " --via api"));
    assert_eq!(code, 3);
    assert_eq!(
        findings(&document),
        ["issuer-unknown warning", "unreachable unknown"]
    );
    let (code, _) = script.check(&words("universal.pem", &proxy, " --via api --env sandbox"));
    assert_eq!(code, 1);
    let (_, text) = script.read(&words("universal.pem", &proxy, " --via api"), &[]);
    assert_eq!(
        text.lines().next().unwrap(),
        "unknown   com.example.app is accepted by api.sandbox.push.apple.com:443, but api.push.apple.com:443 is out of reach: the proxy refused: 503 Service Unavailable"
    );
}

#[test]
fn the_wrong_environment_is_refused_in_http() {
    let production = apple(WRONG_ENVIRONMENT);
    let port = production.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let line = words("sandbox.pem", &proxy, " --gateway api.push.apple.com:443");
    let (code, document) = Script::new().check(&line);
    assert_eq!(code, 2);
    assert_eq!(
        findings(&document),
        [
            "wrong-environment critical",
            "issuer-unknown warning",
            "rejected critical"
        ]
    );
    let endpoint = &document["results"][0]["endpoints"][0];
    assert_eq!(endpoint["verdict"], "rejected");
    assert_eq!(
        endpoint["explanation"],
        "the server refused the certificate with HTTP status 403 (BadCertificateEnvironment)"
    );
}

#[test]
fn a_refused_topic_is_critical_and_the_certificate_accepted() {
    let sandbox = apple("c.sendall(answer(400, b'{\"reason\":\"TopicDisallowed\"}'))");
    let port = sandbox.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let script = Script::new();
    let line = words("sandbox.pem", &proxy, " --via api");
    let (code, document) = script.check(&line);
    assert_eq!(
        (code, endpoints(&document)[0].ends_with("accepted")),
        (2, true)
    );
    assert_eq!(
        findings(&document),
        ["issuer-unknown warning", "topic-refused critical"]
    );
    let (_, text) = script.read(&line, &[]);
    assert_eq!(
        text.lines().next().unwrap(),
        "critical   com.example.app is accepted by api.sandbox.push.apple.com:443, and its topic is not: TopicDisallowed"
    );
}

#[test]
fn each_identity_gets_one_probe_in_an_environment_and_broadcast_none() {
    let server = apple(BAD_TOKEN);
    let port = server.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let gateways =
        " --gateway api.sandbox.push.apple.com:443 --gateway api.sandbox.push.apple.com:2197 \
                    --gateway api-manage-broadcast.sandbox.push.apple.com:2195"
            .replace("  ", " ");
    let (code, document) = Script::new().check(&words("sandbox.pem", &proxy, &gateways));
    let sent: Vec<&Value> = document["results"][0]["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| &endpoint["probe"]["sent"])
        .collect();
    assert_eq!(sent, [true, false, false]);
    assert_eq!(code, 3);
}

#[test]
fn the_retired_gateway_is_explained() {
    let proxy = Proxy::start(|_| Says::Status("502 Bad Gateway"));
    let (code, text) = Script::new().read(&words("sandbox.pem", &proxy, " --via legacy"), &[]);
    assert_eq!(code, 3);
    let lines: Vec<&str> = text.lines().collect();
    let expected = "    why      Apple turned the binary gateways off on 2021-03-31; this says nothing about the certificate";
    assert!(lines.contains(&expected), "{text}");
    assert_eq!(
        lines.last().unwrap(),
        &"next  pushcert check sandbox.pem    (asks the HTTP/2 API and what Apple runs on port 2195 now)"
    );
}

#[test]
fn an_intercepting_proxy_is_recognised() {
    // The proxy leads to a server of its own that has Apple's name and asks for nothing.
    let own = crate::live::servers::Server::python(
        "context.load_cert_chain('apple.pem')\ncontext.verify_mode = ssl.CERT_NONE\ncontext.set_alpn_protocols(['h2'])",
        "c = context.wrap_socket(raw, server_side=True)\nc.sendall(h2(4))\nhold()",
    );
    let port = own.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let script = Script::new();
    let line = format!(
        "sandbox.pem --proxy {} --via api --ca-file lab/ca.pem --wait 100ms",
        proxy.url()
    );
    let (code, document) = script.check(&line);
    assert_eq!(code, 2);
    let finding = &document["findings"][1];
    assert_eq!(finding["id"], "server-not-verified");
    assert_eq!(
        finding["message"],
        format!(
            "the server's chain does not verify: self-signed certificate in certificate chain; the proxy {} seems to answer in place of api.sandbox.push.apple.com, with a chain issued by CN=Test CA, O=x",
            proxy.address()
        )
    );
}

#[test]
fn credentials_reach_the_proxy_and_no_output() {
    let server = apple(BAD_TOKEN);
    let port = server.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let script = Script::new();
    let url = format!("http://us%3Aer:pass%20word@{}", proxy.address());
    let line = "sandbox.pem --via api --ca-file ca.pem --wait 100ms";
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let (code, text) = script.read(line, &[(name, &url)]);
        assert_eq!(code, 1, "{text}");
        assert!(!text.contains("pass") && !text.contains("us:er"), "{text}");
    }
    // base64 of "us:er:pass word".
    let header = "Proxy-Authorization: Basic dXM6ZXI6cGFzcyB3b3Jk";
    let connect = "CONNECT api.sandbox.push.apple.com:443 HTTP/1.1";
    assert_eq!(proxy.heard(), [connect, connect, header, header]);
    let (code, text) = script.read(&format!("{line} --proxy https://user:secret@p.test"), &[]);
    assert_eq!((code, text.contains("secret")), (64, false), "{text}");
}

#[test]
fn broadcast_is_told_for_information_and_proves_nothing_alone() {
    let server = apple(BAD_TOKEN);
    let port = server.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let script = Script::new();
    let line = words("sandbox.pem", &proxy, " --via broadcast");
    let (code, document) = script.check(&line);
    assert_eq!(code, 3);
    assert_eq!(
        findings(&document),
        ["issuer-unknown warning", "unproven unknown"]
    );
    let endpoint = &document["results"][0]["endpoints"][0];
    assert_eq!(endpoint["probe"], json!({ "sent": false, "status": null }));
    assert_eq!(
        endpoint["explanation"],
        "what answers on port 2195 today manages broadcast channels: it did not refuse the certificate, and proves nothing"
    );
    // An alert is a refusal, asked alone; beside the API it does not count.
    let line = words("expired.pem", &proxy, " --via broadcast");
    let (code, document) = script.check(&line);
    assert_eq!(code, 2);
    assert_eq!(
        document["results"][0]["endpoints"][0]["alert"]["number"],
        45
    );
}

#[test]
fn a_new_certificate_that_apple_accepts_asks_for_a_restart() {
    let server = apple(BAD_TOKEN);
    let port = server.port;
    let proxy = Proxy::start(move |_| Says::Tunnel(port));
    let script = Script::new();
    let note = "  note       a sender that was running before keeps the certificate it has loaded: restart it";
    let (_, text) = script.read(&words("sandbox.pem", &proxy, " --via api"), &[]);
    assert!(text.lines().any(|line| line == note), "{text}");
    let (_, text) = script.read(&words("sandbox.pem", &proxy, " --gateway g.test:1"), &[]);
    assert!(!text.contains("restart"), "{text}");
}
