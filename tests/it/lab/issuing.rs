//! What the lab issues: subjects, extensions and validity as Apple has them.

use super::*;

#[test]
fn each_kind_has_apples_subject_and_verifies() {
    let lab = Lab::new();
    let uuid = MDM.strip_prefix("com.apple.mgmt.External.").unwrap();
    let cases = [
        (
            LeafKind::Sandbox,
            TOPIC,
            "UID=com.example.app, CN=Apple Development IOS Push Services: com.example.app, OU=LABTEAM123, C=US".to_string(),
            "1.2.840.113635.100.6.3.1",
        ),
        (
            LeafKind::Production,
            TOPIC,
            "UID=com.example.app, CN=Apple Production IOS Push Services: com.example.app, OU=LABTEAM123, C=US".to_string(),
            "1.2.840.113635.100.6.3.2",
        ),
        (
            LeafKind::Universal,
            TOPIC,
            "UID=com.example.app, CN=Apple Push Services: com.example.app, OU=LABTEAM123, O=Lab Account, C=US".to_string(),
            "1.2.840.113635.100.6.3.1 1.2.840.113635.100.6.3.2 1.2.840.113635.100.6.3.6",
        ),
        (
            LeafKind::Voip,
            TOPIC,
            "UID=com.example.app.voip, CN=VoIP Services: com.example.app, OU=LABTEAM123, C=US".to_string(),
            "1.2.840.113635.100.6.3.1 1.2.840.113635.100.6.3.2 1.2.840.113635.100.6.3.6",
        ),
        (
            LeafKind::Mdm,
            MDM,
            format!("UID={MDM}, CN=APSP:{uuid}, C=XX"),
            "",
        ),
    ];
    for (kind, topic, subject, oids) in cases {
        lab.issue(topic, kind, 395);
        let shown = lab.openssl(&[
            "x509",
            "-in",
            "leaf.pem",
            "-noout",
            "-subject",
            "-nameopt",
            "sep_comma_plus_space,sname,esc_ctrl",
        ]);
        assert_eq!(shown.trim_end(), format!("subject={subject}"));
        let verified = lab.openssl(&[
            "verify",
            "-purpose",
            "sslclient",
            "-CAfile",
            "ca.pem",
            "leaf.pem",
        ]);
        assert_eq!(verified, "leaf.pem: OK\n");
        let text = lab.openssl(&["x509", "-in", "leaf.pem", "-noout", "-text"]);
        let found: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter_map(|line| line.strip_suffix(':'))
            .filter(|line| line.starts_with("1.2.840.113635.100.6.3."))
            .collect();
        assert_eq!(found.join(" "), oids, "{text}");
    }
}

#[test]
fn a_universal_leaf_has_apples_extensions_and_string_types() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 395);
    assert_eq!(leaf.serial_number().to_bn().unwrap().num_bytes(), 16);
    assert_eq!(leaf.not_before().diff(leaf.not_after()).unwrap().days, 395);
    let types = lab.openssl(&[
        "x509",
        "-in",
        "leaf.pem",
        "-noout",
        "-subject",
        "-nameopt",
        "show_type,sname,sep_comma_plus",
    ]);
    assert_eq!(
        types.trim_end(),
        "subject=UID=UTF8STRING:com.example.app,CN=UTF8STRING:Apple Push Services: com.example.app,OU=UTF8STRING:LABTEAM123,O=UTF8STRING:Lab Account,C=PRINTABLESTRING:US"
    );
    let text = lab.openssl(&["x509", "-in", "leaf.pem", "-noout", "-text"]);
    for expected in [
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage:\n                TLS Web Client Authentication\n",
        "Policy: 1.2.840.113635.100.5.1\n",
        "Signature Algorithm: sha256WithRSAEncryption\n",
    ] {
        assert!(text.contains(expected), "{expected}{text}");
    }
    let topics = [
        &b"\x0c\x0fcom.example.app\x30\x05\x0c\x03app"[..],
        b"\x0c\x14com.example.app.voip\x30\x06\x0c\x04voip",
        b"\x0c\x1ccom.example.app.complication\x30\x0e\x0c\x0ccomplication",
    ]
    .concat();
    let mut value = vec![0x30, u8::try_from(topics.len()).unwrap()];
    value.extend(topics);
    let der = leaf.to_der().unwrap();
    assert!(der.windows(value.len()).any(|window| window == value));
}

