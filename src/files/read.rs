//! Bounded reads: regular files, pipes with a writer, stdin. Sockets and devices are refused.

use super::{not_readable, signal};
use crate::error::{Error, Result};
use crate::secret::SecretBytes;
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The largest input, in bytes.
pub const LIMIT: u64 = 16 << 20;

/// How long a pipe may be without a writer.
const PIPE_WAIT: Duration = Duration::from_secs(10);

/// Reads a whole file or pipe.
///
/// # Errors
/// `not-found`, `not-readable`, `empty`, `too-large`, `interrupted`, each naming the path.
pub fn read(path: &Path) -> Result<SecretBytes> {
    read_within(path, PIPE_WAIT).map_err(|error| error.in_file(path))
}

/// The same, with the time that a pipe may be without a writer.
fn read_within(path: &Path, wait: Duration) -> Result<SecretBytes> {
    // Non-blocking, so that opening a pipe without a writer returns.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(|error| not_readable(&error))?;
    let metadata = file.metadata().map_err(|error| not_readable(&error))?;
    let kind = metadata.file_type();
    let refuse = |what: &str| {
        Err(Error::NotReadable {
            reason: what.to_string(),
        })
    };
    if kind.is_dir() {
        return refuse("it is a folder");
    }
    if kind.is_fifo() {
        return read_pipe(file, wait);
    }
    if kind.is_socket() {
        return refuse("it is a socket");
    }
    if !kind.is_file() {
        return refuse("it is a device");
    }
    if metadata.len() > LIMIT {
        return Err(Error::TooLarge { limit: LIMIT });
    }
    // One byte more than the size, so that the end is seen without growing the buffer, which would leave a copy behind.
    let size = usize::try_from(metadata.len()).unwrap_or(0);
    read_all(file, size)
}

/// Reads stdin to its end.
pub fn read_stdin() -> Result<SecretBytes> {
    read_all(io::stdin().lock(), 0).map_err(|error| error.in_file(Path::new("-")))
}

fn read_all(mut source: impl Read, expected: usize) -> Result<SecretBytes> {
    let mut bytes = Zeroizing::new(vec![0u8; expected + 1]);
    let mut filled = 0;
    loop {
        signal::check()?;
        if filled == bytes.len() {
            grow(&mut bytes);
        }
        let room = bytes.get_mut(filled..).unwrap_or_default();
        match source.read(room) {
            Ok(0) => return finish(bytes, filled),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(not_readable(&error)),
        }
        if filled as u64 > LIMIT {
            return Err(Error::TooLarge { limit: LIMIT });
        }
    }
}

/// A larger buffer; the old one is wiped, which a growing `Vec` does not do.
fn grow(bytes: &mut Zeroizing<Vec<u8>>) {
    let mut larger = Zeroizing::new(vec![0u8; (bytes.len() * 2).max(64 << 10)]);
    if let Some(start) = larger.get_mut(..bytes.len()) {
        start.copy_from_slice(bytes);
    }
    *bytes = larger;
}

fn finish(mut bytes: Zeroizing<Vec<u8>>, filled: usize) -> Result<SecretBytes> {
    bytes.truncate(filled);
    match filled {
        0 => Err(Error::Empty),
        _ => Ok(SecretBytes::from(bytes)),
    }
}

/// Waits for a writer, then reads to the end.
fn read_pipe(file: File, wait: Duration) -> Result<SecretBytes> {
    let deadline = Instant::now() + wait;
    let mut pipe = Pipe {
        file,
        deadline,
        started: false,
    };
    let bytes = read_all(&mut pipe, 0);
    match bytes {
        Err(Error::Empty) if !pipe.started => Err(Error::NotReadable {
            reason: format!(
                "it is a pipe, and nothing was written to it for {} s",
                wait.as_secs()
            ),
        }),
        other => other,
    }
}

struct Pipe {
    file: File,
    deadline: Instant,
    started: bool,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if signal::pending().is_some() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match self.file.read(buffer) {
                // No writer yet reads like the end; after the first byte it is the end.
                Ok(0) if !self.started && Instant::now() < self.deadline => self.pause()?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.started && Instant::now() >= self.deadline {
                        return Ok(0);
                    }
                    self.pause()?;
                }
                Ok(count) => {
                    self.started |= count > 0;
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Pipe {
    /// A short poll: it ends early when bytes arrive, and a signal is seen within it.
    fn pause(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(&self.file, PollFlags::IN)];
        let timeout = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if fds
            .first()
            .is_some_and(|fd| fd.revents().contains(PollFlags::HUP))
        {
            // A pipe whose writer is gone polls as ready at once: the wait has to be a real one.
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// Whether others than owner and group may read a regular file.
pub fn readable_by_others(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_without_a_writer_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        let error = read_within(&path, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.id(), "not-readable");
    }

    #[test]
    fn a_pipe_with_a_writer_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        let writer = path.clone();
        let thread = std::thread::spawn(move || std::fs::write(writer, vec![7; 100_000]).unwrap());
        let bytes = read_within(&path, Duration::from_secs(60)).unwrap();
        thread.join().unwrap();
        assert_eq!(bytes.expose_secret(), vec![7; 100_000]);
    }
}
