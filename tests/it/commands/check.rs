//! `check`: what is in the file, and what a gateway says of it.

use super::*;

#[test]
fn a_key_that_stays_locked_is_not_called_missing() {
    let place = Place::with(&["aps_development.cer", "push.encrypted.pem"]);
    place.ok("merge aps_development.cer push.encrypted.pem -o e.pem --passin pass:hello123");
    let ran = place.run("check e.pem --offline --passin pass:wrong --json");
    assert_eq!(ran.code, 3);
    let of_key: Vec<String> = findings(&ran.json())
        .into_iter()
        .filter(|finding| finding.contains("key") || finding.contains("passphrase"))
        .collect();
    assert_eq!(
        of_key,
        ["wrong-passphrase unknown", "wrong-passphrase unknown"]
    );
}

const UNKNOWN_ISSUER: &str = "issuer-unknown info";

#[test]
fn check_offline_judges_what_is_in_the_file() {
    let place = Place::with(&[
        "aps_development.cer",
        "ck.pem",
        "glued.pem",
        "ca.pem",
        "expired.cer",
        "other.cer",
        "push.key.pem",
        "rsa4096.key.pem",
    ]);
    place.write(
        "ca-first.pem",
        &[place.read("ca.pem"), place.read("ck.pem")].concat(),
    );
    place.ok("convert aps_development.cer -o leaf.pem");
    place.write(
        "mismatch.pem",
        &[place.read("leaf.pem"), place.read("rsa4096.key.pem")].concat(),
    );
    place.write("open.pem", &place.read("ck.pem"));
    for (name, mode) in [
        ("ca-first.pem", 0o600),
        ("mismatch.pem", 0o600),
        ("open.pem", 0o604),
    ] {
        place.chmod(name, mode);
    }
    let unknown = UNKNOWN_ISSUER;
    for (line, code, expected) in [
        ("ck.pem --gateway localhost:1", 0, vec![unknown]),
        ("ck.pem", 1, vec!["issuer-unknown warning"]),
        (
            "expired.cer push.key.pem --gateway localhost:1",
            2,
            vec!["expired critical", unknown],
        ),
        (
            "ca-first.pem --gateway localhost:1",
            2,
            vec!["leaf-not-first critical", unknown],
        ),
        (
            "mismatch.pem --gateway localhost:1",
            2,
            vec!["key-mismatch critical", unknown],
        ),
        (
            "aps_development.cer --gateway localhost:1",
            2,
            vec!["no-key critical", unknown],
        ),
        (
            "other.cer --gateway localhost:1",
            2,
            vec!["no-key critical", "not-a-push-certificate critical"],
        ),
        (
            "ck.pem --gateway localhost:1 --env production",
            2,
            vec!["wrong-environment critical", unknown],
        ),
        (
            "glued.pem --gateway localhost:1",
            1,
            vec!["not-server-readable warning", unknown],
        ),
        (
            "open.pem --gateway localhost:1",
            1,
            vec!["key-world-readable warning", unknown],
        ),
    ] {
        let ran = place.run(&format!("check --offline {line} --json"));
        let document = ran.json();
        let mut found = findings(&document);
        let mut expected: Vec<String> = expected.into_iter().map(String::from).collect();
        found.sort();
        expected.sort();
        assert_eq!((ran.code, found), (code, expected), "{line}");
        let status = ["ok", "warning", "critical"][code as usize];
        assert_eq!(document["status"], status, "{line}");
        assert_eq!(document["results"][0]["endpoints"], json!([]), "{line}");
    }
    let ran = place.ok("check --offline ck.pem --gateway localhost:1 --at 2025-06-01");
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "ok   ck.pem is good as far as it can be told offline\n\
         \n\
         \x20 file       ck.pem\n\
         \x20 identity   com.example.app, sandbox, until 2046-01-01 (in 7518 days), key fits\n\
         \x20 info       issuer-unknown: its issuer is none of Apple's\n"
    );
}

