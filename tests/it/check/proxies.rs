//! Which proxy is used for which target, and what proxies answer.

use super::stand_in::{Proxy, Says, Script};
use pushcert::live::{Proxies, Target};

fn through(
    flag: Option<&str>,
    variable: Option<&str>,
    exempt: Option<&str>,
    target: &str,
) -> Option<String> {
    let proxies = Proxies::new(flag, variable, exempt).unwrap();
    let target = Target::parse(target).unwrap();
    proxies
        .reaching(&target)
        .unwrap()
        .map(|proxy| proxy.target().to_string())
}

#[test]
fn the_flag_is_for_all_and_the_variable_not_for_this_machine() {
    let (flag, variable) = (Some("http://f.test:1"), Some("http://v.test:2"));
    for (given, set, exempt, target, expected) in [
        (None, None, None, "a.test:443", None),
        (flag, None, None, "a.test:443", Some("f.test:1")),
        (None, variable, None, "a.test:443", Some("v.test:2")),
        (flag, variable, Some("*"), "a.test:443", Some("f.test:1")),
        (flag, None, None, "localhost:1", Some("f.test:1")),
        (None, variable, None, "localhost:1", None),
        (None, variable, None, "a.localhost:1", None),
        (None, variable, None, "127.0.0.9:1", None),
        (None, variable, None, "[::1]:1", None),
        (None, variable, None, "[::ffff:127.0.0.1]:1", None),
        (None, Some(""), None, "a.test:443", None),
        (None, variable, Some("a.test"), "a.test:443", None),
        (None, variable, Some("A.test."), "b.a.TEST:443", None),
        (None, variable, Some(".a.test"), "a.test:443", None),
        (None, variable, Some("*.a.test, b.test"), "b.test:443", None),
        (
            None,
            variable,
            Some("a.test"),
            "ba.test:443",
            Some("v.test:2"),
        ),
        (
            None,
            variable,
            Some("a.test:80"),
            "a.test:443",
            Some("v.test:2"),
        ),
        (None, variable, Some("a.test:443"), "a.test:443", None),
        (None, variable, Some("*"), "a.test:443", None),
        (None, variable, Some("17.0.0.0/8"), "17.188.1.1:443", None),
        (
            None,
            variable,
            Some("17.0.0.0/8"),
            "18.0.0.1:443",
            Some("v.test:2"),
        ),
        (None, variable, Some("10.0.0.1"), "10.0.0.1:443", None),
        (
            None,
            variable,
            Some("2620:149::/32"),
            "[2620:149:1::1]:443",
            None,
        ),
        (
            None,
            variable,
            Some("2620:149::/32"),
            "[2620:148::1]:443",
            Some("v.test:2"),
        ),
        (
            None,
            variable,
            Some("0.0.0.0/0"),
            "[2001:db8::1]:443",
            Some("v.test:2"),
        ),
        (None, variable, Some(",, ,"), "a.test:443", Some("v.test:2")),
    ] {
        let found = through(given, set, exempt, target);
        assert_eq!(found.as_deref(), expected, "{exempt:?} {target}");
    }
}

#[test]
fn a_proxy_is_a_url_and_its_password_is_never_shown() {
    for (text, target) in [
        ("http://p.test", "p.test:80"),
        ("p.test:3128", "p.test:3128"),
        ("HTTP://p.test:3128/", "p.test:3128"),
        ("http://user:p%40ss@p.test:3128", "p.test:3128"),
        ("http://user:p@ss@[2001:db8::1]:3128", "[2001:db8::1]:3128"),
        ("http://[2001:db8::1]", "[2001:db8::1]:80"),
    ] {
        assert_eq!(
            through(Some(text), None, None, "a.test:1").as_deref(),
            Some(target),
            "{text}"
        );
        let proxies = Proxies::new(Some(text), None, None).unwrap();
        let shown = format!("{proxies:?}");
        assert!(!shown.contains("user") && !shown.contains("ss@"), "{shown}");
    }
    for (text, reason) in [
        (
            "https://user:secret@p.test",
            "--proxy names a proxy of the kind https; only http is spoken",
        ),
        (
            "socks5://user:secret@p.test",
            "--proxy names a proxy of the kind socks5; only http is spoken",
        ),
        (
            "http://user:secret@",
            "--proxy is not http://[USER:PASSWORD@]HOST[:PORT]",
        ),
        (
            "http://user:secret%zz@p.test",
            "--proxy is not http://[USER:PASSWORD@]HOST[:PORT]",
        ),
        ("", "--proxy is not http://[USER:PASSWORD@]HOST[:PORT]"),
    ] {
        let error = Proxies::new(Some(text), None, None).unwrap_err();
        assert_eq!((error.id(), error.to_string().as_str()), ("usage", reason));
    }
}

