//! The binary itself: exit codes, lines, JSON and files of every command.

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

#[test]
fn a_key_that_stays_locked_is_not_called_missing() {
    let place = Place::with(&["aps_development.cer", "push.encrypted.pem"]);
    place.ok("merge aps_development.cer push.encrypted.pem -o e.pem --passin pass:hello123");
    let ran = place.run("check e.pem --offline --passin pass:wrong --json");
    assert_eq!(ran.code, 3);
    let of_key: Vec<String> = findings(&ran.json())
        .into_iter()
        .filter(|finding| finding.contains("key") || finding.contains("passphrase"))
        .collect();
    assert_eq!(
        of_key,
        ["wrong-passphrase unknown", "wrong-passphrase unknown"]
    );
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

// csr

#[test]
fn csr_writes_a_key_for_its_owner_only_and_a_request_that_openssl_verifies() {
    let place = Place::with(&[]);
    let line = r#"umask 000; exec "$0" csr --no-passphrase --email dev@example.com --common-name "Example Push" --country us"#;
    let output = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_pushcert")])
        .current_dir(place.0.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ran = Ran::new(output);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout, "");
    let wrote: Vec<&str> = ran.stderr.lines().take(2).collect();
    assert_eq!(
        wrote,
        [
            "wrote PushKey.pem                                   private key, RSA-2048, plain, 0600",
            "wrote CertificateSigningRequest.certSigningRequest  the request for it",
        ]
    );
    assert_eq!(place.names(), [REQUEST, "PushKey.pem"]);
    assert_eq!(place.mode("PushKey.pem"), 0o600);
    assert_eq!(place.mode(REQUEST), 0o666);
    assert_eq!(blocks(&place.text("PushKey.pem")), [KEY]);
    assert_eq!(blocks(&place.text(REQUEST)), ["CERTIFICATE REQUEST"]);

    let verified = place.other(&format!("openssl req -verify -noout -in {REQUEST}"));
    assert_eq!(
        verified.stderr,
        "Certificate request self-signature verify OK\n"
    );
    let subject = place.other(&format!("openssl req -noout -subject -in {REQUEST}"));
    assert_eq!(
        subject.stdout,
        "subject=emailAddress = dev@example.com, CN = Example Push, C = US\n"
    );
    let text = place
        .other(&format!("openssl req -noout -text -in {REQUEST}"))
        .stdout;
    for fact in [
        "Version: 1 (0x0)",
        "Public-Key: (2048 bit)",
        "Signature Algorithm: sha256WithRSAEncryption",
    ] {
        assert!(text.lines().any(|line| line.trim() == fact), "{fact}");
    }
    assert_eq!(
        place
            .other(&format!("openssl req -noout -pubkey -in {REQUEST}"))
            .stdout,
        place.other("openssl pkey -pubout -in PushKey.pem").stdout
    );
}

#[test]
fn csr_without_an_email_names_only_push() {
    let place = Place::with(&[]);
    let ran = place.ok("csr -o made/here --no-passphrase --json");
    assert_eq!(
        ran.json(),
        json!({
            "schema_version": 1, "command": "csr", "status": "ok", "exit_code": 0, "findings": [],
            "written": [
                { "path": "made/here/PushKey.pem", "contents": ["key"] },
                { "path": format!("made/here/{REQUEST}"), "contents": ["request"] },
            ],
        })
    );
    let subject = place.other(&format!(
        "openssl req -noout -subject -in made/here/{REQUEST}"
    ));
    assert_eq!(subject.stdout, "subject=CN = Push\n");
}

#[test]
fn csr_encrypts_the_key_with_600000_rounds() {
    let place = Place::with(&[]);
    let ran = place.run_with("csr -q --passout env:P", &[("P", "secret of mine")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "", "")
    );
    assert_eq!(
        blocks(&place.text("PushKey.pem")),
        ["ENCRYPTED PRIVATE KEY"]
    );
    place.write("pass", b"secret of mine");
    place.other("openssl pkey -noout -in PushKey.pem -passin file:pass");
    let shown = place.other("openssl asn1parse -in PushKey.pem").stdout;
    assert!(
        shown
            .lines()
            .any(|line| line.ends_with("INTEGER           :0927C0"))
    );
    for object in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc"] {
        assert!(
            shown
                .lines()
                .any(|line| line.ends_with(&format!(":{object}")))
        );
    }
}

#[test]
fn csr_does_not_choose_a_protection() {
    let place = Place::with(&[]);
    let ran = place.run("csr");
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (64, "", SAY_HOW)
    );
    let ran = place.run_with("csr --passout env:EMPTY", &[("EMPTY", "")]);
    assert_eq!(ran.code, 64);
    let ran = place.run("csr --passout pass:x --no-passphrase");
    assert_eq!(ran.code, 64);
    assert!(place.names().is_empty());
}

#[test]
fn csr_overwrites_nothing() {
    let place = Place::with(&[]);
    place.write("key", b"mine\n");
    place.write("request", b"mine too\n");
    let names = |key: &str, request: &str| {
        place.run(&format!(
            "csr --no-passphrase -o {} --out-key {key} --out-csr {request} --json",
            place.0.path().display()
        ))
    };
    let folder = place.0.path().display();
    let ran = names("key", "new");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {folder}/key exists; a private key is never overwritten without --force\n\
             hint: pushcert csr --key {folder}/key --out-csr new.certSigningRequest    (a new request for the same key)\n"
        )
    );
    assert_eq!(findings(&ran.json()), ["exists critical"]);
    let ran = names("new", "request");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {folder}/request exists; nothing is overwritten without --force\n\
             hint: --out-csr NAME writes the request under another name\n"
        )
    );
    assert_eq!(findings(&ran.json()), ["exists critical"]);
    assert_eq!(place.names(), ["key", "request"]);
    assert_eq!(place.read("key"), b"mine\n");
    assert_eq!(place.read("request"), b"mine too\n");
}

