//! What we write, others read; encrypted PKCS#8 both ways.

use super::*;

#[test]
fn what_we_write_others_read() {
    let dir = workshop();
    let d = dir.path();
    let (leaf, ca) = (read(d, "leaf.der"), read(d, "ca.der"));
    let key = SecretBytes::new(read(d, "leaf.p8"));
    for (flavor, description) in [
        (
            Flavor::Keychain,
            "PKCS#12, 3DES, HMAC-SHA1 with 2048 iterations",
        ),
        (
            Flavor::Modern,
            "PKCS#12, AES-256, HMAC-SHA256 with 100000 iterations",
        ),
    ] {
        for password in ["secret", "пароль", "😀"] {
            let file = write(
                &leaf,
                std::slice::from_ref(&ca),
                &key,
                &pass(password),
                Some("имя"),
                flavor,
            )
            .unwrap();
            let scanned = scan(file.expose_secret()).unwrap();
            assert_eq!(scanned.describe(), description);
            assert!(!scanned.is_legacy());
            let bags = scanned.open(&pass(password)).unwrap();
            assert_eq!((bags.certificates.len(), bags.keys.len()), (2, 1));
            assert_eq!(bags.certificates[0].friendly_name.as_deref(), Some("имя"));
            assert_eq!(bags.keys[0].value, key);
            std::fs::write(d.join("w.p12"), file.expose_secret()).unwrap();
            let passin = format!("pass:{password}");
            let info = openssl(d, "pkcs12 -in w.p12 -nodes", &["-passin", &passin]);
            let text = String::from_utf8_lossy(&info);
            assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
            assert_eq!(text.matches("BEGIN PRIVATE KEY").count(), 1);
        }
        let file = write(&leaf, &[], &key, &pass("secret"), None, flavor).unwrap();
        std::fs::write(d.join("j.p12"), file.expose_secret()).unwrap();
        let db = format!("sql:{flavor:?}");
        std::fs::create_dir(d.join(format!("{flavor:?}"))).unwrap();
        if try_run(d, "certutil", &["-N", "-d", &db, "--empty-password"]).is_some() {
            try_run(d, "pk12util", &["-i", "j.p12", "-d", &db, "-W", "secret"]);
            let keys = try_run(d, "certutil", &["-K", "-d", &db]).unwrap();
            assert_eq!(String::from_utf8_lossy(&keys).matches("rsa").count(), 1);
        }
        let info = [
            "--p12-info",
            "--inder",
            "--infile",
            "j.p12",
            "--password",
            "secret",
        ];
        if let Some(info) = try_run(d, "certtool", &info) {
            let info = String::from_utf8_lossy(&info);
            assert_eq!(info.matches("BEGIN CERTIFICATE").count(), 1);
        }
        let list = ["-list", "-keystore", "j.p12", "-storepass", "secret"];
        if let Some(listed) = try_run(d, "keytool", &list) {
            assert!(String::from_utf8_lossy(&listed).contains("PrivateKeyEntry"));
        }
        for (password, name) in [(&b"\xff"[..], None), (b"x", Some("a\0b"))] {
            let password = Passphrase::new(password.to_vec()).unwrap();
            let result = write(&leaf, &[], &key, &password, name, flavor);
            assert!(matches!(result, Err(Error::Usage { .. })));
        }
        let other = SecretBytes::new(read(d, "ca.p8"));
        let result = write(&leaf, &[], &other, &pass("x"), None, flavor);
        assert!(matches!(result, Err(Error::Crypto { .. })), "{result:?}");
    }
    let result = write(
        &leaf,
        &[],
        &key,
        &Passphrase::empty(),
        None,
        Flavor::Keychain,
    );
    assert!(matches!(result, Err(Error::Usage { .. })));
    let file = write(&leaf, &[], &key, &Passphrase::empty(), None, Flavor::Modern).unwrap();
    assert_eq!(open(file.expose_secret(), "").unwrap().keys.len(), 1);
}

#[test]
fn keychain_flavor_has_salts_of_eight_bytes() {
    let dir = workshop();
    let d = dir.path();
    let key = SecretBytes::new(read(d, "leaf.p8"));
    let file = write(
        &read(d, "leaf.der"),
        &[],
        &key,
        &pass("x"),
        None,
        Flavor::Keychain,
    )
    .unwrap();
    let salted = [&[4, 8][..]].concat();
    let count = [2, 2, 8, 0];
    let found = file
        .expose_secret()
        .windows(14)
        .filter(|w| w[..2] == salted[..] && w[10..] == count)
        .count();
    // the certificates and the MAC lie open, the key's parameters too
    assert_eq!(found, 3);
}

