//! What other programs write, we read in full.

use super::*;

#[test]
fn everything_that_openssl_exports_is_read_in_full() {
    let dir = workshop();
    let d = dir.path();
    let (leaf, ca, key) = (read(d, "leaf.der"), read(d, "ca.der"), read(d, "leaf.p8"));
    let passwords = ["secret", "", "пароль", "密码123", "😀", "grün"];
    let cases = [
        (
            "-legacy",
            "PKCS#12, 3DES and RC2-40, HMAC-SHA1 with 2048 iterations",
            true,
        ),
        (
            "-legacy -nomaciter",
            "PKCS#12, 3DES and RC2-40, HMAC-SHA1 with 1 iteration",
            true,
        ),
        ("-legacy -nomac", "PKCS#12, 3DES, no MAC", false),
        (
            "-legacy -descert",
            "PKCS#12, 3DES, HMAC-SHA1 with 2048 iterations",
            false,
        ),
        (
            "-legacy -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC2-128",
            "PKCS#12, RC2-128 and RC4-128, HMAC-SHA1 with 2048 iterations",
            true,
        ),
        (
            "-legacy -certpbe PBE-SHA1-RC4-40 -keypbe PBE-SHA1-2DES",
            "PKCS#12, 3DES with 2 keys and RC4-40, HMAC-SHA1 with 2048 iterations",
            true,
        ),
        (
            "-legacy -nomac -certpbe PBE-SHA1-RC4-40 -keypbe PBE-SHA1-RC4-128",
            "PKCS#12, RC4-128 and RC4-40, no MAC",
            true,
        ),
        (
            "",
            "PKCS#12, AES-256, HMAC-SHA256 with 2048 iterations",
            false,
        ),
        ("-nomac", "PKCS#12, AES-256, no MAC", false),
        (
            "-certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512",
            "PKCS#12, AES-128 and AES-192, HMAC-SHA512 with 2048 iterations",
            false,
        ),
        (
            "-certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC -macalg sha384",
            "PKCS#12, 3DES, HMAC-SHA384 with 2048 iterations",
            false,
        ),
        (
            "-macalg sha224 -iter 100000",
            "PKCS#12, AES-256, HMAC-SHA224 with 100000 iterations",
            false,
        ),
        (
            "-certpbe NONE -keypbe NONE",
            "PKCS#12, not encrypted, HMAC-SHA256 with 2048 iterations",
            false,
        ),
        (
            "-certpbe NONE",
            "PKCS#12, AES-256, HMAC-SHA256 with 2048 iterations",
            false,
        ),
    ];
    for (options, description, legacy) in cases {
        for password in passwords {
            let bytes = export(d, password, options);
            let scanned = scan(&bytes).unwrap();
            assert_eq!(scanned.describe(), description);
            assert_eq!(scanned.is_legacy(), legacy, "{options}");
            assert!(!scanned.is_keychain_export());
            assert_eq!(scanned.trailing(), 0);
            let bags = scanned
                .open(&pass(password))
                .unwrap_or_else(|e| panic!("{options} {password}: {e}"));
            assert_eq!(bags.certificates.len(), 2, "{options}");
            assert_eq!(bags.certificates[0].value, leaf);
            assert_eq!(bags.certificates[1].value, ca);
            assert_eq!(bags.keys.len(), 1);
            assert_eq!(bags.keys[0].value.expose_secret(), key);
            assert_eq!(bags.keys[0].friendly_name.as_deref(), Some("Имя 名前"));
            assert_eq!(bags.keys[0].local_key_id, bags.certificates[0].local_key_id);
            assert!(bags.keys[0].local_key_id.is_some());
            assert_eq!(bags.certificates[1].local_key_id, None);
            assert_eq!(bags.skipped, Vec::<String>::new());
            assert_eq!(bags.legacy, legacy);
            assert_eq!(bags.key_was_plain, options.contains("-keypbe NONE"));
            wrong(scanned.open(&pass("not it")));
        }
    }
    // trailing bytes, as editors and mail programs leave them
    let mut bytes = export(d, "secret", "");
    bytes.extend_from_slice(b"\njunk\n");
    let scanned = scan(&bytes).unwrap();
    assert_eq!(scanned.trailing(), 6);
    assert_eq!(scanned.open(&pass("secret")).unwrap().keys.len(), 1);
}

