//! What mail, editors and CI secrets make of a file is read all the same, and said: `not-server-readable` exactly where
//! OpenSSL's own loader gives up.

use openssl::base64::encode_block;
use openssl::pkey::PKey;
use openssl::x509::X509;
use pushcert::container::{self, Container, Contents};
use pushcert::secret::{Passphrase, SecretBytes};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name),
    )
    .unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

/// What is read, or the error's id and sentence.
fn parse(bytes: &[u8]) -> Result<Contents, String> {
    match container::parse(&SecretBytes::new(bytes.to_vec())) {
        Ok(Container::Open(contents)) => Ok(contents),
        Ok(Container::Locked(locked)) => {
            let passphrase = Passphrase::new(b"hello123".to_vec()).unwrap();
            locked
                .unlock(&[passphrase])
                .map_err(|error| format!("{}: {error}", error.id()))
        }
        Err(error) => Err(format!("{}: {error}", error.id())),
    }
}

fn ids(contents: &Contents) -> Vec<&str> {
    contents.findings.iter().map(|finding| finding.id).collect()
}

/// Whether OpenSSL loads one certificate and the key from a file, as a server does.
fn a_server_reads(bytes: &[u8]) -> bool {
    let certificates = X509::stack_from_pem(bytes).map_or(0, |all| all.len());
    certificates == 1 && PKey::private_key_from_pem_callback(bytes, |_| Ok(0)).is_ok()
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let units = mark.encode_utf16().chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn a_pem_file_in_every_disguise() {
    let ck = text("ck.pem");
    let key_at = ck.find("-----BEGIN PRIVATE KEY").unwrap();
    let (certificate, key) = ck.split_at(key_at);
    let indented: String = ck.lines().map(|line| format!("    {line}\n")).collect();
    let one_line = |block: &str| {
        block
            .replace('\n', "")
            .replace("E-----M", "E-----\nM")
            .replace("Y-----M", "Y-----\nM")
            .replace("-----END", "\n-----END")
    };
    let blank = ck.replacen('\n', "\n\n", 4);
    let in_body = certificate.replacen("\nMII", "\n\nMII", 1) + key;
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("as it is", ck.clone().into_bytes(), &[]),
        ("byte order mark", format!("\u{feff}{ck}").into_bytes(), &["repaired-input"]),
        ("CRLF", ck.replace('\n', "\r\n").into_bytes(), &[]),
        ("lone CR", ck.replace('\n', "\r").into_bytes(), &["not-server-readable"]),
        ("UTF-16 LE", utf16(&ck, true, false), &["not-server-readable"]),
        ("UTF-16 BE", utf16(&ck, true, true), &["not-server-readable"]),
        ("UTF-16 LE without mark", utf16(&ck, false, false), &["not-server-readable"]),
        ("UTF-16 BE without mark", utf16(&ck, false, true), &["not-server-readable"]),
        ("no final newline", ck.trim_end().as_bytes().to_vec(), &[]),
        ("glued", format!("{}{key}", certificate.trim_end()).into_bytes(), &["not-server-readable"]),
        ("six dashes", ck.replace("-----BEGIN", "------BEGIN").into_bytes(), &["not-server-readable"]),
        ("indented", indented.into_bytes(), &["not-server-readable"]),
        ("literal \\n", ck.replace('\n', "\\n").into_bytes(), &["not-server-readable"]),
        ("literal \\r\\n and a newline", (ck.replace('\n', "\\r\\n") + "\n").into_bytes(), &["not-server-readable"]),
        ("JSON string", format!("\"{}\"", ck.replace('\n', "\\n")).into_bytes(), &["not-server-readable"]),
        ("text around", format!("Bag Attributes\n    friendlyName: x\nsubject=/CN=x\n{certificate}in between\n{key}the end\n").into_bytes(), &[]),
        ("bytes that are no UTF-8 around", [b"f\xfcr \xff\n".as_slice(), ck.as_bytes(), b"\xe9"].concat(), &[]),
        ("trailing spaces", ck.replace('\n', "  \n").into_bytes(), &[]),
        ("one long line a block", (one_line(certificate) + "\n" + &one_line(key) + "\n").into_bytes(), &[]),
        ("blank lines", blank.into_bytes(), &["not-server-readable"]),
        ("blank line after BEGIN", in_body.into_bytes(), &[]),
    ];
    let expected = parse(ck.as_bytes()).unwrap();
    for (case, bytes, findings) in cases {
        let contents = parse(&bytes).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(contents.format.as_str(), "pem", "{case}");
        assert_eq!(contents.certificates.len(), 1, "{case}");
        assert_eq!(
            contents.certificates[0].certificate, expected.certificates[0].certificate,
            "{case}"
        );
        assert_eq!(
            contents.keys[0].key.public_key(),
            expected.keys[0].key.public_key(),
            "{case}"
        );
        assert_eq!(ids(&contents), findings, "{case}");
        assert_eq!(
            !ids(&contents).contains(&"not-server-readable"),
            a_server_reads(&bytes),
            "{case}: OpenSSL sees it otherwise"
        );
    }
}

