//! What brings the version before back: `rotate rollback`, a hook that fails, a file that is not what was written.

use super::Place;

#[test]
fn a_rollback_brings_the_version_before_back_and_once_more_undoes_that() {
    let place = Place::started();
    let old = place.read("ck.pem");
    place.ok("rotate finish ck.pem new.cer --no-check");
    let new = place.read("ck.pem");
    let ran = place.hooked("rotate rollback ck.pem", "echo $PUSHCERT_EVENT > seen");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .starts_with("brought back ck.pem   com.example.app, sandbox, until ")
    );
    assert!(
        ran.stderr
            .ends_with("\n      2  pushcert rotate rollback ck.pem    (undoes this)\n")
    );
    assert_eq!(
        (place.read("ck.pem"), place.text("seen")),
        (old.clone(), "rollback\n".to_string())
    );
    place.ok("rotate rollback ck.pem");
    assert_eq!(place.read("ck.pem"), new);
    place.ok("rotate rollback ck.pem --to 3");
    assert_eq!(place.read("ck.pem"), old);
    assert_eq!(place.state()["versions"].as_array().unwrap().len(), 1);
}

#[test]
fn without_a_version_before_there_is_nothing_to_bring_back() {
    let place = Place::new();
    let ran = place.run("rotate rollback ck.pem --json");
    assert_eq!(
        (ran.code, ran.ids()),
        (2, vec!["no-previous-version".to_string()])
    );
}

#[test]
fn a_rollback_needs_no_readable_live_file() {
    let place = Place::started();
    let old = place.read("ck.pem");
    place.ok("rotate finish ck.pem new.cer --no-check");
    place.write("ck.pem", "an editor was here");
    place.ok("rotate rollback ck.pem");
    assert_eq!(place.read("ck.pem"), old);
}

#[test]
fn a_kept_version_that_was_changed_does_not_come_back() {
    let place = Place::started();
    place.ok("rotate finish ck.pem new.cer --no-check");
    let new = place.read("ck.pem");
    place.write(".pushcert/ck.pem/0001.live", "changed");
    let ran = place.run("rotate rollback ck.pem --json");
    assert_eq!((ran.code, ran.ids()), (3, vec!["damaged".to_string()]));
    assert_eq!(place.read("ck.pem"), new);
}

#[test]
fn a_hook_that_fails_brings_the_old_file_back_and_runs_again() {
    let place = Place::started();
    let old = place.read("ck.pem");
    let hook = "echo $PUSHCERT_EVENT $PUSHCERT_NEW_SHA256 >> seen; test $PUSHCERT_EVENT = rollback";
    let ran = place.hooked("rotate finish ck.pem new.cer --no-check --json", hook);
    assert_eq!((ran.code, ran.ids()), (2, vec!["hook-failed".to_string()]));
    assert_eq!(
        ran.json()["findings"][0]["message"],
        "the hook ended with 1; the version before is back, and the hook, run again for that, ended with 0"
    );
    assert_eq!(place.read("ck.pem"), old);
    let seen: Vec<String> = place.text("seen").lines().map(str::to_string).collect();
    let digest = |name: &str| {
        let output = openssl::sha::sha256(&place.read(name));
        output
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        seen,
        [
            format!("finish {}", digest("new.cer")),
            format!("rollback {}", digest("old.cer"))
        ]
    );
    let state = place.state();
    assert!(state["swap"].is_null() && !state["pending"].is_null());
    assert_eq!(state["versions"], serde_json::json!([]));
    place.ok("rotate finish ck.pem new.cer --no-check");
}

#[test]
fn a_hook_that_spoils_the_file_is_found_out() {
    for spoil in ["echo junk > ck.pem", "rm ck.pem"] {
        let place = Place::started();
        let old = place.read("ck.pem");
        let ran = place.hooked("rotate finish ck.pem new.cer --no-check --json", spoil);
        assert_eq!(ran.code, 2, "{spoil}");
        assert_eq!(ran.ids(), ["post-check-failed"], "{spoil}");
        // The hook ran once more after that, for the rollback.
        assert_ne!(
            place.path("ck.pem").exists().then(|| place.read("ck.pem")),
            Some(old),
            "{spoil}"
        );
    }
    let place = Place::started();
    let old = place.read("ck.pem");
    let once = "test $PUSHCERT_EVENT = rollback || echo junk > ck.pem";
    let ran = place.hooked("rotate finish ck.pem new.cer --no-check", once);
    assert_eq!(ran.code, 2);
    assert_eq!(place.read("ck.pem"), old);
}

#[test]
fn a_hook_that_does_not_end_is_ended() {
    let place = Place::started();
    let old = place.read("ck.pem");
    let hook = "test $PUSHCERT_EVENT = rollback && exit 0; echo working; sleep 600";
    let ran = place.hooked(
        "rotate finish ck.pem new.cer --no-check --hook-timeout 100ms",
        hook,
    );
    assert_eq!(ran.code, 2);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "hook  working",
            "error: ck.pem: the hook did not end within 100ms; the version before is back, and the hook, run again for that, ended with 0",
        ]
    );
    assert_eq!(place.read("ck.pem"), old);
}

#[test]
fn a_hook_that_is_not_there_is_found_out_before_anything_is_touched() {
    let place = Place::started();
    let before = place.everything();
    let ran = place.run("rotate finish ck.pem new.cer --no-check --json -- no-such-program");
    assert_eq!((ran.code, ran.ids()), (3, vec!["not-found".to_string()]));
    assert_eq!(place.everything(), before);
}

#[test]
fn quiet_hides_what_a_hook_says_unless_it_fails() {
    let place = Place::started();
    let failing = place.hooked(
        "rotate finish ck.pem new.cer --no-check -q",
        "echo said; test $PUSHCERT_EVENT = rollback",
    );
    assert!(
        failing.stderr.starts_with("hook  said\nerror: "),
        "{}",
        failing.stderr
    );
    let good = place.hooked("rotate finish ck.pem new.cer --no-check -q", "echo said");
    assert_eq!((good.code, good.stderr.as_str()), (0, ""));
}

#[test]
fn a_failing_hook_undoes_a_rollback_too() {
    let place = Place::started();
    place.ok("rotate finish ck.pem new.cer --no-check");
    let new = place.read("ck.pem");
    let ran = place.hooked("rotate rollback ck.pem --json", "exit 3");
    assert_eq!((ran.code, ran.ids()), (2, vec!["hook-failed".to_string()]));
    assert_eq!(place.read("ck.pem"), new);
    assert_eq!(place.state()["versions"][0]["number"], 1);
    place.ok("rotate rollback ck.pem");
}

#[test]
fn after_a_rollback_the_same_finish_finds_its_key_again() {
    let place = Place::started();
    place.ok("rotate finish ck.pem new.cer --no-check");
    let new = place.read("ck.pem");
    place.ok("rotate rollback ck.pem");
    place.ok("rotate finish ck.pem new.cer --no-check");
    assert_eq!(place.read("ck.pem"), new);
}