#[test]
fn keys_alone_certificates_alone_and_ec_keys_are_read() {
    let dir = workshop();
    let d = dir.path();
    openssl(
        d,
        "pkcs12 -export -legacy -inkey ec.key -in ec.pem -out ec.p12 -passout pass:x",
        &[],
    );
    let bags = open(&read(d, "ec.p12"), "x").unwrap();
    assert_eq!((bags.certificates.len(), bags.keys.len()), (1, 1));
    assert_eq!(bags.keys[0].value.expose_secret(), read(d, "ec.p8"));
    openssl(
        d,
        "pkcs12 -export -nocerts -inkey ec.key -out k.p12 -passout pass:x",
        &[],
    );
    let bags = open(&read(d, "k.p12"), "x").unwrap();
    assert_eq!((bags.certificates.len(), bags.keys.len()), (0, 1));
    openssl(
        d,
        "pkcs12 -export -nokeys -in ec.pem -out c.p12 -passout pass:x",
        &[],
    );
    let bags = open(&read(d, "c.p12"), "x").unwrap();
    assert_eq!((bags.certificates.len(), bags.keys.len()), (1, 0));
}

#[test]
fn a_key_in_the_clear_is_never_in_debug_output() {
    let dir = workshop();
    let d = dir.path();
    let bytes = export(d, "x", "-certpbe NONE -keypbe NONE");
    let scanned = scan(&bytes).unwrap();
    // the end of an RSA key is its coefficient, which no certificate holds
    let key = read(d, "leaf.p8");
    let key = format!("{:?}", &key[key.len() - 16..]);
    let shown = format!("{scanned:?} {:?}", scanned.open(&pass("x")).unwrap());
    assert!(!shown.contains(key.trim_matches(['[', ']'])));
    assert!(shown.contains("SecretBytes("));
}

#[test]
fn without_a_mac_an_empty_passphrase_may_mean_two_things_in_one_file() {
    let dir = workshop();
    for (certificates, key) in [
        ("AES-256-CBC", "PBE-SHA1-3DES"),
        ("PBE-SHA1-3DES", "AES-256-CBC"),
    ] {
        let options = format!("-nomac -certpbe {certificates} -keypbe {key}");
        let bags = open(&export(dir.path(), "", &options), "").unwrap();
        assert_eq!((bags.certificates.len(), bags.keys.len()), (2, 1));
    }
}

#[test]
fn a_latin_1_passphrase_that_is_not_utf_8_opens() {
    let dir = workshop();
    let d = dir.path();
    for legacy in ["-legacy", ""] {
        std::fs::write(d.join("pw"), b"gr\xfcn\n").unwrap();
        openssl(
            d,
            &format!(
                "pkcs12 -export {legacy} -inkey leaf.key -in leaf.pem -out l.p12 -passout file:pw"
            ),
            &[],
        );
        let scanned = scan(&read(d, "l.p12")).unwrap();
        let bags = scanned
            .open(&Passphrase::new(b"gr\xfcn".to_vec()).unwrap())
            .unwrap();
        assert_eq!(bags.keys.len(), 1);
    }
}

#[test]
fn java_files_are_read_with_both_identities() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    for (file, extra, description, legacy) in [
        (
            "new.p12",
            None,
            "PKCS#12, AES-256, HMAC-SHA256 with 10000 iterations",
            false,
        ),
        (
            "old.p12",
            Some("-J-Dkeystore.pkcs12.legacy"),
            "PKCS#12, 3DES and RC2-40, HMAC-SHA1 with 100000 iterations",
            true,
        ),
    ] {
        for alias in ["one", "two"] {
            let dn = format!("CN={alias}");
            let mut args = vec![
                "-genkeypair",
                "-keyalg",
                "RSA",
                "-alias",
                alias,
                "-dname",
                &dn,
                "-keystore",
                file,
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
            ];
            args.extend(extra);
            if try_run(d, "keytool", &args).is_none() {
                return;
            }
        }
        let bytes = read(d, file);
        assert_eq!(scan(&bytes).unwrap().describe(), description);
        let bags = open(&bytes, "changeit").unwrap();
        assert_eq!((bags.certificates.len(), bags.keys.len()), (2, 2));
        assert_eq!(bags.keys[0].friendly_name.as_deref(), Some("one"));
        assert_eq!(bags.keys[1].friendly_name.as_deref(), Some("two"));
        assert_eq!(bags.legacy, legacy);
        wrong(open(&bytes, "changeIt"));
    }
}

