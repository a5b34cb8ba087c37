//! Reads a file, a pipe or standard input whole or by its first line: bounded in size and in waiting.
//! What was read is wiped; buffers grow without leaving copies.

use super::{not_readable, signal};
use crate::error::{Error, Result};
use crate::secret::SecretBytes;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::{self, File, FileType};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The largest input that is read, in bytes.
pub const LIMIT: usize = 16 << 20;

/// How long a pipe may stay without a writer before it is refused.
pub const FIFO_WAIT: Duration = Duration::from_secs(10);

/// The longest first line that is taken for a passphrase, in bytes.
const LINE_LIMIT: usize = 64 << 10;

const TICK: Duration = Duration::from_millis(2);

/// The whole file. A folder, a socket, a device, an empty file and one above [`LIMIT`] are errors; a pipe is read to its
/// end. Every error names the path.
pub fn read(path: &Path) -> Result<SecretBytes> {
    read_waiting(path, FIFO_WAIT)
}

/// As [`read`], for a path that [`super::walk`] gave. The walk has just seen a file there, which is not asked for a second time
/// before it is opened.
pub fn read_walked(path: &Path) -> Result<SecretBytes> {
    open_at_once(path, FIFO_WAIT)
        .and_then(|mut source| source.whole())
        .map_err(|error| error.in_file(path))
}

/// As [`read`], with another patience for pipes than [`FIFO_WAIT`].
pub fn read_waiting(path: &Path, wait: Duration) -> Result<SecretBytes> {
    open(path, wait)
        .and_then(|mut source| source.whole())
        .map_err(|error| error.in_file(path))
}

/// The first line of a file or pipe, without its line end; what follows stays unread in a pipe.
/// [`Error::Empty`] where there is not even a line end.
pub fn read_line(path: &Path) -> Result<SecretBytes> {
    open(path, FIFO_WAIT)
        .and_then(|mut source| source.line())
        .and_then(|line| line.ok_or(Error::Empty))
        .map_err(|error| error.in_file(path))
}

/// Standard input to its end, as [`read`] reads a file. Errors name it `-`.
pub fn read_stdin() -> Result<SecretBytes> {
    from_stdin(|stdin| stdin.whole()).map_err(|error| error.in_file(Path::new("-")))
}

/// The next line of standard input, without its line end; not a byte more is taken. `None` at the end of input.
pub fn read_stdin_line() -> Result<Option<SecretBytes>> {
    from_stdin(|stdin| stdin.line()).map_err(|error| error.in_file(Path::new("-")))
}

/// Reads in a thread of its own: a blocked read goes on after a signal, and this function must not.
fn from_stdin<T: Send + 'static>(
    read: impl FnOnce(&mut Source<io::Stdin>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .spawn(move || {
            let mut stdin = Source {
                fd: io::stdin(),
                size: 0,
                wait: None,
            };
            // Nobody listens any more after a signal.
            let _unheard = sender.send(read(&mut stdin));
        })
        .map_err(|error| not_readable(&error))?;
    loop {
        match receiver.recv_timeout(Duration::from_millis(20)) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => signal::check()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::NotReadable {
                    reason: "the reader ended".to_owned(),
                });
            }
        }
    }
}

fn open(path: &Path, wait: Duration) -> Result<Source<File>> {
    // Asked before opening too: opening alone rewinds a tape, and a socket would only say "no such device".
    let metadata = fs::metadata(path).map_err(|error| not_readable(&error))?;
    suitable(metadata.file_type())?;
    open_at_once(path, wait)
}

/// Opens what may be anything without waiting for it, and then looks at what it is.
fn open_at_once(path: &Path, wait: Duration) -> Result<Source<File>> {
    let refused = |error: io::Error| not_readable(&error);
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| refused(errno.into()))?;
    let file = File::from(fd);
    let metadata = file.metadata().map_err(refused)?;
    suitable(metadata.file_type())?;
    let wait = if !metadata.file_type().is_fifo() {
        None
    } else if path.canonicalize().is_err() {
        // A pipe without a name (`<(command)`) had its writer from birth: no bytes means that it is gone.
        Some(Duration::ZERO)
    } else {
        Some(wait)
    };
    Ok(Source {
        fd: file,
        size: usize::try_from(metadata.len()).unwrap_or(usize::MAX),
        wait,
    })
}

