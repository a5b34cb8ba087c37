//! Provisioning profiles and PKCS#7: made by openssl, read here, and held against a push certificate.

use assert_cmd::cargo::cargo_bin_cmd;
use pushcert::container::{self, Container, Contents};
use pushcert::secret::SecretBytes;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// A folder with a signer of profiles: CA, certificate and key.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        place.openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=Test_Profile_CA -days 30");
        place.openssl("req -newkey rsa:2048 -nodes -keyout signer.key -out signer.csr -subj /CN=Test_Profile_Signing");
        place.openssl("x509 -req -in signer.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out signer.pem -days 30");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, line: &str) -> String {
        let ran = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    /// Signs a property list.
    fn sign(&self, name: &str, plist: &str) {
        std::fs::write(self.path("profile.plist"), plist).unwrap();
        self.openssl(&format!(
            "cms -sign -nodetach -binary -md sha1 -outform DER -signer signer.pem -inkey signer.key -certfile ca.pem -in profile.plist -out {name}"
        ));
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Exit code and JSON of a command line in the folder.
    fn run(&self, line: &str) -> (i32, Value) {
        let ran = cargo_bin_cmd!("pushcert")
            .args(line.split(' '))
            .arg("--json")
            .current_dir(self.0.path())
            .env("CI", "true")
            .output()
            .unwrap();
        let document = serde_json::from_slice(&ran.stdout).unwrap();
        (ran.status.code().unwrap(), document)
    }
}

/// A profile's property list: application identifier, entitlement for pushes, end of validity.
fn plist(application: &str, aps: &str, until: &str) -> String {
    let aps = match aps {
        "" => String::new(),
        word => format!("<key>aps-environment</key><string>{word}</string>"),
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Name</key><string>Example Development</string>
<key>UUID</key><string>01234567-89ab-cdef-0123-456789abcdef</string>
<key>TeamIdentifier</key><array><string>ABCDE12345</string></array>
<key>ApplicationIdentifierPrefix</key><array><string>ABCDE12345</string></array>
<key>CreationDate</key><date>2026-01-02T03:04:05Z</date>
<key>ExpirationDate</key><date>{until}</date>
<key>Platform</key><array><string>iOS</string></array>
<key>ProvisionedDevices</key><array><string>a</string><string>b</string></array>
<key>DeveloperCertificates</key><array></array>
<key>Entitlements</key><dict><key>application-identifier</key><string>{application}</string>{aps}</dict>
</dict></plist>"#
    )
}

const APP: &str = "ABCDE12345.com.example.app";
const LATER: &str = "2046-01-01T00:00:00Z";

/// Ids and severities of the findings about a path that ends so.
fn findings(document: &Value, path: &str) -> Vec<String> {
    let all = document["findings"].as_array().unwrap().iter();
    all.filter(|finding| {
        finding["path"]
            .as_str()
            .is_some_and(|at| at.ends_with(path))
    })
    .map(|finding| {
        format!(
            "{} {}",
            finding["id"].as_str().unwrap(),
            finding["severity"].as_str().unwrap()
        )
    })
    .collect()
}

#[test]
fn a_profile_is_read_and_its_signature_checked() {
    let place = Place::new();
    place.sign("dev.mobileprovision", &plist(APP, "development", LATER));
    let (code, document) = place.run("inspect dev.mobileprovision");
    assert_eq!(code, 0);
    let file = &document["files"][0];
    assert_eq!(file["container"], "mobileprovision");
    let expected = serde_json::json!({
        "name": "Example Development",
        "uuid": "01234567-89ab-cdef-0123-456789abcdef",
        "team_id": "ABCDE12345",
        "application_identifier": APP,
        "aps_environment": "development",
        "not_after": LATER,
        "developer_certificates": [],
        "platforms": ["iOS"],
        "signature": "other",
    });
    assert_eq!(file["profile"], expected);
    // The signers' certificates are no one's to merge or to check.
    assert_eq!(file["certificates"], serde_json::json!([]));
    assert_eq!(
        findings(&document, "dev.mobileprovision"),
        ["profile-signature warning"]
    );

    // openssl takes the same content out of it.
    let content = place.openssl("cms -verify -noverify -inform DER -in dev.mobileprovision");
    assert_eq!(content, plist(APP, "development", LATER));
}

#[test]
fn in_a_fleet_it_counts_by_its_own_date_and_is_one_row() {
    let place = Place::new();
    place.sign(
        "dev.mobileprovision",
        &plist(APP, "development", "2026-06-10T00:00:00Z"),
    );
    let (code, document) = place.run("expiry dev.mobileprovision --at 2026-06-05T00:00:00Z");
    assert_eq!(code, 2);
    let results = document["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{results:?}");
    let told = ["role", "not_after", "severity"].map(|key| results[0][key].as_str().unwrap());
    assert_eq!(told, ["profile", "2026-06-10T00:00:00Z", "critical"]);
    assert_eq!(results[0]["topics"], serde_json::json!(["com.example.app"]));
}

#[test]
fn a_changed_profile_is_a_critical_finding() {
    let place = Place::new();
    place.sign("dev.mobileprovision", &plist(APP, "development", LATER));
    let mut bytes = place.bytes("dev.mobileprovision");
    let at = bytes
        .windows(11)
        .position(|part| part == b"development")
        .unwrap();
    bytes[at] = b'D';
    std::fs::write(place.path("changed.mobileprovision"), bytes).unwrap();
    let (code, document) = place.run("inspect changed.mobileprovision --strict");
    assert_eq!(code, 2);
    assert_eq!(
        findings(&document, "changed.mobileprovision"),
        ["profile-signature critical", "profile-environment warning"]
    );
    assert_eq!(document["files"][0]["profile"]["signature"], "broken");
}

#[test]
fn a_pair_is_judged_point_by_point() {
    let place = Place::new();
    let cases = [
        // (application identifier, aps-environment, findings)
        (APP, "development", vec!["profile-fits info"]),
        (APP, "production", vec!["profile-environment critical"]),
        (APP, "", vec!["profile-without-push critical"]),
        (
            "ABCDE12345.*",
            "development",
            vec!["profile-wildcard critical"],
        ),
        (
            "ABCDE12345.com.example.other",
            "development",
            vec!["profile-topic-mismatch critical"],
        ),
        (
            "ABCDE12345.com.example.other",
            "production",
            vec![
                "profile-topic-mismatch critical",
                "profile-environment critical",
            ],
        ),
    ];
    for (application, aps, expected) in cases {
        place.sign("p.mobileprovision", &plist(application, aps, LATER));
        let line = format!(
            "check {FIXTURES}/aps_development.cer {FIXTURES}/push.encrypted.pem --passin pass:hello123 --offline --gateway localhost:1 --profile p.mobileprovision"
        );
        let (code, document) = place.run(&line);
        let of_pair: Vec<String> = findings(&document, "p.mobileprovision")
            .into_iter()
            .filter(|finding| finding.ends_with("critical") || finding.contains("fits"))
            .collect();
        assert_eq!(of_pair, expected, "{application} {aps}");
        let fits = expected == ["profile-fits info"];
        assert_eq!(
            code,
            if fits { 1 } else { 2 },
            "{application} {aps}: {document:#}"
        );
        // inspect says the same of a single pair.
        let (code, document) = place.run(&format!(
            "inspect p.mobileprovision {FIXTURES}/aps_development.cer"
        ));
        assert_eq!(code, 0);
        for finding in &expected {
            assert!(
                findings(&document, "p.mobileprovision").contains(&finding.to_string()),
                "{finding}"
            );
        }
    }
}

#[test]
fn the_team_has_to_agree() {
    let place = Place::new();
    let other = plist("ZZZZZ99999.com.example.app", "development", LATER)
        .replace("ABCDE12345", "ZZZZZ99999");
    place.sign("p.mobileprovision", &other);
    let (_, document) = place.run(&format!(
        "inspect p.mobileprovision {FIXTURES}/aps_development.cer"
    ));
    assert_eq!(
        findings(&document, "p.mobileprovision"),
        [
            "profile-signature warning",
            "profile-team-mismatch critical"
        ]
    );
}

#[test]
fn an_expired_profile_is_said_and_of_several_certificates_only_those_for_its_app() {
    let place = Place::new();
    place.sign(
        "p.mobileprovision",
        &plist(APP, "development", "2026-06-01T00:00:00Z"),
    );
    let (code, document) = place.run(&format!(
        "inspect p.mobileprovision {FIXTURES}/aps.cer {FIXTURES}/mdm.cer --at 2026-06-02"
    ));
    assert_eq!(code, 0);
    assert_eq!(
        findings(&document, "p.mobileprovision"),
        [
            "profile-signature warning",
            "expired critical",
            "profile-fits info"
        ]
    );
}

#[test]
fn a_profile_has_no_use_in_merge_and_nothing_to_convert() {
    let place = Place::new();
    place.sign("p.mobileprovision", &plist(APP, "development", LATER));
    let parts = format!("{FIXTURES}/aps_development.cer {FIXTURES}/push.key.pem");
    let (code, document) = place.run(&format!("merge {parts} p.mobileprovision -o ck.pem"));
    assert_eq!(code, 2);
    assert_eq!(document["findings"][0]["id"], "unused-input");
    assert_eq!(
        document["findings"][0]["message"],
        "p.mobileprovision has no use here: a provisioning profile, which no server loads"
    );
    let (code, document) = place.run("convert p.mobileprovision");
    assert_eq!(code, 2);
    assert_eq!(document["findings"][0]["id"], "nothing-to-convert");
}

#[test]
fn certificates_that_travel_in_pkcs7_are_read_from_pem_and_der() {
    let place = Place::new();
    place.openssl("crl2pkcs7 -nocrl -certfile signer.pem -certfile ca.pem -out chain.p7b");
    place.openssl(
        "crl2pkcs7 -nocrl -certfile signer.pem -certfile ca.pem -outform DER -out chain.p7c",
    );
    let digest = |name: &str| {
        place
            .openssl(&format!("x509 -in {name} -noout -fingerprint -sha256"))
            .rsplit('=')
            .next()
            .unwrap()
            .trim()
            .replace(':', "")
            .to_lowercase()
    };
    for name in ["chain.p7b", "chain.p7c"] {
        let (code, document) = place.run(&format!("inspect {name}"));
        assert_eq!(code, 0, "{document:#}");
        let file = &document["files"][0];
        assert_eq!(file["container"], "pkcs7", "{name}");
        let read: Vec<&str> = file["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["sha256"].as_str().unwrap())
            .collect();
        assert_eq!(read, [digest("signer.pem"), digest("ca.pem")], "{name}");
    }
    // As openssl prints them.
    let printed = place.openssl("pkcs7 -in chain.p7b -print_certs");
    assert_eq!(printed.matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn a_revocation_list_is_told() {
    let place = Place::new();
    std::fs::write(place.path("index.txt"), "").unwrap();
    std::fs::write(place.path("ca.cnf"), "[ca]\ndefault_ca = c\n[c]\ndatabase = index.txt\ndefault_md = sha256\ndefault_crl_days = 30\n").unwrap();
    place.openssl("ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke signer.pem");
    place.openssl("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -out list.pem");
    place.openssl("crl -in list.pem -outform DER -out list.crl");
    for (name, container) in [("list.pem", "pem"), ("list.crl", "crl")] {
        let (code, document) = place.run(&format!("inspect {name}"));
        let file = &document["files"][0];
        assert_eq!((code, &file["container"]), (0, &Value::from(container)));
        assert_eq!(file["crls"][0]["entries"], 1);
        assert_eq!(file["crls"][0]["issuer"]["common_name"], "Test_Profile_CA");
    }
}

fn parse(bytes: &[u8]) -> Result<Contents, String> {
    match container::parse(&SecretBytes::new(bytes.to_vec())) {
        Ok(Container::Open(contents)) => Ok(contents),
        Ok(Container::Locked(_)) => Err("locked".to_string()),
        Err(error) => Err(format!("{}: {error}", error.id())),
    }
}

#[test]
fn hostile_lists_are_refused() {
    let place = Place::new();
    let deep = format!(
        "{}{}{}",
        "<plist><dict><key>UUID</key>",
        "<array>".repeat(100_000),
        "</array>".repeat(100_000)
    );
    for (plist, expected) in [
        (
            deep.as_str(),
            "over-budget: too costly to open: more than 1000 lists and dictionaries",
        ),
        (
            "<plist><dict></dict></plist>",
            "damaged: damaged provisioning profile: its property list is not a profile's",
        ),
        (
            "<html></html>",
            "damaged: damaged provisioning profile: its property list does not parse",
        ),
        (
            "hello",
            "wrong-kind: is signed content that is no provisioning profile, not a certificate, key or request",
        ),
    ] {
        place.sign("p.mobileprovision", plist);
        assert_eq!(
            parse(&place.bytes("p.mobileprovision")).unwrap_err(),
            expected
        );
    }
}

#[test]
fn entities_are_not_expanded() {
    let place = Place::new();
    let laughs = "<!DOCTYPE plist [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><plist><dict><key>UUID</key><string>&b;</string></dict></plist>";
    place.sign("p.mobileprovision", laughs);
    let read = parse(&place.bytes("p.mobileprovision")).unwrap();
    assert_eq!(read.profile.unwrap().profile.uuid.as_deref(), Some(""));
}

#[test]
fn a_profile_cut_or_with_flipped_bits_never_panics_and_never_passes_for_whole() {
    let place = Place::new();
    place.sign("p.mobileprovision", &plist(APP, "development", LATER));
    let whole = place.bytes("p.mobileprovision");
    for length in 0..whole.len() {
        assert!(parse(&whole[..length]).is_err(), "{length}");
    }
    let read = parse(&whole).unwrap().profile.unwrap();
    let mut seen = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let Ok(contents) = parse(&bytes) else {
            continue;
        };
        let Some(changed) = contents.profile else {
            continue;
        };
        // What it says may only be another thing where the signature says that it was changed.
        if changed.profile != read.profile {
            assert_eq!(
                changed.signature,
                container::cms::Signature::Broken,
                "byte {at}"
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_published_profile_is_read() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real/development.mobileprovision");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let signed = parse(&bytes).unwrap().profile.unwrap();
    assert_eq!(
        signed.profile.bundle_id(),
        Some("org.fastlane.very-capable-app")
    );
    assert_eq!(
        signed.profile.uuid.as_deref(),
        Some("12345678-1234-1234-1234-123456789012")
    );
    assert_eq!(
        signed.profile.not_after.unwrap().to_string(),
        "2019-04-07 1:27:21.0 +00:00:00"
    );
    assert_eq!(signed.signature, container::cms::Signature::Foreign);
}
