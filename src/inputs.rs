//! Paths and candidate passphrases to opened contents, for every command. What stays locked or unreadable stays a value; nothing here asks.

use crate::container::{self, CertificatePart, Container, Contents, Depth, Locked};
use crate::error::{Error, Result};
use crate::files;
use crate::finding::{Finding, Severity};
use crate::secret::{Passphrase, SecretBytes};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Extensions by which a file met in a folder is worth a word even if it cannot be read.
const EXTENSIONS: [&str; 14] = [
    "cer",
    "crt",
    "der",
    "pem",
    "p12",
    "pfx",
    "p7b",
    "p7c",
    "key",
    "csr",
    "certsigningrequest",
    "p8",
    "mobileprovision",
    "provisionprofile",
];

/// One file and what became of it.
#[derive(Debug)]
pub struct Input {
    /// As the user typed it, or as the walk made it from that.
    pub path: PathBuf,
    /// Whether it stood on the command line itself rather than in a folder.
    pub named: bool,
    /// What became of it.
    pub state: State,
}

/// What became of a file.
#[derive(Debug)]
pub enum State {
    /// Read in full.
    Open(Contents),
    /// Needs a passphrase; `tried` says whether any was tried that the user gave.
    Locked {
        /// What holds the encrypted parts.
        locked: Locked,
        /// Whether a passphrase of the user's was tried.
        tried: bool,
    },
    /// Could not be read.
    Failed(Error),
}

/// All inputs of a command.
#[derive(Debug, Default)]
pub struct Inputs {
    /// In the order of the command line, folders expanded in sorted order.
    pub files: Vec<Input>,
    /// Files in folders that hold nothing of interest.
    pub skipped: usize,
}

impl Input {
    /// The path as text.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether others than owner and group may read it.
    pub fn readable_by_others(&self) -> bool {
        files::mode_readable_by_others(&self.path)
    }

    /// What is readable of it: all when open, the plain parts when locked.
    pub fn contents(&self) -> Option<&Contents> {
        match &self.state {
            State::Open(contents) => Some(contents),
            State::Locked { locked, .. } => Some(locked.visible()),
            State::Failed(_) => None,
        }
    }

    /// Takes the certificates out that are readable.
    pub fn take_certificates(&mut self) -> Vec<CertificatePart> {
        match &mut self.state {
            State::Open(contents) => std::mem::take(&mut contents.certificates),
            State::Locked { locked, .. } => locked.take_certificates(),
            State::Failed(_) => Vec::new(),
        }
    }

    /// Tries passphrases on a locked file; the empty one is always tried as well.
    ///
    /// # Errors
    /// `wrong-passphrase`, and whatever else opening brings up. The file stays as it was then.
    pub fn unlock(&mut self, passphrases: &[Passphrase]) -> Result<()> {
        if let State::Locked { locked, .. } = &self.state {
            let contents = locked
                .unlock(passphrases)
                .map_err(|e| e.in_file(&self.path))?;
            self.state = State::Open(contents);
        }
        Ok(())
    }

    /// What was broken beside good parts, and is therefore not in the result.
    pub fn broken_parts(&self) -> Vec<Finding> {
        let findings = self.contents().map(|contents| contents.findings.as_slice());
        let broken = |finding: &&Finding| finding.severity == Severity::Unknown;
        let named = |finding: &Finding| finding.clone().in_path(self.name());
        findings
            .unwrap_or_default()
            .iter()
            .filter(broken)
            .map(named)
            .collect()
    }

    /// Why it is not read in full.
    pub fn trouble(&self) -> Option<Error> {
        match &self.state {
            State::Open(_) => None,
            State::Locked { tried: true, .. } => Some(Error::WrongPassphrase.in_file(&self.path)),
            State::Locked { tried: false, .. } => Some(Error::Locked.in_file(&self.path)),
            State::Failed(error) => Some(error.clone()),
        }
    }
}

/// Opens every path; a folder is walked. Encrypted files are tried with the passphrases, then with the empty one.
pub fn open(paths: &[PathBuf], passphrases: &[Passphrase]) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    for found in find(paths.to_vec()) {
        if let Some(signal) = files::signal::interrupted() {
            return Err(Error::Interrupted { signal });
        }
        let file = found.open(passphrases, Depth::Whole);
        match file.state {
            // Says nothing about the file: a signal came while a pipe was waited for.
            State::Failed(error) if matches!(error.cause(), Error::Interrupted { .. }) => {
                return Err(error);
            }
            _ if file.is_foreign() => inputs.skipped += 1,
            _ => inputs.files.push(file),
        }
    }
    Ok(inputs)
}

