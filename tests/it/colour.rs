//! When there is colour: on a terminal or where it is asked for, on the words of people, and never in what a machine reads.

use crate::prompts::{Terminal, ending};
use std::process::Command;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const PAINTED: &str = "\x1b[31mcritical\x1b[0m   1 of 1 certificate needs action\n";
const PLAIN: &str = "critical   1 of 1 certificate needs action\n";

/// What a command prints into pipes: stdout and stderr.
fn printed(line: &str, environment: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushcert"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    let output = command
        .args(line.split(' '))
        .envs(environment.iter().copied())
        .env("CI", "true")
        .env_remove("GITHUB_ACTIONS")
        .current_dir(FIXTURES)
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn first_line(text: &str) -> &str {
    text.split_inclusive('\n').next().unwrap_or_default()
}

#[test]
fn a_state_has_its_colour_where_that_is_asked_for() {
    let force = &[("CLICOLOR_FORCE", "1")][..];
    let none = &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")][..];
    for (flag, environment, wanted) in [
        ("", &[][..], PLAIN),
        (" --color auto", &[], PLAIN),
        (" --color always", &[], PAINTED),
        (" --color=always", none, PAINTED),
        ("", force, PAINTED),
        ("", none, PLAIN),
        (" --color never", force, PLAIN),
    ] {
        let (stdout, _) = printed(&format!("expiry expired.cer{flag}"), environment);
        assert_eq!(first_line(&stdout), wanted, "{flag} {environment:?}");
        assert_eq!(stdout.contains('\x1b'), wanted == PAINTED, "{stdout:?}");
    }
    let (stdout, _) = printed("inspect aps.cer --color always", &[]);
    let line = "  \x1b[33mwarning\x1b[0m    issuer-unknown: its issuer is none of Apple's\n";
    assert!(stdout.contains(line), "{stdout:?}");
}

#[test]
fn errors_and_hints_have_theirs() {
    let (_, stderr) = printed("merge nowhere -o out.pem --color always", &[]);
    let painted = "\x1b[31merror:\x1b[0m nowhere: no such file or folder\n\
                   \x1b[36mhint:\x1b[0m pushcert inspect .    (shows what is in this folder)\n";
    assert_eq!(stderr, painted);
    let plain = "error: nowhere: no such file or folder\n\
                 hint: pushcert inspect .    (shows what is in this folder)\n";
    for flag in ["", " --color never"] {
        let (_, stderr) = printed(&format!("merge nowhere -o out.pem{flag}"), &[]);
        assert_eq!(stderr, plain);
    }
}

#[test]
fn help_and_wrong_usage_follow_the_flag_wherever_it_stands() {
    for line in ["check --color WHEN --help", "check --help --color=WHEN"] {
        let force = &[("CLICOLOR_FORCE", "1")];
        let (always, _) = printed(&line.replace("WHEN", "always"), &[]);
        assert!(always.contains("\x1b[1mpushcert check\x1b[0m"), "{line}");
        let (never, _) = printed(&line.replace("WHEN", "never"), force);
        assert!(never.contains("Usage: pushcert check ") && !never.contains('\x1b'));
    }
    for line in ["check --color WHEN --bogus", "check --bogus --color=WHEN"] {
        let (_, always) = printed(&line.replace("WHEN", "always"), &[]);
        assert!(
            always.starts_with("\x1b[1m\x1b[31merror:\x1b[0m "),
            "{line}"
        );
        let (_, never) = printed(&line.replace("WHEN", "never"), &[("CLICOLOR_FORCE", "1")]);
        assert!(never.starts_with("error: ") && !never.contains('\x1b'));
    }
}

#[test]
fn what_a_machine_reads_has_none() {
    for format in [
        "json",
        "csv",
        "prometheus",
        "junit",
        "sarif",
        "github",
        "nagios",
        "ics",
        "html",
    ] {
        let line = format!("expiry expired.cer aps.cer --color always --format {format}");
        let (stdout, _) = printed(&line, &[]);
        assert!(stdout.len() > 80 && !stdout.contains('\x1b'), "{stdout:?}");
    }
    for command in ["inspect", "expiry", "check --offline"] {
        let (stdout, _) = printed(&format!("{command} expired.cer --json --color always"), &[]);
        assert!(
            stdout.starts_with('{') && !stdout.contains('\x1b'),
            "{stdout:?}"
        );
    }
    let place = tempfile::TempDir::new().unwrap();
    let report = place.path().join("report.txt");
    let line = format!("expiry expired.cer --color always -o {}", report.display());
    assert_eq!(printed(&line, &[]).0, "");
    let report = std::fs::read_to_string(report).unwrap();
    assert_eq!(first_line(&report), PLAIN);
    assert!(!report.contains('\x1b'), "{report:?}");
}

#[test]
fn a_terminal_shows_it_by_itself() {
    let place = tempfile::TempDir::new().unwrap();
    for (set, painted) in [("env -u NO_COLOR", true), ("env NO_COLOR=1", false)] {
        let line = format!("{set} pushcert expiry {FIXTURES}/expired.cer");
        let screen = Terminal::run(place.path(), &line).end();
        assert_eq!(ending(&screen)[0], "2]", "{screen}");
        let first = if painted { PAINTED } else { PLAIN };
        assert!(screen.starts_with(first.trim_end()), "{screen:?}");
    }
}
