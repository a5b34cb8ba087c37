//! What every kind of certificate is read as: those that `lab issue` makes, and published ones.

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const AT: &str = "2026-11-25";

fn run(folder: &Path, line: &str) -> (i32, Value) {
    let ran = cargo_bin_cmd!("pushcert")
        .args(line.split(' '))
        .arg("--json")
        .current_dir(folder)
        .env("CI", "true")
        .output()
        .unwrap();
    let document = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{line}"));
    (ran.status.code().unwrap(), document)
}

/// Ids and severities of the findings.
fn findings(document: &Value) -> Vec<String> {
    let all = document["findings"].as_array().unwrap().iter();
    all.map(|finding| {
        let word = |key: &str| finding[key].as_str().unwrap();
        format!("{} {}", word("id"), word("severity"))
    })
    .collect()
}

#[test]
fn every_kind_that_the_lab_issues() {
    let place = TempDir::new().unwrap();
    assert_eq!(run(place.path(), "lab init").0, 0);
    let app = json!([{ "topic": "com.example.app", "kinds": ["app"] }]);
    let three = json!([
        { "topic": "com.example.app", "kinds": ["app"] },
        { "topic": "com.example.app.voip", "kinds": ["voip"] },
        { "topic": "com.example.app.complication", "kinds": ["complication"] },
    ]);
    let mdm = "com.apple.mgmt.External.11111111-2222-3333-4444-555555555555";
    let (sandbox, production, both) = (
        json!(["sandbox"]),
        json!(["production"]),
        json!(["sandbox", "production"]),
    );
    for (word, kind, environments, topics) in [
        ("sandbox", "apns-sandbox", &sandbox, &app),
        ("universal", "apns-universal", &both, &three),
        ("production", "apns-production", &production, &app),
        ("mac-sandbox", "mac-sandbox", &sandbox, &app),
        ("mac-production", "mac-production", &production, &app),
        (
            "voip",
            "voip",
            &both,
            &json!([{ "topic": "com.example.app.voip", "kinds": ["voip"] }]),
        ),
        ("watchkit", "watchkit", &both, &app),
        ("website", "website", &production, &app),
        ("pass", "pass", &production, &app),
        (
            "mdm",
            "mdm",
            &production,
            &json!([{ "topic": mdm, "kinds": ["mdm"] }]),
        ),
        ("signing", "signing", &json!([]), &json!([])),
    ] {
        let topic = if word == "mdm" {
            mdm
        } else {
            "com.example.app"
        };
        let name = format!("{word}.cer");
        let (code, _) = run(
            place.path(),
            &format!("lab issue {FIXTURES}/push.csr --topic {topic} --kind {word} -o {name}"),
        );
        assert_eq!(code, 0, "{word}");
        let (code, document) = run(place.path(), &format!("inspect {name}"));
        assert_eq!(code, 0, "{word}");
        let certificate = &document["files"][0]["certificates"][0];
        let read = ["kind", "environments", "topics", "issued_by"].map(|key| &certificate[key]);
        assert_eq!(
            read,
            [&json!(kind), environments, topics, &json!("lab")],
            "{word}"
        );
        let team = match word {
            "mdm" | "signing" => Value::Null,
            _ => json!("LABTEAM123"),
        };
        assert_eq!(certificate["team_id"], team, "{word}");
        let expected = match word {
            "signing" => vec!["not-a-push-certificate critical"],
            _ => vec!["issuer-unknown warning"],
        };
        assert_eq!(findings(&document), expected, "{word}");
    }
}

#[test]
fn the_cas_of_apple_are_known_by_their_keys_and_never_by_name() {
    let place = TempDir::new().unwrap();
    for authority in pushcert::apple::authorities::ALL {
        std::fs::write(place.path().join("ca.cer"), authority.der).unwrap();
        let (_, document) = run(place.path(), "inspect ca.cer");
        let kind = match authority.id {
            "apple-root" => "apple-root",
            _ => "apple-intermediate",
        };
        let certificate = &document["files"][0]["certificates"][0];
        assert_eq!(certificate["kind"], kind, "{}", authority.id);
        assert_eq!(certificate["issued_by"], "apple-root", "{}", authority.id);
        assert_eq!(
            certificate["spki_sha256"], authority.spki_sha256,
            "{}",
            authority.id
        );
    }
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out ca.cer -days 9 -subj '/C=US/O=Apple Inc./OU=Apple Certification Authority/CN=Apple Root CA' 2>/dev/null";
    let made = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(place.path())
        .status();
    assert!(made.unwrap().success());
    let (_, document) = run(place.path(), "inspect ca.cer");
    let certificate = &document["files"][0]["certificates"][0];
    assert_eq!(
        (&certificate["kind"], &certificate["issued_by"]),
        (&json!("other"), &json!("unknown"))
    );
}