#[test]
fn csr_for_a_key_that_is_there() {
    let place = Place::with(&[
        "push.key.pem",
        "testPush.p12",
        "ec.key.pem",
        "rsa4096.key.pem",
    ]);
    for (file, is) in [
        ("ec.key.pem", "an EC P-256"),
        ("rsa4096.key.pem", "an RSA-4096"),
    ] {
        let ran = place.run(&format!("csr --key {file}"));
        assert_eq!(ran.code, 2);
        assert_eq!(
            ran.stderr,
            format!(
                "error: {file} is {is} key; Apple's portal takes requests for RSA keys of 2048 bits only\n"
            )
        );
    }
    assert_eq!(place.names().len(), 4);
    place.ok("csr --key push.key.pem --out-csr a.csr");
    let pass = [("P", "hello123")];
    let ran = place.run_with(
        "csr --key testPush.p12 --passin env:P --out-csr b.csr",
        &pass,
    );
    assert_eq!(ran.code, 0);
    let expected = place.other("openssl pkey -pubout -in push.key.pem").stdout;
    for name in ["a.csr", "b.csr"] {
        let key = place.other(&format!("openssl req -noout -pubkey -in {name}"));
        assert_eq!(key.stdout, expected);
    }
    assert_eq!(place.names().len(), 6);
}

// convert

#[test]
fn convert_keeps_the_der_of_a_certificate_byte_for_byte() {
    let place = Place::with(&["aps_development.cer"]);
    let ran = place.ok("convert aps_development.cer");
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "wrote aps_development.pem   Apple Development IOS Push Services: com.example.app\n"
    );
    let pem = place.text("aps_development.pem");
    assert_eq!(blocks(&pem), [CERTIFICATE]);
    assert!(pem.ends_with("-----END CERTIFICATE-----\n"));
    place.other("openssl x509 -in aps_development.pem -outform der -out read.cer");
    assert_eq!(place.read("read.cer"), place.read("aps_development.cer"));
    place.ok("convert aps_development.pem --to der -o back.cer");
    assert_eq!(place.read("back.cer"), place.read("aps_development.cer"));
    let ran = place.ok("convert aps_development.pem --to der -o -");
    assert_eq!(ran.bytes, place.read("aps_development.cer"));

    let before = place.read("aps_development.pem");
    let ran = place.run("convert aps_development.cer");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        "error: aps_development.pem exists; nothing is overwritten without --force"
    );
    assert_eq!(place.read("aps_development.pem"), before);
}

#[test]
fn convert_takes_the_key_out_of_a_keychain_file() {
    let place = Place::with(&["testPush.p12", "push.key.pem"]);
    let pass = [("IN", "hello123"), ("OUT", "another one")];
    let key = "convert testPush.p12 --only key --passin env:IN";
    let ran = place.run_with(&format!("{key} --passout env:OUT"), &pass);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "wrote testPush.key.pem   private key, encrypted, 0600\n"
    );
    let ran = place.run_with(&format!("{key} --no-passphrase -o plain.pem"), &pass);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stderr, "wrote plain.pem   private key, plain, 0600\n");
    place.write("pass", b"another one");
    place.other("openssl pkey -in testPush.key.pem -passin file:pass -out a.pem");
    place.other("openssl pkcs8 -topk8 -nocrypt -in plain.pem -out b.pem");
    assert_eq!(place.mode("testPush.key.pem"), 0o600);
    assert_eq!(place.mode("plain.pem"), 0o600);
    for name in ["a.pem", "b.pem", "plain.pem"] {
        assert_eq!(place.read(name), place.read("push.key.pem"), "{name}");
    }
    let ran = place.run_with(&format!("{key} -o undecided.pem"), &pass);
    assert_eq!((ran.code, ran.stderr.as_str()), (64, SAY_HOW));
    assert!(!place.path("undecided.pem").exists());

    place.ok("convert plain.pem --key-format pkcs1 --to der -o key.der");
    place.other("openssl rsa -traditional -in push.key.pem -outform der -out expected.der");
    assert_eq!(place.read("key.der"), place.read("expected.der"));
    assert_eq!(place.mode("key.der"), 0o600);
}

#[test]
fn convert_makes_pkcs12_that_others_read() {
    let place = Place::with(&["aps_development.cer", "push.key.pem"]);
    place.write("pass", b"hello123");
    for to in ["p12", "keychain"] {
        let line = format!(
            "convert aps_development.cer push.key.pem --to {to} -o {to} --name Push --passout file:pass"
        );
        place.ok(&line);
        assert_eq!(place.mode(to), 0o600);
        place.other(&format!(
            "openssl pkcs12 -in {to} -passin file:pass -nodes -nocerts -out bags"
        ));
        place.other(&format!("openssl pkey -in bags -out key-of-{to}"));
        assert_eq!(
            place.read(&format!("key-of-{to}")),
            place.read("push.key.pem")
        );
        place.other(&format!(
            "openssl pkcs12 -in {to} -passin file:pass -nokeys -out certificate"
        ));
        place.other("openssl x509 -in certificate -outform der -out certificate.der");
        assert_eq!(
            place.read("certificate.der"),
            place.read("aps_development.cer")
        );
        let listed = place.other(&format!("keytool -list -keystore {to} -storepass hello123"));
        assert!(listed.stdout.contains("Your keystore contains 1 entry\n"));
        assert!(
            listed
                .stdout
                .lines()
                .any(|line| line.starts_with("push, ") && line.ends_with(", PrivateKeyEntry, "))
        );
    }
    let info = place.other("openssl pkcs12 -in keychain -passin file:pass -noout -info");
    assert_eq!(
        info.stderr,
        "MAC: sha1, Iteration 2048\n\
         MAC length: 20, salt length: 8\n\
         PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n\
         Certificate bag\n\
         PKCS7 Data\n\
         Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n"
    );
    let ran = place.run("convert aps_development.cer push.key.pem --to p12 -o undecided");
    assert_eq!((ran.code, ran.stderr.as_str()), (64, SAY_HOW));
    assert!(!place.path("undecided").exists());
}

