//! `rotate finish`: what is found, what is refused, and what the live file keeps.

use super::{Place, TOPIC, assert_pair, labels};
use openssl::pkey::PKey;
use openssl::x509::X509;
use std::os::unix::fs::MetadataExt;

fn certificate(place: &Place, name: &str) -> Vec<u8> {
    X509::from_pem(&place.read(name)).unwrap().to_der().unwrap()
}

#[test]
fn the_pending_key_is_found_and_the_live_file_replaced() {
    let place = Place::started();
    let ran = place.ok("rotate finish ck.pem new.cer --no-check");
    assert_eq!(ran.stdout, "");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(
        lines[0].starts_with("replaced ck.pem   com.example.app, sandbox + production, until ")
    );
    assert!(lines[0].ends_with("(in 394 days), key plain"));
    assert_eq!(
        lines[2..5],
        [
            "  kept       in .pushcert/ck.pem",
            "  checked    by no gateway (--no-check)",
            "",
        ]
    );
    assert_eq!(certificate(&place, "ck.pem"), place.read("new.cer"));
    assert_pair(&place.path("ck.pem"));
    assert_eq!(
        labels(&place.text("ck.pem")),
        ["CERTIFICATE", "PRIVATE KEY"]
    );
    assert_eq!(
        place.names(".pushcert/ck.pem"),
        ["0001.live", "0001.swap", "lock", "state.json"]
    );
    assert_eq!(place.mode(".pushcert/ck.pem/0001.live"), 0o600);
    let state = place.state();
    assert!(state["pending"].is_null() && state["swap"].is_null());
    assert_eq!(state["history"][1]["what"], "finished");
}

#[test]
fn a_folder_a_pkcs12_and_a_ready_pem_are_taken_as_well() {
    for new in ["downloads", "new.p12", "ready.pem"] {
        let place = Place::started();
        let key = ".pushcert/ck.pem/pending.key.pem";
        match new {
            "downloads" => {
                std::fs::create_dir(place.path("downloads")).unwrap();
                for name in ["new.cer", "old.cer"] {
                    std::fs::copy(place.path(name), place.path("downloads").join(name)).unwrap();
                }
            }
            "new.p12" => drop(place.ok(&format!(
                "convert new.cer {key} --to p12 -o new.p12 --passout pass:x"
            ))),
            _ => drop(place.ok(&format!("merge new.cer {key} -o ready.pem"))),
        }
        let ran = place.ok(&format!(
            "rotate finish ck.pem {new} --no-check --passin pass:x --json"
        ));
        assert_eq!(ran.json()["plan"]["outcome"], "done", "{new}");
        assert_eq!(
            certificate(&place, "ck.pem"),
            place.read("new.cer"),
            "{new}"
        );
        assert!(place.state()["pending"].is_null(), "{new}");
    }
}

#[test]
fn each_refusal_leaves_everything_as_it_was() {
    let place = Place::of("universal", TOPIC);
    place.ok("rotate start ck.pem");
    place.ok("csr --no-passphrase -o other");
    let request = "ck.certSigningRequest";
    place.issue(request, "topic.cer", "universal", "com.example.other", 395);
    place.issue(request, "sandbox.cer", "sandbox", TOPIC, 395);
    place.issue(request, "early.cer", "universal", TOPIC, 10);
    place.issue(request, "expired.cer", "universal", TOPIC, -1);
    place.issue(request, "signing.cer", "signing", TOPIC, 395);
    place.issue(
        "other/CertificateSigningRequest.certSigningRequest",
        "foreign.cer",
        "universal",
        TOPIC,
        395,
    );
    place.write("text", "no certificate");
    let before: Vec<_> = place
        .everything()
        .into_iter()
        .filter(|(path, _)| !path.ends_with("lock"))
        .collect();
    for (new, code, ids) in [
        ("topic.cer", 2, &["topic-lost"][..]),
        ("sandbox.cer", 2, &["topic-lost", "environment-lost"]),
        ("early.cer", 2, &["not-later"]),
        ("expired.cer", 2, &["expired", "not-later"]),
        (
            "signing.cer",
            2,
            &[
                "not-a-push-certificate",
                "topic-lost",
                "environment-lost",
                "team-changed",
            ],
        ),
        ("foreign.cer", 2, &["key-mismatch"]),
        ("first/PushKey.pem", 2, &["no-certificate"]),
        ("text", 3, &["wrong-kind"]),
        ("nothing.cer", 3, &["not-found"]),
    ] {
        let ran = place.run(&format!("rotate finish ck.pem {new} --no-check --json"));
        assert_eq!(
            (ran.code, ran.ids()),
            (code, ids.iter().map(|id| id.to_string()).collect()),
            "{new}"
        );
        let after: Vec<_> = place
            .everything()
            .into_iter()
            .filter(|(path, _)| !path.ends_with("lock"))
            .collect();
        assert!(after == before, "{new} changed something");
    }
}

