//! What is on the disk before what, read off a trace of the calls: the kept version and what is written down of the swap before
//! the live file, that before the swap is ended. Then what a power cut leaves of it.

use super::faults::{self, Scenario, optional};
use std::path::Path;

/// The steps of a command. What is synced with no name in between is in one line: its order is the system's own matter.
fn steps(scenario: &Scenario) -> Vec<String> {
    steps_to(0, scenario)
}

/// The same of one that ends with this code.
fn steps_to(code: i32, scenario: &Scenario) -> Vec<String> {
    let place = scenario.place.copy();
    let calls = optional(&[
        "fsync",
        "fdatasync",
        "rename",
        "renameat",
        "renameat2",
        "symlink",
        "symlinkat",
    ]);
    let ran = scenario.strace(
        &place,
        &["-y", "-o", "trace", "-e", &format!("trace={calls}")],
    );
    assert_eq!(ran.status.code(), Some(code));
    let root = place.0.path().canonicalize().unwrap();
    let mut steps: Vec<Vec<String>> = vec![Vec::new()];
    for line in place.text("trace").lines() {
        let Some((verb, path)) = call(line) else {
            continue;
        };
        assert!(line.ends_with("= 0"), "{line}");
        let step = format!("{verb} {}", shown(&path, &root));
        match verb {
            "name" => steps.extend([vec![step], Vec::new()]),
            _ => steps.last_mut().unwrap().push(step),
        }
    }
    steps.retain(|together| !together.is_empty());
    let joined = |mut together: Vec<String>| {
        together.sort();
        let mut counted: Vec<String> = Vec::new();
        for same in together.chunk_by(|a, b| a == b) {
            counted.push(match same.len() {
                1 => same[0].clone(),
                several => format!("{several} x {}", same[0]),
            });
        }
        counted.join(" + ")
    };
    steps.into_iter().map(joined).collect()
}

/// `fsync(6</folder/.pushcert-abc>) = 0` as a sync of that, a rename as a name with what it makes.
fn call(line: &str) -> Option<(&'static str, String)> {
    let (call, rest) = line.split_once('(')?;
    Some(match call.contains("sync") {
        true => (
            "sync",
            rest.split_once('<')?.1.split_once('>')?.0.to_string(),
        ),
        false => ("name", rest.rsplit('"').nth(1)?.to_string()),
    })
}

/// As seen from the folder of the test, hidden names as one.
fn shown(path: &str, root: &Path) -> String {
    let path = path
        .strip_prefix(&format!("{}/", root.display()))
        .unwrap_or(path);
    let path = if Path::new(path) == root { "." } else { path };
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = match name.starts_with(".pushcert-") {
        true => "HIDDEN",
        false => name,
    };
    match folder {
        "" => name.to_string(),
        folder => format!("{folder}/{name}"),
    }
}

#[test]
fn a_start_lasts_before_its_request_is_seen() {
    assert_eq!(
        steps(&faults::start()),
        [
            "sync . + sync .pushcert + 3 x sync .pushcert/ck.pem/HIDDEN",
            "name .pushcert/ck.pem/pending.key.pem",
            "name .pushcert/ck.pem/pending.certSigningRequest",
            "name .pushcert/ck.pem/state.json",
            "sync .pushcert/ck.pem + sync HIDDEN",
            "name ck.certSigningRequest",
        ]
    );
}

#[test]
fn a_finish_waits_twice_for_the_disk() {
    assert_eq!(
        steps(&faults::finish()),
        [
            "sync .pushcert/ck.pem + sync .pushcert/ck.pem/0001.live + sync .pushcert/ck.pem/0001.swap + sync .pushcert/ck.pem/HIDDEN + sync HIDDEN",
            "name ck.pem",
            "sync .",
            "name .pushcert/ck.pem/state.json",
        ]
    );
}

#[test]
fn what_is_put_back_after_a_failed_hook_is_on_the_disk_before_it_has_its_name() {
    let mut undone = faults::finish();
    undone.line = "rotate finish ck.pem new.cer --no-check -- false";
    let steps = steps_to(2, &undone);
    let after_the_swap = steps.iter().skip_while(|step| *step != "name ck.pem");
    assert_eq!(
        after_the_swap.collect::<Vec<_>>(),
        [
            "name ck.pem",
            "sync . + sync HIDDEN",
            "name ck.pem",
            "sync . + sync .pushcert/ck.pem/HIDDEN",
            "name .pushcert/ck.pem/state.json",
        ]
    );
}