#[test]
fn the_longest_topic_still_verifies() {
    let lab = Lab::new();
    for kind in [LeafKind::Sandbox, LeafKind::Universal, LeafKind::Voip] {
        lab.issue(&"a".repeat(200), kind, 1);
        let verified = lab.openssl(&["verify", "-x509_strict", "-CAfile", "ca.pem", "leaf.pem"]);
        assert_eq!(verified, "leaf.pem: OK\n");
    }
}

#[test]
fn an_expired_leaf_has_lived_a_year() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Sandbox, -3);
    assert_eq!(leaf.not_before().diff(leaf.not_after()).unwrap().days, 365);
    let now = openssl::asn1::Asn1Time::days_from_now(0).unwrap();
    assert_eq!(leaf.not_after().diff(&now).unwrap().days, 3);
}

#[test]
fn what_apple_would_not_issue_is_a_usage_error() {
    let lab = Lab::new();
    let spki = lab.key.public_key_to_der().unwrap();
    let now = OffsetDateTime::now_utc();
    let long = "a".repeat(201);
    for (topic, kind, days) in [
        ("", LeafKind::Sandbox, 1),
        ("com example", LeafKind::Sandbox, 1),
        ("com.example.\u{fc}", LeafKind::Sandbox, 1),
        (&long, LeafKind::Sandbox, 1),
        (TOPIC, LeafKind::Mdm, 1),
        ("com.apple.mgmt.External.", LeafKind::Mdm, 1),
        (TOPIC, LeafKind::Sandbox, i64::MAX),
        (TOPIC, LeafKind::Sandbox, i64::MIN),
    ] {
        let error = issue(&lab.authority, &spki, topic, kind, days, now).unwrap_err();
        assert_eq!(error.id(), "usage", "{topic} {days}");
    }
    let error = issue(&lab.authority, b"no key", TOPIC, LeafKind::Sandbox, 1, now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "damaged public key: OpenSSL does not load it"
    );
    for kind in LeafKind::ALL {
        assert_eq!(kind.as_str().parse::<LeafKind>().unwrap(), kind);
    }
    assert_eq!("bogus".parse::<LeafKind>().unwrap_err().id(), "usage");
}

#[test]
fn a_lab_comes_back_from_its_files() {
    let lab = Lab::new();
    let read = |name: &'static str| Ok(std::fs::read(lab.path(name)).unwrap());
    let loaded = Authority::load(read).unwrap();
    for (one, other) in lab
        .authority
        .files()
        .unwrap()
        .iter()
        .zip(loaded.files().unwrap())
    {
        assert_eq!(one.name, other.name);
        assert_eq!(one.holds_key, one.name.ends_with(".key.pem"));
        assert!(one.contents == other.contents);
    }
    let swapped = |name: &'static str| match name {
        "intermediate.key.pem" => read("server.key.pem"),
        other => read(other),
    };
    assert_eq!(
        Authority::load(swapped).err().unwrap().to_string(),
        "damaged lab: intermediate.key.pem: the private key fits none of the certificates"
    );
    let empty = |_: &'static str| Ok(Vec::new());
    assert_eq!(
        Authority::load(empty).err().unwrap().to_string(),
        "damaged lab: ca.pem: not the two certificates that lab init wrote"
    );
    let verified = lab.openssl(&[
        "verify",
        "-purpose",
        "sslserver",
        "-CAfile",
        "ca.pem",
        "-verify_hostname",
        "localhost",
        "server.pem",
    ]);
    assert_eq!(verified, "server.pem: OK\n");
    let ca = lab.openssl(&[
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        "ca.pem",
        "-out",
        "both.p7b",
    ]);
    assert_eq!(ca, "");
    let names = lab.openssl(&["pkcs7", "-in", "both.p7b", "-print_certs", "-noout"]);
    assert!(
        names.contains(
            "subject=CN=pushcert lab Worldwide Developer Relations CA, O=pushcert lab, C=US\n"
        ),
        "{names}"
    );
}
