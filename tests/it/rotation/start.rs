//! `rotate start`: the key, the request, and what is remembered.

use super::{Place, TOPIC};
use openssl::pkey::PKey;
use openssl::x509::X509Req;

#[test]
fn a_start_makes_a_key_and_its_request_and_touches_nothing_else() {
    let place = Place::new();
    let live = place.read("ck.pem");
    let ran = place.ok("rotate start ck.pem -o requests");
    assert_eq!(ran.stdout, "");
    let store = ".pushcert/ck.pem";
    assert_eq!(
        place.names(store),
        [
            "lock",
            "pending.certSigningRequest",
            "pending.key.pem",
            "state.json"
        ]
    );
    for name in place.names(store) {
        assert_eq!(place.mode(&format!("{store}/{name}")), 0o600, "{name}");
    }
    assert_eq!((place.mode(".pushcert"), place.mode(store)), (0o700, 0o700));
    let key = PKey::private_key_from_pem(&place.read(".pushcert/ck.pem/pending.key.pem")).unwrap();
    let request = X509Req::from_pem(&place.read("requests/ck.certSigningRequest")).unwrap();
    assert!(request.verify(&key).unwrap());
    assert_eq!(key.rsa().unwrap().size(), 256);
    assert_eq!(place.read("ck.pem"), live);
    assert_eq!(
        ran.stderr.lines().collect::<Vec<_>>()[5..],
        [
            "next  1  open https://developer.apple.com/account/resources/certificates/add",
            "      2  choose \"Apple Push Notification service SSL (Sandbox)\", then com.example.app",
            "      3  upload requests/ck.certSigningRequest and download the certificate",
            "      4  pushcert rotate finish ck.pem ~/Downloads",
        ]
    );
}

#[test]
fn a_second_start_shows_the_first_and_changes_nothing() {
    let place = Place::new();
    place.ok("rotate start ck.pem");
    let before: Vec<_> = place
        .everything()
        .into_iter()
        .filter(|(path, _)| !path.ends_with("lock"))
        .collect();
    let ran = place.ok("rotate start ck.pem -o elsewhere --reuse-key");
    let first = ran.stderr.lines().next().unwrap();
    assert!(
        first.starts_with("a renewal of ck.pem was started on "),
        "{first}"
    );
    assert!(
        first.ends_with(" and waits for its certificate; nothing was changed"),
        "{first}"
    );
    let after: Vec<_> = place
        .everything()
        .into_iter()
        .filter(|(path, _)| !path.ends_with("lock"))
        .collect();
    assert_eq!(after, before);
}

#[test]
fn a_request_that_was_deleted_comes_back() {
    let place = Place::new();
    place.ok("rotate start ck.pem -o requests");
    let request = place.read("requests/ck.certSigningRequest");
    std::fs::remove_dir_all(place.path("requests")).unwrap();
    place.ok("rotate start ck.pem");
    assert_eq!(place.read("requests/ck.certSigningRequest"), request);
}

#[test]
fn a_key_that_is_used_again_is_not_written_a_second_time() {
    let place = Place::new();
    place.ok("rotate start ck.pem --reuse-key");
    assert_eq!(
        place.names(".pushcert/ck.pem"),
        ["lock", "pending.certSigningRequest", "state.json"]
    );
    let request = X509Req::from_pem(&place.read("ck.certSigningRequest")).unwrap();
    let key = PKey::private_key_from_pem(&place.read("ck.pem")).unwrap();
    assert!(request.public_key().unwrap().public_eq(&key));
}

#[test]
fn a_foreign_request_in_the_way_stays() {
    let place = Place::new();
    place.write("ck.certSigningRequest", "mine");
    let ran = place.run("rotate start ck.pem --json");
    assert_eq!((ran.code, ran.ids()), (2, vec!["exists".to_string()]));
    assert_eq!(place.text("ck.certSigningRequest"), "mine");
    assert_eq!(place.names(".pushcert/ck.pem"), ["lock"]);
    place.ok("rotate start ck.pem --force");
    assert_ne!(place.text("ck.certSigningRequest"), "mine");
}

#[test]
fn the_request_of_last_year_is_replaced_without_a_word() {
    let place = Place::started();
    let request = place.read("ck.certSigningRequest");
    place.ok("rotate finish ck.pem new.cer --no-check");
    place.ok("rotate start ck.pem");
    assert_ne!(place.read("ck.certSigningRequest"), request);
}

#[test]
fn the_new_key_is_encrypted_as_the_live_one() {
    let place = Place::new();
    place.write("word", "hello\n");
    place.ok("merge ck.pem -o locked.pem --passout file:word");
    place.ok("rotate start locked.pem --passin file:word");
    let key = place.text(".pushcert/locked.pem/pending.key.pem");
    assert!(key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    let opened = PKey::private_key_from_pem_passphrase(key.as_bytes(), b"hello").unwrap();
    place.issue(
        "locked.certSigningRequest",
        "new.cer",
        "sandbox",
        TOPIC,
        365,
    );
    place.ok("rotate finish locked.pem new.cer --no-check --passin file:word");
    let live = place.read("locked.pem");
    let live = PKey::private_key_from_pem_passphrase(&live, b"hello").unwrap();
    assert!(live.public_eq(&opened));
    let ran = place.run("rotate start locked.pem --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["locked".to_string()]));
}

#[test]
fn device_management_is_renewed_and_never_recreated() {
    let place = Place::of(
        "mdm",
        "com.apple.mgmt.External.11111111-2222-3333-4444-555555555555",
    );
    let ran = place.ok("rotate start ck.pem");
    assert_eq!(
        ran.stderr.lines().collect::<Vec<_>>()[5..8],
        [
            "next  1  open https://identity.apple.com/pushcert with the Apple Account that made the live one",
            "      2  choose Renew beside com.apple.mgmt.External.11111111-2222-3333-4444-555555555555",
            "         renew, never recreate: a new one changes the topic and every device must enrol again",
        ]
    );
}

#[test]
fn what_cannot_be_rotated_is_said_before_anything_is_made() {
    let place = Place::new();
    place.write("locked.txt", "no certificate");
    for (line, code, id) in [
        ("rotate start none.pem --json", 3, "not-found"),
        ("rotate start locked.txt --json", 3, "wrong-kind"),
        ("rotate start old.cer --json", 2, "no-key"),
        ("rotate start first/PushKey.pem --json", 3, "no-input-found"),
    ] {
        let ran = place.run(line);
        assert_eq!(
            (ran.code, ran.ids()),
            (code, vec![id.to_string()]),
            "{line}"
        );
    }
    assert!(!place.path("ck.certSigningRequest").exists());
}
