//! PKCS#12 and encrypted PKCS#8: what other programs write, we read; what we write, they read; broken files are errors.

use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use p12::{
    AlgorithmIdentifier, ContentInfo, EncryptedData, EncryptedPrivateKeyInfo, MacData, PFX,
    Pkcs12PbeParams, SafeBag, SafeBagKind,
};
use pushcert::container::pbe::{
    decrypt_private_key_info, describe_private_key_info, encrypt_private_key_info,
};
use pushcert::container::pkcs12::{Bags, Flavor, scan, write};
use pushcert::error::{Error, Result};
use pushcert::secret::{Passphrase, SecretBytes};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use yasna::Tag;
use yasna::models::ObjectIdentifier;

fn pass(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes().to_vec()).unwrap()
}

fn try_run<S: AsRef<OsStr>>(dir: &Path, program: &str, args: &[S]) -> Option<Vec<u8>> {
    let output = match Command::new(program).current_dir(dir).args(args).output() {
        Ok(output) => output,
        Err(_) => {
            eprintln!("skipped: no {program} here");
            return None;
        }
    };
    assert!(
        output.status.success(),
        "{program}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Some(output.stdout)
}

fn openssl(dir: &Path, line: &str, more: &[&str]) -> Vec<u8> {
    let mut args: Vec<&str> = line.split_whitespace().collect();
    args.extend(more);
    try_run(dir, "openssl", &args).expect("openssl is needed")
}

/// A CA, an RSA leaf, an EC leaf.
fn workshop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    for (name, kind) in [("ca", "rsa:2048"), ("leaf", "rsa:2048")] {
        openssl(
            d,
            &format!(
                "req -x509 -newkey {kind} -nodes -keyout {name}.key -out {name}.pem -days 9 -subj /CN={name}"
            ),
            &[],
        );
    }
    openssl(
        d,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem -days 9 -subj /CN=ec",
        &[],
    );
    for name in ["ca", "leaf", "ec"] {
        openssl(
            d,
            &format!("x509 -in {name}.pem -outform DER -out {name}.der"),
            &[],
        );
        openssl(
            d,
            &format!("pkcs8 -topk8 -nocrypt -in {name}.key -outform DER -out {name}.p8"),
            &[],
        );
    }
    dir
}

fn read(dir: &Path, name: &str) -> Vec<u8> {
    std::fs::read(dir.join(name)).unwrap()
}

fn export(dir: &Path, password: &str, options: &str) -> Vec<u8> {
    openssl(
        dir,
        &format!(
            "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile ca.pem -out out.p12 {options}"
        ),
        &["-name", "Имя 名前", "-passout", &format!("pass:{password}")],
    );
    read(dir, "out.p12")
}

fn open(bytes: &[u8], password: &str) -> Result<Bags> {
    scan(bytes)?.open(&pass(password))
}

fn wrong(result: Result<Bags>) {
    assert!(matches!(result, Err(Error::WrongPassphrase)), "{result:?}");
}

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

/// Replaces the last `from` by `to`, both of one length.
fn patch_last(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).rposition(|w| w == from).unwrap();
    let mut out = bytes.to_vec();
    out[at..at + from.len()].copy_from_slice(to);
    out
}

#[test]
fn a_bomb_is_refused_at_once_and_a_count_of_zero_is_damage() {
    let dir = workshop();
    let d = dir.path();
    let start = Instant::now();
    for options in ["-legacy", "", "-nomac -legacy", "-nomac"] {
        let bytes = export(d, "secret", &format!("{options} -iter 2000000"));
        let count = 2_000_000u32.to_be_bytes();
        let from = [&[2, 3], &count[1..]].concat();
        let negative = patch_last(&bytes, &from, &[2, 3, 0xff, 0xff, 0xff]);
        assert!(matches!(scan(&negative), Err(Error::Damaged { .. })));
        let zero = patch_last(&bytes, &from, &[2, 3, 0, 0, 0]);
        assert!(matches!(scan(&zero), Err(Error::Damaged { .. })));
        let bomb = patch_last(&bytes, &from, &[2, 3, 0x7f, 0xff, 0xff]);
        let start = Instant::now();
        assert!(
            matches!(scan(&bomb), Err(Error::OverBudget { .. })),
            "{options}"
        );
        assert!(start.elapsed() < Duration::from_millis(200));
    }
    eprintln!("{:?}", start.elapsed());
}