#[test]
fn base64_of_every_kind_is_unwrapped() {
    let wrapped = |bytes: &[u8], width: usize| -> String {
        let all = encode_block(bytes);
        let lines: Vec<&str> = all
            .as_bytes()
            .chunks(width)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        lines.join("\n") + "\n"
    };
    for (name, kind, certificates, keys) in [
        ("ck.pem", "pem", 1, 1),
        ("aps.cer", "der-certificate", 1, 0),
        ("testPush.p12", "pkcs12", 1, 1),
        ("modern.p12", "pkcs12", 1, 1),
        ("push.csr", "pem", 0, 0),
    ] {
        let bytes = fixture(name);
        let plain = parse(&bytes).unwrap();
        let whole = encode_block(&bytes);
        let url_safe = whole
            .replace('+', "-")
            .replace('/', "_")
            .trim_end_matches('=')
            .to_string();
        for (form, text) in [
            ("one line", whole.clone()),
            ("76 columns", wrapped(&bytes, 76)),
            ("url-safe, no padding", url_safe),
            ("quoted", format!("\"{whole}\"\n")),
            ("CRLF", wrapped(&bytes, 64).replace('\n', "\r\n")),
        ] {
            let contents =
                parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name} {form}: {error}"));
            let read = (
                contents.format.as_str(),
                contents.certificates.len(),
                contents.keys.len(),
            );
            assert_eq!(
                read,
                (kind, plain.certificates.len(), plain.keys.len()),
                "{name} {form}"
            );
            assert_eq!(
                (certificates.min(1), keys.min(1)),
                (plain.certificates.len().min(1), plain.keys.len().min(1)),
                "{name}"
            );
            assert!(
                ids(&contents).contains(&"not-server-readable"),
                "{name} {form}"
            );
        }
    }
}

#[test]
fn der_with_bytes_after_it_is_read_and_said() {
    let key = openssl(
        "pkcs8 -topk8 -nocrypt -outform DER",
        &fixture("push.key.pem"),
    );
    let contents = parse(&[key, b"junk".to_vec()].concat()).unwrap();
    assert_eq!(
        contents.findings[0].message,
        "4 bytes after the private key are ignored"
    );
    for (name, expected) in [
        ("aps.cer", "4 bytes after the certificate are ignored"),
        ("testPush.p12", "4 bytes after the PKCS#12 are ignored"),
    ] {
        let contents = parse(&[fixture(name), b"junk".to_vec()].concat()).unwrap();
        let said = contents
            .findings
            .iter()
            .find(|finding| finding.id == "trailing-bytes")
            .unwrap();
        assert_eq!(said.message, expected);
    }
}

#[test]
fn nothing_is_dropped_in_silence() {
    let ck = text("ck.pem");
    let cut = ck.rfind("-----END").unwrap();
    let contents = parse(&ck.as_bytes()[..cut]).unwrap();
    assert_eq!((contents.certificates.len(), contents.keys.len()), (1, 0));
    assert_eq!(contents.findings[0].id, "damaged");
    assert_eq!(
        contents.findings[0].message,
        "a block beside good ones is not read: damaged PEM: a block has no END line"
    );
    let other_end = ck.replace("-----END PRIVATE KEY", "-----END CERTIFICATE");
    let contents = parse(other_end.as_bytes()).unwrap();
    assert_eq!(
        contents.findings[0].message,
        "a block beside good ones is not read: damaged PEM: the END line names another kind than its BEGIN line"
    );
    let alone = &ck.as_bytes()[..100];
    assert_eq!(
        parse(alone).unwrap_err(),
        "damaged: damaged PEM: a block has no END line"
    );
    let unknown =
        format!("{ck}-----BEGIN DH PARAMETERS-----\nMAYCAQ8CAQI=\n-----END DH PARAMETERS-----\n");
    let contents = parse(unknown.as_bytes()).unwrap();
    assert_eq!(ids(&contents), ["skipped"]);
    assert_eq!(
        contents.findings[0].message,
        "a DH PARAMETERS block is skipped"
    );
}

#[test]
fn other_kinds_are_told_by_name() {
    for (bytes, expected) in [
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), "a Java keystore"),
        (b"\xce\xce\xce\xce\0\0\0\x02".to_vec(), "a Java keystore"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n".to_vec(), "an OpenSSH private key"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nbQ==\n-----END PGP PUBLIC KEY BLOCK-----\n".to_vec(), "an OpenPGP file"),
        (b"ssh-rsa AAAAB3NzaC1yc2E x@y\n".to_vec(), "an OpenSSH public key"),
        (b"PuTTY-User-Key-File-3: ssh-rsa\n".to_vec(), "a PuTTY private key"),
        (b"PK\x03\x04\x14\0".to_vec(), "a ZIP archive"),
        (b"<!DOCTYPE html><html></html>".to_vec(), "an HTML page"),
    ] {
        let expected = format!("wrong-kind: is {expected}, not a certificate, key or request");
        assert_eq!(parse(&bytes).unwrap_err(), expected);
    }
}