#[test]
fn convert_tells_four_troubles_apart() {
    let place = Place::with(&["testPush.p12", "push.key.pem"]);
    let whole = place.read("testPush.p12");
    place.write("cut.p12", &whole[..1500]);
    place.write("text.p12", b"hello\n");
    place.other(
        "openssl pkcs8 -topk8 -in push.key.pem -v2 camellia-256-cbc -passout pass:hello123 -out camellia.pem",
    );
    let before = place.names();
    for (file, passphrase, id, message) in [
        (
            "testPush.p12",
            "wrong",
            "wrong-passphrase",
            "error: testPush.p12: wrong passphrase",
        ),
        (
            "cut.p12",
            "hello123",
            "damaged",
            "error: cut.p12: damaged PKCS#12: an element is longer than what holds it at byte 4",
        ),
        (
            "text.p12",
            "hello123",
            "wrong-kind",
            "error: text.p12 is text without PEM blocks, not a certificate, key or request",
        ),
        (
            "camellia.pem",
            "hello123",
            "unsupported-algorithm",
            "error: camellia.pem: unsupported algorithm for the key encryption: 1.2.392.200011.61.1.1.1.4",
        ),
    ] {
        let line =
            format!("convert {file} --only key --no-passphrase --passin env:P -o out.pem --json");
        let ran = place.run_with(&line, &[("P", passphrase)]);
        assert_eq!(ran.code, 3, "{file}");
        assert_eq!(ran.stderr.lines().next().unwrap(), message);
        let document = ran.json();
        assert_eq!(document["status"], "unknown");
        assert_eq!(findings(&document), [format!("{id} unknown")]);
        assert_eq!(document["findings"][0]["path"], file);
    }
    let ran = place.run("convert testPush.p12 --only key --no-passphrase -o out.pem");
    assert_eq!(ran.code, 3);
    assert_eq!(
        ran.stderr,
        "error: testPush.p12: locked, and no passphrase was given\n\
         hint: give its passphrase with --passin SRC (prompt, stdin, env:NAME, file:PATH, fd:N)\n"
    );
    assert_eq!(place.names(), before);
}

// merge

#[test]
fn merge_by_folder_writes_leaf_then_key() {
    let place = Place::with(&["aps_development.cer", "push.key.pem"]);
    std::fs::create_dir(place.path("in")).unwrap();
    for name in place.names().iter().filter(|name| *name != "in") {
        std::fs::rename(place.path(name), place.path("in").join(name)).unwrap();
    }
    let ran = place.ok("merge in --at 2025-06-01");
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "wrote ck.pem   com.example.app, sandbox, until 2046-01-01 (in 7518 days), key plain, 0600\n\
         \x20 leaf       in/aps_development.cer\n\
         \x20 key        in/push.key.pem\n\
         \n\
         next  pushcert check ck.pem\n"
    );
    assert_eq!(place.mode("ck.pem"), 0o600);
    place.ok("convert in/aps_development.cer -o leaf.pem");
    let expected = place.text("leaf.pem") + &place.text("in/push.key.pem");
    assert_eq!(place.text("ck.pem"), expected);

    let ran = place.ok("merge in -o -");
    assert_eq!((ran.stdout, ran.stderr), (expected, String::new()));
    let ran = place.ok("merge in -o - --key-first");
    assert_eq!(blocks(&ran.stdout), [KEY, CERTIFICATE]);
    let ran = place.run("merge in -o - --json");
    assert_eq!(ran.code, 64);
    assert_eq!(findings(&ran.json()), ["usage unknown"]);
}

#[test]
fn merge_keeps_an_encrypted_key_encrypted_under_its_passphrase() {
    let place = Place::with(&["aps_development.cer", "push.encrypted.pem", "push.key.pem"]);
    place.write("pass", b"hello123");
    let ran = place.ok("merge aps_development.cer push.encrypted.pem --passin file:pass --json");
    assert_eq!(
        ran.json()["written"],
        json!([{ "path": "ck.pem", "contents": ["leaf", "key"] }])
    );
    assert_eq!(
        blocks(&place.text("ck.pem")),
        [CERTIFICATE, "ENCRYPTED PRIVATE KEY"]
    );
    place.other("openssl pkey -in ck.pem -passin file:pass -out key");
    assert_eq!(place.read("key"), place.read("push.key.pem"));
}

#[test]
fn merge_of_what_does_not_fit_names_both_keys() {
    let place = Place::with(&[
        "aps_development.cer",
        "ec.key.pem",
        "push.key.pem",
        "other.cer",
    ]);
    let here = spki_of_key(&place.read("ec.key.pem"));
    let wanted = spki_of_certificate(&place.certificate("aps_development.cer"));
    let ran = place.run("merge aps_development.cer ec.key.pem --json");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: aps_development.cer: the private key does not fit the certificate (key SPKI {here}, certificate wants {wanted})\nhint: pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)\n"
        )
    );
    assert_eq!(findings(&ran.json()), ["key-mismatch critical"]);
    let ran = place.run("merge aps_development.cer push.key.pem ec.key.pem --json");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: ec.key.pem has no use here: no certificate for this key is here (SPKI {here})\n"
        )
    );
    let ran = place.run("merge aps_development.cer push.key.pem other.cer");
    assert_eq!(ran.code, 2);
    assert_eq!(place.names().len(), 4);
}