#[test]
fn what_files_share_is_said_once_for_each() {
    let place = TempDir::new().unwrap();
    let (code, document) = run(
        place.path(),
        &format!(
            "inspect {FIXTURES}/aps.cer {FIXTURES}/aps_development.cer {FIXTURES}/testPush.p12 --passin pass:hello123 --at {AT}"
        ),
    );
    assert_eq!(code, 0);
    let shared: Vec<(String, String)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| {
            matches!(
                finding["id"].as_str().unwrap(),
                "same-key-as" | "duplicate-certificate"
            )
        })
        .map(|finding| {
            (
                finding["path"]
                    .as_str()
                    .unwrap()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_string(),
                finding["message"].as_str().unwrap().replace(FIXTURES, ""),
            )
        })
        .collect();
    let expected = [
        (
            "aps.cer",
            "it has the same key as com.example.app (until 2046-01-01) in /aps_development.cer",
        ),
        (
            "aps_development.cer",
            "the same certificate is in /testPush.p12",
        ),
        (
            "aps_development.cer",
            "it has the same key as com.example.app (until 2046-01-01) in /aps.cer",
        ),
        (
            "testPush.p12",
            "the same certificate is in /aps_development.cer",
        ),
        (
            "testPush.p12",
            "it has the same key as com.example.app (until 2046-01-01) in /aps.cer",
        ),
    ];
    let shared: Vec<(&str, &str)> = shared
        .iter()
        .map(|(path, message)| (path.as_str(), message.as_str()))
        .collect();
    assert_eq!(shared, expected);
}

/// The folder of published files, where it is.
fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real");
    let here = folder.is_dir();
    if !here {
        eprintln!("skipped: {} is not here", folder.display());
    }
    here.then_some(folder)
}

#[test]
fn published_files_are_what_others_say_of_them() {
    let Some(folder) = published() else { return };
    let (code, document) = run(&folder, &format!("inspect aps_development.cer --at {AT}"));
    assert_eq!(code, 0);
    let certificate = &document["files"][0]["certificates"][0];
    assert_eq!(
        certificate["subject"]["common_name"],
        "Apple Development IOS Push Services: com.si.ChatSecure.debug"
    );
    assert_eq!(certificate["subject"]["user_id"], "com.si.ChatSecure.debug");
    assert_eq!(certificate["kind"], "apns-sandbox");
    assert_eq!(certificate["environments"], json!(["sandbox"]));
    assert_eq!(
        certificate["topics"],
        json!([{ "topic": "com.si.ChatSecure.debug", "kinds": ["app"] }])
    );
    assert_eq!(certificate["issued_by"], "apple-g1");
    let sha256 = certificate["sha256"].as_str().unwrap();
    assert!(
        sha256.starts_with("39304e88") && sha256.ends_with("0c49999"),
        "{sha256}"
    );
    assert_eq!(
        findings(&document),
        [
            "expired critical",
            "issuer-expired warning",
            "sha1-signature info"
        ]
    );

    let (code, document) = run(&folder, &format!("inspect trailing-bytes.cer --at {AT}"));
    assert_eq!(code, 0);
    assert_eq!(
        document["files"][0]["certificates"][0]["kind"],
        "apple-intermediate"
    );
    assert_eq!(findings(&document), ["trailing-bytes info"]);
    assert_eq!(
        document["findings"][0]["message"],
        "431 bytes after the certificate are ignored"
    );

    for (name, passphrase, certificates, keys, first) in [
        ("keychain-empty-passphrase.p12", "", 2, 1, "3bafdccd"),
        ("keychain-two-identities.p12", "", 3, 2, ""),
        ("openssl-apntest.p12", "apntest", 2, 1, ""),
    ] {
        let (code, document) = run(
            &folder,
            &format!("inspect {name} --passin pass:{passphrase} --at {AT}"),
        );
        assert_eq!(code, 0, "{name}: {document:#}");
        let file = &document["files"][0];
        let count = |key: &str| file[key].as_array().unwrap().len();
        assert_eq!(
            (count("certificates"), count("keys")),
            (certificates, keys),
            "{name}"
        );
        assert_eq!(count("identities"), keys, "{name}");
        let leaf = file["identities"][0]["certificate"].as_str().unwrap();
        assert!(leaf.starts_with(first), "{name}: {leaf}");
    }
}
