//! One at a time: a lock on a file, held by the process and given back by the kernel when it ends in whatever way.
//! The file says who holds it; it stays when the lock is gone.

use super::{not_readable, not_writable};
use crate::error::{Error, Result};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often and how far apart a lock that is held is tried before it counts as held.
const GLANCES: u32 = 10;
const GLANCE: Duration = Duration::from_millis(10);

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

/// Takes the lock at `path`, whose file is made if need be (0600), and writes into it who holds it.
/// [`Error::Busy`], with what its holder wrote, where another process has it; every error names the path.
pub fn lock(path: &Path, holder: &str) -> Result<Lock> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let taken = rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))
        .map_err(|errno| not_writable(&errno.into()))
        .and_then(|fd| {
            let mut file = File::from(fd);
            match patiently(&file) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    let holder = said(path);
                    return Err(Error::Busy { holder });
                }
                Err(errno) => return Err(not_writable(&errno.into())),
            }
            let written = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{holder}"));
            // A full disk keeps nobody from holding a lock.
            let _unsaid = written;
            Ok(Lock(file))
        });
    taken.map_err(|error| error.in_file(path))
}

/// Who only looks whether it is held ([`lock_holder`]) has it for a moment, and is no reason to refuse.
fn patiently(file: &File) -> rustix::io::Result<()> {
    for _ in 0..GLANCES {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => thread::sleep(GLANCE),
            taken => return taken,
        }
    }
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Who holds the lock at `path` now, if anyone does. Waits for nothing and changes nothing.
pub fn lock_holder(path: &Path) -> Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_readable(&error).in_file(path)),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(Errno::WOULDBLOCK) => Ok(Some(said(path))),
        Err(errno) => Err(not_readable(&errno.into()).in_file(path)),
    }
}

fn said(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    match text.lines().next() {
        Some(line) if !line.is_empty() => line.to_owned(),
        _ => "a process that has not said its name".to_owned(),
    }
}
