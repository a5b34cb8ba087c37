//! What all commands share: wrong usage, help, failures, what is said of paths and modes.

use super::*;

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
