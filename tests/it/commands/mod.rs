//! The binary itself: exit codes, lines, JSON and files of every command.

mod check;
mod convert;
mod csr;
mod inspect;
mod line;
mod merge;

use assert_cmd::cargo::cargo_bin_cmd;
use openssl::pkey::PKey;
use openssl::x509::X509;
use serde_json::{Value, json};
use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// A folder in which commands run.
struct Place(TempDir);

impl Place {
    /// A new folder with copies of these fixtures, keys 0600.
    fn with(fixtures: &[&str]) -> Place {
        let place = Place(TempDir::new().unwrap());
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        for name in fixtures {
            place.write(name, &std::fs::read(from.join(name)).unwrap());
            place.chmod(name, 0o600);
        }
        place
    }

    /// The same with a lab in `lab`, and what it issued for `push.csr`: `good.pem` and `expired.pem`.
    fn with_lab() -> Place {
        let place = Place::with(&["push.csr", "push.key.pem"]);
        place.ok("lab init");
        place.ok("lab issue push.csr --topic com.example.app");
        place.ok("lab issue push.csr --topic com.example.app --days -12 -o expired.cer");
        place.ok("merge aps_development.cer push.key.pem -o good.pem");
        place.ok("merge expired.cer push.key.pem -o expired.pem");
        place
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

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn chmod(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn mode(&self, name: &str) -> u32 {
        let metadata = std::fs::metadata(self.path(name)).unwrap();
        metadata.permissions().mode() & 0o7777
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn certificate(&self, name: &str) -> X509 {
        X509::from_der(&self.read(name)).unwrap()
    }

    /// Runs pushcert: words are split at spaces.
    fn run(&self, line: &str) -> Ran {
        self.run_with(line, &[])
    }

    fn run_with(&self, line: &str, environment: &[(&str, &str)]) -> Ran {
        let mut command = cargo_bin_cmd!("pushcert");
        for name in [
            "PUSHCERT_PASSIN",
            "PUSHCERT_PASSOUT",
            "PEM_P12_PASSWORD",
            "APN_CERTIFICATE_PASSPHRASE",
            "CI",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command.current_dir(self.0.path()).args(line.split(' '));
        command.envs(environment.iter().copied());
        Ran::new(command.output().unwrap())
    }

    fn ok(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        ran
    }

    /// Runs another program, which has to succeed.
    fn other(&self, line: &str) -> Ran {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        let ran = Ran::new(
            command
                .args(words)
                .current_dir(self.0.path())
                .stdin(Stdio::null())
                .output()
                .unwrap(),
        );
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        ran
    }

    fn gateway(&self, arguments: &[&str]) -> Gateway {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pushcert"))
            .args(["lab", "gateway", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(self.0.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut events = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        events.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(first["event"], "listening");
        Gateway {
            address: first["address"].as_str().unwrap().to_string(),
            child,
            events,
        }
    }
}

/// A `lab gateway` that lives as long as the value.
struct Gateway {
    address: String,
    child: Child,
    events: BufReader<ChildStdout>,
}

impl Gateway {
    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.events.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program said.
struct Ran {
    code: i32,
    bytes: Vec<u8>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn new(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }

    /// The one document on stdout, which names the process's own code.
    fn json(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout).unwrap();
        assert_eq!(document["schema_version"], 1);
        assert_eq!(document["exit_code"], self.code);
        document
    }

    fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }
}

/// `id severity` of each finding.
fn findings(document: &Value) -> Vec<String> {
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_string();
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| format!("{} {}", word(finding, "id"), word(finding, "severity")))
        .collect()
}

fn short(bytes: &[u8]) -> String {
    openssl::sha::sha256(bytes)[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn spki_of_certificate(certificate: &X509) -> String {
    let key = certificate.public_key().unwrap();
    short(&key.public_key_to_der().unwrap())
}

fn spki_of_key(pem: &[u8]) -> String {
    let key = PKey::private_key_from_pem(pem).unwrap();
    short(&key.public_key_to_der().unwrap())
}

/// The labels of the PEM blocks, in order.
fn blocks(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .collect()
}

const CERTIFICATE: &str = "CERTIFICATE";

const KEY: &str = "PRIVATE KEY";

const REQUEST: &str = "CertificateSigningRequest.certSigningRequest";

const SAY_HOW: &str =
    "error: say how the key that is written is protected: --passout SRC or --no-passphrase\n";

fn said(place: &Place, arguments: &[&str]) -> (i32, String, String) {
    let mut command = cargo_bin_cmd!("pushcert");
    let output = command
        .current_dir(place.0.path())
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}
