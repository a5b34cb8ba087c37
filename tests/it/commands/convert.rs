//! `convert`: every form, and what is said where it cannot be had.

use super::*;

#[test]
fn convert_keeps_the_der_of_a_certificate_byte_for_byte() {
    let place = Place::with(&["aps_development.cer"]);
    let ran = place.ok("convert aps_development.cer");
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "wrote aps_development.pem   Apple Development IOS Push Services: com.example.app\n"
    );
    let pem = place.text("aps_development.pem");
    assert_eq!(blocks(&pem), [CERTIFICATE]);
    assert!(pem.ends_with("-----END CERTIFICATE-----\n"));
    place.other("openssl x509 -in aps_development.pem -outform der -out read.cer");
    assert_eq!(place.read("read.cer"), place.read("aps_development.cer"));
    place.ok("convert aps_development.pem --to der -o back.cer");
    assert_eq!(place.read("back.cer"), place.read("aps_development.cer"));
    let ran = place.ok("convert aps_development.pem --to der -o -");
    assert_eq!(ran.bytes, place.read("aps_development.cer"));

    let before = place.read("aps_development.pem");
    let ran = place.run("convert aps_development.cer");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        "error: aps_development.pem exists; nothing is overwritten without --force"
    );
    assert_eq!(place.read("aps_development.pem"), before);
}

#[test]
fn convert_takes_the_key_out_of_a_keychain_file() {
    let place = Place::with(&["testPush.p12", "push.key.pem"]);
    let pass = [("IN", "hello123"), ("OUT", "another one")];
    let key = "convert testPush.p12 --only key --passin env:IN";
    let ran = place.run_with(&format!("{key} --passout env:OUT"), &pass);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "wrote testPush.key.pem   private key, encrypted, 0600\n"
    );
    let ran = place.run_with(&format!("{key} --no-passphrase -o plain.pem"), &pass);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stderr, "wrote plain.pem   private key, plain, 0600\n");
    place.write("pass", b"another one");
    place.other("openssl pkey -in testPush.key.pem -passin file:pass -out a.pem");
    place.other("openssl pkcs8 -topk8 -nocrypt -in plain.pem -out b.pem");
    assert_eq!(place.mode("testPush.key.pem"), 0o600);
    assert_eq!(place.mode("plain.pem"), 0o600);
    for name in ["a.pem", "b.pem", "plain.pem"] {
        assert_eq!(place.read(name), place.read("push.key.pem"), "{name}");
    }
    let ran = place.run_with(&format!("{key} -o undecided.pem"), &pass);
    assert_eq!((ran.code, ran.stderr.as_str()), (64, SAY_HOW));
    assert!(!place.path("undecided.pem").exists());

    place.ok("convert plain.pem --key-format pkcs1 --to der -o key.der");
    place.other("openssl rsa -traditional -in push.key.pem -outform der -out expected.der");
    assert_eq!(place.read("key.der"), place.read("expected.der"));
    assert_eq!(place.mode("key.der"), 0o600);
}

#[test]
fn convert_makes_pkcs12_that_others_read() {
    let place = Place::with(&["aps_development.cer", "push.key.pem"]);
    place.write("pass", b"hello123");
    for to in ["p12", "keychain"] {
        let line = format!(
            "convert aps_development.cer push.key.pem --to {to} -o {to} --name Push --passout file:pass"
        );
        place.ok(&line);
        assert_eq!(place.mode(to), 0o600);
        place.other(&format!(
            "openssl pkcs12 -in {to} -passin file:pass -nodes -nocerts -out bags"
        ));
        place.other(&format!("openssl pkey -in bags -out key-of-{to}"));
        assert_eq!(
            place.read(&format!("key-of-{to}")),
            place.read("push.key.pem")
        );
        place.other(&format!(
            "openssl pkcs12 -in {to} -passin file:pass -nokeys -out certificate"
        ));
        place.other("openssl x509 -in certificate -outform der -out certificate.der");
        assert_eq!(
            place.read("certificate.der"),
            place.read("aps_development.cer")
        );
        let listed = place.other(&format!("keytool -list -keystore {to} -storepass hello123"));
        assert!(listed.stdout.contains("Your keystore contains 1 entry\n"));
        assert!(
            listed
                .stdout
                .lines()
                .any(|line| line.starts_with("push, ") && line.ends_with(", PrivateKeyEntry, "))
        );
    }
    let info = place.other("openssl pkcs12 -in keychain -passin file:pass -noout -info");
    assert_eq!(
        info.stderr,
        "MAC: sha1, Iteration 2048\n\
         MAC length: 20, salt length: 8\n\
         PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n\
         Certificate bag\n\
         PKCS7 Data\n\
         Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n"
    );
    let ran = place.run("convert aps_development.cer push.key.pem --to p12 -o undecided");
    assert_eq!((ran.code, ran.stderr.as_str()), (64, SAY_HOW));
    assert!(!place.path("undecided").exists());
}

#[test]
fn convert_tells_four_troubles_apart() {
    let place = Place::with(&["testPush.p12", "push.key.pem"]);
    let whole = place.read("testPush.p12");
    place.write("cut.p12", &whole[..1500]);
    place.write("text.p12", b"hello\n");
    place.other(
        "openssl pkcs8 -topk8 -in push.key.pem -v2 camellia-256-cbc -passout pass:hello123 -out camellia.pem",
    );
    let before = place.names();
    for (file, passphrase, id, message) in [
        (
            "testPush.p12",
            "wrong",
            "wrong-passphrase",
            "error: testPush.p12: wrong passphrase",
        ),
        (
            "cut.p12",
            "hello123",
            "damaged",
            "error: cut.p12: damaged PKCS#12: an element is longer than what holds it at byte 4",
        ),
        (
            "text.p12",
            "hello123",
            "wrong-kind",
            "error: text.p12 is text without PEM blocks, not a certificate, key or request",
        ),
        (
            "camellia.pem",
            "hello123",
            "unsupported-algorithm",
            "error: camellia.pem: unsupported algorithm for the key encryption: 1.2.392.200011.61.1.1.1.4",
        ),
    ] {
        let line =
            format!("convert {file} --only key --no-passphrase --passin env:P -o out.pem --json");
        let ran = place.run_with(&line, &[("P", passphrase)]);
        assert_eq!(ran.code, 3, "{file}");
        assert_eq!(ran.stderr.lines().next().unwrap(), message);
        let document = ran.json();
        assert_eq!(document["status"], "unknown");
        assert_eq!(findings(&document), [format!("{id} unknown")]);
        assert_eq!(document["findings"][0]["path"], file);
    }
    let ran = place.run("convert testPush.p12 --only key --no-passphrase -o out.pem");
    assert_eq!(ran.code, 3);
    assert_eq!(
        ran.stderr,
        "error: testPush.p12: locked, and no passphrase was given\n\
         hint: give its passphrase with --passin SRC (prompt, stdin, env:NAME, file:PATH, fd:N)\n"
    );
    assert_eq!(place.names(), before);
}

#[test]
fn where_no_key_is_to_be_joined_nobody_is_asked_how_to_protect_it() {
    let place = Place::with(&["aps.cer"]);
    for form in ["p12", "keychain", "k8s-secret"] {
        let ran = place.run(&format!("convert aps.cer --to {form} -o joined"));
        assert_eq!(ran.code, 2, "{form}: {}", ran.stderr);
        let first = ran.stderr.lines().next().unwrap();
        assert_eq!(
            first,
            "error: aps.cer: no private key is here; the certificate com.example.app wants the key with SPKI 5cd81758",
            "{form}"
        );
    }
}