/// Refuses what is there and is no file, a pipe too: for files that are read now and replaced later.
///
/// # Errors
/// `not-found` and `not-readable`.
pub fn demand_file(path: &Path) -> Result<()> {
    let about = fs::metadata(path).map_err(|error| not_readable(&error).in_file(path))?;
    let kind = match about.file_type().is_fifo() {
        true => Err(Error::NotReadable {
            reason: "it is a pipe".to_owned(),
        }),
        false => suitable(about.file_type()),
    };
    kind.map_err(|error| error.in_file(path))
}

fn suitable(kind: FileType) -> Result<()> {
    let reason = if kind.is_file() || kind.is_fifo() {
        return Ok(());
    } else if kind.is_dir() {
        "it is a folder"
    } else if kind.is_socket() {
        "it is a socket"
    } else {
        "it is a device"
    };
    Err(Error::NotReadable {
        reason: reason.to_owned(),
    })
}

/// Something open, with how long a pipe's first writer is awaited (`None`: not a pipe opened here).
struct Source<F> {
    fd: F,
    size: usize,
    wait: Option<Duration>,
}

impl<F: AsFd> Source<F> {
    fn whole(&mut self) -> Result<SecretBytes> {
        let too_large = Error::TooLarge {
            limit: LIMIT as u64,
        };
        if self.size > LIMIT {
            return Err(too_large);
        }
        let mut reader = Reader::new(self.fd.as_fd(), self.wait);
        // One byte more than the size, so that the end is seen without growing. Pipes and what the kernel makes up have none.
        let size = if self.size == 0 { 8191 } else { self.size };
        let mut buffer = Zeroizing::new(vec![0; size + 1]);
        let mut filled = 0;
        loop {
            if filled > LIMIT {
                return Err(too_large);
            }
            if filled == buffer.len() {
                buffer = grown(&buffer);
            }
            let count = reader.read(&mut buffer[filled..])?;
            filled += count;
            // A regular file that gives exactly its size has ended: one call less a file.
            let whole = filled == self.size && self.wait.is_none();
            if count == 0 || whole {
                break;
            }
        }
        buffer.truncate(filled);
        match filled {
            0 => Err(Error::Empty),
            _ => Ok(buffer.into()),
        }
    }

    /// Byte by byte, as what follows the line belongs to the next reader.
    fn line(&mut self) -> Result<Option<SecretBytes>> {
        let mut reader = Reader::new(self.fd.as_fd(), self.wait);
        let mut line = Zeroizing::new(vec![0; 256]);
        let mut filled = 0;
        loop {
            if filled == line.len() {
                line = grown(&line);
            }
            if filled == LINE_LIMIT {
                return Err(Error::NotReadable {
                    reason: format!("its first line is longer than {} KiB", LINE_LIMIT >> 10),
                });
            }
            let count = reader.read(&mut line[filled..=filled])?;
            if count == 0 && filled == 0 {
                return Ok(None);
            }
            if count == 0 || line[filled] == b'\n' {
                break;
            }
            filled += 1;
        }
        line.truncate(filled);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line.into()))
    }
}

/// A copy twice as large; the old one is wiped when it is dropped, which `Vec`'s own growing does not do.
fn grown(buffer: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut larger = Zeroizing::new(vec![0; buffer.len() * 2]);
    larger[..buffer.len()].copy_from_slice(buffer);
    larger
}

struct Reader<'a> {
    fd: BorrowedFd<'a>,
    wait: Option<Duration>,
    started: Instant,
    written: bool,
}

impl<'a> Reader<'a> {
    fn new(fd: BorrowedFd<'a>, wait: Option<Duration>) -> Reader<'a> {
        Reader {
            fd,
            wait,
            started: Instant::now(),
            written: false,
        }
    }

    /// Some bytes, or 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match (rustix::io::read(self.fd, &mut *buffer), self.wait) {
                // No writer yet looks like the end of the last one.
                (Ok(0), Some(wait)) if !self.written && !wait.is_zero() => {
                    if self.started.elapsed() >= wait {
                        return Err(Error::NotReadable {
                            reason: format!("it is a pipe, and nothing wrote to it for {wait:?}"),
                        });
                    }
                }
                (Ok(count), _) => {
                    self.written = true;
                    return Ok(count);
                }
                // A writer has the pipe open and is slow.
                (Err(Errno::AGAIN), _) => self.written = true,
                (Err(Errno::INTR), _) => {}
                (Err(errno), _) => return Err(not_readable(&errno.into())),
            }
            signal::check()?;
            thread::sleep(TICK);
        }
    }
}
