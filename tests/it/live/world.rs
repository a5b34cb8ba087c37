//! Certificates, servers and the question, for the tests of handshakes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use pushcert::finding::Severity;
use pushcert::live::{Credentials, Handshake, Patience, Push, Query, Roots, Route, Target, ask};
use pushcert::secret::SecretBytes;

pub const WAIT: Duration = Duration::from_millis(400);
pub const DAY: i64 = 86_400;

pub struct Pair {
    pub certificate: X509,
    pub key: PKey<Private>,
}

pub struct World {
    pub folder: PathBuf,
    pub ca: Pair,
    pub intermediate: Pair,
    pub good: Pair,
    pub below: Pair,
    pub expired: Pair,
    pub old: Pair,
    pub revoked: Pair,
    pub stranger: Pair,
}

pub fn pair(name: &str, issuer: Option<&Pair>, ca: bool, names: &[&str], days: (i64, i64)) -> Pair {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    subject.append_entry_by_text("O", "x").unwrap();
    let subject = subject.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(name.len() as u32 + 1).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(issuer.map_or(&subject, |i| i.certificate.subject_name()))
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    let now = Asn1Time::days_from_now(0).unwrap();
    let now = Asn1Time::from_unix(0).unwrap().diff(&now).unwrap();
    let now = i64::from(now.days) * DAY + i64::from(now.secs);
    let at = |day: i64| Asn1Time::from_unix(now + day * DAY).unwrap();
    builder.set_not_before(&at(days.0)).unwrap();
    builder.set_not_after(&at(days.1)).unwrap();
    let mut constraints = BasicConstraints::new();
    constraints.critical();
    if ca {
        constraints.ca();
    }
    builder
        .append_extension(constraints.build().unwrap())
        .unwrap();
    if !names.is_empty() {
        let mut alternative = SubjectAlternativeName::new();
        for name in names {
            match name.parse::<std::net::IpAddr>() {
                Ok(_) => alternative.ip(name),
                Err(_) => alternative.dns(name),
            };
        }
        let extension = alternative.build(&builder.x509v3_context(None, None));
        builder.append_extension(extension.unwrap()).unwrap();
    }
    let digest = match name {
        "old" => MessageDigest::sha1(),
        _ => MessageDigest::sha256(),
    };
    builder
        .sign(issuer.map_or(&key, |i| &i.key), digest)
        .unwrap();
    Pair {
        certificate: builder.build(),
        key,
    }
}

/// A certificate and its key in one file.
fn save(folder: &Path, name: &str, pair: &Pair) {
    let mut pem = pair.certificate.to_pem().unwrap();
    pem.extend(pair.key.private_key_to_pem_pkcs8().unwrap());
    std::fs::write(folder.join(format!("{name}.pem")), pem).unwrap();
}

/// The CA's list of revoked certificates, `crl.pem`.
fn revoke(folder: &Path, ca: &Pair, pair: &Pair) {
    save(folder, "ca-and-key", ca);
    let serial = pair.certificate.serial_number().to_bn().unwrap();
    let serial = serial.to_hex_str().unwrap().to_string();
    let index = format!("R\t491231235959Z\t260101000000Z\t{serial}\tunknown\t/CN=revoked\n");
    std::fs::write(folder.join("index.txt"), index).unwrap();
    let configuration = "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\n";
    std::fs::write(folder.join("ca.conf"), configuration).unwrap();
    let made = Command::new("openssl")
        .args([
            "ca", "-config", "ca.conf", "-gencrl", "-crldays", "30", "-out", "crl.pem",
        ])
        .args(["-cert", "ca-and-key.pem", "-keyfile", "ca-and-key.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = tempfile::Builder::new()
            .prefix("live")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap()
            .keep();
        let life = (-1, 30);
        let ca = pair("Test CA", None, true, &[], life);
        let intermediate = pair("Test Intermediate", Some(&ca), true, &[], life);
        let foreign = pair("Foreign CA", None, true, &[], life);
        let here = ["localhost", "127.0.0.1"];
        let apple = [
            "api.push.apple.com",
            "api.sandbox.push.apple.com",
            "api-manage-broadcast.push.apple.com",
            "api-manage-broadcast.sandbox.push.apple.com",
            "gateway.push.apple.com",
            "gateway.sandbox.push.apple.com",
        ];
        for (name, names) in [
            ("server", &here[..]),
            ("elsewhere", &["elsewhere.test"]),
            ("apple", &apple),
        ] {
            let server = pair(name, Some(&ca), false, names, life);
            save(&folder, name, &server);
        }
        let late = pair("late", Some(&ca), false, &here, (-20, -10));
        save(&folder, "late", &late);
        std::fs::write(folder.join("ca.pem"), ca.certificate.to_pem().unwrap()).unwrap();
        let revoked = pair("revoked", Some(&ca), false, &[], life);
        revoke(&folder, &ca, &revoked);
        World {
            good: pair("good", Some(&ca), false, &[], life),
            below: pair("below", Some(&intermediate), false, &[], life),
            expired: pair("expired", Some(&ca), false, &[], (-20, -10)),
            revoked,
            old: pair("old", Some(&ca), false, &[], life),
            stranger: pair("stranger", Some(&foreign), false, &[], life),
            folder,
            intermediate,
            ca,
        }
    })
}

pub fn roots() -> Roots {
    Roots::Certificates(vec![world().ca.certificate.to_der().unwrap()])
}

/// How long to wait, and whether to probe.
#[derive(Clone, Copy)]
pub struct Wishes {
    pub timeout: Duration,
    pub wait: Duration,
    pub probe: bool,
}

pub fn wishes(probe: bool) -> Wishes {
    Wishes {
        timeout: Duration::from_secs(10),
        wait: WAIT,
        probe,
    }
}

pub fn query(target: &str, pairs: &[&Pair], probe: bool) -> Query {
    let certificates = pairs
        .iter()
        .map(|pair| pair.certificate.to_der().unwrap())
        .collect();
    let push = Push {
        topic: Some("com.example.app".to_owned()),
        push_type: "background",
    };
    Query {
        route: Route::direct(Target::parse(target).unwrap()),
        credentials: Credentials {
            certificates,
            key: SecretBytes::new(pairs[0].key.private_key_to_pkcs8().unwrap()),
        },
        probe: probe.then_some(push),
        apple: false,
    }
}

pub fn ask_with(target: &str, pairs: &[&Pair], roots: &Roots, wishes: &Wishes) -> Handshake {
    let patience = Patience {
        timeout: wishes.timeout,
        wait: wishes.wait,
    };
    ask(&query(target, pairs, wishes.probe), roots, &patience).unwrap()
}

pub fn ask_port(port: u16, pair: &Pair, probe: bool) -> Handshake {
    let target = format!("127.0.0.1:{port}");
    ask_with(&target, &[pair], &roots(), &wishes(probe))
}

pub fn ids(handshake: &Handshake) -> Vec<(&'static str, Severity)> {
    let finding = |finding: &pushcert::finding::Finding| (finding.id, finding.severity);
    handshake.findings.iter().map(finding).collect()
}