#[test]
fn check_offline_at_another_time() {
    let place = Place::with(&["ck.pem"]);
    for (at, more, code, status, id) in [
        ("2025-06-01", "", 0, "ok", None),
        ("2045-12-01", "", 0, "ok", None),
        (
            "2045-12-02T00:00:00Z",
            "",
            1,
            "warning",
            Some("expiring warning"),
        ),
        ("2045-12-20", "", 1, "warning", Some("expiring warning")),
        ("2045-12-20", "--warn 5d", 0, "ok", None),
        (
            "2045-12-20",
            "--crit 12d",
            2,
            "critical",
            Some("expiring critical"),
        ),
        (
            "2045-12-20",
            "--fail-on critical",
            0,
            "warning",
            Some("expiring warning"),
        ),
        ("2046-01-01", "", 2, "critical", Some("expired critical")),
        (
            "2046-01-01",
            "--fail-on critical",
            2,
            "critical",
            Some("expired critical"),
        ),
        (
            "2046-01-01",
            "--fail-on never",
            0,
            "critical",
            Some("expired critical"),
        ),
        (
            "2023-12-31",
            "",
            2,
            "critical",
            Some("not-yet-valid critical"),
        ),
    ] {
        let line = format!("check --offline ck.pem --gateway localhost:1 --json --at {at} {more}");
        let ran = place.run(line.trim());
        let document = ran.json();
        let expected: Vec<&str> = id.into_iter().chain([UNKNOWN_ISSUER]).collect();
        assert_eq!(findings(&document), expected, "{line}");
        assert_eq!(
            (ran.code, &document["status"]),
            (code, &json!(status)),
            "{line}"
        );
    }
    let ran = place.run("check ck.pem --at 2025-06-01 --json");
    assert_eq!(ran.code, 64);
    assert_eq!(
        ran.stderr,
        "error: --at goes with --offline: a live handshake is always now\n"
    );
    assert_eq!(findings(&ran.json()), ["usage unknown"]);
    let ran = place.run("check --offline ck.pem --warn 5d --crit 6d --json");
    assert_eq!(ran.code, 64);
    assert_eq!(ran.stderr, "error: --crit is above --warn\n");
    ran.json();
}

/// The line of a check against the gateway.
fn ask(file: &str, gateway: &Gateway) -> String {
    format!(
        "check {file} --gateway {} --ca-file lab/ca.pem --wait 300ms --json",
        gateway.address
    )
}

#[test]
fn check_is_answered_by_the_gateway() {
    let place = Place::with_lab();
    let mut gateway = place.gateway(&["--protocol", "legacy"]);
    let ran = place.run(&ask("good.pem", &gateway));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let document = ran.json();
    assert_eq!(document["status"], "ok");
    assert_eq!(findings(&document), [UNKNOWN_ISSUER]);
    let result = &document["results"][0];
    assert_eq!(result["path"], "good.pem");
    assert_eq!(result["identity"]["issued_by"], "lab");
    let endpoint = &result["endpoints"][0];
    assert_eq!(endpoint["question"], gateway.address);
    assert_eq!(endpoint["protocol"], "binary");
    assert_eq!(endpoint["verdict"], "accepted");
    assert_eq!(endpoint["proof"], "probe");
    assert_eq!(endpoint["probe"], json!({ "sent": true, "status": 8 }));
    assert_eq!(endpoint["alert"], Value::Null);
    assert_eq!(endpoint["tls"]["server_verified"], true);
    assert_eq!(endpoint["tls"]["client_certificate_requested"], true);
    assert_eq!(
        endpoint["tls"]["acceptable_cas"],
        json!([
            "CN=pushcert lab Worldwide Developer Relations CA, O=pushcert lab, C=US",
            "CN=pushcert lab Root CA, O=pushcert lab, C=US",
        ])
    );
    let handshake = gateway.event();
    assert_eq!(handshake["event"], "handshake");
    assert_eq!(handshake["accepted"], true);
    assert_eq!(
        handshake["certificate"],
        json!({ "sha256": result["identity"]["sha256"], "topics": ["com.example.app"] })
    );
    let notification = gateway.event();
    assert_eq!(notification["event"], "notification");
    assert_eq!(notification["token"], "0".repeat(64));
    assert_eq!(notification["status"], 8);
    assert_eq!(gateway.event()["event"], "closed");
    let text = place.ok(ask("good.pem", &gateway).trim_end_matches(" --json"));
    assert_eq!(
        text.first_line(),
        format!("ok   com.example.app is accepted by {}", gateway.address)
    );
}