#[test]
fn a_rollback_is_ordered_as_a_finish() {
    assert_eq!(
        steps(&faults::rollback()),
        [
            "sync .pushcert/ck.pem + sync .pushcert/ck.pem/0002.live + sync .pushcert/ck.pem/0002.swap + sync .pushcert/ck.pem/HIDDEN + sync HIDDEN",
            "name ck.pem",
            "sync .",
            "name .pushcert/ck.pem/state.json",
        ]
    );
}

#[test]
fn both_files_of_a_pair_come_after_the_record() {
    assert_eq!(
        steps(&faults::split()),
        [
            "sync tls/.pushcert/cert.pem + sync tls/.pushcert/cert.pem/0001.key + sync tls/.pushcert/cert.pem/0001.live + sync tls/.pushcert/cert.pem/0001.swap + sync tls/.pushcert/cert.pem/HIDDEN + 2 x sync tls/HIDDEN",
            "name tls/cert.pem",
            "name tls/key.pem",
            "sync tls",
            "name tls/.pushcert/cert.pem/state.json",
        ]
    );
}

#[test]
fn the_folder_of_a_pair_lasts_before_the_link_leads_to_it() {
    assert_eq!(
        steps(&faults::linked()),
        [
            "sync .pushcert/current/cert.pem + sync .pushcert/current/cert.pem/0001.key + sync .pushcert/current/cert.pem/0001.live + sync .pushcert/current/cert.pem/0001.swap + sync .pushcert/current/cert.pem/HIDDEN + 3 x sync current-0001/HIDDEN",
            "name ./current-0001/cert.pem",
            "name ./current-0001/key.pem",
            "name ./current-0001/notes",
            "sync . + sync current-0001",
            "name ./HIDDEN",
            "name current",
            "sync .",
            "name .pushcert/current/cert.pem/state.json",
        ]
    );
}

/// What was written down of a finish that ended.
fn written() -> (faults::Scenario, Vec<u8>) {
    let scenario = faults::finish();
    let done = scenario.place.copy();
    done.ok(scenario.line);
    let written = done.read(".pushcert/ck.pem/0001.swap");
    (scenario, written)
}

#[test]
fn what_was_written_down_in_part_is_of_a_swap_that_was_not_made() {
    let (scenario, written) = written();
    let mut zeros = written.clone();
    zeros[200..].fill(0);
    let mut stale = written.clone();
    stale[300] ^= 1;
    let cut = |length: usize| written[..length].to_vec();
    for part in [
        cut(0),
        cut(10),
        cut(65),
        cut(written.len() - 1),
        zeros,
        stale,
    ] {
        let place = scenario.place.copy();
        place.write(".pushcert/ck.pem/0001.swap", &part);
        place.write(".pushcert/ck.pem/0001.live", b"");
        let status = place.run("rotate status ck.pem --json");
        assert!(status.json()["state"]["unfinished"].is_null());
        place.ok(scenario.line);
        let kept = place.read(".pushcert/ck.pem/0001.live");
        assert_eq!(kept, scenario.place.read("ck.pem"));
        assert_ne!(kept, place.read("ck.pem"));
    }
}

#[test]
fn a_success_whose_end_was_not_on_the_disk_is_ended_again() {
    let (scenario, _) = written();
    let place = scenario.place.copy();
    let before = place.read(".pushcert/ck.pem/state.json");
    place.ok(scenario.line);
    let new = place.read("ck.pem");
    place.write(".pushcert/ck.pem/state.json", &before);
    let status = place.run("rotate status ck.pem --json");
    assert_eq!(status.code, 2);
    assert_eq!(status.json()["state"]["unfinished"]["stage"], "swapped");
    let back = place.copy();
    let ran = place.hooked(scenario.line, "echo $PUSHCERT_EVENT >> events");
    assert_eq!((ran.code, place.text("events").as_str()), (0, "finish\n"));
    assert_eq!(place.read("ck.pem"), new);
    back.ok("rotate rollback ck.pem");
    assert_eq!(back.read("ck.pem"), scenario.place.read("ck.pem"));
}
