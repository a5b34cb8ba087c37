//! `csr`: the key, the request, and what it refuses.

use super::*;

#[test]
fn csr_writes_a_key_for_its_owner_only_and_a_request_that_openssl_verifies() {
    let place = Place::with(&[]);
    let line = r#"umask 000; exec "$0" csr --no-passphrase --email dev@example.com --common-name "Example Push" --country us"#;
    let output = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_pushcert")])
        .current_dir(place.0.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ran = Ran::new(output);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout, "");
    let wrote: Vec<&str> = ran.stderr.lines().take(2).collect();
    assert_eq!(
        wrote,
        [
            "wrote PushKey.pem                                   private key, RSA-2048, plain, 0600",
            "wrote CertificateSigningRequest.certSigningRequest  the request for it",
        ]
    );
    assert_eq!(place.names(), [REQUEST, "PushKey.pem"]);
    assert_eq!(place.mode("PushKey.pem"), 0o600);
    assert_eq!(place.mode(REQUEST), 0o666);
    assert_eq!(blocks(&place.text("PushKey.pem")), [KEY]);
    assert_eq!(blocks(&place.text(REQUEST)), ["CERTIFICATE REQUEST"]);

    let verified = place.other(&format!("openssl req -verify -noout -in {REQUEST}"));
    assert_eq!(
        verified.stderr,
        "Certificate request self-signature verify OK\n"
    );
    let subject = place.other(&format!("openssl req -noout -subject -in {REQUEST}"));
    assert_eq!(
        subject.stdout,
        "subject=emailAddress = dev@example.com, CN = Example Push, C = US\n"
    );
    let text = place
        .other(&format!("openssl req -noout -text -in {REQUEST}"))
        .stdout;
    for fact in [
        "Version: 1 (0x0)",
        "Public-Key: (2048 bit)",
        "Signature Algorithm: sha256WithRSAEncryption",
    ] {
        assert!(text.lines().any(|line| line.trim() == fact), "{fact}");
    }
    assert_eq!(
        place
            .other(&format!("openssl req -noout -pubkey -in {REQUEST}"))
            .stdout,
        place.other("openssl pkey -pubout -in PushKey.pem").stdout
    );
}

#[test]
fn csr_without_an_email_names_only_push() {
    let place = Place::with(&[]);
    let ran = place.ok("csr -o made/here --no-passphrase --json");
    assert_eq!(
        ran.json(),
        json!({
            "schema_version": 1, "command": "csr", "status": "ok", "exit_code": 0, "findings": [],
            "written": [
                { "path": "made/here/PushKey.pem", "contents": ["key"] },
                { "path": format!("made/here/{REQUEST}"), "contents": ["request"] },
            ],
        })
    );
    let subject = place.other(&format!(
        "openssl req -noout -subject -in made/here/{REQUEST}"
    ));
    assert_eq!(subject.stdout, "subject=CN = Push\n");
}

#[test]
fn csr_encrypts_the_key_with_600000_rounds() {
    let place = Place::with(&[]);
    let ran = place.run_with("csr -q --passout env:P", &[("P", "secret of mine")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "", "")
    );
    assert_eq!(
        blocks(&place.text("PushKey.pem")),
        ["ENCRYPTED PRIVATE KEY"]
    );
    place.write("pass", b"secret of mine");
    place.other("openssl pkey -noout -in PushKey.pem -passin file:pass");
    let shown = place.other("openssl asn1parse -in PushKey.pem").stdout;
    assert!(
        shown
            .lines()
            .any(|line| line.ends_with("INTEGER           :0927C0"))
    );
    for object in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc"] {
        assert!(
            shown
                .lines()
                .any(|line| line.ends_with(&format!(":{object}")))
        );
    }
}

#[test]
fn csr_does_not_choose_a_protection() {
    let place = Place::with(&[]);
    let ran = place.run("csr");
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (64, "", SAY_HOW)
    );
    let ran = place.run_with("csr --passout env:EMPTY", &[("EMPTY", "")]);
    assert_eq!(ran.code, 64);
    let ran = place.run("csr --passout pass:x --no-passphrase");
    assert_eq!(ran.code, 64);
    assert!(place.names().is_empty());
}

#[test]
fn csr_overwrites_nothing() {
    let place = Place::with(&[]);
    place.write("key", b"mine\n");
    place.write("request", b"mine too\n");
    let names = |key: &str, request: &str| {
        place.run(&format!(
            "csr --no-passphrase -o {} --out-key {key} --out-csr {request} --json",
            place.0.path().display()
        ))
    };
    let folder = place.0.path().display();
    let ran = names("key", "new");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {folder}/key exists; a private key is never overwritten without --force\n\
             hint: pushcert csr --key {folder}/key --out-csr new.certSigningRequest    (a new request for the same key)\n"
        )
    );
    assert_eq!(findings(&ran.json()), ["exists critical"]);
    let ran = names("new", "request");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {folder}/request exists; nothing is overwritten without --force\n\
             hint: --out-csr NAME writes the request under another name\n"
        )
    );
    assert_eq!(findings(&ran.json()), ["exists critical"]);
    assert_eq!(place.names(), ["key", "request"]);
    assert_eq!(place.read("key"), b"mine\n");
    assert_eq!(place.read("request"), b"mine too\n");
}

#[test]
fn csr_for_a_key_that_is_there() {
    let place = Place::with(&[
        "push.key.pem",
        "testPush.p12",
        "ec.key.pem",
        "rsa4096.key.pem",
    ]);
    for (file, is) in [
        ("ec.key.pem", "an EC P-256"),
        ("rsa4096.key.pem", "an RSA-4096"),
    ] {
        let ran = place.run(&format!("csr --key {file}"));
        assert_eq!(ran.code, 2);
        assert_eq!(
            ran.stderr,
            format!(
                "error: {file} is {is} key; Apple's portal takes requests for RSA keys of 2048 bits only\n"
            )
        );
    }
    assert_eq!(place.names().len(), 4);
    place.ok("csr --key push.key.pem --out-csr a.csr");
    let pass = [("P", "hello123")];
    let ran = place.run_with(
        "csr --key testPush.p12 --passin env:P --out-csr b.csr",
        &pass,
    );
    assert_eq!(ran.code, 0);
    let expected = place.other("openssl pkey -pubout -in push.key.pem").stdout;
    for name in ["a.csr", "b.csr"] {
        let key = place.other(&format!("openssl req -noout -pubkey -in {name}"));
        assert_eq!(key.stdout, expected);
    }
    assert_eq!(place.names().len(), 6);
}
