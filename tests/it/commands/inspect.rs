//! `inspect`: what it tells of files and folders, and when it judges.

use super::*;

#[test]
fn inspect_tells_what_the_fixtures_are() {
    let app = json!([{ "topic": "com.example.app", "kinds": ["app"] }]);
    let three = json!([
        { "topic": "com.example.app", "kinds": ["app"] },
        { "topic": "com.example.app.voip", "kinds": ["voip"] },
        { "topic": "com.example.app.complication", "kinds": ["complication"] },
    ]);
    let mdm = json!([{
        "topic": "com.apple.mgmt.External.11111111-2222-3333-4444-555555555555",
        "kinds": ["mdm"],
    }]);
    let sandbox = json!(["sandbox"]);
    let both = json!(["sandbox", "production"]);
    let none = json!([]);
    for (file, container, kind, environments, topics) in [
        (
            "aps_development.cer",
            "der-certificate",
            "apns-sandbox",
            &sandbox,
            &app,
        ),
        (
            "aps.cer",
            "der-certificate",
            "apns-universal",
            &both,
            &three,
        ),
        (
            "expired.cer",
            "der-certificate",
            "apns-sandbox",
            &sandbox,
            &app,
        ),
        (
            "voip_services.cer",
            "der-certificate",
            "voip",
            &both,
            &three,
        ),
        (
            "mdm.cer",
            "der-certificate",
            "mdm",
            &json!(["production"]),
            &mdm,
        ),
        (
            "ios_development.cer",
            "der-certificate",
            "signing",
            &none,
            &none,
        ),
        ("other.cer", "der-certificate", "other", &none, &none),
        ("ck.pem", "pem", "apns-sandbox", &sandbox, &app),
        ("glued.pem", "pem", "apns-sandbox", &sandbox, &app),
        ("utf16.pem", "pem", "apns-sandbox", &sandbox, &app),
        ("testPush.p12", "pkcs12", "apns-sandbox", &sandbox, &app),
        ("modern.p12", "pkcs12", "apns-sandbox", &sandbox, &app),
        ("empty.p12", "pkcs12", "apns-sandbox", &sandbox, &app),
    ] {
        let place = Place::with(&[file]);
        let ran = place.run_with(
            &format!("inspect {file} --json --passin env:P"),
            &[("P", "hello123")],
        );
        assert_eq!(ran.code, 0, "{file}");
        let document = ran.json();
        let entry = &document["files"][0];
        assert_eq!(entry["path"], file);
        assert_eq!(entry["container"], container, "{file}");
        assert_eq!(entry["encrypted"], file.ends_with(".p12"), "{file}");
        let certificate = &entry["certificates"][0];
        assert_eq!(certificate["kind"], kind, "{file}");
        assert_eq!(certificate["environments"], *environments, "{file}");
        assert_eq!(certificate["topics"], *topics, "{file}");
        let identities = entry["identities"].as_array().unwrap();
        assert_eq!(
            identities.len(),
            usize::from(container != "der-certificate")
        );
        for identity in identities {
            assert_eq!(identity["certificate"], certificate["sha256"]);
            assert_eq!(identity["key"], certificate["spki_sha256"]);
            assert_eq!(identity["key"], entry["keys"][0]["spki_sha256"]);
        }
    }
}

#[test]
fn inspect_judges_only_when_strict() {
    let place = Place::with(&["expired.cer", "aps.cer", "push.csr", "trailing.cer"]);
    for (file, strict, expected) in [
        (
            "expired.cer",
            2,
            vec!["expired critical", "issuer-unknown warning"],
        ),
        ("aps.cer", 1, vec!["issuer-unknown warning"]),
        (
            "trailing.cer",
            1,
            vec!["trailing-bytes info", "issuer-unknown warning"],
        ),
        ("push.csr", 0, vec![]),
    ] {
        let ran = place.ok(&format!("inspect {file} --json"));
        assert_eq!(findings(&ran.json()), expected, "{file}");
        let ran = place.run(&format!("inspect {file} --json --strict"));
        assert_eq!(ran.code, strict, "{file}");
        assert_eq!(findings(&ran.json()), expected, "{file}");
    }
    let document = place.run("inspect push.csr --json").json();
    let request = &document["files"][0]["requests"][0];
    assert_eq!(request["email"], "dev@example.com");
    assert_eq!(request["subject"]["common_name"], "Example Push");
    assert_eq!(request["signature_valid"], true);
}

#[test]
fn inspect_of_a_folder_with_a_locked_file() {
    let place = Place::with(&["aps.cer", "testPush.p12"]);
    std::fs::create_dir(place.path("sub")).unwrap();
    place.write("sub/notes.txt", b"nothing\n");
    place.write("sub/.hidden.cer", b"nothing\n");
    let ran = place.run("inspect . --json");
    assert_eq!(ran.code, 3);
    let document = ran.json();
    let paths: Vec<&str> = document["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["./aps.cer", "./testPush.p12"]);
    assert_eq!(
        findings(&document),
        ["issuer-unknown warning", "locked unknown"]
    );
    let locked = &document["files"][1];
    assert_eq!(locked["container"], "pkcs12");
    assert_eq!(locked["encrypted"], true);
    for list in ["certificates", "keys", "requests", "crls", "identities"] {
        assert_eq!(locked[list], json!([]), "{list}");
    }
    let ran = place.run_with("inspect . --json", &[("PEM_P12_PASSWORD", "wrong")]);
    assert_eq!(ran.code, 3);
    assert_eq!(
        findings(&ran.json()),
        ["issuer-unknown warning", "wrong-passphrase unknown"]
    );
    let ran = place.run_with("inspect . --json", &[("PEM_P12_PASSWORD", "hello123")]);
    assert_eq!(ran.code, 0);
    ran.json();
    let ran = place.run("inspect sub --json");
    assert_eq!(ran.code, 3);
    assert_eq!(findings(&ran.json()), ["no-input-found unknown"]);
}