#[test]
fn merge_asks_which_of_two_and_the_flags_answer() {
    let place = Place::with(&["aps_development.cer", "aps.cer", "push.key.pem"]);
    let sandbox = short(&place.read("aps_development.cer"));
    let universal = short(&place.read("aps.cer"));
    let both = "merge aps_development.cer aps.cer push.key.pem -o";
    let ran = place.run(&format!("{both} ck.pem --json"));
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: several identities fit, and nothing says which is wanted\n\
             error: com.example.app, sandbox, until 2046-01-01, SHA-256 {sandbox}\n\
             error: com.example.app, com.example.app.voip, com.example.app.complication, sandbox + production, until 2046-01-01, SHA-256 {universal}\n\
             hint: --cert {sandbox} chooses the first; --topic and --env narrow too\n"
        )
    );
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 3);
    assert!(!place.path("ck.pem").exists());
    for (flag, name) in [
        ("--env production", "aps.cer"),
        ("--topic com.example.app.voip", "aps.cer"),
        (&format!("--cert {sandbox}"), "aps_development.cer"),
        (&format!("--cert {universal}"), "aps.cer"),
    ] {
        let ran = place.ok(&format!("{both} ck.pem --force {flag}"));
        let left = match name {
            "aps.cer" => "aps_development.cer",
            _ => "aps.cer",
        };
        let line = format!("  left out   {left}   another identity was chosen");
        assert!(ran.stderr.lines().any(|l| l == line), "{}", ran.stderr);
        let chosen = X509::from_pem(&place.read("ck.pem")).unwrap();
        assert_eq!(chosen.to_der().unwrap(), place.read(name), "{flag}");
    }
    let ran = place.run(&format!("{both} none.pem --topic com.example.other --json"));
    assert_eq!(ran.code, 2);
    assert_eq!(
        findings(&ran.json()),
        ["not-wanted critical", "not-wanted critical"]
    );
    assert!(!place.path("none.pem").exists());
}

#[test]
fn merge_overwrites_only_when_forced_and_keeps_the_mode() {
    let place = Place::with(&["aps_development.cer", "push.key.pem"]);
    place.write("ck.pem", b"mine\n");
    place.chmod("ck.pem", 0o640);
    let ran = place.run("merge aps_development.cer push.key.pem");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        "error: ck.pem exists; a private key is never overwritten without --force\nhint: --force replaces it; -o NAME writes another file\n"
    );
    assert_eq!(place.read("ck.pem"), b"mine\n");
    place.ok("merge aps_development.cer push.key.pem --force");
    assert_eq!(place.mode("ck.pem"), 0o640);
    assert_eq!(blocks(&place.text("ck.pem")), [CERTIFICATE, KEY]);
    place.chmod("ck.pem", 0o644);
    place.ok("merge aps_development.cer push.key.pem --force");
    assert_eq!(place.mode("ck.pem"), 0o640);
    let left: Vec<String> = place.names();
    assert_eq!(left, ["aps_development.cer", "ck.pem", "push.key.pem"]);
}

#[test]
fn merge_writes_leaf_chain_key_and_no_root() {
    let place = Place::with_lab();
    place.ok("merge lab/ca.pem push.key.pem aps_development.cer");
    let all = X509::stack_from_pem(&place.read("ck.pem")).unwrap();
    let authorities = X509::stack_from_pem(&place.read("lab/ca.pem")).unwrap();
    let issuer = authorities
        .iter()
        .find(|ca| ca.issued(&all[0]) == openssl::x509::X509VerifyResult::OK)
        .unwrap();
    assert_eq!(
        blocks(&place.text("ck.pem")),
        [CERTIFICATE, CERTIFICATE, KEY]
    );
    assert_eq!(all[0].to_der().unwrap(), place.read("aps_development.cer"));
    assert_eq!(all[1].to_der().unwrap(), issuer.to_der().unwrap());
    let ran = place.ok("merge lab/ca.pem push.key.pem aps_development.cer --no-chain -o alone.pem");
    assert_eq!(blocks(&place.text("alone.pem")), [CERTIFICATE, KEY]);
    let line = "  left out   lab/ca.pem   a CA certificate, left out by --no-chain";
    assert!(
        ran.stderr.lines().any(|l| l.trim_end() == line),
        "{}",
        ran.stderr
    );
    let ran = place.ok("merge expired.cer push.key.pem -o old.pem");
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        "warning: com.example.app, sandbox, expired 12 days ago"
    );
}

// inspect

#[test]
fn inspect_tells_what_the_fixtures_are() {
    let app = json!([{ "topic": "com.example.app", "kinds": ["app"] }]);
    let three = json!([
        { "topic": "com.example.app", "kinds": ["app"] },
        { "topic": "com.example.app.voip", "kinds": ["voip"] },
        { "topic": "com.example.app.complication", "kinds": ["complication"] },
    ]);
    let mdm = json!([{
        "topic": "com.apple.mgmt.External.11111111-2222-3333-4444-555555555555",
        "kinds": ["mdm"],
    }]);
    let sandbox = json!(["sandbox"]);
    let both = json!(["sandbox", "production"]);
    let none = json!([]);
    for (file, container, kind, environments, topics) in [
        (
            "aps_development.cer",
            "der-certificate",
            "apns-sandbox",
            &sandbox,
            &app,
        ),
        (
            "aps.cer",
            "der-certificate",
            "apns-universal",
            &both,
            &three,
        ),
        (
            "expired.cer",
            "der-certificate",
            "apns-sandbox",
            &sandbox,
            &app,
        ),
        (
            "voip_services.cer",
            "der-certificate",
            "voip",
            &both,
            &three,
        ),
        (
            "mdm.cer",
            "der-certificate",
            "mdm",
            &json!(["production"]),
            &mdm,
        ),
        (
            "ios_development.cer",
            "der-certificate",
            "signing",
            &none,
            &none,
        ),
        ("other.cer", "der-certificate", "other", &none, &none),
        ("ck.pem", "pem", "apns-sandbox", &sandbox, &app),
        ("glued.pem", "pem", "apns-sandbox", &sandbox, &app),
        ("utf16.pem", "pem", "apns-sandbox", &sandbox, &app),
        ("testPush.p12", "pkcs12", "apns-sandbox", &sandbox, &app),
        ("modern.p12", "pkcs12", "apns-sandbox", &sandbox, &app),
        ("empty.p12", "pkcs12", "apns-sandbox", &sandbox, &app),
    ] {
        let place = Place::with(&[file]);
        let ran = place.run_with(
            &format!("inspect {file} --json --passin env:P"),
            &[("P", "hello123")],
        );
        assert_eq!(ran.code, 0, "{file}");
        let document = ran.json();
        let entry = &document["files"][0];
        assert_eq!(entry["path"], file);
        assert_eq!(entry["container"], container, "{file}");
        assert_eq!(entry["encrypted"], file.ends_with(".p12"), "{file}");
        let certificate = &entry["certificates"][0];
        assert_eq!(certificate["kind"], kind, "{file}");
        assert_eq!(certificate["environments"], *environments, "{file}");
        assert_eq!(certificate["topics"], *topics, "{file}");
        let identities = entry["identities"].as_array().unwrap();
        assert_eq!(
            identities.len(),
            usize::from(container != "der-certificate")
        );
        for identity in identities {
            assert_eq!(identity["certificate"], certificate["sha256"]);
            assert_eq!(identity["key"], certificate["spki_sha256"]);
            assert_eq!(identity["key"], entry["keys"][0]["spki_sha256"]);
        }
    }
}

