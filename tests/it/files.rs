//! What stands on the disk after reads, walks and writes, and what is said when they cannot be done.

use pushcert::error::Error;
use pushcert::files::{self, Output};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// The umask belongs to the whole process.
static UMASK: Mutex<()> = Mutex::new(());

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn output<'a>(path: &'a Path, contents: &'a [u8], holds_key: bool) -> Output<'a> {
    Output {
        path,
        contents,
        holds_key,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn reason(error: Error) -> String {
    error.cause().to_string()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn with_umask<T>(mask: u32, work: impl FnOnce() -> T) -> T {
    let _lock = UMASK.lock().unwrap();
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
    let result = work();
    rustix::process::umask(before);
    result
}

#[test]
fn a_new_key_is_0600_whatever_the_umask_and_the_rest_follows_it() {
    let dir = folder();
    for (mask, other) in [
        (0o000, 0o666),
        (0o022, 0o644),
        (0o077, 0o600),
        (0o027, 0o640),
    ] {
        let key = dir.path().join(format!("key{mask:o}"));
        let certificate = dir.path().join(format!("cer{mask:o}"));
        let outputs = [output(&key, b"k", true), output(&certificate, b"c", false)];
        with_umask(mask, || files::create(&outputs, false)).unwrap();
        assert_eq!(mode(&key), 0o600);
        assert_eq!(mode(&certificate), other);
        assert_eq!(fs::read(&key).unwrap(), b"k");
    }
}

#[test]
fn a_new_file_is_0600_until_it_has_its_name() {
    let dir = folder();
    let certificate = dir.path().join("cer");
    let outputs = [output(&certificate, b"c", false)];
    let mut prepared = with_umask(0o022, || files::prepare(&outputs, false)).unwrap();
    let hidden = names(dir.path());
    assert_eq!(hidden.len(), 1);
    assert!(hidden[0].starts_with(".pushcert-"), "{hidden:?}");
    assert_eq!(mode(&dir.path().join(&hidden[0])), 0o600);
    prepared.remove(0).appear().unwrap();
    assert_eq!(names(dir.path()), ["cer"]);
    assert_eq!(mode(&certificate), 0o644);
}

#[test]
fn what_exists_is_refused_and_nothing_is_written() {
    let dir = folder();
    let (new, old) = (dir.path().join("new"), dir.path().join("old"));
    fs::write(&old, "before").unwrap();
    let outputs = [output(&new, b"k", true), output(&old, b"c", false)];
    let error = files::create(&outputs, false).unwrap_err();
    assert_eq!(error.path(), Some(old.as_path()));
    assert_eq!(
        reason(error),
        "exists; nothing is overwritten without --force"
    );
    let error = files::create(&[output(&old, b"k", true)], false).unwrap_err();
    assert!(matches!(error.cause(), Error::Exists { key: true }));
    assert_eq!(fs::read(&old).unwrap(), b"before");
    assert_eq!(names(dir.path()), ["old"]);
}

#[test]
fn a_dangling_link_is_an_existing_entry() {
    let dir = folder();
    let link = dir.path().join("link");
    symlink("nowhere", &link).unwrap();
    let error = files::create(&[output(&link, b"k", true)], false).unwrap_err();
    assert_eq!(error.id(), "exists");
    assert_eq!(names(dir.path()), ["link"]);
    files::create(&[output(&link, b"k", true)], true).unwrap();
    assert_eq!(names(dir.path()), ["link", "nowhere"]);
    assert!(link.is_symlink());
    assert_eq!(mode(&dir.path().join("nowhere")), 0o600);
}

#[test]
fn force_follows_a_link_and_keeps_it() {
    let dir = folder();
    let inner = dir.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let target = inner.join("real.pem");
    fs::write(&target, "before").unwrap();
    symlink("inner/real.pem", dir.path().join("one")).unwrap();
    symlink("one", dir.path().join("two")).unwrap();
    files::create(&[output(&dir.path().join("two"), b"after", false)], true).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"after");
    assert!(dir.path().join("one").is_symlink() && dir.path().join("two").is_symlink());
    assert_eq!(names(&inner), ["real.pem"]);
    let around = dir.path().join("around");
    symlink("around", &around).unwrap();
    let error = files::create(&[output(&around, b"k", true)], true).unwrap_err();
    assert_eq!(
        reason(error),
        "cannot be written: it is a link that leads in circles"
    );
}

#[test]
fn a_link_of_another_user_and_one_into_a_foreign_folder_are_refused() {
    if !is_root() {
        eprintln!("skipped: only root makes files of other users");
        return;
    }
    // Root's own links count as the caller's, so the other user's are what is left to refuse.
    let dir = folder();
    let target = dir.path().join("target");
    fs::write(&target, "before").unwrap();
    let link = dir.path().join("link");
    symlink("target", &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(12345), None).unwrap();
    let error = files::create(&[output(&link, b"x", false)], true).unwrap_err();
    assert_eq!(
        reason(error),
        "cannot be written: it is a link that belongs to another user"
    );
    let foreign = dir.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("f"), "before").unwrap();
    std::os::unix::fs::chown(&foreign, Some(12345), None).unwrap();
    let into = dir.path().join("into");
    symlink("foreign/f", &into).unwrap();
    let error = files::create(&[output(&into, b"x", false)], true).unwrap_err();
    assert_eq!(
        reason(error),
        "cannot be written: it is a link into a folder that belongs to another user"
    );
    assert_eq!(fs::read(foreign.join("f")).unwrap(), b"before");
    assert_eq!(fs::read(&target).unwrap(), b"before");
}

#[test]
fn force_keeps_mode_owner_and_attributes_and_closes_a_key_to_others() {
    let dir = folder();
    let path = dir.path().join("ck.pem");
    fs::write(&path, "before").unwrap();
    set_mode(&path, 0o664);
    if is_root() {
        std::os::unix::fs::chown(&path, Some(12345), Some(23456)).unwrap();
    }
    let flags = rustix::fs::XattrFlags::empty();
    let attributes = rustix::fs::setxattr(&path, "user.pushcert.test", b"kept", flags).is_ok();
    let before = fs::metadata(&path).unwrap();
    files::create(&[output(&path, b"after", false)], true).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(mode(&path), 0o664);
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert_ne!(after.ino(), before.ino());
    if attributes {
        let mut value = [0; 16];
        let count = rustix::fs::getxattr(&path, "user.pushcert.test", &mut value[..]).unwrap();
        assert_eq!(&value[..count], b"kept");
    } else {
        eprintln!("not tried: this file system has no user attributes");
    }
    files::create(&[output(&path, b"key", true)], true).unwrap();
    assert_eq!(mode(&path), 0o660);
    assert_eq!(fs::metadata(&path).unwrap().uid(), before.uid());
    assert_eq!(names(dir.path()), ["ck.pem"]);
}

#[test]
fn an_access_list_is_kept_and_closed_to_others() {
    // user::rw- user:1234:r-- group::r-- mask::r-- other::r--
    let entry = |tag: u16, rights: u16, id: u32| {
        [
            &tag.to_le_bytes()[..],
            &rights.to_le_bytes(),
            &id.to_le_bytes(),
        ]
        .concat()
    };
    let list = |others: u16| {
        [
            2u32.to_le_bytes().to_vec(),
            entry(0x01, 6, u32::MAX),
            entry(0x02, 4, 1234),
            entry(0x04, 4, u32::MAX),
            entry(0x10, 4, u32::MAX),
            entry(0x20, others, u32::MAX),
        ]
        .concat()
    };
    let dir = folder();
    let path = dir.path().join("ck.pem");
    fs::write(&path, "before").unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    let name = "system.posix_acl_access";
    if rustix::fs::setxattr(&path, name, &list(4), flags).is_err() {
        eprintln!("skipped: this file system has no access control lists");
        return;
    }
    let found = || {
        let mut value = [0; 256];
        let count = rustix::fs::getxattr(&path, name, &mut value[..]).unwrap();
        value[..count].to_vec()
    };
    files::create(&[output(&path, b"after", false)], true).unwrap();
    assert_eq!(found(), list(4));
    files::create(&[output(&path, b"key", true)], true).unwrap();
    assert_eq!(found(), list(0));
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn places_that_cannot_be_written_say_why() {
    let dir = folder();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fifo(&dir.path().join("pipe"));
    let cases = [
        ("sub", "it is a folder"),
        ("sub/", "it names a folder"),
        ("pipe", "it is a pipe"),
        ("file/x", "not a directory"),
    ];
    for (name, expected) in cases {
        let path = dir.path().join(name);
        let error = files::create(&[output(&path, b"x", false)], true).unwrap_err();
        assert_eq!(reason(error), format!("cannot be written: {expected}"));
    }
    let path = dir.path().join("missing/x");
    let error = files::create(&[output(&path, b"x", false)], false).unwrap_err();
    assert_eq!(
        reason(error),
        format!(
            "cannot be written: there is no folder {}",
            dir.path().join("missing").display()
        )
    );
    let error = files::create(&[output(Path::new("/dev/null"), b"x", false)], true).unwrap_err();
    assert_eq!(reason(error), "cannot be written: it is a device");
    let new = dir.path().join("new");
    let again = dir.path().join("sub/../new");
    let error = files::create(
        &[output(&new, b"x", false), output(&again, b"y", false)],
        false,
    )
    .unwrap_err();
    assert_eq!(error.id(), "usage");
    assert!(!new.exists());
}

#[test]
fn folders_are_made_only_where_asked() {
    let dir = folder();
    let deep = dir.path().join("a/b");
    files::make_folder(&deep).unwrap();
    files::make_folder(&deep).unwrap();
    assert!(files::is_folder(&deep));
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("sub")] {
        let error = files::make_folder(&path).unwrap_err();
        assert_eq!(
            reason(error),
            "cannot be written: a file is in the way of the folder"
        );
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_alone() {
    let dir = folder();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(dir.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        eprintln!("skipped: no right to mount a small disk");
        return;
    }
    let path = dir.path().join("key");
    fs::write(&path, "before").unwrap();
    let error = files::create(&[output(&path, &[7; 200_000], true)], true).unwrap_err();
    let left = names(dir.path());
    let contents = fs::read(&path).unwrap();
    // A file mounted by itself, on the same disk.
    let alone = dir.path().join("alone");
    fs::write(&alone, "before").unwrap();
    let bound = Command::new("mount")
        .arg("--bind")
        .args([&alone, &alone])
        .status();
    let refused = files::create(&[output(&alone, b"x", false)], true).unwrap_err();
    Command::new("umount").arg(&alone).status().unwrap();
    Command::new("umount").arg(dir.path()).status().unwrap();
    assert_eq!(reason(error), "cannot be written: no space left on device");
    assert_eq!(left, ["key"]);
    assert_eq!(contents, b"before");
    if bound.unwrap().success() {
        assert_eq!(
            reason(refused),
            "cannot be written: it is mounted by itself, so nothing can replace it"
        );
    }
}

#[test]
fn inputs_that_are_no_files_say_what_they_are() {
    let dir = folder();
    let read = |path: &Path| reason(files::read(path).unwrap_err());
    assert_eq!(read(dir.path()), "cannot be read: it is a folder");
    assert_eq!(
        read(Path::new("/dev/zero")),
        "cannot be read: it is a device"
    );
    assert_eq!(read(&dir.path().join("no")), "no such file or folder");
    let empty = dir.path().join("empty");
    File::create(&empty).unwrap();
    assert_eq!(read(&empty), "the file is empty");
    assert_eq!(read(&empty.join("x")), "cannot be read: not a directory");
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(read(&socket), "cannot be read: it is a socket");
    let error = files::read(&empty).unwrap_err();
    assert_eq!(error.path(), Some(empty.as_path()));
}

#[test]
fn what_took_the_place_of_a_walked_file_is_looked_at_once_it_is_open() {
    let dir = folder();
    let read = |path: &Path| files::read_walked(path).map_err(reason);
    let file = dir.path().join("file");
    std::fs::write(&file, "text").unwrap();
    assert_eq!(read(&file).unwrap().expose_secret(), b"text");
    for (path, expected) in [
        (dir.path(), "cannot be read: it is a folder"),
        (Path::new("/dev/zero"), "cannot be read: it is a device"),
        (&dir.path().join("no"), "no such file or folder"),
    ] {
        assert_eq!(read(path).unwrap_err(), expected);
    }
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(
        read(&socket).unwrap_err(),
        "cannot be read: no such device or address"
    );
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len((16 << 20) + 1)
        .unwrap();
    assert_eq!(read(&file).unwrap_err(), "larger than 16 MiB");
    let error = files::read_walked(&file).unwrap_err();
    assert_eq!(error.path(), Some(file.as_path()));
}

#[test]
fn exactly_16_mib_are_read_and_one_byte_more_is_not() {
    let dir = folder();
    let path = dir.path().join("large");
    let file = File::create(&path).unwrap();
    file.set_len(16 << 20).unwrap();
    assert_eq!(files::read(&path).unwrap().expose_secret().len(), 16 << 20);
    file.set_len((16 << 20) + 1).unwrap();
    let error = files::read(&path).unwrap_err();
    assert_eq!(reason(error), "larger than 16 MiB");
}

#[test]
fn a_file_of_unknown_size_is_read_whole() {
    let text = files::read(Path::new("/proc/self/status")).unwrap();
    assert!(text.expose_secret().starts_with(b"Name:"));
}

#[test]
fn a_pipe_is_read_to_its_end_and_refused_without_a_writer() {
    let dir = folder();
    let path = dir.path().join("pipe");
    fifo(&path);
    let error = files::read_waiting(&path, Duration::from_millis(60)).unwrap_err();
    assert_eq!(
        reason(error),
        "cannot be read: it is a pipe, and nothing wrote to it for 60ms"
    );
    let writing = path.clone();
    let writer = thread::spawn(move || {
        let mut file = File::options().write(true).open(writing).unwrap();
        thread::sleep(Duration::from_millis(100));
        for byte in 0..10u8 {
            file.write_all(&vec![byte; 100_000]).unwrap();
        }
    });
    let read = files::read_waiting(&path, Duration::from_secs(5)).unwrap();
    writer.join().unwrap();
    let expected: Vec<u8> = (0..10u8).flat_map(|byte| vec![byte; 100_000]).collect();
    assert!(read.expose_secret() == expected);
}

#[test]
fn a_pipe_above_the_limit_is_refused() {
    let dir = folder();
    let path = dir.path().join("pipe");
    fifo(&path);
    let writing = path.clone();
    thread::spawn(move || {
        let mut file = File::options().write(true).open(writing).unwrap();
        while file.write_all(&[1; 1 << 16]).is_ok() {}
    });
    let error = files::read_waiting(&path, Duration::from_secs(5)).unwrap_err();
    assert_eq!(reason(error), "larger than 16 MiB");
}

#[test]
fn a_line_ends_where_it_ends() {
    let dir = folder();
    let path = dir.path().join("line");
    for (contents, expected) in [
        (&b"secret\nmore\n"[..], &b"secret"[..]),
        (b"secret\r\n", b"secret"),
        (b"secret", b"secret"),
        (b" a b \n", b" a b "),
        (b"\n", b""),
    ] {
        fs::write(&path, contents).unwrap();
        assert_eq!(files::read_line(&path).unwrap().expose_secret(), expected);
    }
    fs::write(&path, "").unwrap();
    assert_eq!(files::read_line(&path).unwrap_err().id(), "empty");
    fs::write(&path, [b'x'; 5000]).unwrap();
    assert_eq!(
        files::read_line(&path).unwrap().expose_secret(),
        [b'x'; 5000]
    );
    fs::write(&path, [b'x'; 70_000]).unwrap();
    assert_eq!(
        reason(files::read_line(&path).unwrap_err()),
        "cannot be read: its first line is longer than 64 KiB"
    );
}

#[test]
fn a_walk_is_sorted_and_leaves_out_what_is_hidden_or_no_file() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    for name in ["b", "b/.hidden", ".git", "a", "z"] {
        fs::create_dir(at(name)).unwrap();
    }
    for name in [
        "b/2.pem",
        "b/10.pem",
        ".git/x",
        "b/.hidden/x",
        ".x",
        "c.cer",
        "a/1.pem",
    ] {
        fs::write(at(name), "x").unwrap();
    }
    symlink("c.cer", at("link.cer")).unwrap();
    symlink("b", at("linked-folder")).unwrap();
    symlink("nowhere", at("dangling.cer")).unwrap();
    fifo(&at("pipe.pem"));
    let _listener = std::os::unix::net::UnixListener::bind(at("socket.pem")).unwrap();
    let found: Vec<PathBuf> = files::walk(dir.path()).map(Result::unwrap).collect();
    let expected = [
        "a/1.pem",
        "b/10.pem",
        "b/2.pem",
        "c.cer",
        "dangling.cer",
        "link.cer",
    ];
    assert_eq!(found, expected.map(at));
    let hidden: Vec<PathBuf> = files::walk(&at(".git")).map(Result::unwrap).collect();
    assert_eq!(hidden, [at(".git/x")]);
    let error = files::walk(&at("none")).last().unwrap().unwrap_err();
    assert_eq!(error.id(), "not-found");
}

#[test]
fn a_folder_that_cannot_be_entered_is_named() {
    if is_root() {
        eprintln!("skipped: root enters every folder");
        return;
    }
    let dir = folder();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    set_mode(&closed, 0o000);
    let error = files::walk(dir.path()).last().unwrap().unwrap_err();
    set_mode(&closed, 0o700);
    assert_eq!(error.path(), Some(closed.as_path()));
    assert_eq!(reason(error), "cannot be read: permission denied");
    set_mode(&closed, 0o500);
    let path = closed.join("x");
    let error = files::create(&[output(&path, b"x", true)], false).unwrap_err();
    set_mode(&closed, 0o700);
    assert_eq!(reason(error), "cannot be written: permission denied");
}

#[test]
fn who_may_read_a_file_is_told_from_its_mode() {
    let dir = folder();
    let path = dir.path().join("key");
    fs::write(&path, "x").unwrap();
    for (mode, expected) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        set_mode(&path, mode);
        assert_eq!(files::mode_readable_by_others(&path), expected);
    }
    assert!(!files::mode_readable_by_others(dir.path()));
    assert!(!files::mode_readable_by_others(&dir.path().join("no")));
}

/// Not a test by itself: the process that the next test sends signals to.
#[test]
#[ignore = "is started by signals_leave_no_file_behind"]
fn writes_until_a_signal_comes() {
    let Some(path) = std::env::var_os("PUSHCERT_TEST_OUTPUT").map(PathBuf::from) else {
        return;
    };
    files::signal::listen();
    loop {
        match files::create(&[output(&path, &[7; 100_000], true)], true) {
            Ok(()) => {}
            Err(Error::Interrupted { signal }) => std::process::exit(128 + signal),
            Err(error) => panic!("{error}"),
        }
    }
}

fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[test]
fn signals_leave_no_file_behind() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::process::ExitStatusExt;
    let dir = folder();
    let path = dir.path().join("key.pem");
    let mut ends = [0; 2];
    // A gate started in the background or with nohup has some of them ignored, and the program leaves those ignored.
    let ignored = ignored_signals();
    let signals: Vec<Signal> = [Signal::INT, Signal::TERM, Signal::HUP]
        .into_iter()
        .filter(|signal| (ignored >> (signal.as_raw() - 1)) & 1 == 0)
        .collect();
    for round in 0..150u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "files::writes_until_a_signal_comes"])
            .env("PUSHCERT_TEST_OUTPUT", &path)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while !path.exists() && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(Duration::from_micros(round * 7919 % 4000));
        let pid = Pid::from_child(&child);
        let signal = signals[round as usize % signals.len()];
        kill_process(pid, signal).unwrap();
        let twice = round % 2 == 1;
        if twice {
            thread::sleep(Duration::from_micros(round * 104_729 % 300));
            // It may have ended by the first one.
            let _ended = kill_process(pid, signals[0]);
        }
        let status = child.wait().unwrap();
        if status.code().is_some() {
            ends[0] += 1;
            let code = status.code().unwrap();
            assert!(
                code == 128 + signal.as_raw() || (twice && code == 128 + signals[0].as_raw()),
                "{status}"
            );
        } else {
            ends[1] += 1;
            assert!(twice && status.signal().is_some(), "{status}");
        }
        assert_eq!(names(dir.path()), ["key.pem"], "round {round}, {status}");
        assert_eq!(fs::read(&path).unwrap(), [7; 100_000]);
        fs::remove_file(&path).unwrap();
    }
    eprintln!(
        "{} ended by themselves, {} by a second signal",
        ends[0], ends[1]
    );
}