#[test]
fn nss_files_in_ber_are_read() {
    let dir = workshop();
    let d = dir.path();
    let bytes = export(d, "secret", "");
    std::fs::write(d.join("in.p12"), &bytes).unwrap();
    std::fs::create_dir(d.join("db")).unwrap();
    if try_run(d, "certutil", &["-N", "-d", "sql:db", "--empty-password"]).is_none() {
        return;
    }
    let import = ["-i", "in.p12", "-d", "sql:db", "-W", "secret"];
    if try_run(d, "pk12util", &import).is_none() {
        return;
    }
    let variants: [&[&str]; 3] = [
        &[],
        &[
            "-c",
            "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC",
            "-M",
            "SHA-1",
        ],
        &["-c", "AES-128-CBC", "-M", "SHA-384"],
    ];
    for variant in variants {
        let mut args = vec![
            "-o",
            "nss.p12",
            "-n",
            "Имя 名前",
            "-d",
            "sql:db",
            "-W",
            "пароль",
        ];
        args.extend(variant);
        try_run(d, "pk12util", &args).unwrap();
        let bytes = read(d, "nss.p12");
        eprintln!("NSS {variant:?}: {}", scan(&bytes).unwrap().describe());
        let bags = open(&bytes, "пароль").unwrap();
        assert_eq!(bags.keys.len(), 1, "{variant:?}");
        assert!(!bags.certificates.is_empty());
        wrong(open(&bytes, "parol"));
    }
}

#[test]
fn gnutls_files_are_read() {
    let dir = workshop();
    let d = dir.path();
    for cipher in [
        "aes-256",
        "aes-192",
        "aes-128",
        "3des",
        "3des-pkcs12",
        "rc2-40",
        "arcfour",
    ] {
        let args = [
            "--to-p12",
            "--load-privkey",
            "leaf.key",
            "--load-certificate",
            "leaf.pem",
            "--p12-name",
            "n",
            "--password",
            "secret",
            "--outder",
            "--outfile",
            "g.p12",
            "--pkcs-cipher",
            cipher,
        ];
        if try_run(d, "certtool", &args).is_none() {
            return;
        }
        let bytes = read(d, "g.p12");
        eprintln!("GnuTLS {cipher}: {}", scan(&bytes).unwrap().describe());
        let bags = open(&bytes, "secret").unwrap();
        assert_eq!(
            (bags.certificates.len(), bags.keys.len()),
            (1, 1),
            "{cipher}"
        );
        wrong(open(&bytes, "Secret"));
    }
}

#[test]
fn real_files_are_read() {
    let Some(dir) = std::env::var_os("PUSHCERT_REAL_FILES") else {
        eprintln!("skipped: PUSHCERT_REAL_FILES names no folder of real files");
        return;
    };
    let dir = Path::new(&dir);
    for (name, password, certificates, keys, keychain) in [
        ("keychain-empty-passphrase.p12", "", 2, 1, true),
        ("keychain-two-identities.p12", "", 3, 2, true),
        ("openssl-apntest.p12", "apntest", 2, 1, false),
    ] {
        let scanned = scan(&read(dir, name)).unwrap();
        assert_eq!(scanned.is_keychain_export(), keychain);
        assert!(scanned.is_legacy());
        let bags = scanned.open(&pass(password)).unwrap();
        assert_eq!(
            (bags.certificates.len(), bags.keys.len()),
            (certificates, keys)
        );
        wrong(scanned.open(&pass("nope")));
    }
}
