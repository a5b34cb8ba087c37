//! What a newcomer reads after each step, word for word: the first line, the names of files, the next thing to type.

use crate::prompts::Terminal;
use assert_cmd::cargo::cargo_bin_cmd;
use std::path::Path;
use tempfile::TempDir;

/// Exit code, stdout and stderr of a command in this folder, without a terminal.
fn run(folder: &Path, line: &str, stdin: &[u8]) -> (i32, String, String) {
    let mut command = cargo_bin_cmd!("pushcert");
    for name in ["PUSHCERT_PASSIN", "PUSHCERT_PASSOUT", "PEM_P12_PASSWORD"] {
        command.env_remove(name);
    }
    command.current_dir(folder).args(line.split(' '));
    let output = command.write_stdin(stdin).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name),
    )
    .unwrap()
}

/// A folder with these fixtures.
fn with(fixtures: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in fixtures {
        std::fs::write(folder.path().join(name), fixture(name)).unwrap();
    }
    folder
}

#[test]
fn the_way_through_a_lab_names_each_next_step() {
    let folder = with(&["push.csr"]);
    let place = folder.path();
    std::fs::write(place.join("PushKey.pem"), fixture("push.key.pem")).unwrap();
    let (code, _, said) = run(place, "lab init", b"");
    assert_eq!(code, 0);
    assert_eq!(
        said,
        "wrote lab   a stand-in CA and gateway certificate\n\n\
         next  1  pushcert csr\n      \
         2  pushcert lab issue CertificateSigningRequest.certSigningRequest --topic com.example.app\n      \
         3  pushcert lab gateway\n"
    );
    let (code, _, said) = run(place, "lab issue push.csr --topic com.example.app", b"");
    assert_eq!(code, 0);
    assert_eq!(
        said,
        "wrote aps_development.cer   a certificate of the lab's for com.example.app\n\n\
         next  pushcert merge aps_development.cer PushKey.pem -o ck.pem    (with the key of the request)\n"
    );
    let (code, _, said) = run(
        place,
        "merge aps_development.cer PushKey.pem -o ck.pem",
        b"",
    );
    assert_eq!(code, 0);
    let next = said.split_once("\n\n").unwrap().1;
    assert_eq!(
        next,
        "next  1  pushcert lab gateway    (its issuer has the name of a lab's)\n      \
         2  pushcert check ck.pem --gateway localhost:2195 --ca-file lab/ca.pem\n"
    );
    let mut gateway = Terminal::run(place, "pushcert lab gateway --listen 127.0.0.1:0");
    gateway.wait_for("next  pushcert check ck.pem --gateway 127.0.0.1:");
    gateway.wait_for("--ca-file lab/ca.pem");
    gateway.press("\x03");
    assert!(gateway.end().contains("[exit 0]"));
}

/// Two of its steps wait for a silence, so that it takes over a second anywhere.
#[test]
fn a_rehearsal_counts_its_steps_on_a_terminal_and_leaves_no_line() {
    let folder = TempDir::new().unwrap();
    let mut terminal = Terminal::run(folder.path(), "pushcert lab rehearse");
    terminal.wait_for(" of 9 steps");
    terminal.wait_for(
        "\r\u{1b}[Kok   every step from an empty folder to a proven ck.pem was verified\r\n",
    );
    assert!(terminal.end().contains("[exit 0]"));
    let screen = Terminal::run(folder.path(), "pushcert lab rehearse -q").end();
    assert!(!screen.contains('\u{1b}'), "{screen:?}");
}

#[test]
fn a_lab_that_is_there_is_kept_and_what_it_is_good_for_is_said() {
    let folder = TempDir::new().unwrap();
    assert_eq!(run(folder.path(), "lab init --lab other", b"").0, 0);
    let before = std::fs::read(folder.path().join("other/ca.pem")).unwrap();
    let (code, stdout, said) = run(folder.path(), "lab init --lab other", b"");
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert_eq!(
        said,
        "error: other/ca.pem exists; nothing is overwritten without --force\n\
         hint: pushcert lab issue CSR --topic com.example.app --lab other    \
         (uses the lab that is there; --force makes a new one, which takes none of the old one's certificates)\n"
    );
    assert_eq!(
        std::fs::read(folder.path().join("other/ca.pem")).unwrap(),
        before
    );
}