/// Not a test by itself either.
#[test]
#[ignore = "is started by the tests of standard input"]
fn reads_standard_input() {
    let Some(what) = std::env::var_os("PUSHCERT_TEST_STDIN") else {
        return;
    };
    files::signal::listen();
    if what == "lines" {
        let first = files::read_stdin_line().unwrap().unwrap();
        let second = files::read_stdin_line().unwrap().unwrap();
        let rest = files::read_stdin().unwrap();
        let told = [first, second, rest].map(|part| part.expose_secret().to_vec());
        let code = if told == [b"one".to_vec(), b"two".to_vec(), b"three\nfour".to_vec()] {
            70
        } else {
            71
        };
        assert!(files::read_stdin_line().unwrap().is_none());
        std::process::exit(code);
    }
    match files::read_stdin() {
        Err(error) if error.id() == "empty" && error.path() == Some(Path::new("-")) => {
            std::process::exit(72)
        }
        Err(Error::Interrupted { signal }) => std::process::exit(128 + signal),
        _ => std::process::exit(73),
    }
}

fn standard_input(what: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "files::reads_standard_input"])
        .env("PUSHCERT_TEST_STDIN", what)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn standard_input_is_taken_line_by_line_and_then_whole() {
    let mut child = standard_input("lines");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"one\ntwo\r\nthree\nfour").unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(70));
    let mut child = standard_input("whole");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(72));
}

#[test]
fn a_signal_ends_the_wait_for_standard_input() {
    let mut child = standard_input("whole");
    // Held open: `wait` would close it, which is the end of input.
    let _stdin = child.stdin.take().unwrap();
    thread::sleep(Duration::from_millis(300));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