#[test]
fn what_is_allowed_is_recorded() {
    let place = Place::started();
    place.issue("ck.certSigningRequest", "early.cer", "sandbox", TOPIC, 10);
    let ran = place.run("rotate finish ck.pem early.cer --no-check --allow topic-lost");
    assert_eq!(ran.code, 2);
    let ran = place.ok("rotate finish ck.pem early.cer --no-check --allow not-later");
    assert!(
        ran.stderr
            .contains("\n  allowed    not-later: the new certificate ends on ")
    );
    assert_eq!(place.state()["history"][1]["allowed"][0], "not-later");
    assert_eq!(
        place
            .run("rotate finish ck.pem early.cer --allow key-mismatch")
            .code,
        64
    );
    assert_eq!(
        place
            .run("rotate finish ck.pem early.cer --allow nonsense")
            .code,
        64
    );
}

#[test]
fn a_dry_run_prints_the_plan_and_touches_nothing() {
    let place = Place::started();
    let before = place.everything();
    let ran = place.hooked("rotate finish ck.pem new.cer --dry-run", "touch ran");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        ran.stdout.lines().collect::<Vec<_>>()[3..],
        [
            "  swap       one rename",
            "  steps      ask Apple's HTTP/2 API in every environment of the certificate",
            "             keep the live version, 1 of them in all",
            "             swap",
            "             run sh -c touch ran",
        ]
    );
    assert_eq!(place.run("rotate rollback ck.pem --dry-run").code, 2);
    assert_eq!(place.everything(), before);
    let untouched = Place::new();
    untouched.issue(
        "first/CertificateSigningRequest.certSigningRequest",
        "new.cer",
        "sandbox",
        TOPIC,
        365,
    );
    untouched.ok("rotate finish ck.pem new.cer --dry-run");
    assert!(!untouched.path(".pushcert").exists());
}

#[test]
fn what_is_live_already_completes_the_transaction() {
    let place = Place::started();
    place.ok("rotate finish ck.pem new.cer --no-check");
    let before = place.read("ck.pem");
    let ran = place.hooked("rotate finish ck.pem new.cer --no-check", "touch ran");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr
            .starts_with("ck.pem holds it already: com.example.app, ")
    );
    assert!(!place.path("ran").exists());
    assert_eq!(place.read("ck.pem"), before);

    let copied = Place::started();
    copied.ok("merge new.cer .pushcert/ck.pem/pending.key.pem -o ck.pem --force");
    let ran = copied.hooked("rotate finish ck.pem new.cer --no-check", "touch ran");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("completed the rotation of ck.pem"));
    assert!(copied.path("ran").exists());
    assert_eq!(copied.names(".pushcert/ck.pem"), ["lock", "state.json"]);
}

#[test]
fn the_form_of_the_live_file_stays() {
    let forms: [(&str, &[&str]); 3] = [
        (
            "--key-first --key-format pkcs1",
            &["RSA PRIVATE KEY", "CERTIFICATE"],
        ),
        ("lab/ca.pem", &["CERTIFICATE", "CERTIFICATE", "PRIVATE KEY"]),
        (
            "--key-first lab/ca.pem",
            &["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"],
        ),
    ];
    for (flags, expected) in forms {
        let place = Place::new();
        place.ok(&format!(
            "merge old.cer first/PushKey.pem -o formed.pem {flags}"
        ));
        place.ok("rotate start formed.pem");
        place.issue(
            "formed.certSigningRequest",
            "new.cer",
            "sandbox",
            TOPIC,
            365,
        );
        place.ok("rotate finish formed.pem new.cer --no-check");
        assert_eq!(labels(&place.text("formed.pem")), expected, "{flags}");
        assert_pair(&place.path("formed.pem"));
    }
}

#[test]
fn a_pkcs12_stays_one_under_its_passphrase() {
    for (to, algorithm) in [("p12", "AES-256"), ("keychain", "3DES")] {
        let place = Place::new();
        place.ok(&format!(
            "convert ck.pem --to {to} -o push.p12 --passout pass:hello"
        ));
        place.ok("rotate start push.p12 --passin pass:hello");
        place.issue("push.certSigningRequest", "new.cer", "sandbox", TOPIC, 365);
        place.ok("rotate finish push.p12 new.cer --no-check --passin pass:hello");
        let pkcs12 = openssl::pkcs12::Pkcs12::from_der(&place.read("push.p12")).unwrap();
        let parsed = pkcs12.parse2("hello").unwrap();
        assert_eq!(
            parsed.cert.unwrap().to_der().unwrap(),
            place.read("new.cer")
        );
        assert!(parsed.pkey.is_some());
        let ran = place.ok("inspect push.p12 --passin pass:hello");
        assert!(ran.stdout.contains(algorithm), "{to}: {}", ran.stdout);
    }
}