/// Runs openssl on the input; what it prints.
fn openssl(line: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(line.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[test]
fn keys_in_every_syntax_and_under_every_cipher() {
    let plain = fixture("push.key.pem");
    let expected = parse(&plain).unwrap().keys[0].key.public_key().clone();
    let legacy = " -provider default -provider legacy";
    let mut lines: Vec<(String, bool)> = ["des3", "aes-128-cbc", "aes-192-cbc", "aes-256-cbc"]
        .iter()
        .map(|cipher| {
            (
                format!("rsa -traditional -{cipher} -passout pass:hello123"),
                false,
            )
        })
        .collect();
    lines.push((
        format!("rsa -traditional -des -passout pass:hello123{legacy}"),
        true,
    ));
    for scheme in [
        "PBE-MD5-DES",
        "PBE-SHA1-DES",
        "PBE-SHA1-RC2-64",
        "PBE-MD5-RC2-64",
        "PBE-SHA1-3DES",
        "PBE-SHA1-2DES",
        "PBE-SHA1-RC2-128",
        "PBE-SHA1-RC2-40",
        "PBE-SHA1-RC4-128",
        "PBE-SHA1-RC4-40",
    ] {
        let is_legacy = !scheme.ends_with("3DES") && !scheme.ends_with("2DES");
        lines.push((
            format!("pkcs8 -topk8 -v1 {scheme} -passout pass:hello123{legacy}"),
            is_legacy,
        ));
    }
    for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"] {
        for prf in [
            "hmacWithSHA1",
            "hmacWithSHA224",
            "hmacWithSHA256",
            "hmacWithSHA384",
            "hmacWithSHA512",
        ] {
            lines.push((
                format!("pkcs8 -topk8 -v2 {cipher} -v2prf {prf} -passout pass:hello123"),
                false,
            ));
        }
    }
    for (line, is_legacy) in lines {
        let sealed = openssl(&line, &plain);
        let contents = parse(&sealed).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(*contents.keys[0].key.public_key(), expected, "{line}");
        assert_eq!(
            contents
                .findings
                .iter()
                .any(|f| f.id == "legacy-encryption"),
            is_legacy,
            "{line}"
        );
        let Ok(Container::Locked(locked)) = container::parse(&SecretBytes::new(sealed)) else {
            panic!("{line}: not locked");
        };
        let wrong = Passphrase::new(b"hello124".to_vec()).unwrap();
        assert_eq!(
            locked.unlock(&[wrong]).unwrap_err().id(),
            "wrong-passphrase",
            "{line}"
        );
    }
    for (line, format) in [
        ("rsa -traditional -outform DER", "der-key"),
        ("pkcs8 -topk8 -nocrypt -outform DER", "der-key"),
        (
            "pkcs8 -topk8 -v2 aes-256-cbc -passout pass:hello123 -outform DER",
            "der-key",
        ),
        ("rsa -traditional", "pem"),
    ] {
        let contents = parse(&openssl(line, &plain)).unwrap();
        assert_eq!(
            (contents.format.as_str(), contents.keys[0].key.public_key()),
            (format, &expected),
            "{line}"
        );
    }
}

#[test]
fn keys_that_no_push_certificate_is_for_are_named() {
    let described =
        |bytes: &[u8]| parse(bytes).map(|contents| contents.keys[0].key.public_key().describe());
    let ec = openssl("ecparam -name prime256v1 -genkey", b"");
    assert_eq!(described(&ec).unwrap(), "EC P-256");
    assert_eq!(
        described(&openssl("ec -outform DER", &ec)).unwrap(),
        "EC P-256"
    );
    let sealed = openssl("ec -aes256 -passout pass:hello123", &ec);
    assert_eq!(described(&sealed).unwrap(), "EC P-256");
    assert_eq!(
        described(&openssl("genpkey -algorithm ed25519", b"")).unwrap(),
        "Ed25519-256"
    );
    let parameters = openssl("dsaparam -genkey 1024", b"");
    assert_eq!(described(&parameters).unwrap(), "DSA");
    assert_eq!(
        described(&openssl("dsa -outform DER", &parameters)).unwrap(),
        "DSA"
    );
    assert_eq!(
        described(&openssl("dsa -aes128 -passout pass:hello123", &parameters)).unwrap(),
        "DSA"
    );
    let several = openssl("genrsa -primes 3 2048", b"");
    assert_eq!(
        described(&several).unwrap_err(),
        "unsupported-algorithm: unsupported algorithm for the private key: RSA with more than two primes"
    );
}