#[test]
fn two_to_the_31_iterations_are_over_budget() {
    // version 3, empty AuthenticatedSafe, HMAC-SHA1 with salt "saltsalt" and 2^31-1 iterations
    let mut bytes = vec![0x30, 0x4c, 2, 1, 3];
    bytes.extend([
        0x30, 0x11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0, 4, 4, 2, 0x30, 0,
    ]);
    bytes.extend([
        0x30, 0x34, 0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14,
    ]);
    bytes.extend([7; 20]);
    bytes.extend(*b"\x04\x09saltsalt1");
    bytes.extend([2, 4, 0x7f, 0xff, 0xff, 0xff]);
    bytes[1] = (bytes.len() - 2) as u8;
    let start = Instant::now();
    let error = scan(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "too costly to open: the MAC asks for 2147483647 iterations, and one file may ask for 10000000 rounds of hashing in all"
    );
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[test]
fn broken_files_are_errors_and_never_panics() {
    let dir = workshop();
    let d = dir.path();
    let mut slowest = Duration::ZERO;
    let mut random = 0x2545_f491_4f6c_dd1du64;
    for options in [
        "-legacy -nomaciter",
        "",
        "-legacy -nomac -iter 1",
        "-certpbe NONE -keypbe NONE -nomac",
        "-nomac -iter 1",
    ] {
        let bytes = export(d, "secret", options);
        for length in 0..bytes.len() {
            assert!(
                open(&bytes[..length], "secret").is_err(),
                "{options} {length}"
            );
        }
        for _ in 0..1000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let bit = random as usize % (bytes.len() * 8);
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let start = Instant::now();
            let _ = open(&flipped, "secret");
            slowest = slowest.max(start.elapsed());
        }
    }
    eprintln!("slowest of the flipped files: {slowest:?}");
    assert!(slowest < Duration::from_secs(60));
    for depth in [10, 100, 100_000] {
        assert!(scan(&[0x30, 0x80].repeat(depth)).is_err());
        assert!(scan(&[0x24, 0x80].repeat(depth)).is_err());
    }
    for text in [
        &b""[..],
        b"\x30",
        b"-----BEGIN CERTIFICATE-----",
        &[0xff; 64],
    ] {
        assert!(matches!(scan(text), Err(Error::Damaged { .. })));
    }
}

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

fn oid(arcs: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(arcs)
}

/// A PFX around an AuthenticatedSafe; `mac` writes the rest.
fn pfx(safe: &[u8], mac: impl FnOnce(&mut yasna::DERWriterSeq<'_>)) -> Vec<u8> {
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_u8(3);
            data(w.next(), safe);
            mac(w);
        })
    })
}

fn data(w: yasna::DERWriter<'_>, content: &[u8]) {
    w.write_sequence(|w| {
        w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 7, 1]));
        w.next()
            .write_tagged(Tag::context(0), |w| w.write_bytes(content));
    })
}

fn bag(w: yasna::DERWriter<'_>, kind: u64, value: &[u8]) {
    w.write_sequence(|w| {
        w.next()
            .write_oid(&oid(&[1, 2, 840, 113549, 1, 12, 10, 1, kind]));
        w.next()
            .write_tagged(Tag::context(0), |w| w.write_der(value));
    })
}

/// A file without MAC and encryption, of the given bags.
fn plain(bags: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let contents = yasna::construct_der(|w| {
        w.write_sequence(|w| {
            bags.iter()
                .for_each(|(kind, value)| bag(w.next(), *kind, value))
        })
    });
    let safe = yasna::construct_der(|w| w.write_sequence(|w| data(w.next(), &contents)));
    pfx(&safe, |_| {})
}

/// A key under 3DES with so many iterations, not decryptable.
fn shrouded(iterations: u32) -> Vec<u8> {
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 12, 1, 3]));
                w.next().write_sequence(|w| {
                    w.next().write_bytes(b"saltsalt");
                    w.next().write_u32(iterations);
                });
            });
            w.next().write_bytes(&[7; 64]);
        })
    })
}

fn nested(inner: (u64, Vec<u8>), levels: usize) -> (u64, Vec<u8>) {
    (0..levels).fold(inner, |(kind, value), _| {
        let list = yasna::construct_der(|w| w.write_sequence(|w| bag(w.next(), kind, &value)));
        (6, list)
    })
}

#[test]
fn every_kind_of_bag_is_returned_named_or_refused() {
    let dir = workshop();
    let key = read(dir.path(), "ec.p8");
    let sdsi = yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 9, 22, 2]));
            w.next()
                .write_tagged(Tag::context(0), |w| w.write_ia5_string("YWJj"));
        })
    });
    let file = plain(&[
        nested((1, key.clone()), 3),
        (3, sdsi),
        (4, vec![5, 0]),
        (5, vec![5, 0]),
        (9, vec![5, 0]),
    ]);
    let bags = open(&file, "any").unwrap();
    assert_eq!(bags.keys.len(), 1);
    assert_eq!(bags.keys[0].value.expose_secret(), key);
    assert!(bags.key_was_plain);
    assert_eq!(
        bags.skipped,
        [
            "SDSI certificate",
            "certificate revocation list",
            "secret",
            "bag of type 1.2.840.113549.1.12.10.1.9"
        ]
    );
    assert!(matches!(
        scan(&plain(&[nested((1, key.clone()), 9)])),
        Err(Error::Damaged { .. })
    ));
    assert!(matches!(
        open(&plain(&[(1, vec![5, 0])]), "x"),
        Err(Error::Damaged { .. })
    ));
    let many = vec![(4, vec![5, 0]); 10_001];
    assert!(matches!(scan(&plain(&many)), Err(Error::Damaged { .. })));
    assert_eq!(open(&plain(&many[1..]), "x").unwrap().skipped.len(), 10_000);
    assert!(matches!(
        scan(&plain(&[(2, sealed_for_scrypt())])),
        Err(Error::UnsupportedAlgorithm { .. })
    ));
}