#[test]
fn inspect_judges_only_when_strict() {
    let place = Place::with(&["expired.cer", "aps.cer", "push.csr", "trailing.cer"]);
    for (file, strict, expected) in [
        (
            "expired.cer",
            2,
            vec!["expired critical", "issuer-unknown warning"],
        ),
        ("aps.cer", 1, vec!["issuer-unknown warning"]),
        (
            "trailing.cer",
            1,
            vec!["trailing-bytes info", "issuer-unknown warning"],
        ),
        ("push.csr", 0, vec![]),
    ] {
        let ran = place.ok(&format!("inspect {file} --json"));
        assert_eq!(findings(&ran.json()), expected, "{file}");
        let ran = place.run(&format!("inspect {file} --json --strict"));
        assert_eq!(ran.code, strict, "{file}");
        assert_eq!(findings(&ran.json()), expected, "{file}");
    }
    let document = place.run("inspect push.csr --json").json();
    let request = &document["files"][0]["requests"][0];
    assert_eq!(request["email"], "dev@example.com");
    assert_eq!(request["subject"]["common_name"], "Example Push");
    assert_eq!(request["signature_valid"], true);
}

#[test]
fn inspect_of_a_folder_with_a_locked_file() {
    let place = Place::with(&["aps.cer", "testPush.p12"]);
    std::fs::create_dir(place.path("sub")).unwrap();
    place.write("sub/notes.txt", b"nothing\n");
    place.write("sub/.hidden.cer", b"nothing\n");
    let ran = place.run("inspect . --json");
    assert_eq!(ran.code, 3);
    let document = ran.json();
    let paths: Vec<&str> = document["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["./aps.cer", "./testPush.p12"]);
    assert_eq!(
        findings(&document),
        ["issuer-unknown warning", "locked unknown"]
    );
    let locked = &document["files"][1];
    assert_eq!(locked["container"], "pkcs12");
    assert_eq!(locked["encrypted"], true);
    for list in ["certificates", "keys", "requests", "crls", "identities"] {
        assert_eq!(locked[list], json!([]), "{list}");
    }
    let ran = place.run_with("inspect . --json", &[("PEM_P12_PASSWORD", "wrong")]);
    assert_eq!(ran.code, 3);
    assert_eq!(
        findings(&ran.json()),
        ["issuer-unknown warning", "wrong-passphrase unknown"]
    );
    let ran = place.run_with("inspect . --json", &[("PEM_P12_PASSWORD", "hello123")]);
    assert_eq!(ran.code, 0);
    ran.json();
    let ran = place.run("inspect sub --json");
    assert_eq!(ran.code, 3);
    assert_eq!(findings(&ran.json()), ["no-input-found unknown"]);
}

// check

const UNKNOWN_ISSUER: &str = "issuer-unknown info";

#[test]
fn check_offline_judges_what_is_in_the_file() {
    let place = Place::with(&[
        "aps_development.cer",
        "ck.pem",
        "glued.pem",
        "ca.pem",
        "expired.cer",
        "other.cer",
        "push.key.pem",
        "rsa4096.key.pem",
    ]);
    place.write(
        "ca-first.pem",
        &[place.read("ca.pem"), place.read("ck.pem")].concat(),
    );
    place.ok("convert aps_development.cer -o leaf.pem");
    place.write(
        "mismatch.pem",
        &[place.read("leaf.pem"), place.read("rsa4096.key.pem")].concat(),
    );
    place.write("open.pem", &place.read("ck.pem"));
    for (name, mode) in [
        ("ca-first.pem", 0o600),
        ("mismatch.pem", 0o600),
        ("open.pem", 0o604),
    ] {
        place.chmod(name, mode);
    }
    let unknown = UNKNOWN_ISSUER;
    for (line, code, expected) in [
        ("ck.pem --gateway localhost:1", 0, vec![unknown]),
        ("ck.pem", 1, vec!["issuer-unknown warning"]),
        (
            "expired.cer push.key.pem --gateway localhost:1",
            2,
            vec!["expired critical", unknown],
        ),
        (
            "ca-first.pem --gateway localhost:1",
            2,
            vec!["leaf-not-first critical", unknown],
        ),
        (
            "mismatch.pem --gateway localhost:1",
            2,
            vec!["key-mismatch critical", unknown],
        ),
        (
            "aps_development.cer --gateway localhost:1",
            2,
            vec!["no-key critical", unknown],
        ),
        (
            "other.cer --gateway localhost:1",
            2,
            vec!["no-key critical", "not-a-push-certificate critical"],
        ),
        (
            "ck.pem --gateway localhost:1 --env production",
            2,
            vec!["wrong-environment critical", unknown],
        ),
        (
            "glued.pem --gateway localhost:1",
            1,
            vec!["not-server-readable warning", unknown],
        ),
        (
            "open.pem --gateway localhost:1",
            1,
            vec!["key-world-readable warning", unknown],
        ),
    ] {
        let ran = place.run(&format!("check --offline {line} --json"));
        let document = ran.json();
        let mut found = findings(&document);
        let mut expected: Vec<String> = expected.into_iter().map(String::from).collect();
        found.sort();
        expected.sort();
        assert_eq!((ran.code, found), (code, expected), "{line}");
        let status = ["ok", "warning", "critical"][code as usize];
        assert_eq!(document["status"], status, "{line}");
        assert_eq!(document["results"][0]["endpoints"], json!([]), "{line}");
    }
    let ran = place.ok("check --offline ck.pem --gateway localhost:1 --at 2025-06-01");
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "ok   ck.pem is good as far as it can be told offline\n\
         \n\
         \x20 file       ck.pem\n\
         \x20 identity   com.example.app, sandbox, until 2046-01-01 (in 7518 days), key fits\n\
         \x20 info       issuer-unknown: its issuer is none of Apple's\n"
    );
}

