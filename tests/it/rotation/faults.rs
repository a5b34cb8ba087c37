//! Killed, or refused by the system, at every system call that changes something: afterwards the live files are whole, `status`
//! tells the truth, and the same command again ends what was begun. `strace` does the killing.

use super::Place;
use assert_cmd::cargo::cargo_bin;
use openssl::pkey::PKey;
use openssl::x509::X509Req;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Every system call by which something on the disk changes, under whatever name the platform has it.
const CALLS: [&str; 27] = [
    "mkdir",
    "mkdirat",
    "open",
    "openat",
    "flock",
    "write",
    "writev",
    "pwrite64",
    "ftruncate",
    "fsync",
    "fdatasync",
    "fchmod",
    "fchown",
    "fsetxattr",
    "fremovexattr",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "chmod",
    "fchmodat",
];

/// A command over a place, with what stands there before and after.
pub(super) struct Scenario {
    pub(super) place: Place,
    pub(super) line: &'static str,
    /// The live file, then that of its key.
    files: &'static [&'static str],
    store: &'static str,
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
}

impl Scenario {
    fn new(
        place: Place,
        line: &'static str,
        files: &'static [&'static str],
        store: &'static str,
    ) -> Scenario {
        let done = place.copy();
        done.ok(line);
        Scenario {
            before: contents(&place, files),
            after: contents(&done, files),
            place,
            line,
            files,
            store,
        }
    }

    /// Runs the command under strace.
    pub(super) fn strace(&self, place: &Place, flags: &[&str]) -> std::process::Output {
        Command::new("strace")
            .args(["-e", "signal=none"])
            .args(flags)
            .arg(cargo_bin("pushcert"))
            .args(self.line.split(' '))
            .current_dir(place.0.path())
            .env("CI", "true")
            .output()
            .expect("the tests need strace")
    }

    /// The names of the calls that it makes, and how many come before the first that touches the state's folder: those are the
    /// loader's, and change nothing.
    fn trace(&self) -> (Vec<String>, usize) {
        let place = self.place.copy();
        let ran = self.strace(
            &place,
            &["-o", "trace", "-e", &format!("trace={}", optional(&CALLS))],
        );
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        let trace = place.text("trace");
        let calls = trace.lines().filter(|line| !line.starts_with('+'));
        let name = |line: &str| line.split('(').next().unwrap().to_string();
        let first = trace
            .lines()
            .position(|line| line.starts_with("mkdir") && line.contains(".pushcert"));
        (calls.map(name).collect(), first.unwrap())
    }

    /// Does it in a new copy with the nth of one call being its last: strace counts each call by itself.
    fn kill(&self, call: &str, number: usize) {
        let place = self.place.copy();
        let fault = format!("inject={call}:signal=KILL:when={number}");
        let status = self
            .strace(&place, &["-o", "/dev/null", "-e", &fault])
            .status;
        let about = format!("{}: killed at {call} {number}", self.line);
        assert_eq!(status.signal(), Some(9), "{about}");
        self.assert_recovers(&place, &about);
    }

    /// Does it in a new copy with an error from the nth of one call.
    fn fail(&self, call: &str, error: &str, number: usize) {
        let place = self.place.copy();
        let fault = format!("inject={call}:error={error}:when={number}");
        let status = self
            .strace(&place, &["-o", "/dev/null", "-e", &fault])
            .status;
        let about = format!("{}: {error} from {call} {number}", self.line);
        let code = status.code().unwrap();
        assert!([0, 3].contains(&code), "{about}: {code}");
        let now = contents(&place, self.files);
        match code {
            0 => assert_eq!(now, self.after, "{about}"),
            _ => assert!(now == self.before || now == self.after, "{about}"),
        }
        self.assert_recovers(&place, &about);
    }

    /// What must hold after a fault; then the same command again, and what must hold after that.
    fn assert_recovers(&self, place: &Place, about: &str) {
        let now = contents(place, self.files);
        let known = |(position, file): (usize, &Vec<u8>)| {
            *file == self.before[position] || *file == self.after[position]
        };
        assert!(
            now.iter().enumerate().all(known),
            "{about}: a file is neither the old nor the new one"
        );
        let whole = now == self.before || now == self.after;
        assert!(whole || self.files.len() == 2, "{about}");
        let status_line = format!("rotate status {} --json", self.files[0]);
        let status = place.run(&status_line);
        let document: Value = serde_json::from_str(&status.stdout).unwrap();
        let unfinished = &document["state"]["unfinished"];
        if unfinished.is_null() {
            assert!(whole, "{about}: half of a pair, and nothing says so");
            assert_ne!(status.code, 2, "{about}: {}", status.stdout);
        } else {
            let stage = if !whole {
                "half-swapped"
            } else if now == self.before {
                "not-swapped"
            } else {
                "swapped"
            };
            assert_eq!(
                (status.code, &unfinished["stage"]),
                (2, &stage.into()),
                "{about}"
            );
        }
        let pending = (!document["state"]["pending"].is_null())
            .then(|| std::fs::read(place.path(self.store).join("pending.key.pem")).ok());
        let again = place.run(self.line);
        assert_eq!(again.code, 0, "{about}: {}", again.stderr);
        let now = contents(place, self.files);
        // A rollback that had ended is undone by the next.
        let undone = self.line.contains("rollback") && now == self.before;
        assert!(
            now == self.after || undone,
            "{about}: the same command again did not end it"
        );
        if self.line.contains("start") {
            assert_start(place, self.store, pending.flatten(), about);
        }
        let status = place.run(&status_line);
        assert!([0, 1].contains(&status.code), "{about}: {}", status.stdout);
        let names = place.names(self.store);
        assert!(
            names.iter().all(|name| !name.starts_with('.')),
            "{about}: {names:?}"
        );
    }

    fn killed_at_every_call(&self) {
        let (calls, first) = self.trace();
        let all = (first..calls.len()).map(|place| {
            let call = calls[place].as_str();
            (
                call,
                calls[..=place].iter().filter(|name| *name == call).count(),
            )
        });
        share(all.collect(), |(call, number)| self.kill(call, number));
    }

    /// Each of these calls fails once, at every place where it is made from the first that changes something on.
    fn refused_at_every(&self, faults: &[(&str, &str)]) {
        let (calls, first) = self.trace();
        let mut all = Vec::new();
        for (call, error) in faults {
            let before = calls[..first].iter().filter(|name| name == call).count();
            let total = calls.iter().filter(|name| name == call).count();
            all.extend((before + 1..=total).map(|number| (*call, *error, number)));
        }
        assert!(!all.is_empty());
        share(all, |(call, error, number)| {
            self.fail(call, error, number);
        });
    }
}