fn sealed_for_scrypt() -> Vec<u8> {
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 13]));
                w.next().write_sequence(|w| {
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&oid(&[1, 3, 6, 1, 4, 1, 11591, 4, 11]))
                    })
                });
            });
            w.next().write_bytes(&[7; 64]);
        })
    })
}

#[test]
fn the_budget_is_one_for_the_whole_file() {
    let one = plain(&[(2, shrouded(3_000_000))]);
    assert!(scan(&one).is_ok());
    let two = plain(&[(2, shrouded(3_000_000)), (2, shrouded(400_000))]);
    assert!(matches!(scan(&two), Err(Error::OverBudget { .. })));
    let thousands = plain(&vec![(2, shrouded(600_000)); 9_000]);
    assert!(matches!(scan(&thousands), Err(Error::OverBudget { .. })));

    // a key inside the encrypted part shows only after decrypting
    let inner = SafeBag {
        bag: SafeBagKind::Pkcs8ShroudedKeyBag(EncryptedPrivateKeyInfo {
            encryption_algorithm: AlgorithmIdentifier::PbeWithSHAAnd3KeyTripleDESCBC(
                Pkcs12PbeParams {
                    salt: b"saltsalt".to_vec(),
                    iterations: 3_400_000,
                },
            ),
            encrypted_data: vec![7; 64],
        }),
        attributes: vec![],
    };
    let password = [0, b'x', 0, 0];
    let encrypted = EncryptedData::from_safe_bags(&[inner], &password).unwrap();
    let safe = yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 7, 6]));
                w.next().write_tagged(Tag::context(0), |w| {
                    w.write_sequence(|w| {
                        w.next().write_u8(0);
                        w.next()
                            .write_der(&encrypted.encrypted_content_info.to_der());
                    })
                });
            })
        })
    });
    let file = PFX {
        version: 3,
        mac_data: Some(MacData::new(&safe, &password)),
        auth_safe: ContentInfo::Data(safe),
    }
    .to_der();
    let start = Instant::now();
    wrong(open(&file, "y"));
    assert!(matches!(open(&file, "x"), Err(Error::OverBudget { .. })));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_pbmac1_is_verified() {
    let dir = workshop();
    let bytes = export(dir.path(), "пароль", "-nomac");
    let safe = yasna::parse_der(&bytes, |r| {
        r.read_sequence(|r| {
            r.next().read_u8()?;
            r.next().read_sequence(|r| {
                r.next().read_oid()?;
                r.next().read_tagged(Tag::context(0), |r| r.read_bytes())
            })
        })
    })
    .unwrap();
    for (arc, digest, name) in [
        (9, MessageDigest::sha256(), "SHA256"),
        (11, MessageDigest::sha512(), "SHA512"),
    ] {
        let mut key = vec![0; 32];
        pbkdf2_hmac("пароль".as_bytes(), b"salt", 1000, digest, &mut key).unwrap();
        let key = PKey::hmac(&key).unwrap();
        let mac = Signer::new(digest, &key)
            .unwrap()
            .sign_oneshot_to_vec(&safe)
            .unwrap();
        let hmac = |w: yasna::DERWriter<'_>| {
            w.write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 2, arc]));
                w.next().write_null();
            })
        };
        let file = pfx(&safe, |w| {
            w.next().write_sequence(|w| {
                w.next().write_sequence(|w| {
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 14]));
                        w.next().write_sequence(|w| {
                            w.next().write_sequence(|w| {
                                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 12]));
                                w.next().write_sequence(|w| {
                                    w.next().write_bytes(b"salt");
                                    w.next().write_u32(1000);
                                    w.next().write_u32(32);
                                    hmac(w.next());
                                });
                            });
                            hmac(w.next());
                        });
                    });
                    w.next().write_bytes(&mac);
                });
                w.next().write_bytes(b"NOT USED");
                w.next().write_u32(1);
            });
        });
        let scanned = scan(&file).unwrap();
        assert_eq!(
            scanned.describe(),
            format!("PKCS#12, AES-256, PBMAC1 HMAC-{name} with 1000 iterations")
        );
        let bags = scanned.open(&pass("пароль")).unwrap();
        assert_eq!((bags.certificates.len(), bags.keys.len()), (2, 1));
        wrong(scanned.open(&pass("parol")));
    }
}

#[test]
fn without_a_mac_a_wrong_passphrase_is_still_found_out() {
    let dir = workshop();
    let d = dir.path();
    let parts = [
        "-nomac -iter 1",
        "-nomac -iter 1 -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES",
        "-legacy -nomac -iter 1 -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-40",
    ];
    for options in parts {
        let scanned = scan(&export(d, "secret", options)).unwrap();
        for number in 0..2000 {
            wrong(scanned.open(&pass(&format!("wrong {number}"))));
        }
        assert_eq!(scanned.open(&pass("secret")).unwrap().keys.len(), 1);
    }
}
