//! Which passphrases a command tries, and in which order.

use pushcert::cli::passphrase::{Passphrases, Source};
use pushcert::secret::Passphrase;
use std::ffi::OsString;

fn sources(texts: &[&str]) -> Vec<Source> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn shown(passphrases: Vec<Passphrase>) -> Vec<String> {
    let text = |one: &Passphrase| String::from_utf8(one.expose_secret().to_vec()).unwrap();
    passphrases.iter().map(text).collect()
}

fn environment(name: &str) -> Option<OsString> {
    match name {
        "PUSHCERT_PASSIN" => Some("env:MINE".into()),
        "PUSHCERT_PASSOUT" => Some("env:EMPTY".into()),
        "MINE" => Some("mine".into()),
        "EMPTY" => Some("".into()),
        "PEM_P12_PASSWORD" => Some("fastlane".into()),
        "APN_CERTIFICATE_PASSPHRASE" => Some("houston".into()),
        _ => None,
    }
}

#[test]
fn the_syntax_of_sources() {
    assert_eq!(
        sources(&[
            "prompt", "stdin", "env:A", "file:a:b", "fd:3", "pass:", "pass:a:b"
        ]),
        [
            Source::Prompt,
            Source::Stdin,
            Source::Env("A".to_owned()),
            Source::File("a:b".into()),
            Source::Fd(3),
            Source::Pass(Passphrase::empty()),
            Source::Pass(Passphrase::new(b"a:b".to_vec()).unwrap()),
        ]
    );
    for wrong in [
        "", "secret", "env:", "env:A=B", "file:", "fd:", "fd:-1", "fd:+1", "stdin:", "prompt:x",
    ] {
        let error = wrong.parse::<Source>().unwrap_err();
        assert_eq!(error.id(), "usage", "{wrong}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn flags_win_over_the_environment() {
    let flags = sources(&["pass:a", "pass:b"]);
    let mut passphrases = Passphrases::new(flags, None, true, environment);
    assert_eq!(shown(passphrases.candidates().unwrap()), ["a", "b"]);
    assert_eq!(
        passphrases.warnings(),
        ["pass: shows the passphrase to everyone who can run ps"]
    );
    assert!(passphrases.ask_in("x.p12").unwrap().is_none());
}

#[test]
fn the_environment_in_its_order() {
    let mut passphrases = Passphrases::new(Vec::new(), None, true, environment);
    let expected = ["mine", "fastlane", "houston"];
    assert_eq!(shown(passphrases.candidates().unwrap()), expected);
    assert!(passphrases.warnings().is_empty());
    let mut none = Passphrases::new(Vec::new(), None, true, |_| None);
    assert!(none.candidates().unwrap().is_empty());
    assert!(none.passout().unwrap().is_none());
    assert!(none.ask_new("the new key").unwrap().is_none());
}

#[test]
fn an_empty_passout_is_wrong_usage() {
    let empty = "an empty --passout: plain is said with --no-passphrase";
    let mut variable = Passphrases::new(Vec::new(), None, true, environment);
    assert_eq!(variable.passout().unwrap_err().to_string(), empty);
    let flag = Some("pass:".parse().unwrap());
    let mut flag = Passphrases::new(Vec::new(), flag, true, |_| None);
    assert_eq!(flag.passout().unwrap_err().to_string(), empty);
    let prompt = Some(Source::Prompt);
    let mut prompt = Passphrases::new(Vec::new(), prompt, true, |_| None);
    assert_eq!(prompt.passout().unwrap_err().id(), "usage");
    let good = Some("pass:x".parse().unwrap());
    let mut good = Passphrases::new(Vec::new(), good, true, environment);
    let chosen = good.passout().unwrap().unwrap();
    assert_eq!(chosen.expose_secret(), b"x");
}

#[test]
fn what_is_not_there_is_named() {
    let flags = sources(&["fd:987"]);
    let mut passphrases = Passphrases::new(flags, None, true, environment);
    let error = passphrases.candidates().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot be read: file descriptor 987 is not open"
    );
    let flags = sources(&["env:NOT_THERE"]);
    let mut passphrases = Passphrases::new(flags, None, true, environment);
    let error = passphrases.candidates().unwrap_err();
    assert_eq!(
        error.to_string(),
        "env:NOT_THERE: there is no such variable"
    );
}
