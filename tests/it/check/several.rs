//! Several identities and endpoints at once: how many connections, in which order told, and what is asked once.

use super::stand_in::{Proxy, Says, Script};
use serde_json::Value;

#[test]
fn apple_gets_four_connections_at_a_time_and_others_more() {
    let proxy = Proxy::start(|_| Says::Late(150));
    let script = Script::new();
    let files = "universal.pem voip.pem sandbox.pem";
    let line = |proxy: &Proxy, more: &str| {
        format!(
            "{files} --proxy {} --ca-file ca.pem --wait 10ms{more}",
            proxy.url()
        )
    };
    // Ten endpoints, of which the API's four (and one) are tried at two ports.
    let (code, document) = script.check(&line(&proxy, ""));
    assert_eq!((code, proxy.most()), (3, 4));
    let asked: Vec<usize> = document["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["endpoints"].as_array().unwrap().len())
        .collect();
    assert_eq!(asked, [4, 4, 2]);
    assert_eq!(proxy.heard().len(), 15);

    let proxy = Proxy::start(|_| Says::Late(150));
    let gateways: String = (1..=12)
        .map(|n| format!(" --gateway g{n}.test:1"))
        .collect();
    let (_, document) = script.check(&line(&proxy, &gateways));
    assert!((13..=32).contains(&proxy.most()), "{}", proxy.most());
    let ports: Vec<Value> = document["results"][1]["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["host"].clone())
        .collect();
    let expected: Vec<String> = (1..=12).map(|n| format!("g{n}.test")).collect();
    assert_eq!(ports, expected);
}

#[test]
fn equal_identities_are_asked_about_once() {
    let proxy = Proxy::start(|_| Says::Status("403 Forbidden"));
    let line = format!(
        "sandbox.pem sandbox.pem ./sandbox.pem --gateway g.test:1 --proxy {} --ca-file ca.pem",
        proxy.url()
    );
    let (_, document) = Script::new().check(&line);
    assert_eq!(proxy.heard(), ["CONNECT g.test:1 HTTP/1.1"]);
    assert_eq!(document["results"].as_array().unwrap().len(), 3);
}
