//! `lab gateway` as a command: its flags, and what `check` makes of each way to misbehave.

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A folder with a lab, and `good.pem` and `expired.pem` of it.
fn place() -> TempDir {
    let folder = TempDir::new().unwrap();
    for line in [
        "csr --no-passphrase --out-key key.pem --out-csr request",
        "lab init",
        "lab issue request --topic com.example.app --kind universal -o good.cer",
        "lab issue request --topic com.example.app --kind universal --days -1 -o expired.cer",
        "merge good.cer key.pem -o good.pem",
        "merge expired.cer key.pem -o expired.pem",
    ] {
        let (code, _, error) = pushcert(folder.path(), line);
        assert_eq!(code, 0, "{line}: {error}");
    }
    folder
}

fn pushcert(folder: &Path, line: &str) -> (i32, String, String) {
    let output = cargo_bin_cmd!("pushcert")
        .current_dir(folder)
        .args(line.split(' '))
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A `lab gateway` that lives as long as the value.
pub struct Serving {
    child: Child,
    pub address: String,
}

impl Serving {
    pub fn start(folder: &Path, flags: &str) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pushcert"))
            .args("lab gateway --listen 127.0.0.1:0".split(' '))
            .args(flags.split_whitespace())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut events = BufReader::new(child.stdout.take().unwrap());
        events.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        // What is not read must not stop it.
        drop(events);
        Serving {
            address: first["address"].as_str().unwrap().to_string(),
            child,
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Exit code, verdict, what the probe was answered, and the findings of an endpoint.
fn check(folder: &Path, file: &str, flags: &str) -> (i32, String, Value, Vec<String>) {
    let gateway = Serving::start(folder, flags);
    let line = format!(
        "check {file} --gateway {} --ca-file lab/ca.pem --wait 300ms --timeout 5s --json",
        gateway.address
    );
    let (code, document, _) = pushcert(folder, &line);
    let document: Value = serde_json::from_str(&document).unwrap();
    let endpoint = &document["results"][0]["endpoints"][0];
    let mut probe = endpoint["probe"].clone();
    if let Some(entries) = probe.as_object_mut() {
        entries.retain(|_, value| !value.is_null());
    }
    let ids = document["findings"].as_array().unwrap().iter();
    let ids = ids.map(|finding| finding["id"].as_str().unwrap().to_string());
    (
        code,
        endpoint["verdict"].as_str().unwrap().to_string(),
        probe,
        ids.filter(|id| id != "issuer-unknown" && id != "expired")
            .collect(),
    )
}

#[test]
fn check_tells_every_fault_from_a_refusal() {
    let folder = place();
    let unsent = json!({ "sent": false });
    let sent = json!({ "sent": true });
    let bad = json!({ "sent": true, "status": 400, "reason": "BadDeviceToken" });
    let binary = json!({ "sent": true, "status": 8 });
    let page = json!({ "sent": true, "status": 400, "reason": "The SSL certificate error" });
    let shutdown = json!({ "sent": true, "status": 503, "reason": "Shutdown" });
    let gone = json!({ "sent": true, "status": 410, "reason": "Unregistered" });
    type Case<'a> = (&'a str, &'a str, i32, &'a str, &'a Value, &'a [&'a str]);
    let cases: [Case; 17] = [
        ("good.pem", "", 0, "accepted", &bad, &[]),
        ("good.pem", "--protocol legacy", 0, "accepted", &binary, &[]),
        ("good.pem", "--delay 50ms", 0, "accepted", &bad, &[]),
        (
            "good.pem",
            "--answer Shutdown",
            3,
            "not-rejected",
            &shutdown,
            &["unproven"],
        ),
        (
            "good.pem",
            "--answer Unregistered",
            0,
            "accepted",
            &gone,
            &[],
        ),
        (
            "good.pem",
            "--close-at tcp",
            3,
            "unreachable",
            &unsent,
            &["unreachable"],
        ),
        (
            "good.pem",
            "--close-at hello",
            3,
            "unreachable",
            &unsent,
            &["unreachable"],
        ),
        (
            "good.pem",
            "--close-at handshake",
            3,
            "not-rejected",
            &unsent,
            &["closed-early"],
        ),
        (
            "good.pem",
            "--close-at settings",
            3,
            "not-rejected",
            &sent,
            &["closed-early"],
        ),
        (
            "good.pem",
            "--close-at response",
            3,
            "not-rejected",
            &sent,
            &["closed-early"],
        ),
        (
            "good.pem",
            "--close-at response --protocol legacy",
            3,
            "not-rejected",
            &sent,
            &["closed-early"],
        ),
        (
            "good.pem",
            "--no-client-auth",
            3,
            "not-requested",
            &unsent,
            &["not-requested"],
        ),
        ("good.pem", "--lenient", 0, "accepted", &bad, &[]),
        (
            "expired.pem",
            "--lenient",
            2,
            "rejected",
            &page,
            &["rejected"],
        ),
        (
            "expired.pem",
            "--lenient --protocol legacy",
            2,
            "rejected",
            &unsent,
            &["rejected"],
        ),
        (
            "good.pem",
            "--server-cert expired",
            2,
            "accepted",
            &bad,
            &["server-not-verified"],
        ),
        (
            "good.pem",
            "--server-cert wrong-name",
            2,
            "accepted",
            &bad,
            &["server-not-verified"],
        ),
    ];
    for (file, flags, code, verdict, probe, findings) in cases {
        let found = check(folder.path(), file, flags);
        let findings: Vec<String> = findings.iter().map(|id| id.to_string()).collect();
        let expected = (code, verdict.to_string(), probe.clone(), findings);
        assert_eq!(found, expected, "{file} {flags}");
    }
}

#[test]
fn a_ca_file_is_advised_only_where_it_helps() {
    let folder = place();
    pushcert(folder.path(), "lab init --lab other");
    let token = "a1".repeat(32);
    let on_server =
        "next  pushcert explain server-not-verified    (its certificate is replaced on the server)";
    let sent = "next  the same with --ca-file F, where F holds the CA of this server";
    for (flags, ca, of_check, of_send) in [
        ("--server-cert expired", "lab", on_server, on_server),
        ("--server-cert wrong-name", "lab", on_server, on_server),
        (
            "",
            "other",
            "--ca-file CA.pem    (names the CA of a private gateway)",
            sent,
        ),
    ] {
        let gateway = Serving::start(folder.path(), flags);
        let server = format!("--gateway {} --ca-file {ca}/ca.pem", gateway.address);
        let lines = [
            (format!("check good.pem {server}"), of_check),
            (
                format!("send good.pem --token {token} --alert x {server}"),
                of_send,
            ),
        ];
        for (line, next) in lines {
            let (_, shown, _) = pushcert(folder.path(), &line);
            let last = shown.lines().last().unwrap();
            assert!(last.ends_with(next), "{flags} {line}: {shown}");
        }
    }
}

#[test]
fn flags_that_make_no_sense_are_wrong_usage() {
    let folder = place();
    let zero = "0".repeat(64);
    for (flags, error) in [
        (
            format!("--token {zero}"),
            format!(
                "error: invalid value '{zero}' for '--token <HEX[=REASON]>': the all-zero token is no device's\n"
            ),
        ),
        (
            "--answer Nonsense".to_string(),
            "error: invalid value 'Nonsense' for '--answer <REASON>'\n".to_string(),
        ),
        (
            "--lenient --no-client-auth".to_string(),
            "error: the argument '--lenient' cannot be used with '--no-client-auth'\n".to_string(),
        ),
    ] {
        let line = format!("lab gateway --listen 127.0.0.1:0 {flags}");
        let (code, _, said) = pushcert(folder.path(), &line);
        assert_eq!(code, 64, "{flags}");
        assert!(said.starts_with(&error), "{said}");
    }
}

/// The page for other projects, as it is in the repository.
fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lab-gateway.md");
    std::fs::read_to_string(page).unwrap()
}

#[test]
fn the_page_for_other_projects_starts_a_gateway() {
    let folder = TempDir::new().unwrap();
    let page = page();
    let (_, after) = page.split_once("```console\n").unwrap();
    let (block, _) = after.split_once("```").unwrap();
    let lines: Vec<&str> = block
        .lines()
        .map(|line| line.strip_prefix("$ pushcert ").unwrap())
        .collect();
    let (serve, before) = lines.split_last().unwrap();
    for line in before {
        let (code, _, error) = pushcert(folder.path(), line);
        assert_eq!(code, 0, "{line}: {error}");
    }
    assert_eq!(*serve, "lab gateway --listen 127.0.0.1:0 > events.jsonl &");
    let (code, verdict, ..) = check(folder.path(), "ck.pem", "");
    assert_eq!((code, verdict.as_str()), (0, "accepted"));
}

#[test]
fn the_page_for_other_projects_names_every_flag() {
    let folder = TempDir::new().unwrap();
    let (_, help, _) = pushcert(folder.path(), "lab gateway --help");
    let (own, _) = help.split_once("Common options:").unwrap();
    let flags: Vec<&str> = own
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .collect();
    assert_eq!(flags.len(), 14, "{flags:?}");
    let page = page();
    let missing: Vec<&&str> = flags
        .iter()
        .filter(|flag| !["--lab", "--help"].contains(flag) && !page.contains(**flag))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
