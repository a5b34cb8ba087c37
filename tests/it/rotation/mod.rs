//! `rotate`: the plan by itself, then the command with everything that may go wrong between two system calls.

mod alone;
mod disk;
mod faults;
mod finish;
mod gone;
mod live;
mod order;
mod pairs;
mod plan;
mod race;
mod runbook;
mod start;
mod undo;

use assert_cmd::cargo::cargo_bin_cmd;
use openssl::pkey::PKey;
use openssl::x509::X509;
use serde_json::Value;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

const TOPIC: &str = "com.example.app";

/// A folder with a lab, a live `ck.pem` that ends in 20 days, and `new.cer` for a pending key once [`Place::started`].
struct Place(TempDir);

/// What a command left behind.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.stdout, self.stderr);
        })
    }

    /// The ids of the findings.
    fn ids(&self) -> Vec<String> {
        let findings = self.json()["findings"].as_array().unwrap().clone();
        let id = |finding: &Value| finding["id"].as_str().unwrap().to_string();
        findings.iter().map(id).collect()
    }
}

impl Place {
    fn new() -> Place {
        // Two keys and a lab take a second to make, and every test wants the same.
        static MADE: LazyLock<Place> = LazyLock::new(|| Place::of("sandbox", TOPIC));
        MADE.copy()
    }

    fn copy(&self) -> Place {
        let copy = TempDir::new().unwrap();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(self.0.path().join(&folder)).unwrap() {
                let name = folder.join(entry.unwrap().file_name());
                let (from, to) = (self.0.path().join(&name), copy.path().join(&name));
                if std::fs::metadata(&from).unwrap().file_type().is_fifo() {
                    continue;
                }
                if let Ok(target) = std::fs::read_link(&from) {
                    std::os::unix::fs::symlink(target, to).unwrap();
                    continue;
                }
                match from.is_dir() {
                    true => {
                        std::fs::create_dir(&to).unwrap();
                        std::fs::set_permissions(
                            to,
                            std::fs::metadata(from).unwrap().permissions(),
                        )
                        .unwrap();
                        folders.push(name);
                    }
                    false => drop(std::fs::copy(from, to).unwrap()),
                }
            }
        }
        Place(copy)
    }

    /// The same with a live certificate of this kind.
    fn of(kind: &str, topic: &str) -> Place {
        let place = Place(TempDir::new().unwrap());
        place.ok("lab init");
        place.ok("csr --no-passphrase -o first");
        place.issue(
            "first/CertificateSigningRequest.certSigningRequest",
            "old.cer",
            kind,
            topic,
            20,
        );
        place.ok("merge old.cer first/PushKey.pem -o ck.pem");
        place
    }

    /// The same after `rotate start`, with the certificate for the pending key.
    fn started() -> Place {
        static MADE: LazyLock<Place> = LazyLock::new(|| {
            let place = Place::new();
            place.ok("rotate start ck.pem");
            place.issue("ck.certSigningRequest", "new.cer", "universal", TOPIC, 395);
            place
        });
        MADE.copy()
    }

    fn issue(&self, request: &str, output: &str, kind: &str, topic: &str, days: i64) {
        self.ok(&format!(
            "lab issue {request} -o {output} --kind {kind} --topic {topic} --days {days} --force"
        ));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn mode(&self, name: &str) -> u32 {
        let metadata = std::fs::metadata(self.path(name)).unwrap();
        metadata.permissions().mode() & 0o7777
    }

    fn chmod(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Names of a folder, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries.map(|e| name(e).into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn run(&self, line: &str) -> Ran {
        self.run_words(&line.split(' ').collect::<Vec<_>>(), &[])
    }

    fn run_words(&self, words: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = cargo_bin_cmd!("pushcert");
        for name in [
            "PUSHCERT_PASSIN",
            "PUSHCERT_PASSOUT",
            "PEM_P12_PASSWORD",
            "APN_CERTIFICATE_PASSPHRASE",
        ] {
            command.env_remove(name);
        }
        command
            .current_dir(self.0.path())
            .args(words)
            .env("CI", "true");
        command.envs(environment.iter().copied());
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A finish or rollback with a shell line as its hook.
    fn hooked(&self, line: &str, hook: &str) -> Ran {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["--", "sh", "-c", hook]);
        self.run_words(&words, &[])
    }

    fn ok(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        ran
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&self.read(".pushcert/ck.pem/state.json")).unwrap()
    }

    /// Every file below, with its contents: equal before and after what touches nothing.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = Vec::new();
        let mut folders = vec![self.0.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() && !path.is_symlink() {
                    true => folders.push(path),
                    false => all.push((path.clone(), std::fs::read(&path).unwrap())),
                }
            }
        }
        all.sort();
        all
    }
}

/// The certificate and key of a PEM file fit.
fn assert_pair(path: &Path) {
    let pem = std::fs::read(path).unwrap();
    let certificate = X509::from_pem(&pem).unwrap();
    let key = PKey::private_key_from_pem(&pem).unwrap();
    assert!(certificate.public_key().unwrap().public_eq(&key));
}

/// The labels of a PEM file, in order.
fn labels(pem: &str) -> Vec<&str> {
    pem.lines()
        .filter_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .collect()
}
