//! "Could not": every reason why a command stops without an answer. A "no" is a [`crate::finding::Finding`], not an error.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why something could not be done. Displays as one lowercase sentence without full stop; the path is put around it once, by [`Error::in_file`].
#[derive(Clone, Debug)]
pub enum Error {
    /// Nothing stands at the path.
    NotFound,
    /// The same, where it is known what should stand there and that it is no input.
    Missing {
        /// What should ("configuration file").
        what: &'static str,
    },
    /// The path exists and cannot be read; `reason` is the system's word or the kind of file it is.
    NotReadable {
        /// What keeps it from being read.
        reason: String,
    },
    /// The input has no bytes, or nothing but white space.
    Empty,
    /// The input is larger than pushcert reads.
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The input is whole, but another kind of file than what is wanted.
    WrongKind {
        /// What is wanted, with its article ("a certificate").
        wanted: &'static str,
        /// What it is instead, with its article ("a PEM private key").
        found: String,
    },
    /// The input is of the right kind and broken.
    Damaged {
        /// The part that is broken, in the standard's word ("PKCS#12", "certificate").
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The input is encrypted and there is no passphrase to try.
    Locked,
    /// None of the passphrases opens the input.
    WrongPassphrase,
    /// The input uses an algorithm that is not read here.
    UnsupportedAlgorithm {
        /// Where it is used ("MAC", "key encryption").
        what: &'static str,
        /// Its name, or its OID.
        algorithm: String,
    },
    /// Reading the input would cost more work than pushcert spends on one file.
    OverBudget {
        /// Which bound is passed, with the figures.
        what: String,
    },
    /// The output exists; nothing was written.
    Exists {
        /// What is in the way holds a private key.
        key: bool,
    },
    /// The output cannot be written.
    NotWritable {
        /// What keeps it from being written.
        reason: String,
    },
    /// Another process is at it.
    Busy {
        /// Who, as it says itself.
        holder: String,
    },
    /// Nothing to work on was found in the inputs.
    NoInputFound {
        /// What was looked for ("certificate, key or request").
        wanted: &'static str,
    },
    /// The command line asks for something that cannot be.
    Usage {
        /// What is wrong with it.
        reason: String,
    },
    /// A signal ended the command.
    Interrupted {
        /// Its number (2, 15 or 1).
        signal: i32,
    },
    /// A listening or outgoing socket failed before there was anything to judge.
    Network {
        /// What failed.
        reason: String,
    },
    /// A library refused something that it always grants; the cause is its own word.
    Crypto {
        /// What was being done ("signing the request").
        what: &'static str,
        /// The library's reason.
        reason: String,
    },
    /// An error with the file it is about.
    InFile {
        /// The path as the user typed it.
        path: PathBuf,
        /// What is wrong.
        source: Box<Error>,
    },
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The stable id that JSON shows.
    pub fn id(&self) -> &'static str {
        match self {
            Error::NotFound | Error::Missing { .. } => "not-found",
            Error::NotReadable { .. } => "not-readable",
            Error::Empty => "empty",
            Error::TooLarge { .. } => "too-large",
            Error::WrongKind { .. } => "wrong-kind",
            Error::Damaged { .. } => "damaged",
            Error::Locked => "locked",
            Error::WrongPassphrase => "wrong-passphrase",
            Error::UnsupportedAlgorithm { .. } => "unsupported-algorithm",
            Error::OverBudget { .. } => "over-budget",
            Error::Exists { .. } => "exists",
            Error::NotWritable { .. } => "not-writable",
            Error::Busy { .. } => "busy",
            Error::NoInputFound { .. } => "no-input-found",
            Error::Usage { .. } => "usage",
            Error::Interrupted { .. } => "interrupted",
            Error::Network { .. } => "network",
            Error::Crypto { .. } => "crypto",
            Error::InFile { source, .. } => source.id(),
        }
    }

    /// The same error, naming the file it is about. An error that names one already keeps it.
    pub fn in_file(self, path: &Path) -> Error {
        match self {
            Error::InFile { .. } | Error::Usage { .. } | Error::Interrupted { .. } => self,
            other => Error::InFile {
                path: path.to_path_buf(),
                source: Box::new(other),
            },
        }
    }

    /// The same error; where nothing stands at the path it says what should ("configuration file").
    pub fn of_missing(self, what: &'static str) -> Error {
        match self {
            Error::NotFound => Error::Missing { what },
            Error::InFile { path, source } => Error::InFile {
                path,
                source: Box::new(source.of_missing(what)),
            },
            other => other,
        }
    }

    /// The file it is about, if one is known.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::InFile { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The cause without the file around it.
    pub fn cause(&self) -> &Error {
        match self {
            Error::InFile { source, .. } => source.cause(),
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound => write!(f, "no such file or folder"),
            Error::Missing { what } => write!(f, "no such {what}"),
            Error::NotReadable { reason } => write!(f, "cannot be read: {reason}"),
            Error::Empty => write!(f, "the file is empty"),
            Error::TooLarge { limit } => write!(f, "larger than {} MiB", limit >> 20),
            Error::WrongKind { wanted, found } => write!(f, "is {found}, not {wanted}"),
            Error::Damaged { what, reason } => write!(f, "damaged {what}: {reason}"),
            Error::Locked => write!(f, "locked, and no passphrase was given"),
            Error::WrongPassphrase => write!(f, "wrong passphrase"),
            Error::UnsupportedAlgorithm { what, algorithm } => {
                write!(f, "unsupported algorithm for the {what}: {algorithm}")
            }
            Error::OverBudget { what } => write!(f, "too costly to open: {what}"),
            Error::Exists { key: true } => {
                write!(
                    f,
                    "exists; a private key is never overwritten without --force"
                )
            }
            Error::Exists { key: false } => {
                write!(f, "exists; nothing is overwritten without --force")
            }
            Error::NotWritable { reason } => write!(f, "cannot be written: {reason}"),
            Error::Busy { holder } => write!(f, "another rotation is at work on it: {holder}"),
            Error::NoInputFound { wanted } => write!(f, "no {wanted} found"),
            Error::Usage { reason } => write!(f, "{reason}"),
            Error::Interrupted { signal: 2 } => write!(f, "interrupted"),
            Error::Interrupted { .. } => write!(f, "terminated"),
            Error::Network { reason } => write!(f, "{reason}"),
            Error::Crypto { what, reason } => write!(f, "{what} failed: {reason}"),
            Error::InFile { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl std::error::Error for Error {}
