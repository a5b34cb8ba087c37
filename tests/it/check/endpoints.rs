//! Which endpoints are asked, and which of them a host name is.

use pushcert::apple::{Environment, Service, endpoint};
use pushcert::certificate::Certificate;
use pushcert::check::{Endpoint, Via, endpoints, judged_environment};
use pushcert::live::Target;

const SANDBOX: Environment = Environment::Sandbox;
const PRODUCTION: Environment = Environment::Production;

fn leaf(environments: &[Environment]) -> Certificate {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let der = std::fs::read(folder.join("aps.cer")).unwrap();
    let mut leaf = Certificate::parse(&der).unwrap().0;
    leaf.environments = environments.to_vec();
    leaf
}

/// `question host:port[ or port][ aside]`.
fn told(endpoints: &[Endpoint]) -> Vec<String> {
    let line = |endpoint: &Endpoint| {
        let or = endpoint.fallback.map(|port| format!(" or {port}"));
        let aside = if endpoint.counts { "" } else { " aside" };
        let or = or.unwrap_or_default();
        format!("{} {}{or}{aside}", endpoint.question, endpoint.target)
    };
    endpoints.iter().map(line).collect()
}

#[test]
fn apples_endpoints_follow_the_environments_of_the_certificate() {
    let both = leaf(&[SANDBOX, PRODUCTION]);
    let sandbox = leaf(&[SANDBOX]);
    let api = [
        "sandbox api.sandbox.push.apple.com:443 or 2197",
        "production api.push.apple.com:443 or 2197",
    ];
    let broadcast = [
        "sandbox api-manage-broadcast.sandbox.push.apple.com:2195",
        "production api-manage-broadcast.push.apple.com:2196",
    ];
    let legacy = [
        "sandbox gateway.sandbox.push.apple.com:2195",
        "production gateway.push.apple.com:2195",
    ];
    let aside: Vec<String> = broadcast
        .iter()
        .map(|line| format!("{line} aside"))
        .collect();
    let of = |leaf: &Certificate, via: Via, only: Option<Environment>| {
        told(&endpoints(leaf, &[], via, only))
    };
    let [api_0, api_1] = api.map(String::from);
    let [aside_0, aside_1] = [aside[0].clone(), aside[1].clone()];
    assert_eq!(
        of(&both, Via::Auto, None),
        [&api_0, &api_1, &aside_0, &aside_1].map(String::clone)
    );
    assert_eq!(of(&both, Via::Auto, Some(PRODUCTION)), [api_1, aside_1]);
    assert_eq!(of(&sandbox, Via::Auto, None), [api_0, aside_0]);
    assert_eq!(of(&both, Via::Only(Service::Api), None), api);
    assert_eq!(of(&both, Via::Only(Service::Broadcast), None), broadcast);
    assert_eq!(of(&both, Via::Only(Service::Legacy), None), legacy);
    assert_eq!(of(&sandbox, Via::Auto, Some(PRODUCTION)), [""; 0]);
    assert_eq!(of(&leaf(&[]), Via::Auto, None), [""; 0]);
}

#[test]
fn a_gateway_is_its_own_question_and_may_be_apples() {
    let gateways: Vec<Target> = ["localhost:2195", "API.push.apple.com.:443", "10.0.0.1:1"]
        .iter()
        .map(|text| Target::parse(text).unwrap())
        .collect();
    let found = endpoints(&leaf(&[SANDBOX]), &gateways, Via::Auto, None);
    assert_eq!(
        told(&found),
        [
            "localhost:2195 localhost:2195",
            "API.push.apple.com.:443 API.push.apple.com.:443",
            "10.0.0.1:1 10.0.0.1:1"
        ]
    );
    let apple: Vec<_> = found.iter().map(|endpoint| endpoint.apple).collect();
    assert_eq!(apple, [None, Some((Service::Api, PRODUCTION)), None]);
}

#[test]
fn every_host_of_apples_is_known() {
    for (host, known) in [
        ("api.push.apple.com", Some((Service::Api, PRODUCTION))),
        ("api.sandbox.push.apple.com", Some((Service::Api, SANDBOX))),
        (
            "api.development.push.apple.com",
            Some((Service::Api, SANDBOX)),
        ),
        (
            "gateway.push.apple.com",
            Some((Service::Legacy, PRODUCTION)),
        ),
        (
            "gateway.sandbox.push.apple.com",
            Some((Service::Legacy, SANDBOX)),
        ),
        (
            "api-manage-broadcast.push.apple.com",
            Some((Service::Broadcast, PRODUCTION)),
        ),
        (
            "api-manage-broadcast.sandbox.push.apple.com",
            Some((Service::Broadcast, SANDBOX)),
        ),
        ("api.push.apple.com.evil.test", None),
        ("push.apple.com", None),
    ] {
        assert_eq!(endpoint::of(host), known, "{host}");
    }
}

#[test]
fn an_environment_is_wrong_where_nothing_that_is_asked_serves_it() {
    let sandbox = leaf(&[SANDBOX]);
    for (gateways, wanted, expected) in [
        (&["api.push.apple.com:443"][..], None, Some(PRODUCTION)),
        (
            &["api.push.apple.com:443", "api.sandbox.push.apple.com:443"],
            None,
            None,
        ),
        (&["api.push.apple.com:443", "localhost:1"], None, None),
        (&["localhost:1"], None, None),
        (&["localhost:1"], Some(PRODUCTION), Some(PRODUCTION)),
        (&[], Some(PRODUCTION), Some(PRODUCTION)),
        (&[], None, None),
    ] {
        let targets: Vec<Target> = gateways.iter().map(|g| Target::parse(g).unwrap()).collect();
        let asked = endpoints(&sandbox, &targets, Via::Auto, wanted);
        assert_eq!(
            judged_environment(&sandbox, &asked, wanted),
            expected,
            "{gateways:?}"
        );
    }
}
