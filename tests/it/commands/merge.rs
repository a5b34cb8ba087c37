//! `merge`: which certificate with which key, and how it is written.

use super::*;

#[test]
fn merge_by_folder_writes_leaf_then_key() {
    let place = Place::with(&["aps_development.cer", "push.key.pem"]);
    std::fs::create_dir(place.path("in")).unwrap();
    for name in place.names().iter().filter(|name| *name != "in") {
        std::fs::rename(place.path(name), place.path("in").join(name)).unwrap();
    }
    let ran = place.ok("merge in --at 2025-06-01");
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "wrote ck.pem   com.example.app, sandbox, until 2046-01-01 (in 7518 days), key plain, 0600\n\
         \x20 leaf       in/aps_development.cer\n\
         \x20 key        in/push.key.pem\n\
         \n\
         next  pushcert check ck.pem\n"
    );
    assert_eq!(place.mode("ck.pem"), 0o600);
    place.ok("convert in/aps_development.cer -o leaf.pem");
    let expected = place.text("leaf.pem") + &place.text("in/push.key.pem");
    assert_eq!(place.text("ck.pem"), expected);

    let ran = place.ok("merge in -o -");
    assert_eq!((ran.stdout, ran.stderr), (expected, String::new()));
    let ran = place.ok("merge in -o - --key-first");
    assert_eq!(blocks(&ran.stdout), [KEY, CERTIFICATE]);
    let ran = place.run("merge in -o - --json");
    assert_eq!(ran.code, 64);
    assert_eq!(findings(&ran.json()), ["usage unknown"]);
}

#[test]
fn merge_keeps_an_encrypted_key_encrypted_under_its_passphrase() {
    let place = Place::with(&["aps_development.cer", "push.encrypted.pem", "push.key.pem"]);
    place.write("pass", b"hello123");
    let ran = place.ok("merge aps_development.cer push.encrypted.pem --passin file:pass --json");
    assert_eq!(
        ran.json()["written"],
        json!([{ "path": "ck.pem", "contents": ["leaf", "key"] }])
    );
    assert_eq!(
        blocks(&place.text("ck.pem")),
        [CERTIFICATE, "ENCRYPTED PRIVATE KEY"]
    );
    place.other("openssl pkey -in ck.pem -passin file:pass -out key");
    assert_eq!(place.read("key"), place.read("push.key.pem"));
}

#[test]
fn merge_of_what_does_not_fit_names_both_keys() {
    let place = Place::with(&[
        "aps_development.cer",
        "ec.key.pem",
        "push.key.pem",
        "other.cer",
    ]);
    let here = spki_of_key(&place.read("ec.key.pem"));
    let wanted = spki_of_certificate(&place.certificate("aps_development.cer"));
    let ran = place.run("merge aps_development.cer ec.key.pem --json");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: aps_development.cer: the private key does not fit the certificate (key SPKI {here}, certificate wants {wanted})\nhint: pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)\n"
        )
    );
    assert_eq!(findings(&ran.json()), ["key-mismatch critical"]);
    let ran = place.run("merge aps_development.cer push.key.pem ec.key.pem --json");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: ec.key.pem has no use here: no certificate for this key is here (SPKI {here})\n"
        )
    );
    let ran = place.run("merge aps_development.cer push.key.pem other.cer");
    assert_eq!(ran.code, 2);
    assert_eq!(place.names().len(), 4);
}

#[test]
fn merge_asks_which_of_two_and_the_flags_answer() {
    let place = Place::with(&["aps_development.cer", "aps.cer", "push.key.pem"]);
    let sandbox = short(&place.read("aps_development.cer"));
    let universal = short(&place.read("aps.cer"));
    let both = "merge aps_development.cer aps.cer push.key.pem -o";
    let ran = place.run(&format!("{both} ck.pem --json"));
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: several identities fit, and nothing says which is wanted\n\
             error: com.example.app, sandbox, until 2046-01-01, SHA-256 {sandbox}\n\
             error: com.example.app, com.example.app.voip, com.example.app.complication, sandbox + production, until 2046-01-01, SHA-256 {universal}\n\
             hint: --cert {sandbox} chooses the first; --topic and --env narrow too\n"
        )
    );
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 3);
    assert!(!place.path("ck.pem").exists());
    for (flag, name) in [
        ("--env production", "aps.cer"),
        ("--topic com.example.app.voip", "aps.cer"),
        (&format!("--cert {sandbox}"), "aps_development.cer"),
        (&format!("--cert {universal}"), "aps.cer"),
    ] {
        let ran = place.ok(&format!("{both} ck.pem --force {flag}"));
        let left = match name {
            "aps.cer" => "aps_development.cer",
            _ => "aps.cer",
        };
        let line = format!("  left out   {left}   another identity was chosen");
        assert!(ran.stderr.lines().any(|l| l == line), "{}", ran.stderr);
        let chosen = X509::from_pem(&place.read("ck.pem")).unwrap();
        assert_eq!(chosen.to_der().unwrap(), place.read(name), "{flag}");
    }
    let ran = place.run(&format!("{both} none.pem --topic com.example.other --json"));
    assert_eq!(ran.code, 2);
    assert_eq!(
        findings(&ran.json()),
        ["not-wanted critical", "not-wanted critical"]
    );
    assert!(!place.path("none.pem").exists());
}