#[test]
fn check_offline_at_another_time() {
    let place = Place::with(&["ck.pem"]);
    for (at, more, code, status, id) in [
        ("2025-06-01", "", 0, "ok", None),
        ("2045-12-01", "", 0, "ok", None),
        (
            "2045-12-02T00:00:00Z",
            "",
            1,
            "warning",
            Some("expiring warning"),
        ),
        ("2045-12-20", "", 1, "warning", Some("expiring warning")),
        ("2045-12-20", "--warn 5d", 0, "ok", None),
        (
            "2045-12-20",
            "--crit 12d",
            2,
            "critical",
            Some("expiring critical"),
        ),
        (
            "2045-12-20",
            "--fail-on critical",
            0,
            "warning",
            Some("expiring warning"),
        ),
        ("2046-01-01", "", 2, "critical", Some("expired critical")),
        (
            "2046-01-01",
            "--fail-on critical",
            2,
            "critical",
            Some("expired critical"),
        ),
        (
            "2046-01-01",
            "--fail-on never",
            0,
            "critical",
            Some("expired critical"),
        ),
        (
            "2023-12-31",
            "",
            2,
            "critical",
            Some("not-yet-valid critical"),
        ),
    ] {
        let line = format!("check --offline ck.pem --gateway localhost:1 --json --at {at} {more}");
        let ran = place.run(line.trim());
        let document = ran.json();
        let expected: Vec<&str> = id.into_iter().chain([UNKNOWN_ISSUER]).collect();
        assert_eq!(findings(&document), expected, "{line}");
        assert_eq!(
            (ran.code, &document["status"]),
            (code, &json!(status)),
            "{line}"
        );
    }
    let ran = place.run("check ck.pem --at 2025-06-01 --json");
    assert_eq!(ran.code, 64);
    assert_eq!(
        ran.stderr,
        "error: --at goes with --offline: a live handshake is always now\n"
    );
    assert_eq!(findings(&ran.json()), ["usage unknown"]);
    let ran = place.run("check --offline ck.pem --warn 5d --crit 6d --json");
    assert_eq!(ran.code, 64);
    assert_eq!(ran.stderr, "error: --crit is above --warn\n");
    ran.json();
}

/// The line of a check against the gateway.
fn ask(file: &str, gateway: &Gateway) -> String {
    format!(
        "check {file} --gateway {} --ca-file lab/ca.pem --wait 300ms --json",
        gateway.address
    )
}

#[test]
fn check_is_answered_by_the_gateway() {
    let place = Place::with_lab();
    let mut gateway = place.gateway(&["--protocol", "legacy"]);
    let ran = place.run(&ask("good.pem", &gateway));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let document = ran.json();
    assert_eq!(document["status"], "ok");
    assert_eq!(findings(&document), [UNKNOWN_ISSUER]);
    let result = &document["results"][0];
    assert_eq!(result["path"], "good.pem");
    assert_eq!(result["identity"]["issued_by"], "lab");
    let endpoint = &result["endpoints"][0];
    assert_eq!(endpoint["question"], gateway.address);
    assert_eq!(endpoint["protocol"], "binary");
    assert_eq!(endpoint["verdict"], "accepted");
    assert_eq!(endpoint["proof"], "probe");
    assert_eq!(endpoint["probe"], json!({ "sent": true, "status": 8 }));
    assert_eq!(endpoint["alert"], Value::Null);
    assert_eq!(endpoint["tls"]["server_verified"], true);
    assert_eq!(endpoint["tls"]["client_certificate_requested"], true);
    assert_eq!(
        endpoint["tls"]["acceptable_cas"],
        json!([
            "CN=pushcert lab Worldwide Developer Relations CA, O=pushcert lab, C=US",
            "CN=pushcert lab Root CA, O=pushcert lab, C=US",
        ])
    );
    let handshake = gateway.event();
    assert_eq!(handshake["event"], "handshake");
    assert_eq!(handshake["accepted"], true);
    assert_eq!(
        handshake["certificate"],
        json!({ "sha256": result["identity"]["sha256"], "topics": ["com.example.app"] })
    );
    let notification = gateway.event();
    assert_eq!(notification["event"], "notification");
    assert_eq!(notification["token"], "0".repeat(64));
    assert_eq!(notification["status"], 8);
    assert_eq!(gateway.event()["event"], "closed");
    let text = place.ok(ask("good.pem", &gateway).trim_end_matches(" --json"));
    assert_eq!(
        text.first_line(),
        format!("ok   com.example.app is accepted by {}", gateway.address)
    );
}

#[test]
fn check_of_an_expired_certificate_is_alert_45() {
    let place = Place::with_lab();
    for (version, name) in [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")] {
        let mut gateway = place.gateway(&["--tls", version]);
        let ran = place.run(&ask("expired.pem", &gateway));
        assert_eq!((ran.code, ran.stderr.as_str()), (2, ""));
        let document = ran.json();
        assert_eq!(
            findings(&document),
            ["expired critical", UNKNOWN_ISSUER, "rejected critical"]
        );
        let endpoint = &document["results"][0]["endpoints"][0];
        assert_eq!(endpoint["verdict"], "rejected");
        assert_eq!(endpoint["proof"], Value::Null);
        assert_eq!(
            endpoint["alert"],
            json!({ "number": 45, "name": "certificate_expired" })
        );
        assert_eq!(endpoint["tls"]["version"], name);
        let handshake = gateway.event();
        assert_eq!(handshake["accepted"], false);
        assert_eq!(handshake["alert"], 45);
        let text = place.run(ask("expired.pem", &gateway).trim_end_matches(" --json"));
        assert_eq!(text.code, 2);
        assert_eq!(
            text.first_line(),
            format!(
                "critical   com.example.app is rejected by {}: certificate expired",
                gateway.address
            )
        );
    }
}