#[test]
fn check_of_an_expired_certificate_is_alert_45() {
    let place = Place::with_lab();
    for (version, name) in [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")] {
        let mut gateway = place.gateway(&["--tls", version]);
        let ran = place.run(&ask("expired.pem", &gateway));
        assert_eq!((ran.code, ran.stderr.as_str()), (2, ""));
        let document = ran.json();
        assert_eq!(
            findings(&document),
            ["expired critical", UNKNOWN_ISSUER, "rejected critical"]
        );
        let endpoint = &document["results"][0]["endpoints"][0];
        assert_eq!(endpoint["verdict"], "rejected");
        assert_eq!(endpoint["proof"], Value::Null);
        assert_eq!(
            endpoint["alert"],
            json!({ "number": 45, "name": "certificate_expired" })
        );
        assert_eq!(endpoint["tls"]["version"], name);
        let handshake = gateway.event();
        assert_eq!(handshake["accepted"], false);
        assert_eq!(handshake["alert"], 45);
        let text = place.run(ask("expired.pem", &gateway).trim_end_matches(" --json"));
        assert_eq!(text.code, 2);
        assert_eq!(
            text.first_line(),
            format!(
                "critical   com.example.app is rejected by {}: certificate expired",
                gateway.address
            )
        );
    }
}

#[test]
fn check_without_a_probe_is_proven_by_ticket_or_handshake() {
    let place = Place::with_lab();
    for (version, name, proof) in [
        ("1.3", "TLSv1.3", "ticket"),
        ("1.2", "TLSv1.2", "handshake"),
    ] {
        let mut gateway = place.gateway(&["--protocol", "legacy", "--tls", version]);
        let ran = place.run(&(ask("good.pem", &gateway) + " --no-probe"));
        assert_eq!(ran.code, 0);
        let document = ran.json();
        let endpoint = &document["results"][0]["endpoints"][0];
        assert_eq!(endpoint["verdict"], "accepted");
        assert_eq!(endpoint["proof"], proof);
        assert_eq!(endpoint["tls"]["version"], name);
        assert_eq!(gateway.event()["event"], "handshake");
        assert_eq!(gateway.event()["event"], "closed");
    }
}

#[test]
fn check_of_a_revoked_certificate_and_of_a_server_unknown() {
    let place = Place::with_lab();
    let gateway = place.gateway(&["--revoke", "aps_development.cer"]);
    let ran = place.run(&ask("good.pem", &gateway));
    assert_eq!(ran.code, 2);
    let document = ran.json();
    assert_eq!(
        document["results"][0]["endpoints"][0]["alert"],
        json!({ "number": 44, "name": "certificate_revoked" })
    );
    drop(gateway);
    let gateway = place.gateway(&[]);
    std::fs::create_dir(place.path("other")).unwrap();
    place.ok("lab init --lab other/lab");
    let line = ask("good.pem", &gateway).replace("lab/ca.pem", "other/lab/ca.pem");
    let ran = place.run(&line);
    assert_eq!(ran.code, 2);
    let document = ran.json();
    assert_eq!(
        findings(&document),
        [UNKNOWN_ISSUER, "server-not-verified critical"]
    );
    let endpoint = &document["results"][0]["endpoints"][0];
    assert_eq!(endpoint["verdict"], "accepted");
    assert_eq!(endpoint["tls"]["server_verified"], false);
}

#[test]
fn check_of_a_closed_port_cannot_tell() {
    let place = Place::with_lab();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let line = format!("check good.pem --gateway {address} --ca-file lab/ca.pem --json");
    let ran = place.run(&line);
    assert_eq!(ran.code, 3);
    let document = ran.json();
    assert_eq!(document["status"], "unknown");
    assert_eq!(findings(&document), [UNKNOWN_ISSUER, "unreachable unknown"]);
    let endpoint = &document["results"][0]["endpoints"][0];
    assert_eq!(endpoint["verdict"], "unreachable");
    assert_eq!(endpoint["protocol"], "unknown");
    assert_eq!(
        endpoint["explanation"],
        "the certificate was not judged: tcp failed: connection refused"
    );
}