/// The passphrases that locked files are tried with.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    /// For every file.
    pub any: Vec<Passphrase>,
    /// For one file each, tried before the others.
    pub own: Vec<(PathBuf, Passphrase)>,
}

impl Keyring {
    /// Those for a file, in the order to try.
    pub fn of(&self, path: &Path) -> Cow<'_, [Passphrase]> {
        let is_own = |owner: &Path| {
            owner == path || (owner.file_name() == path.file_name() && files::is_same(owner, path))
        };
        let mut own: Vec<Passphrase> = self
            .own
            .iter()
            .filter(|(owner, _)| is_own(owner))
            .map(|(_, passphrase)| passphrase.clone())
            .collect();
        if own.is_empty() {
            return Cow::Borrowed(&self.any);
        }
        own.extend(self.any.iter().cloned());
        Cow::Owned(own)
    }
}

/// A file to open, or why it could not be found.
#[derive(Debug)]
pub struct Found {
    /// As the user typed it, or as the walk made it from that.
    pub path: PathBuf,
    /// Which of the paths of the command line led to it.
    pub source: usize,
    /// Whether it is that path itself rather than a file in that folder.
    pub named: bool,
    trouble: Option<Error>,
}

impl Found {
    /// Opens it; what stays locked or unreadable is a value.
    pub fn open(mut self, passphrases: &[Passphrase], depth: Depth) -> Input {
        let state = match self.trouble.take() {
            Some(error) => State::Failed(error),
            None => self
                .read()
                .and_then(|bytes| container::parse_to(&bytes, depth))
                .and_then(|container| unlocked(container, passphrases))
                .unwrap_or_else(|error| State::Failed(error.in_file(&self.path))),
        };
        Input {
            path: self.path,
            named: self.named,
            state,
        }
    }

    fn read(&self) -> Result<SecretBytes> {
        match self.named {
            true if self.path.as_os_str() == "-" => files::read_stdin(),
            true => files::read(&self.path),
            false => files::read_walked(&self.path),
        }
    }
}

/// The files of the command line in its order, folders expanded in sorted order while they are asked for.
pub fn find(paths: Vec<PathBuf>) -> impl Iterator<Item = Found> + use<> {
    paths.into_iter().enumerate().flat_map(|(source, path)| {
        let is_folder = path.as_os_str() != "-" && files::is_folder(&path);
        let walk = is_folder.then(|| files::walk(&path));
        let within = walk.into_iter().flatten();
        let named = (!is_folder).then(|| Ok(path.clone()));
        within
            .chain(named)
            .map(move |entry| found(entry, &path, source, !is_folder))
    })
}

fn found(entry: Result<PathBuf>, typed: &Path, source: usize, named: bool) -> Found {
    let (path, trouble) = match entry {
        Ok(path) => (path, None),
        Err(error) => (error.path().unwrap_or(typed).to_path_buf(), Some(error)),
    };
    Found {
        path,
        source,
        named,
        trouble,
    }
}

/// Opens bytes that were read, or are about to be written, as the file at `path`.
pub fn open_bytes(path: &Path, bytes: &SecretBytes, passphrases: &[Passphrase]) -> Input {
    let state = container::parse(bytes)
        .and_then(|container| unlocked(container, passphrases))
        .unwrap_or_else(|error| State::Failed(error.in_file(path)));
    Input {
        path: path.to_path_buf(),
        named: true,
        state,
    }
}

impl Input {
    /// Whether it was met in a folder, is of no kind read here and does not claim to be by its extension.
    pub fn is_foreign(&self) -> bool {
        let State::Failed(error) = &self.state else {
            return false;
        };
        let other = matches!(
            error.cause(),
            Error::WrongKind { .. } | Error::Empty | Error::TooLarge { .. }
        );
        let claims = || {
            self.path
                .extension()
                .map(|extension| extension.to_string_lossy().to_lowercase())
                .is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
        };
        !self.named && other && !claims()
    }
}

fn unlocked(container: Container, passphrases: &[Passphrase]) -> Result<State> {
    let locked = match container {
        Container::Open(contents) => return Ok(State::Open(contents)),
        Container::Locked(locked) => locked,
    };
    let mut candidates = passphrases.to_vec();
    candidates.push(Passphrase::empty());
    match locked.unlock(&candidates) {
        Ok(contents) => Ok(State::Open(contents)),
        Err(Error::WrongPassphrase) => Ok(State::Locked {
            locked,
            tried: !passphrases.is_empty(),
        }),
        Err(error) => Err(error),
    }
}