#[test]
fn check_without_a_probe_is_proven_by_ticket_or_handshake() {
    let place = Place::with_lab();
    for (version, name, proof) in [
        ("1.3", "TLSv1.3", "ticket"),
        ("1.2", "TLSv1.2", "handshake"),
    ] {
        let mut gateway = place.gateway(&["--protocol", "legacy", "--tls", version]);
        let ran = place.run(&(ask("good.pem", &gateway) + " --no-probe"));
        assert_eq!(ran.code, 0);
        let document = ran.json();
        let endpoint = &document["results"][0]["endpoints"][0];
        assert_eq!(endpoint["verdict"], "accepted");
        assert_eq!(endpoint["proof"], proof);
        assert_eq!(endpoint["tls"]["version"], name);
        assert_eq!(gateway.event()["event"], "handshake");
        assert_eq!(gateway.event()["event"], "closed");
    }
}

#[test]
fn check_of_a_revoked_certificate_and_of_a_server_unknown() {
    let place = Place::with_lab();
    let gateway = place.gateway(&["--revoke", "aps_development.cer"]);
    let ran = place.run(&ask("good.pem", &gateway));
    assert_eq!(ran.code, 2);
    let document = ran.json();
    assert_eq!(
        document["results"][0]["endpoints"][0]["alert"],
        json!({ "number": 44, "name": "certificate_revoked" })
    );
    drop(gateway);
    let gateway = place.gateway(&[]);
    std::fs::create_dir(place.path("other")).unwrap();
    place.ok("lab init --lab other/lab");
    let line = ask("good.pem", &gateway).replace("lab/ca.pem", "other/lab/ca.pem");
    let ran = place.run(&line);
    assert_eq!(ran.code, 2);
    let document = ran.json();
    assert_eq!(
        findings(&document),
        [UNKNOWN_ISSUER, "server-not-verified critical"]
    );
    let endpoint = &document["results"][0]["endpoints"][0];
    assert_eq!(endpoint["verdict"], "accepted");
    assert_eq!(endpoint["tls"]["server_verified"], false);
}

#[test]
fn check_of_a_closed_port_cannot_tell() {
    let place = Place::with_lab();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let line = format!("check good.pem --gateway {address} --ca-file lab/ca.pem --json");
    let ran = place.run(&line);
    assert_eq!(ran.code, 3);
    let document = ran.json();
    assert_eq!(document["status"], "unknown");
    assert_eq!(findings(&document), [UNKNOWN_ISSUER, "unreachable unknown"]);
    let endpoint = &document["results"][0]["endpoints"][0];
    assert_eq!(endpoint["verdict"], "unreachable");
    assert_eq!(endpoint["protocol"], "unknown");
    assert_eq!(
        endpoint["explanation"],
        "the certificate was not judged: tcp failed: connection refused"
    );
}

// lab, and every command

#[test]
fn lab_rehearse_verifies_every_step() {
    let place = Place::with(&[]);
    let ran = place.ok("lab rehearse --keep kept --json");
    let document = ran.json();
    assert_eq!(document["status"], "ok");
    let steps = document["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 9);
    assert!(steps.iter().all(|step| step["ok"] == true));
    assert_eq!(place.mode("kept/ck.pem"), 0o600);
    assert_eq!(blocks(&place.text("kept/ck.pem")), [CERTIFICATE, KEY]);
    let ran = place.run("check kept/expired.pem --offline --json");
    assert_eq!(ran.code, 2);
    ran.json();
}

#[test]
fn a_failure_is_one_document_with_the_code_of_the_process() {
    let place = Place::with(&["testPush.p12", "push.key.pem"]);
    for (line, command, code, id) in [
        ("inspect nowhere --json", "inspect", 3, "not-found"),
        ("check nowhere --json", "check", 3, "not-found"),
        ("merge nowhere --json", "merge", 3, "not-found"),
        ("convert nowhere --json", "convert", 3, "not-found"),
        ("csr --key nowhere --json", "csr", 3, "not-found"),
        ("inspect testPush.p12 --json", "inspect", 3, "locked"),
        ("check testPush.p12 --json", "check", 3, "locked"),
        ("merge testPush.p12 --json", "merge", 3, "locked"),
        ("convert testPush.p12 --json", "convert", 3, "locked"),
        ("csr --key testPush.p12 --json", "csr", 3, "locked"),
        ("check push.key.pem --json", "check", 3, "no-input-found"),
        ("merge push.key.pem --json", "merge", 2, "no-certificate"),
        ("csr --json", "csr", 64, "usage"),
        ("csr --bogus --json", "csr", 64, "usage"),
        ("inspect --json", "inspect", 64, "usage"),
        ("check a --gateway nowhere --json", "check", 64, "usage"),
        ("inspect a --passin secret --json", "inspect", 64, "usage"),
        ("merge - --passin stdin --json", "merge", 64, "usage"),
    ] {
        let ran = place.run(line);
        assert_eq!(ran.code, code, "{line}");
        let document = ran.json();
        assert_eq!(document["command"], command, "{line}");
        let status = if code == 2 { "critical" } else { "unknown" };
        assert_eq!(document["status"], status, "{line}");
        assert_eq!(findings(&document), [format!("{id} {status}")], "{line}");
        assert!(!ran.stdout.contains("secret") && !ran.stderr.contains("secret"));
    }
    assert_eq!(place.names().len(), 2);
}

#[test]
fn wrong_usage_is_64_and_help_is_0() {
    let place = Place::with(&[]);
    for line in ["--bogus", "bogus", "csr --bogus", "lab", "lab bogus"] {
        let ran = place.run(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{line}");
    }
    let ran = place.run("csr --bogus");
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        "error: unexpected argument '--bogus' found"
    );
    let help = place.ok("--help").stdout;
    let listed: Vec<(&str, &str)> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim().split_once("  ").expect(line))
        .collect();
    assert!(listed.len() > 6, "{help}");
    for (command, sentence) in listed {
        if command == "help" {
            continue;
        }
        let ran = place.ok(&format!("{command} --help"));
        assert_eq!(ran.stderr, "");
        let first = ran.stdout.lines().next().unwrap();
        assert_eq!(first, sentence.trim(), "{command}");
    }
    assert_eq!(
        place.ok("verify --help").stdout,
        place.ok("check --help").stdout
    );
}

