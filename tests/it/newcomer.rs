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
    gateway.wait_for(" --ca-file lab/ca.pem    (in another terminal; Ctrl-C ends this one)");
    gateway.press("\x03");
    assert!(gateway.end().contains("[exit 0]"));
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
    let name = "Apple Development IOS Push Services: com.example.app";
    let fact = format!("RSA-2048, {spki}, its private key is here (\"{name}\")");
    assert_eq!(rows(&pkcs12, "key"), [fact]);
}
