//! TLS: whom the gateway lets in, and how it refuses.

use super::*;

#[test]
fn certificates_are_refused_with_apples_alerts_on_both_tls_versions() {
    let lab = Lab::new();
    let foreign = Authority::create(OffsetDateTime::now_utc()).unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let good = lab.issue(TOPIC, LeafKind::Universal, 30);
        let (_, event) = s_client(&lab, settings(), version, true);
        assert_eq!(event, handshake(version, Some((&good, TOPICS)), None));

        let refused = |leaf: Option<(&X509, &[&str])>, settings: Settings, alert: u8| {
            let (error, event) = s_client(&lab, settings, version, leaf.is_some());
            assert_eq!(event, handshake(version, leaf, Some(alert)), "{error}");
            assert!(
                error.contains(&format!("SSL alert number {alert}\n")),
                "{error}"
            );
        };
        let serial = good
            .serial_number()
            .to_bn()
            .unwrap()
            .to_hex_str()
            .unwrap()
            .to_string();
        let revoked = Settings {
            revoked: vec![serial],
            ..settings()
        };
        refused(Some((&good, TOPICS)), revoked, 44);
        refused(
            None,
            settings(),
            if version == "-tls1_3" { 116 } else { 40 },
        );

        let expired = lab.issue(TOPIC, LeafKind::Universal, -1);
        refused(Some((&expired, TOPICS)), settings(), 45);

        let sandbox = lab.issue(TOPIC, LeafKind::Sandbox, 30);
        let production = Settings {
            environment: Some(Environment::Production),
            ..settings()
        };
        refused(Some((&sandbox, &[TOPIC])), production.clone(), 46);

        let mdm = lab.issue(MDM, LeafKind::Mdm, 30);
        let (_, event) = s_client(&lab, production, version, true);
        assert_eq!(event, handshake(version, Some((&mdm, &[MDM])), None));
        let only_sandbox = Settings {
            environment: Some(Environment::Sandbox),
            ..settings()
        };
        refused(Some((&mdm, &[MDM])), only_sandbox, 46);

        let spki = lab.key.public_key_to_der().unwrap();
        let now = OffsetDateTime::now_utc();
        let der = issue(&foreign, &spki, TOPIC, LeafKind::Universal, 30, now).unwrap();
        let unknown = X509::from_der(&der).unwrap();
        std::fs::write(lab.path("leaf.pem"), unknown.to_pem().unwrap()).unwrap();
        let (error, event) = s_client(&lab, settings(), version, true);
        // The foreign CA has the same names; the key ids tell them apart.
        assert_eq!(
            event,
            handshake(version, Some((&unknown, TOPICS)), Some(48)),
            "{error}"
        );
        assert!(error.contains("SSL alert number 48\n"), "{error}");
    }
}

#[test]
fn a_gateway_speaks_only_the_version_it_was_told() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    for (tls, version) in [(Tls::Tls12, "-tls1_3"), (Tls::Tls13, "-tls1_2")] {
        let (error, event) = s_client(&lab, Settings { tls, ..settings() }, version, true);
        assert_eq!(
            event,
            json!({"event": "handshake", "connection": 1, "accepted": false, "alert": 70})
        );
        assert!(error.contains("SSL alert number 70\n"), "{error}");
    }
}

#[test]
fn a_stopped_gateway_closes_what_is_open_and_frees_its_port() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
    assert_eq!(next(&events)["accepted"], true);
    let address = running.address().to_string();
    drop(running);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
    assert!(events.recv().is_err());
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest));
    assert_eq!(rest, b"");
    drop(TcpStream::connect(&address).unwrap_err());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Gateway::bind(&address, &lab.authority, settings())
        .err()
        .unwrap();
    assert_eq!(error.id(), "network");
}

#[test]
fn critical_extensions_pass_only_if_they_are_apples() {
    let lab = Lab::new();
    let sandbox = "1.2.840.113635.100.6.3.1";
    type Case<'a> = (&'a [(&'a str, bool)], Option<u8>);
    let cases: [Case; 5] = [
        (&[(sandbox, true)], None),
        (&[(sandbox, true), ("1.2.840.113635.100.6.3.3", true)], None),
        (&[(sandbox, true), ("1.2.3.4", true)], Some(46)),
        (&[("1.2.3.4", false)], Some(46)),
        (&[], Some(46)),
    ];
    for version in ["-tls1_2", "-tls1_3"] {
        for (extensions, alert) in cases {
            let leaf = odd_leaf(&lab, extensions);
            let (error, event) = s_client(&lab, settings(), version, true);
            assert_eq!(
                event,
                handshake(version, Some((&leaf, &[TOPIC])), alert),
                "{error}"
            );
        }
    }
}

#[test]
fn a_refusal_survives_a_client_that_writes_at_once() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, -1);
    let (running, _events) = lab.gateway(settings());
    for _ in 0..30 {
        let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
        stream.write_all(&[0; 9000]).unwrap();
        let error = stream.ssl_read(&mut [0; 16]).unwrap_err();
        let reason = error.ssl_error().unwrap().errors()[0].reason_code();
        // OpenSSL's reason for a received alert is 1000 and its number.
        assert_eq!(reason, 1045);
    }
}

#[test]
fn a_session_can_be_resumed() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let address = running.address().to_string();
    for (connection, flag) in [(1, "-sess_out"), (2, "-sess_in")] {
        let mut client = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &address,
                "-tls1_2",
                "-CAfile",
                "ca.pem",
                "-cert",
                "leaf.pem",
                "-key",
                "key.pem",
                flag,
                "session.pem",
            ])
            .current_dir(lab.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = client.stdin.take();
        let mut expected = handshake("-tls1_2", Some((&leaf, TOPICS)), None);
        expected["connection"] = json!(connection);
        assert_eq!(next(&events), expected);
        drop(stdin);
        let shown = client.wait_with_output().unwrap().stdout;
        let shown = String::from_utf8_lossy(&shown).into_owned();
        let first = if connection == 1 {
            "New, TLSv1.2"
        } else {
            "Reused, TLSv1.2"
        };
        assert!(shown.contains(first), "{shown}");
        assert_eq!(
            next(&events),
            json!({"event": "closed", "connection": connection})
        );
    }
}

#[test]
fn a_client_without_tls_is_only_a_failed_handshake() {
    let lab = Lab::new();
    let (running, events) = lab.gateway(settings());
    let mut tcp = TcpStream::connect(running.address()).unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    drop(tcp.read_to_end(&mut rest));
    drop(tcp);
    assert_eq!(
        next(&events),
        json!({"event": "handshake", "connection": 1, "accepted": false})
    );
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
}

#[test]
fn validity_is_judged_by_the_clock_that_is_given() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let settings = Settings {
        clock: || OffsetDateTime::now_utc() + time::Duration::days(31),
        ..settings()
    };
    let (_, event) = s_client(&lab, settings, "-tls1_3", true);
    assert_eq!(event, handshake("-tls1_3", Some((&leaf, TOPICS)), Some(45)));
}
