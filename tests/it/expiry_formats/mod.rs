//! Every dialect of `expiry`, read by its consumer's own tool or by somebody else's parser: the same facts come out of each, and names
//! that try to be more than names stay names.

mod calendar;
mod hostile;
mod page;
mod scanning;

use assert_cmd::cargo::cargo_bin_cmd;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509NameBuilder};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The moment that every test judges at.
const NOW: &str = "2026-06-01T00:00:00Z";

/// A folder of certificates.
struct Fleet(TempDir);

impl Fleet {
    fn new() -> Fleet {
        Fleet(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> &Fleet {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// A push certificate for both environments with this topic and end.
    fn push(&self, name: &str, topic: &str, not_after: &str) -> &Fleet {
        let common_name = format!("Apple Push Services: {topic}");
        let names = [
            (Nid::USERID, topic),
            (Nid::COMMONNAME, common_name.as_str()),
        ];
        let certificate = certificate(&names, not_after);
        self.write(name, &certificate.to_der().unwrap())
    }

    /// Judged at [`NOW`], or at the moment that the arguments name.
    fn run(&self, arguments: &[&str]) -> (i32, Vec<u8>) {
        let mut command = cargo_bin_cmd!("pushcert");
        command.env_clear().current_dir(self.0.path());
        command.arg("expiry").args(arguments);
        if !arguments.contains(&"--at") {
            command.args(["--at", NOW]);
        }
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        (output.status.code().unwrap(), output.stdout)
    }

    /// What an independent reader of the format finds in the report on `certs`.
    fn read(&self, format: &str) -> Value {
        self.read_with(format, &["certs"])
    }

    fn read_with(&self, format: &str, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--format", format]].concat();
        let (_, report) = self.run(&arguments);
        read(format, &report)
    }
}

/// Has `read.py` read a report.
fn read(format: &str, report: &[u8]) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/expiry_formats");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, report).unwrap();
    let schema = match format {
        "junit" => "junit.xsd",
        _ => "sarif.schema.json",
    };
    let output = Command::new("/usr/bin/python3")
        .arg(here.join("read.py"))
        .args([format.as_ref(), file.path(), &here.join(schema)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report = String::from_utf8_lossy(report);
    assert!(output.status.success(), "{said}\n{report}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn key() -> &'static PKey<Private> {
    static KEY: std::sync::OnceLock<PKey<Private>> = std::sync::OnceLock::new();
    KEY.get_or_init(|| {
        let group = openssl::ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        PKey::from_ec_key(openssl::ec::EcKey::generate(&group).unwrap()).unwrap()
    })
}

/// A certificate with these names as subject and issuer, valid from 2025-06-01.
fn certificate(names: &[(Nid, &str)], not_after: &str) -> X509 {
    let mut name = X509NameBuilder::new().unwrap();
    for (nid, text) in names {
        name.append_entry_by_nid(*nid, text).unwrap();
    }
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(key()).unwrap();
    let start = Asn1Time::from_str("20250601000000Z").unwrap();
    builder.set_not_before(&start).unwrap();
    let end = Asn1Time::from_str(not_after).unwrap();
    builder.set_not_after(&end).unwrap();
    builder.sign(key(), MessageDigest::sha256()).unwrap();
    builder.build()
}

/// Certificates in every state, one of them in two places, and a file that cannot be read.
fn fleet() -> Fleet {
    let fleet = Fleet::new();
    fleet
        .push("certs/pay.cer", "com.example.pay", "20260520000000Z")
        .push("certs/app.cer", "com.example.app", "20260604120000Z")
        .push("certs/news.cer", "com.example.news", "20260622000000Z")
        .push("certs/tv.cer", "com.example.tv", "20261001000000Z")
        .write("certs/broken.cer", b"\x30\x82\x01\x00truncated");
    let copied = std::fs::read(fleet.path("certs/news.cer")).unwrap();
    fleet.write("certs/old copies/news, 100%.cer", &copied);
    fleet
}

fn sha256(fleet: &Fleet, name: &str) -> String {
    let bytes = std::fs::read(fleet.path(name)).unwrap();
    let hash = openssl::sha::sha256(&bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The values of this key, in order.
fn column<'a>(rows: &'a Value, key: &str) -> Vec<&'a str> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[key].as_str().unwrap()).collect()
}