#[test]
fn mode_and_owner_stay_and_a_link_stays_a_link() {
    let place = Place::started();
    std::fs::create_dir(place.path("real")).unwrap();
    std::fs::rename(place.path("ck.pem"), place.path("real/ck.pem")).unwrap();
    std::os::unix::fs::symlink("real/ck.pem", place.path("ck.pem")).unwrap();
    place.chmod("real/ck.pem", 0o640);
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(place.path("real/ck.pem"), Some(65534), Some(12345)).unwrap();
    }
    place.issue(
        "first/CertificateSigningRequest.certSigningRequest",
        "same.cer",
        "sandbox",
        TOPIC,
        365,
    );
    place.ok("rotate finish ck.pem same.cer --no-check");
    assert!(place.path("ck.pem").is_symlink());
    assert_eq!(place.mode("real/ck.pem"), 0o640);
    let about = std::fs::metadata(place.path("real/ck.pem")).unwrap();
    if root {
        assert_eq!((about.uid(), about.gid()), (65534, 12345));
    }
    assert_eq!(certificate(&place, "ck.pem"), place.read("same.cer"));
    assert_eq!(
        place.names("real/.pushcert/ck.pem"),
        ["0001.live", "0001.swap", "lock", "state.json"]
    );
}

#[test]
fn a_form_that_cannot_be_kept_swaps_nothing() {
    let place = Place::new();
    let utf16: Vec<u8> = place
        .text("ck.pem")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    place.write("wide.pem", [&[0xff, 0xfe], &utf16[..]].concat());
    let before = place.read("wide.pem");
    place.issue(
        "first/CertificateSigningRequest.certSigningRequest",
        "new.cer",
        "sandbox",
        TOPIC,
        365,
    );
    let ran = place.run("rotate finish wide.pem new.cer --no-check --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["not-writable".to_string()]));
    assert_eq!(place.read("wide.pem"), before);

    place.ok("merge old.cer first/PushKey.pem lab/ca.pem -o chained.pem");
    let own = place.text("chained.pem");
    // A leaf of another lab, whose issuer is not at hand.
    place.ok("lab init --lab other");
    let request = "first/CertificateSigningRequest.certSigningRequest";
    place.ok(&format!(
        "lab issue {request} --lab other -o foreign.cer --kind sandbox --topic {TOPIC} --days 365"
    ));
    for dry in ["", " --dry-run"] {
        let ran = place.run(&format!(
            "rotate finish chained.pem foreign.cer --no-check{dry}"
        ));
        assert_eq!(ran.code, 3);
        assert_eq!(
            ran.stderr.lines().next().unwrap(),
            "error: chained.pem: cannot be written: its form cannot be kept: it has its issuer's certificate in it, and that of the new one is not here; name the issuer's file beside it"
        );
        assert_eq!(place.text("chained.pem"), own);
    }
    place.ok("rotate finish chained.pem foreign.cer other/ca.pem --no-check");
    assert_eq!(labels(&place.text("chained.pem")).len(), labels(&own).len());
    // The chain in the live file serves the next leaf as well.
    place.ok("rotate finish chained.pem new.cer lab/ca.pem --no-check --allow not-later");
    assert_eq!(labels(&place.text("chained.pem")).len(), labels(&own).len());
}

#[test]
fn the_hook_gets_facts_and_no_secret() {
    let place = Place::started();
    let mut words: Vec<&str> = "rotate finish ck.pem new.cer --no-check --passin env:WORD -- sh -c"
        .split(' ')
        .collect();
    words.push("env | grep -E 'PUSHCERT|PASS|WORD' | sort > seen");
    let ran = place.run_words(
        &words,
        &[
            ("WORD", "secret"),
            ("PEM_P12_PASSWORD", "secret"),
            ("PUSHCERT_PASSOUT", "pass:secret"),
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let digest = |name: &str| {
        let output = openssl::sha::sha256(&place.read(name));
        output
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let not_after = {
        let ran = place.ok("inspect new.cer --json").json();
        ran["files"][0]["certificates"][0]["not_after"]
            .as_str()
            .unwrap()
            .to_string()
    };
    let live = place.path("ck.pem");
    assert_eq!(
        place.text("seen"),
        format!(
            "PUSHCERT_ENVIRONMENTS=sandbox production\nPUSHCERT_EVENT=finish\nPUSHCERT_NEW_SHA256={}\nPUSHCERT_NOT_AFTER={not_after}\n\
             PUSHCERT_OLD_SHA256={}\nPUSHCERT_PATH={}\nPUSHCERT_TOPICS=com.example.app com.example.app.voip com.example.app.complication\n",
            digest("new.cer"),
            digest("old.cer"),
            live.display()
        )
    );
}

#[test]
fn only_so_many_versions_are_kept() {
    let place = Place::new();
    let request = "first/CertificateSigningRequest.certSigningRequest";
    for (days, kept) in [(30, 1), (40, 2), (50, 2)] {
        place.issue(request, "new.cer", "sandbox", TOPIC, days);
        place.ok("rotate finish ck.pem new.cer --no-check --keep 2");
        assert_eq!(place.state()["versions"].as_array().unwrap().len(), kept);
    }
    assert_eq!(
        place.names(".pushcert/ck.pem"),
        ["0002.live", "0003.live", "0003.swap", "lock", "state.json"]
    );
    assert_eq!(
        PKey::private_key_from_pem(&place.read("ck.pem"))
            .unwrap()
            .bits(),
        2048
    );
}
