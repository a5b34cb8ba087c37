//! Files by pyca/cryptography, and what openssl, keytool and certtool say of the same file as we.

use super::*;
use openssl::x509::X509;
use pushcert::certificate::Certificate;
use std::collections::BTreeSet;

/// Runs a program of Python's, given the folder, with Debian's own interpreter and its `cryptography`.
fn python(dir: &Path, program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("/usr/bin/python3")
        .current_dir(dir)
        .args(["-c", program])
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "python3-cryptography is needed: {error}"
    );
    output.stdout
}

const EXPORT: &str = "
import sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.serialization import pkcs12
pbe, mac, rounds, password = sys.argv[1:5]
load = lambda name: open(name, 'rb').read()
key = s.load_der_private_key(load('leaf.p8'), None)
leaf, ca = [x509.load_der_x509_certificate(load(n)) for n in ('leaf.der', 'ca.der')]
if pbe == 'none':
    how = s.NoEncryption()
else:
    how = (s.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(int(rounds))
        .key_cert_algorithm(getattr(pkcs12.PBES, pbe))
        .hmac_hash(getattr(hashes, mac)())
        .build(password.encode()))
sys.stdout.buffer.write(pkcs12.serialize_key_and_certificates('Имя'.encode(), key, leaf, [ca], how))
";

#[test]
fn files_of_pyca_are_read() {
    let dir = workshop();
    let d = dir.path();
    let (leaf, ca, key) = (read(d, "leaf.der"), read(d, "ca.der"), read(d, "leaf.p8"));
    for pbe in ["PBESv1SHA1And3KeyTripleDESCBC", "PBESv2SHA256AndAES256CBC"] {
        for mac in ["SHA1", "SHA256", "SHA384", "SHA512"] {
            for (rounds, password) in [("1", "secret"), ("20000", "пароль😀")] {
                let bytes = python(d, EXPORT, &[pbe, mac, rounds, password]);
                let case = format!("{pbe} {mac} {rounds}");
                let bags = open(&bytes, password).unwrap_or_else(|error| panic!("{case}: {error}"));
                let certificates: Vec<&[u8]> = bags
                    .certificates
                    .iter()
                    .map(|bag| bag.value.as_slice())
                    .collect();
                assert_eq!(certificates, [&leaf[..], &ca[..]], "{case}");
                assert_eq!(bags.keys.len(), 1, "{case}");
                assert_eq!(bags.keys[0].value.expose_secret(), key, "{case}");
                assert_eq!(bags.keys[0].friendly_name.as_deref(), Some("Имя"), "{case}");
                wrong(open(&bytes, "other"));
            }
        }
    }
    // Without encryption the MAC is over the empty passphrase.
    let bytes = python(d, EXPORT, &["none", "", "1", ""]);
    let bags = open(&bytes, "").unwrap();
    assert_eq!(
        (bags.certificates.len(), bags.keys.len(), bags.key_was_plain),
        (2, 1, true)
    );
}

/// What our reader finds: fingerprints with the end of validity, and the number of keys.
fn ours(bytes: &[u8]) -> (BTreeSet<(String, i64)>, usize) {
    let bags = open(bytes, "hello123").unwrap();
    let read = |der: &Vec<u8>| {
        let (certificate, _) = Certificate::parse(der).unwrap();
        (
            certificate.sha256.to_string(),
            certificate.not_after.unix_timestamp(),
        )
    };
    (
        bags.certificates
            .iter()
            .map(|bag| read(&bag.value))
            .collect(),
        bags.keys.len(),
    )
}

/// The same of certificates in PEM, as the openssl crate reads them.
fn in_pem(text: &[u8]) -> BTreeSet<(String, i64)> {
    let epoch = openssl::asn1::Asn1Time::from_unix(0).unwrap();
    X509::stack_from_pem(text)
        .unwrap()
        .iter()
        .map(|certificate| {
            let digest = certificate.digest(MessageDigest::sha256()).unwrap();
            let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let left = epoch.diff(certificate.not_after()).unwrap();
            (hex, i64::from(left.days) * 86_400 + i64::from(left.secs))
        })
        .collect()
}

#[test]
fn others_find_the_same_certificates_dates_and_counts_in_the_same_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in [
        "testPush.p12",
        "modern.p12",
        "java-two.p12",
        "java-two-legacy.p12",
        "nss.p12",
    ] {
        let (certificates, keys) = ours(&read(&folder, name));
        let line = format!("pkcs12 -legacy -in {name} -passin pass:hello123 -nodes");
        let printed = openssl(&folder, &line, &[]);
        assert_eq!(in_pem(&printed), certificates, "{name}, openssl");
        let blocks = String::from_utf8_lossy(&printed)
            .matches("BEGIN PRIVATE KEY")
            .count();
        assert_eq!(blocks, keys, "{name}, openssl");

        let arguments = [
            "--p12-info",
            "--inder",
            "--password",
            "hello123",
            "--infile",
            name,
        ];
        let printed = try_run(&folder, "certtool", &arguments).expect("certtool is needed");
        assert_eq!(in_pem(&printed), certificates, "{name}, certtool");

        let arguments = [
            "-list",
            "-v",
            "-storetype",
            "pkcs12",
            "-storepass",
            "hello123",
            "-keystore",
            name,
        ];
        let printed = try_run(&folder, "keytool", &arguments).expect("keytool is needed");
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let fingerprints: BTreeSet<String> = printed
            .lines()
            .filter_map(|line| line.trim().strip_prefix("SHA256: "))
            .map(|hex| hex.replace(':', "").to_lowercase())
            .collect();
        let read: BTreeSet<String> = certificates.iter().map(|(hex, _)| hex.clone()).collect();
        // Java lists chains only: what belongs to no key is not shown.
        assert!(
            !fingerprints.is_empty() && fingerprints.is_subset(&read),
            "{name}, keytool"
        );
        let entries = printed.matches("Entry type: PrivateKeyEntry").count();
        assert_eq!(entries, keys, "{name}, keytool");
    }
}
