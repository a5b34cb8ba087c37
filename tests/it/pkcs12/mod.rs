//! PKCS#12 and encrypted PKCS#8: what other programs write, we read; what we write, they read; broken files are errors.

mod bags;
mod broken;
mod matrix;
mod writers;
mod written;

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
use std::sync::LazyLock;
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

/// A folder of its own with a CA, an RSA leaf and an EC leaf, which are made once.
fn workshop() -> tempfile::TempDir {
    static MADE: LazyLock<tempfile::TempDir> = LazyLock::new(certificates);
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(MADE.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    dir
}

fn certificates() -> tempfile::TempDir {
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
