//! Certificates that no one issues: absurd names, numbers, times and sizes. Each is described or refused, within 64 MB.

use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// One DER element.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    let mut der = vec![tag];
    match content.len() {
        short @ 0..=127 => der.push(short as u8),
        _ => {
            der.push(0x80 | significant.len() as u8);
            der.extend(significant);
        }
    }
    der.extend(content);
    der
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

const SHA256_RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0,
];
const CN: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];

/// A name of one common name, of the string type of this tag.
fn name(tag: u8, text: &[u8]) -> Vec<u8> {
    let attribute = sequence(&[CN.to_vec(), tlv(tag, text)]);
    sequence(&[tlv(0x31, &attribute)])
}

/// The parts of a certificate that a test sets; the rest is a push certificate's.
struct Parts {
    serial: Vec<u8>,
    subject: Vec<u8>,
    times: [Vec<u8>; 2],
    key: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

impl Default for Parts {
    fn default() -> Parts {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/aps.cer");
        let real = openssl::x509::X509::from_der(&std::fs::read(path).unwrap()).unwrap();
        Parts {
            serial: tlv(0x02, &[1]),
            subject: name(0x0c, b"Apple Push Services: com.example.app"),
            times: [tlv(0x17, b"250101000000Z"), tlv(0x17, b"460101000000Z")],
            key: real.public_key().unwrap().public_key_to_der().unwrap(),
            // 6.3.1, NULL
            extensions: vec![sequence(&[
                vec![
                    0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x06, 0x03, 0x01,
                ],
                tlv(0x04, &[5, 0]),
            ])],
        }
    }
}

impl Parts {
    fn der(&self) -> Vec<u8> {
        let body = sequence(&[
            tlv(0xa0, &tlv(0x02, &[2])),
            self.serial.clone(),
            SHA256_RSA.to_vec(),
            name(0x0c, b"Nobody"),
            sequence(&self.times),
            self.subject.clone(),
            self.key.clone(),
            tlv(0xa3, &sequence(&self.extensions)),
        ]);
        sequence(&[body, SHA256_RSA.to_vec(), tlv(0x03, &[0; 257])])
    }
}

/// Runs the line with no more than 64 MB of memory of its own.
fn limited(folder: &Path, line: &str) -> Output {
    let line = line.replace("pushcert", env!("CARGO_BIN_EXE_pushcert"));
    Command::new("bash")
        .args(["-c", &format!("ulimit -d 65536; exec {line}")])
        .current_dir(folder)
        .env("CI", "true")
        .output()
        .unwrap()
}

/// What text and JSON say of the certificate; the JSON's only file, and the ids of the findings.
fn described(case: &str, der: &[u8]) -> (Value, Vec<String>, String) {
    let place = TempDir::new().unwrap();
    std::fs::write(place.path().join("a.cer"), der).unwrap();
    let text = limited(place.path(), "pushcert inspect a.cer");
    assert!(
        matches!(text.status.code(), Some(0 | 3)),
        "{case}: {:?} {}",
        text.status.signal(),
        String::from_utf8_lossy(&text.stderr)
    );
    let shown = String::from_utf8(text.stdout).unwrap();
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    assert_eq!(shown.chars().find(|c| harmful(*c)), None, "{case}");
    let json = limited(place.path(), "pushcert inspect a.cer --json");
    assert_eq!(json.status.code(), text.status.code(), "{case}");
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    let ids = document["findings"].as_array().unwrap().iter();
    let ids = ids
        .map(|finding| finding["id"].as_str().unwrap().to_string())
        .collect();
    (document["files"][0].clone(), ids, shown)
}

#[test]
fn names_stay_data() {
    let cases: [(&str, u8, &[u8], &str); 7] = [
        ("line break", 0x0c, b"a\n::error::b", "a\n::error::b"),
        ("escape", 0x0c, b"\x1b[2J\x07", "\u{1b}[2J\u{7}"),
        (
            "bidi",
            0x0c,
            "x\u{202e}cer.evil".as_bytes(),
            "x\u{202e}cer.evil",
        ),
        (
            "NUL",
            0x0c,
            b"Apple Push Services: com.a\0.evil",
            "Apple Push Services: com.a\0.evil",
        ),
        ("BMP", 0x1e, b"\x04\x18\x4e\x2d", "И中"),
        ("Latin-1", 0x14, b"gr\xfcn", "grün"),
        ("no UTF-8", 0x0c, b"\xff\xfe", "\u{fffd}\u{fffd}"),
    ];
    for (case, tag, bytes, expected) in cases {
        let parts = Parts {
            subject: name(tag, bytes),
            ..Parts::default()
        };
        let (file, ids, shown) = described(case, &parts.der());
        if ids == ["damaged"] {
            // OpenSSL loads no such string, and so no server does.
            assert_eq!(case, "no UTF-8");
            continue;
        }
        assert_eq!(
            file["certificates"][0]["subject"]["common_name"], expected,
            "{case}"
        );
        assert_eq!(
            shown.lines().filter(|line| line.starts_with("::")).count(),
            0,
            "{case}"
        );
    }
}

#[test]
fn sizes_without_measure() {
    let long = Parts {
        subject: name(0x0c, &vec![b'a'; 1_000_000]),
        ..Parts::default()
    };
    let (file, ..) = described("1 MB subject", &long.der());
    assert_eq!(
        file["certificates"][0]["subject"]["common_name"]
            .as_str()
            .unwrap()
            .len(),
        1_000_000
    );

    let mut parts = Parts::default();
    for number in 0..10_000u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let oid = tlv(
            0x06,
            &[
                0x2a,
                0x03,
                0x80 | a << 4,
                0x80 | b >> 1,
                0x80 | c >> 7 | b << 7 >> 1,
                c & 0x7f,
            ],
        );
        parts.extensions.push(sequence(&[oid, tlv(0x04, &[5, 0])]));
    }
    let (file, ids, _) = described("10,000 extensions", &parts.der());
    assert!(
        ids == ["damaged"] || file["certificates"][0]["kind"] == "apns-sandbox",
        "{ids:?}"
    );
}