/// A runner takes a line that begins with two colons for a command, white space before them aside.
#[test]
fn no_line_of_a_text_begins_with_the_colons_of_a_path() {
    let place = Place::with(&["aps.cer", "ck.pem"]);
    std::fs::rename(place.path("aps.cer"), place.path("::error::x.cer")).unwrap();
    std::fs::rename(place.path("ck.pem"), place.path("::e.pem")).unwrap();
    let (_, out, _) = said(&place, &["inspect", "::error::x.cer"]);
    assert!(
        out.starts_with(":\\u{3a}error::x.cer   com.example.app, "),
        "{out}"
    );
    let (code, out, err) = said(
        &place,
        &["rotate", "finish", "::e.pem", "::e.pem", "--no-check"],
    );
    assert_eq!(code, 0, "{err}");
    assert!(
        (out + &err).starts_with(":\\u{3a}e.pem holds it already: "),
        "{err}"
    );
}

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

#[test]
fn merge_does_not_choose_by_position_among_those_that_expire_together() {
    let both = ["aps.cer", "voip_services.cer", "push.key.pem", "ec.key.pem"];
    let place = Place::with(&both);
    let line: Vec<&str> = ["merge"]
        .iter()
        .chain(&both)
        .copied()
        .chain(["-o", "t"])
        .collect();
    let (code, _, err) = said(&place, &line);
    assert_eq!(code, 2, "{err}");
    assert!(
        err.starts_with("error: several identities fit, and nothing says which is wanted\n"),
        "{err}"
    );
    assert!(!place.path("t").exists());
    let aps = short(&place.read("aps.cer"));
    let (code, _, err) = said(&place, &[&line[..], &["--cert", &aps]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("another identity was chosen"), "{err}");
    assert!(!err.contains("expires later"), "{err}");
}

#[test]
fn merge_to_a_hyphen_is_stdout_also_beside_a_folder_of_that_name() {
    let place = Place::with(&["aps.cer", "push.key.pem"]);
    std::fs::create_dir(place.path("-")).unwrap();
    let (code, out, err) = said(&place, &["merge", "aps.cer", "push.key.pem", "-o", "-"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(std::fs::read_dir(place.path("-")).unwrap().count(), 0);
}

#[test]
fn force_without_o_says_that_o_is_missing() {
    let place = Place::with(&["ck.pem"]);
    let expected = "error: ck.pem exists and is an input; it is overwritten only where -o names it\n\
        hint: -o ck.pem beside --force replaces it\n";
    let (code, _, err) = said(&place, &["convert", "ck.pem", "--force"]);
    assert_eq!((code, err.as_str()), (2, expected));
    let (code, _, err) = said(&place, &["merge", "ck.pem", "--force"]);
    assert_eq!((code, err.as_str()), (2, expected));
}

#[test]
fn the_codes_of_a_rotation_that_is_undone_are_in_its_help() {
    let place = Place::with(&[]);
    let (_, finish, _) = said(&place, &["rotate", "finish", "--help"]);
    let codes = "2 refused or undone, the old file is in place · 3 could not be done";
    assert!(finish.contains(codes), "{finish}");
    let (_, rollback, _) = said(&place, &["rotate", "rollback", "--help"]);
    let codes = "2 refused or undone, the file is as it was · 3 could not be done";
    assert!(rollback.contains(codes), "{rollback}");
}

#[test]
fn the_mode_that_is_told_is_the_one_that_the_file_has() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with(&["aps.cer", "push.key.pem"]);
    for line in [
        "merge aps.cer push.key.pem -o kept.pem --force",
        "convert push.key.pem -o kept.pem --force --no-passphrase",
    ] {
        let kept = place.path("kept.pem");
        std::fs::write(&kept, "").unwrap();
        std::fs::set_permissions(&kept, PermissionsExt::from_mode(0o640)).unwrap();
        let first = place.ok(line).stderr;
        assert!(first.lines().next().unwrap().ends_with(", 0640"), "{first}");
    }
}

#[test]
fn what_is_wrong_on_the_command_line_is_repeated_on_one_line() {
    let place = Place::with(&[]);
    let ran = |arguments: &[&str]| {
        let mut command = cargo_bin_cmd!("pushcert");
        let output = command
            .current_dir(place.0.path())
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(64));
        output
    };
    let stderr = String::from_utf8(ran(&["inspect", "--x\n::error::y"]).stderr).unwrap();
    let first = stderr.lines().next().unwrap();
    assert_eq!(
        first,
        "error: unexpected argument '--x\\u{a}::error::y' found"
    );
    assert!(stderr.lines().all(|line| !line.starts_with("::")));
    let document = ran(&["--verbose", "inspect", "--json"]).stdout;
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["command"], "inspect");
}

#[test]
fn where_no_key_is_to_be_joined_nobody_is_asked_how_to_protect_it() {
    let place = Place::with(&["aps.cer"]);
    for form in ["p12", "keychain", "k8s-secret"] {
        let ran = place.run(&format!("convert aps.cer --to {form} -o joined"));
        assert_eq!(ran.code, 2, "{form}: {}", ran.stderr);
        let first = ran.stderr.lines().next().unwrap();
        assert_eq!(
            first,
            "error: aps.cer: no private key is here; the certificate com.example.app wants the key with SPKI 5cd81758",
            "{form}"
        );
    }
}
