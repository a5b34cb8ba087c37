//! Disks and folders as they are, without a tool that makes the faults: one that is full, and a folder of another user.

use super::Place;
use assert_cmd::cargo::cargo_bin;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// A disk of 256 KiB, over and over with more room left on it, where `finish` runs until it fits: what is left, its code, what stands
/// there, the code of `status` and that of the same command again with room.
const FULL: &str = r#"
set -eu
mount -t tmpfs -o size=256k none "$1"
cd "$1"
for free in 0 4 8 12 16 20 24 32; do
    rm -rf ./* .pushcert
    cp -a "$2/ck.pem" "$2/new.cer" "$2/.pushcert" .
    there=$(df -k --output=avail . | tail -n 1)
    dd if=/dev/zero of=filler bs=1024 count=$((there - free)) 2>/dev/null
    code=0 status=0 again=0 stands=new
    "$3" rotate finish ck.pem new.cer --no-check -q 2>/dev/null || code=$?
    cmp -s ck.pem "$2/ck.pem" && stands=old
    "$3" rotate status ck.pem >/dev/null || status=$?
    rm filler
    "$3" rotate finish ck.pem new.cer --no-check -q || again=$?
    echo "$free $code $stands $status $again"
done
"#;

#[test]
fn a_disk_that_is_full_keeps_the_old_file_and_tells_the_truth() {
    let place = Place::started();
    std::fs::create_dir(place.path("disk")).unwrap();
    let own = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, "sh"]);
        command
    };
    let may = own("mount -t tmpfs none \"$1\"")
        .arg(place.path("disk"))
        .output();
    if !may.is_ok_and(|ran| ran.status.success()) {
        eprintln!("skipped: no right to a disk of its own");
        return;
    }
    let ran = own(FULL)
        .arg(place.path("disk"))
        .arg(place.0.path())
        .arg(cargo_bin("pushcert"))
        .env("CI", "true")
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let said = String::from_utf8(ran.stdout).unwrap();
    let mut rows: Vec<String> = said
        .lines()
        .map(|line| line.split_once(' ').unwrap().1.to_string())
        .collect();
    assert_eq!(rows.len(), 8, "{said}");
    rows.dedup();
    // The live file ends in 20 days, and the new one in a year.
    assert_eq!(rows, ["3 old 1 0", "0 new 0 0"], "{said}");
}

/// Runs it as somebody who may not write to the folder, with a program that they can reach.
fn as_another(place: &Place, is_root: bool, line: &str) -> (i32, String) {
    let program = place.path("pushcert");
    let mut command = match is_root {
        true => {
            let mut command = Command::new("setpriv");
            let who = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
            command.args(who).arg(&program);
            command
        }
        false => Command::new(&program),
    };
    let ran = command
        .args(line.split(' '))
        .current_dir(place.path("live"))
        .env("CI", "true")
        .output()
        .unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    (ran.status.code().unwrap(), stderr)
}

fn give(path: &Path, is_root: bool) {
    if is_root {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_stays_as_it_is() {
    let place = Place::started();
    let is_root = std::fs::metadata(place.0.path()).unwrap().uid() == 0;
    place.chmod(".", 0o755);
    std::fs::create_dir(place.path("live")).unwrap();
    std::fs::copy(cargo_bin("pushcert"), place.path("pushcert")).unwrap();
    place.chmod("pushcert", 0o755);
    if is_root && as_another(&place, true, "--version").0 != 0 {
        eprintln!("skipped: another user cannot be had, or cannot reach the folder");
        return;
    }
    let old = place.read("ck.pem");
    for name in ["ck.pem", "new.cer"] {
        place.write(&format!("live/{name}"), place.read(name));
        give(&place.path(&format!("live/{name}")), is_root);
    }
    place.write(
        "live/pending.key.pem",
        place.read(".pushcert/ck.pem/pending.key.pem"),
    );
    give(&place.path("live/pending.key.pem"), is_root);
    place.chmod("live", 0o555);
    let finish = "rotate finish ck.pem new.cer pending.key.pem --no-check";
    let (code, stderr) = as_another(&place, is_root, finish);
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(
        stderr.lines().next().unwrap(),
        "error: .pushcert: cannot be written: permission denied"
    );
    // The state may be written, the folder of the live file not.
    place.chmod("live", 0o755);
    std::fs::create_dir(place.path("live/.pushcert")).unwrap();
    place.chmod("live/.pushcert", 0o700);
    give(&place.path("live/.pushcert"), is_root);
    place.chmod("live", 0o555);
    let (code, stderr) = as_another(&place, is_root, finish);
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(
        stderr.lines().next().unwrap(),
        "error: ck.pem: cannot be written: permission denied"
    );
    let (code, _) = as_another(&place, is_root, "rotate status ck.pem");
    assert_eq!(code, 1);
    assert_eq!(place.read("live/ck.pem"), old);
    assert_eq!(place.names("live/.pushcert/ck.pem"), ["lock"]);
    place.chmod("live", 0o755);
    give(&place.path("live"), is_root);
    let (code, stderr) = as_another(&place, is_root, finish);
    assert_eq!(code, 0, "{stderr}");
}
