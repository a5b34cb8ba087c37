//! A certificate and a key in two files: written down and ended by the next command, and in one instant behind a link.

use super::{Place, TOPIC};
use openssl::pkey::PKey;
use openssl::x509::X509;
use std::path::Path;

/// Makes `cert.pem` and `key.pem` of the live identity in this folder, and `new.cer` for a pending key.
fn split(folder: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path(folder)).unwrap();
    place.ok(&format!("convert old.cer -o {folder}/cert.pem"));
    place.ok(&format!("convert first/PushKey.pem -o {folder}/key.pem"));
    place.chmod(&format!("{folder}/cert.pem"), 0o644);
    place.chmod(&format!("{folder}/key.pem"), 0o640);
    place
}

fn start(place: &Place, folder: &str) {
    place.ok(&format!(
        "rotate start {folder}/cert.pem --live-key {folder}/key.pem"
    ));
    place.issue("cert.certSigningRequest", "new.cer", "sandbox", TOPIC, 365);
}

/// The certificate's DER, once it fits the key.
fn pair(folder: &Path) -> Vec<u8> {
    let certificate = X509::from_pem(&std::fs::read(folder.join("cert.pem")).unwrap()).unwrap();
    let key = PKey::private_key_from_pem(&std::fs::read(folder.join("key.pem")).unwrap()).unwrap();
    assert!(certificate.public_key().unwrap().public_eq(&key));
    certificate.to_der().unwrap()
}

#[test]
fn two_files_are_swapped_and_come_back_and_keep_their_modes() {
    let place = split("tls");
    let old = (place.read("tls/cert.pem"), place.read("tls/key.pem"));
    start(&place, "tls");
    // The key's file is remembered from the start on.
    let ran = place.ok("rotate finish tls/cert.pem new.cer --no-check --json");
    assert_eq!(ran.json()["plan"]["layout"], "two-files");
    assert_eq!(
        ran.json()["plan"]["files"],
        serde_json::json!(["tls/cert.pem", "tls/key.pem"])
    );
    assert_eq!(pair(&place.path("tls")), place.read("new.cer"));
    assert_eq!(
        (place.mode("tls/cert.pem"), place.mode("tls/key.pem")),
        (0o644, 0o640)
    );
    assert_eq!(
        place.names("tls/.pushcert/cert.pem"),
        ["0001.key", "0001.live", "0001.swap", "lock", "state.json"]
    );
    place.ok("rotate rollback tls/cert.pem");
    assert_eq!((place.read("tls/cert.pem"), place.read("tls/key.pem")), old);
    place.ok("rotate rollback tls/cert.pem");
    assert_eq!(pair(&place.path("tls")), place.read("new.cer"));
}