#[test]
fn merge_overwrites_only_when_forced_and_keeps_the_mode() {
    let place = Place::with(&["aps_development.cer", "push.key.pem"]);
    place.write("ck.pem", b"mine\n");
    place.chmod("ck.pem", 0o640);
    let ran = place.run("merge aps_development.cer push.key.pem");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        "error: ck.pem exists; a private key is never overwritten without --force\nhint: --force replaces it; -o NAME writes another file\n"
    );
    assert_eq!(place.read("ck.pem"), b"mine\n");
    place.ok("merge aps_development.cer push.key.pem --force");
    assert_eq!(place.mode("ck.pem"), 0o640);
    assert_eq!(blocks(&place.text("ck.pem")), [CERTIFICATE, KEY]);
    place.chmod("ck.pem", 0o644);
    place.ok("merge aps_development.cer push.key.pem --force");
    assert_eq!(place.mode("ck.pem"), 0o640);
    let left: Vec<String> = place.names();
    assert_eq!(left, ["aps_development.cer", "ck.pem", "push.key.pem"]);
}

#[test]
fn merge_writes_leaf_chain_key_and_no_root() {
    let place = Place::with_lab();
    place.ok("merge lab/ca.pem push.key.pem aps_development.cer");
    let all = X509::stack_from_pem(&place.read("ck.pem")).unwrap();
    let authorities = X509::stack_from_pem(&place.read("lab/ca.pem")).unwrap();
    let issuer = authorities
        .iter()
        .find(|ca| ca.issued(&all[0]) == openssl::x509::X509VerifyResult::OK)
        .unwrap();
    assert_eq!(
        blocks(&place.text("ck.pem")),
        [CERTIFICATE, CERTIFICATE, KEY]
    );
    assert_eq!(all[0].to_der().unwrap(), place.read("aps_development.cer"));
    assert_eq!(all[1].to_der().unwrap(), issuer.to_der().unwrap());
    let ran = place.ok("merge lab/ca.pem push.key.pem aps_development.cer --no-chain -o alone.pem");
    assert_eq!(blocks(&place.text("alone.pem")), [CERTIFICATE, KEY]);
    let line = "  left out   lab/ca.pem   a CA certificate, left out by --no-chain";
    assert!(
        ran.stderr.lines().any(|l| l.trim_end() == line),
        "{}",
        ran.stderr
    );
    let ran = place.ok("merge expired.cer push.key.pem -o old.pem");
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        "warning: com.example.app, sandbox, expired 12 days ago"
    );
}

#[test]
fn merge_does_not_choose_by_position_among_those_that_expire_together() {
    let both = ["aps.cer", "voip_services.cer", "push.key.pem", "ec.key.pem"];
    let place = Place::with(&both);
    let line: Vec<&str> = ["merge"]
        .iter()
        .chain(&both)
        .copied()
        .chain(["-o", "t"])
        .collect();
    let (code, _, err) = said(&place, &line);
    assert_eq!(code, 2, "{err}");
    assert!(
        err.starts_with("error: several identities fit, and nothing says which is wanted\n"),
        "{err}"
    );
    assert!(!place.path("t").exists());
    let aps = short(&place.read("aps.cer"));
    let (code, _, err) = said(&place, &[&line[..], &["--cert", &aps]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("another identity was chosen"), "{err}");
    assert!(!err.contains("expires later"), "{err}");
}

#[test]
fn merge_to_a_hyphen_is_stdout_also_beside_a_folder_of_that_name() {
    let place = Place::with(&["aps.cer", "push.key.pem"]);
    std::fs::create_dir(place.path("-")).unwrap();
    let (code, out, err) = said(&place, &["merge", "aps.cer", "push.key.pem", "-o", "-"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(std::fs::read_dir(place.path("-")).unwrap().count(), 0);
}