#[test]
fn a_variable_that_cannot_be_read_matters_only_where_it_is_needed() {
    let proxies = Proxies::new(None, Some("socks5://user:secret@p.test"), Some("b.test")).unwrap();
    for exempt in ["localhost:1", "b.test:1"] {
        assert_eq!(
            proxies.reaching(&Target::parse(exempt).unwrap()).unwrap(),
            None
        );
    }
    let error = proxies
        .reaching(&Target::parse("a.test:1").unwrap())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "HTTPS_PROXY names a proxy of the kind socks5; only http is spoken"
    );
}

/// `check` of a certificate of the lab against a gateway behind this proxy.
fn check(proxy: &Proxy, more: &str) -> serde_json::Value {
    let script = Script::new();
    let target = "gateway.test:2195";
    let (_, document) = script.check(&format!(
        "sandbox.pem --gateway {target} --ca-file ca.pem --wait 100ms --proxy {}{more}",
        proxy.url()
    ));
    document["results"][0]["endpoints"][0].clone()
}

#[test]
fn a_failing_proxy_is_its_own_stage() {
    for (says, reason) in [
        (
            Says::Status("403 Forbidden"),
            "the proxy refused: 403 Forbidden",
        ),
        (
            Says::Status("502 Bad\u{1b}[2J Gateway"),
            "the proxy refused: 502 Bad\u{1b}[2J Gateway",
        ),
        (
            Says::Status("407 Proxy Authentication Required"),
            "the proxy wants a user name and a password that it accepts (407)",
        ),
        (
            Says::Raw("SSH-2.0-OpenSSH_9\r\n\r\n"),
            "what answers is no HTTP proxy",
        ),
        (
            Says::Raw("HTTP/1.1 200 OK\r\n\r\nmore"),
            "the proxy said more than its answer",
        ),
        (Says::Close, "the proxy closed the connection"),
        (Says::Endless, "the proxy's answer has no end"),
    ] {
        let proxy = Proxy::start(move |_| says);
        let endpoint = check(&proxy, "");
        assert_eq!(endpoint["verdict"], "unreachable", "{reason}");
        assert_eq!(
            endpoint["explanation"],
            format!("the certificate was not judged: proxy failed: {reason}")
        );
        assert_eq!(endpoint["stages"]["tls_ms"], serde_json::Value::Null);
        assert!(endpoint["stages"]["proxy_ms"].is_number());
        assert_eq!(endpoint["proxy"], proxy.address());
        assert_eq!(proxy.heard(), ["CONNECT gateway.test:2195 HTTP/1.1"]);
    }
}

#[test]
fn a_silent_or_absent_proxy_ends_with_the_timeout() {
    let silent = Proxy::start(|_| Says::Nothing);
    let endpoint = check(&silent, " --timeout 300ms");
    assert_eq!(
        endpoint["explanation"],
        "the certificate was not judged: proxy failed: the proxy did not answer in time"
    );
    let address = silent.address();
    let absent = Proxy::absent();
    let endpoint = check(&absent, "");
    assert_ne!(address, absent.address());
    assert_eq!(
        endpoint["explanation"],
        format!(
            "the certificate was not judged: proxy failed: the proxy {} does not answer: connection refused",
            absent.address()
        )
    );
}