#[test]
fn what_comes_on_stdin_is_called_so_and_stays_a_dash_to_type() {
    let folder = TempDir::new().unwrap();
    let place = folder.path();
    let (code, _, said) = run(place, "convert -", &fixture("testPush.p12"));
    assert_eq!(code, 3);
    assert!(
        said.starts_with("error: stdin: locked, and no passphrase was given\n"),
        "{said}"
    );
    let (code, stdout, _) = run(place, "inspect -", &fixture("glued.pem"));
    assert_eq!(code, 0);
    assert!(
        stdout.starts_with("stdin   com.example.app, sandbox, "),
        "{stdout}"
    );
    let next = stdout.lines().last().unwrap();
    assert_eq!(next, "  next       pushcert convert - -o clean.pem");
    let (code, stdout, _) = run(place, "inspect - --json", b"nothing of ours");
    assert_eq!(code, 3);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["files"][0]["path"], "-");
    let (code, stdout, _) = run(place, "inspect -", b"nothing of ours");
    assert_eq!(code, 3);
    let first = stdout.lines().next().unwrap();
    let said = "stdin   not read: text without PEM blocks, not a certificate, key or request";
    assert_eq!(first, said);
    // A rotation needs a place, which stdin is not.
    let line = "check - --offline --at 2046-01-01";
    let (code, stdout, _) = run(place, line, &fixture("ck.pem"));
    assert_eq!(code, 2);
    assert!(stdout.contains("\n  file       stdin\n"), "{stdout}");
    let next = stdout.lines().last().unwrap();
    assert!(
        next.starts_with("next  pushcert csr --out-key NewKey.pem "),
        "{next}"
    );
}

/// The rows of a text that begin with this word.
fn rows<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let lines = text.lines().map(str::trim_start);
    let facts = lines.filter_map(|line| line.strip_prefix(word)?.strip_prefix("  "));
    facts.map(str::trim_start).collect()
}

#[test]
fn a_key_is_told_once_with_its_certificate_or_by_itself() {
    let folder = with(&["ck.pem", "aps.cer", "push.encrypted.pem", "testPush.p12"]);
    let place = folder.path();
    let spki = "SPKI 5cd81758…";
    let (_, whole, _) = run(place, "inspect ck.pem", b"");
    let fact = format!("RSA-2048, {spki}, its private key is here");
    assert_eq!(rows(&whole, "key"), [fact]);
    let pair = "inspect aps.cer push.encrypted.pem --passin pass:hello123";
    let (_, both, _) = run(place, pair, b"");
    assert_eq!(
        rows(&both, "key"),
        [
            format!("RSA-2048, {spki}, its private key is in push.encrypted.pem"),
            format!("RSA-2048, encrypted, {spki}, fits aps.cer"),
        ]
    );
    let (_, alone, _) = run(place, "inspect aps.cer", b"");
    assert_eq!(rows(&alone, "key"), [format!("RSA-2048, {spki}")]);
    let (_, pkcs12, _) = run(place, "inspect testPush.p12 --passin pass:hello123", b"");
    // Its friendly name is the certificate's name, which stands above.
    let fact = format!("RSA-2048, {spki}, its private key is here");
    assert_eq!(rows(&pkcs12, "key"), [fact]);
}

/// The last lines of what a command says, from its hint or next step on.
fn ends(folder: &Path, line: &str) -> (i32, String) {
    let (code, stdout, stderr) = run(folder, line, b"");
    let all = stdout + &stderr;
    let last = all.lines().last().unwrap_or_default();
    (code, last.trim_start().to_string())
}