/// A start that was remembered keeps its key, and the request that is there is for it.
fn assert_start(place: &Place, store: &str, pending: Option<Vec<u8>>, about: &str) {
    let key = std::fs::read(place.path(store).join("pending.key.pem")).unwrap();
    assert!(
        pending.is_none_or(|pending| pending == key),
        "{about}: the key is another"
    );
    let key = PKey::private_key_from_pem(&key).unwrap();
    let request = X509Req::from_pem(&place.read("ck.certSigningRequest")).unwrap();
    assert!(
        request.public_key().unwrap().public_eq(&key),
        "{about}: the request is another's"
    );
}

/// Every item to one of two threads.
fn share<T: Copy + Send + Sync>(items: Vec<T>, work: impl Fn(T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                    work(*item);
                }
            });
        }
    });
}

/// Calls that the platform may not have.
pub(super) fn optional(calls: &[&str]) -> String {
    let calls: Vec<String> = calls.iter().map(|call| format!("?{call}")).collect();
    calls.join(",")
}

fn contents(place: &Place, files: &[&str]) -> Vec<Vec<u8>> {
    let read = |file: &&str| std::fs::read(place.path(file)).unwrap_or_default();
    files.iter().map(read).collect()
}

const FINISH: &str = "rotate finish ck.pem new.cer --no-check";

pub(super) fn start() -> Scenario {
    let line = "rotate start ck.pem";
    Scenario::new(Place::new(), line, &["ck.pem"], ".pushcert/ck.pem")
}

pub(super) fn rollback() -> Scenario {
    let place = Place::started();
    place.ok(FINISH);
    let line = "rotate rollback ck.pem";
    Scenario::new(place, line, &["ck.pem"], ".pushcert/ck.pem")
}

pub(super) fn finish() -> Scenario {
    Scenario::new(Place::started(), FINISH, &["ck.pem"], ".pushcert/ck.pem")
}

pub(super) fn split() -> Scenario {
    let line = "rotate finish tls/cert.pem new.cer --no-check";
    Scenario::new(
        super::pairs::started("tls"),
        line,
        &["tls/cert.pem", "tls/key.pem"],
        "tls/.pushcert/cert.pem",
    )
}

pub(super) fn linked() -> Scenario {
    let line = "rotate finish current/cert.pem new.cer --no-check";
    Scenario::new(
        super::pairs::linked(),
        line,
        &["current/cert.pem", "current/key.pem"],
        ".pushcert/current/cert.pem",
    )
}

#[test]
fn a_start_that_is_killed_loses_no_key_that_it_had_promised() {
    start().killed_at_every_call();
}

#[test]
fn a_finish_that_is_killed_leaves_the_old_file_or_the_new_one() {
    finish().killed_at_every_call();
}

#[test]
fn a_rollback_that_is_killed_leaves_one_of_the_two() {
    rollback().killed_at_every_call();
}

#[test]
fn a_pair_in_two_files_is_completed_or_undone_by_the_next_command() {
    split().killed_at_every_call();
}

#[test]
fn a_pair_behind_a_link_is_never_half() {
    let scenario = linked();
    scenario.killed_at_every_call();
}

/// A full disk, a broken one, a folder that is read-only, and no rights.
const REFUSALS: [(&str, &str); 9] = [
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("fsync", "EIO"),
    ("openat", "EROFS"),
    ("mkdir", "ENOSPC"),
    ("fchmod", "EPERM"),
    ("renameat", "EIO"),
    ("renameat2", "EROFS"),
    ("unlink", "EIO"),
];

#[test]
fn what_the_system_refuses_is_could_not_do_and_leaves_a_whole_file() {
    finish().refused_at_every(&REFUSALS);
}

#[test]
fn what_the_system_refuses_leaves_a_whole_pair() {
    split().refused_at_every(&[
        ("write", "ENOSPC"),
        ("renameat", "EIO"),
        ("openat", "EROFS"),
    ]);
    linked().refused_at_every(&[
        ("write", "ENOSPC"),
        ("renameat", "EIO"),
        ("symlink", "ENOSPC"),
    ]);
}