#[test]
fn encrypted_private_keys_are_read_and_written() {
    let dir = workshop();
    let d = dir.path();
    let key = read(d, "leaf.p8");
    let cases = [
        (
            "-v2 aes-256-cbc",
            "PBES2, AES-256, PBKDF2-HMAC-SHA256 with 2048 iterations",
        ),
        (
            "-v2 aes-128-cbc -v2prf hmacWithSHA1",
            "PBES2, AES-128, PBKDF2-HMAC-SHA1 with 2048 iterations",
        ),
        (
            "-v2 aes-192-cbc -v2prf hmacWithSHA224",
            "PBES2, AES-192, PBKDF2-HMAC-SHA224 with 2048 iterations",
        ),
        (
            "-v2 aes-256-cbc -v2prf hmacWithSHA384 -iter 1",
            "PBES2, AES-256, PBKDF2-HMAC-SHA384 with 1 iteration",
        ),
        (
            "-v2 des3 -v2prf hmacWithSHA512",
            "PBES2, 3DES, PBKDF2-HMAC-SHA512 with 2048 iterations",
        ),
        (
            "-v2 aes-256-cbc -v2prf hmacWithSHA512-256",
            "PBES2, AES-256, PBKDF2-HMAC-SHA512-256 with 2048 iterations",
        ),
        (
            "-v2 aes-256-cbc -v2prf hmacWithSHA512-224",
            "PBES2, AES-256, PBKDF2-HMAC-SHA512-224 with 2048 iterations",
        ),
        (
            "-v2 des -provider legacy -provider default",
            "PBES2, DES, PBKDF2-HMAC-SHA256 with 2048 iterations",
        ),
        (
            "-v1 PBE-SHA1-3DES",
            "PKCS#12 encryption, 3DES, SHA1 with 2048 iterations",
        ),
        (
            "-v1 PBE-SHA1-2DES",
            "PKCS#12 encryption, 3DES with 2 keys, SHA1 with 2048 iterations",
        ),
        (
            "-v1 PBE-SHA1-RC2-40 -provider legacy -provider default",
            "PKCS#12 encryption, RC2-40, SHA1 with 2048 iterations",
        ),
        (
            "-v1 PBE-SHA1-RC2-128 -provider legacy -provider default",
            "PKCS#12 encryption, RC2-128, SHA1 with 2048 iterations",
        ),
        (
            "-v1 PBE-SHA1-RC4-128 -provider legacy -provider default",
            "PKCS#12 encryption, RC4-128, SHA1 with 2048 iterations",
        ),
        (
            "-v1 PBE-MD5-DES -provider legacy -provider default",
            "PBES1, DES, MD5 with 2048 iterations",
        ),
        (
            "-v1 PBE-SHA1-DES -provider legacy -provider default",
            "PBES1, DES, SHA1 with 2048 iterations",
        ),
        (
            "-v1 PBE-MD5-RC2-64 -provider legacy -provider default",
            "PBES1, RC2-64, MD5 with 2048 iterations",
        ),
    ];
    for (options, description) in cases {
        for password in ["secret", "пароль", ""] {
            if password.is_empty() && !options.contains("3DES") && !options.contains("aes") {
                continue;
            }
            openssl(
                d,
                &format!("pkcs8 -topk8 -in leaf.key -outform DER -out e.p8 {options}"),
                &["-passout", &format!("pass:{password}")],
            );
            let der = read(d, "e.p8");
            assert_eq!(describe_private_key_info(&der).unwrap(), description);
            let plain = decrypt_private_key_info(&der, &pass(password))
                .unwrap_or_else(|e| panic!("{options} {password}: {e}"));
            assert_eq!(plain.expose_secret(), key);
            let result = decrypt_private_key_info(&der, &pass("nope"));
            assert!(matches!(result, Err(Error::WrongPassphrase)), "{result:?}");
            for length in 0..der.len() {
                assert!(decrypt_private_key_info(&der[..length], &pass("x")).is_err());
            }
        }
    }
    openssl(
        d,
        "pkcs8 -topk8 -in leaf.key -outform DER -out s.p8 -scrypt -passout pass:x",
        &[],
    );
    let error = decrypt_private_key_info(&read(d, "s.p8"), &pass("x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unsupported algorithm for the key encryption: scrypt"
    );

    let written =
        encrypt_private_key_info(&SecretBytes::new(key.clone()), &pass("пароль")).unwrap();
    assert_eq!(
        describe_private_key_info(&written).unwrap(),
        "PBES2, AES-256, PBKDF2-HMAC-SHA256 with 600000 iterations"
    );
    let plain = decrypt_private_key_info(&written, &pass("пароль")).unwrap();
    assert_eq!(plain.expose_secret(), key);
    std::fs::write(d.join("ours.p8"), &written).unwrap();
    openssl(
        d,
        "pkcs8 -inform DER -in ours.p8 -outform PEM -out theirs.pem -passin",
        &["pass:пароль"],
    );
    let theirs = openssl(d, "pkcs8 -topk8 -nocrypt -in theirs.pem -outform DER", &[]);
    assert_eq!(theirs, key);
}