#[test]
fn a_certificate_alone_is_no_live_file() {
    let place = split("tls");
    let ran = place.run("rotate start tls/cert.pem --json");
    assert_eq!((ran.code, ran.ids()), (2, vec!["no-key".to_string()]));
    assert_eq!(
        ran.json()["findings"][0]["hint"],
        "--live-key FILE names the file with its key"
    );
    assert_eq!(
        place
            .run("rotate start tls/cert.pem --live-key tls/cert.pem")
            .code,
        64
    );
    let ran = place.run("rotate start tls/cert.pem --live-key tls/none.pem --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["not-found".to_string()]));
}

#[test]
fn a_hook_that_fails_brings_both_back() {
    let place = split("tls");
    let old = (place.read("tls/cert.pem"), place.read("tls/key.pem"));
    start(&place, "tls");
    let ran = place.hooked(
        "rotate finish tls/cert.pem new.cer --no-check",
        "test $PUSHCERT_EVENT = rollback",
    );
    assert_eq!(ran.code, 2);
    assert_eq!((place.read("tls/cert.pem"), place.read("tls/key.pem")), old);
}

#[test]
fn the_hook_is_told_of_both_files() {
    let place = started("tls");
    let hook = "printf '%s %s' \"$PUSHCERT_PATH\" \"$PUSHCERT_KEY_PATH\" > seen";
    let ran = place.hooked("rotate finish tls/cert.pem new.cer --no-check", hook);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (live, key) = (place.path("tls/cert.pem"), place.path("tls/key.pem"));
    assert_eq!(
        place.text("seen"),
        format!("{} {}", live.display(), key.display())
    );
}

#[test]
fn der_files_stay_der() {
    let place = Place::new();
    place.ok("convert first/PushKey.pem --to der --key-format pkcs1 -o key.der");
    place.write("cert.der", place.read("old.cer"));
    place.ok("rotate start cert.der --live-key key.der");
    place.issue("cert.certSigningRequest", "new.cer", "sandbox", TOPIC, 365);
    place.ok("rotate finish cert.der new.cer --no-check");
    assert_eq!(place.read("cert.der"), place.read("new.cer"));
    let key = openssl::rsa::Rsa::private_key_from_der(&place.read("key.der")).unwrap();
    let certificate = X509::from_der(&place.read("cert.der")).unwrap();
    assert!(
        certificate
            .public_key()
            .unwrap()
            .public_eq(&PKey::from_rsa(key).unwrap())
    );
}

/// The same, started.
pub fn started(folder: &str) -> Place {
    let place = split(folder);
    start(&place, folder);
    place
}

/// `current`, a link to `one` with the pair and a file that is neither.
pub fn linked() -> Place {
    let place = split("one");
    place.write("one/notes", "who to call");
    place.chmod("one", 0o750);
    std::os::unix::fs::symlink("one", place.path("current")).unwrap();
    start(&place, "current");
    place
}

#[test]
fn a_pair_behind_a_link_is_swapped_by_the_link_alone() {
    let place = linked();
    let before = place.names("one");
    let old = pair(&place.path("one"));
    let ran = place.ok("rotate finish current/cert.pem new.cer --no-check --json");
    assert_eq!(
        (&ran.json()["plan"]["layout"], &ran.json()["plan"]["link"]),
        (&"link".into(), &"current".into())
    );
    let target = std::fs::read_link(place.path("current")).unwrap();
    assert_eq!(target, Path::new("current-0001"));
    assert_eq!(pair(&place.path("current")), place.read("new.cer"));
    assert_eq!(place.text("current/notes"), "who to call");
    assert_eq!(
        (place.names("one"), pair(&place.path("one"))),
        (before, old.clone())
    );
    for (name, mode) in [("", 0o750), ("/cert.pem", 0o644), ("/key.pem", 0o640)] {
        assert_eq!(place.mode(&format!("current-0001{name}")), mode, "{name}");
    }
    assert!(place.path(".pushcert/current/cert.pem/state.json").exists());
    place.ok("rotate rollback current/cert.pem");
    assert_eq!(pair(&place.path("current")), old);
    assert_eq!(place.text("current/notes"), "who to call");
}

#[test]
fn a_failing_hook_points_the_link_back_and_removes_what_was_made() {
    let place = linked();
    let names = place.names(".");
    let ran = place.hooked(
        "rotate finish current/cert.pem new.cer --no-check",
        "test $PUSHCERT_EVENT = rollback",
    );
    assert_eq!(ran.code, 2);
    assert_eq!(
        std::fs::read_link(place.path("current")).unwrap(),
        Path::new("one")
    );
    assert_eq!(place.names("."), names);
}

#[test]
fn folders_of_ours_that_are_old_go_and_those_of_others_stay() {
    let place = linked();
    for days in [366, 367, 368, 369] {
        place.issue("cert.certSigningRequest", "new.cer", "sandbox", TOPIC, days);
        place.ok("rotate finish current/cert.pem new.cer --no-check");
    }
    let folders: Vec<String> = place
        .names(".")
        .into_iter()
        .filter(|name| name.starts_with("current") || name == "one")
        .collect();
    assert_eq!(folders, ["current", "current-0003", "current-0004", "one"]);
}

#[test]
fn a_folder_that_cannot_be_copied_is_said_and_nothing_swapped() {
    let place = linked();
    std::fs::create_dir(place.path("one/inner")).unwrap();
    let names = place.names(".");
    let ran = place.run("rotate finish current/cert.pem new.cer --no-check --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["not-readable".to_string()]));
    assert_eq!(ran.json()["findings"][0]["path"], "current/inner");
    assert_eq!(
        std::fs::read_link(place.path("current")).unwrap(),
        Path::new("one")
    );
    assert_eq!(place.names("."), names);
    assert!(!place.path(".pushcert/current/cert.pem/0001.live").exists());
}

#[test]
fn a_link_elsewhere_is_no_layout_of_ours() {
    let place = split("deep/one");
    std::os::unix::fs::symlink("deep/one", place.path("current")).unwrap();
    start(&place, "current");
    let ran = place.ok("rotate finish current/cert.pem new.cer --no-check --json");
    assert_eq!(ran.json()["plan"]["layout"], "two-files");
    assert_eq!(
        std::fs::read_link(place.path("current")).unwrap(),
        Path::new("deep/one")
    );
    assert_eq!(pair(&place.path("deep/one")), place.read("new.cer"));
    assert!(
        place
            .path("deep/one/.pushcert/cert.pem/state.json")
            .exists()
    );
}