#[test]
fn numbers_and_times_at_their_ends() {
    let parts = Parts {
        serial: tlv(0x02, &[0xff, 0x01]),
        ..Parts::default()
    };
    let (file, ..) = described("negative serial", &parts.der());
    assert_eq!(file["certificates"][0]["serial_number"], "ff01");

    let times = |from: Vec<u8>, to: Vec<u8>| {
        Parts {
            times: [from, to],
            ..Parts::default()
        }
        .der()
    };
    let (file, ..) = described(
        "year 9999",
        &times(tlv(0x18, b"00010101000000Z"), tlv(0x18, b"99991231235959Z")),
    );
    assert_eq!(
        file["certificates"][0]["not_before"],
        "0001-01-01T00:00:00Z"
    );
    assert_eq!(file["certificates"][0]["not_after"], "9999-12-31T23:59:59Z");

    let good = tlv(0x17, b"250101000000Z");
    for odd in [
        &b"20260101000000.5Z"[..],
        b"20260101000000+0130",
        b"2026010100",
        b"20261301000000Z",
        b"20260230000000Z",
        b"20260101246060Z",
        b"",
        b"not a time at all",
        b"20260101000000",
        b"99999999999999Z",
    ] {
        let (file, ids, _) = described("odd time", &times(good.clone(), tlv(0x18, odd)));
        // Described with a date, or refused: never both, never neither.
        let described = file["certificates"][0]["not_after"].is_string();
        assert_ne!(
            described,
            ids == ["damaged"],
            "{:?}: {ids:?}",
            String::from_utf8_lossy(odd)
        );
    }
}

#[test]
fn keys_of_every_algorithm() {
    let place = TempDir::new().unwrap();
    let made = |line: &str| {
        let ran = Command::new("bash")
            .args(["-c", line])
            .current_dir(place.path())
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
        ran.stdout
    };
    let ec =
        made("openssl ecparam -name secp384r1 -genkey -noout | openssl pkey -pubout -outform DER");
    let ed = made("openssl genpkey -algorithm ed25519 | openssl pkey -pubout -outform DER");
    let dsa = made("openssl dsaparam -genkey 1024 2>/dev/null | openssl pkey -pubout -outform DER");
    let rsa = made("openssl genrsa 1024 | openssl pkey -pubout -outform DER");
    // The SubjectPublicKeyInfo of ML-DSA-65 is its OID and 1,952 bytes.
    let ml_dsa = sequence(&[
        sequence(&[tlv(
            0x06,
            &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12],
        )]),
        tlv(0x03, &[&[0][..], &[7; 1952]].concat()),
    ]);
    for (key, algorithm, finding) in [
        (ec, "EC", "unusual-key"),
        (ed, "Ed25519", "unusual-key"),
        (dsa, "DSA", "unusual-key"),
        (rsa, "RSA", "weak-key"),
        (ml_dsa, "ML-DSA-65", "unusual-key"),
    ] {
        let parts = Parts {
            key,
            ..Parts::default()
        };
        let (file, ids, _) = described(algorithm, &parts.der());
        assert_eq!(file["certificates"][0]["key"]["algorithm"], algorithm);
        assert!(ids.iter().any(|id| id == finding), "{algorithm}: {ids:?}");
    }
}

#[test]
fn bombs_are_refused_at_once() {
    // SEQUENCEs in SEQUENCEs, and lengths that promise more than there is.
    let mut deep = vec![5, 0];
    for _ in 0..20_000 {
        deep = tlv(0x30, &deep);
        if deep.len() > 120_000 {
            break;
        }
    }
    let promise = [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..], &[0x30; 64]].concat();
    let indefinite = [0x30, 0x80].repeat(50_000);
    for (case, bytes) in [
        ("deep", deep),
        ("promise", promise),
        ("indefinite", indefinite),
    ] {
        let (_, ids, _) = described(case, &bytes);
        assert_eq!(ids.len(), 1, "{case}: {ids:?}");
        assert!(
            matches!(ids[0].as_str(), "damaged" | "wrong-kind"),
            "{case}: {ids:?}"
        );
    }
}