#[test]
fn every_failure_ends_with_the_next_thing_to_type() {
    let all = [
        "aps.cer",
        "ck.pem",
        "expired.cer",
        "glued.pem",
        "ios_development.cer",
        "push.csr",
        "push.key.pem",
    ];
    let folder = with(&all);
    let place = folder.path();
    run(place, "lab init", b"");
    std::fs::create_dir(place.join("empty")).unwrap();
    for name in ["glued.pem", "push.key.pem"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(place.join(name), mode).unwrap();
    }
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(place.join("ck.pem"), mode).unwrap();
    for (line, code, last) in [
        (
            "check glued.pem --offline",
            1,
            "next  pushcert convert glued.pem -o clean.pem",
        ),
        ("check ck.pem --offline", 1, "next  chmod 600 ck.pem"),
        (
            "check ck.pem --offline --env production",
            2,
            "next  pushcert explain wrong-environment",
        ),
        (
            "check ios_development.cer --offline",
            2,
            "next  pushcert explain not-a-push-certificate",
        ),
        (
            "check push.key.pem --offline",
            3,
            "hint: pushcert inspect push.key.pem    (shows what it holds)",
        ),
        (
            "check ck.pem --topic other --offline",
            3,
            "hint: pushcert inspect ck.pem    (shows what it holds)",
        ),
        (
            "check ck.pem --gateway 127.0.0.1:1",
            3,
            "next  pushcert check ck.pem --offline    (what can be told without a gateway)",
        ),
        (
            "inspect empty",
            3,
            "hint: pushcert inspect FILE says of a file named by itself what it is",
        ),
        (
            "merge ck.pem --env production -o a.pem",
            2,
            "hint: pushcert inspect ck.pem    (shows its topics, environments and SHA-256)",
        ),
        ("merge ck.pem -o none/a.pem", 3, "hint: mkdir -p none"),
        (
            "merge expired.cer push.key.pem -o old.pem",
            0,
            "next  pushcert rotate start old.pem",
        ),
        (
            "convert aps.cer --only key -o key.pem",
            2,
            "hint: pushcert inspect DIR    (shows which file holds what)",
        ),
        (
            "convert aps.cer --to p12 -o a.p12 --passout file:push.csr",
            2,
            "hint: pushcert inspect DIR    (shows which file holds what)",
        ),
        (
            "convert aps.cer -o ck.pem",
            2,
            "hint: --force replaces it; -o NAME writes another file",
        ),
        (
            "lab issue push.key.pem --topic com.example.app",
            3,
            "hint: pushcert csr --key push.key.pem    (makes a request for this key)",
        ),
        (
            "lab gateway --listen 192.0.2.1:1",
            3,
            "hint: --listen 127.0.0.1:0 picks a free port",
        ),
        (
            "csr --no-passphrase --out-key one --out-csr one -o made",
            64,
            "error: --out-csr and --out-key name one file",
        ),
        (
            "csr --no-passphrase -o -",
            64,
            "error: csr writes files: -o, --out-csr and --out-key do not take -",
        ),
        (
            "csr --key aps.cer -o made",
            2,
            "error: aps.cer holds no private key",
        ),
    ] {
        assert_eq!(ends(place, line), (code, last.to_string()), "{line}");
    }
    assert!(!place.join("made").exists() && !place.join("-").exists());
}

#[test]
fn a_request_says_where_its_key_is_and_the_most_urgent_stands_first() {
    let folder = with(&[
        "push.csr",
        "push.key.pem",
        "expired.cer",
        "aps_development.cer",
    ]);
    let place = folder.path();
    let (_, text, _) = run(place, "inspect push.csr push.key.pem", b"");
    let fact = "RSA-2048, SPKI 5cd81758…, its private key is in push.key.pem";
    assert_eq!(rows(&text, "key")[0], fact);
    // Of two certificates in one file the same is said once.
    let both = ["expired.cer", "aps_development.cer"].map(|name| {
        let certificate = openssl::x509::X509::from_der(&fixture(name)).unwrap();
        certificate.to_pem().unwrap()
    });
    std::fs::write(place.join("both.pem"), both.concat()).unwrap();
    let (_, text, _) = run(place, "inspect both.pem", b"");
    let found: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start().split_once(": "))
        .map(|(row, _)| row)
        .filter(|row| !row.starts_with("subject"))
        .collect();
    assert_eq!(found, ["critical   expired", "warning    issuer-unknown"]);
    let (code, stdout, _) = run(place, "check aps_development.cer --offline", b"");
    assert_eq!(code, 2);
    assert!(stdout.starts_with("critical   com.example.app: no private key for it is here"));
}
