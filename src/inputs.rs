//! Paths and candidate passphrases to opened contents, for every command. What stays locked or unreadable stays a value; nothing here asks.

use crate::container::{self, Container, Contents, Locked};
use crate::error::{Error, Result};
use crate::files;
use crate::finding::{Finding, Severity};
use crate::secret::Passphrase;
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
    /// Whether others than owner and group may read it.
    pub readable_by_others: bool,
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

    /// What is readable of it: all when open, the plain parts when locked.
    pub fn contents(&self) -> Option<&Contents> {
        match &self.state {
            State::Open(contents) => Some(contents),
            State::Locked { locked, .. } => Some(locked.visible()),
            State::Failed(_) => None,
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
    for path in paths {
        if let Some(signal) = files::signal::interrupted() {
            return Err(Error::Interrupted { signal });
        }
        if path.as_os_str() != "-" && files::is_folder(path) {
            open_folder(path, passphrases, &mut inputs)?;
        } else {
            inputs.files.push(open_file(path, true, passphrases));
        }
    }
    Ok(inputs)
}

fn open_folder(folder: &Path, passphrases: &[Passphrase], inputs: &mut Inputs) -> Result<()> {
    for entry in files::walk(folder) {
        if let Some(signal) = files::signal::interrupted() {
            return Err(Error::Interrupted { signal });
        }
        let file = match entry {
            Ok(path) => open_file(&path, false, passphrases),
            Err(error) => Input {
                path: error.path().unwrap_or(folder).to_path_buf(),
                named: false,
                readable_by_others: false,
                state: State::Failed(error),
            },
        };
        if is_foreign(&file) {
            inputs.skipped += 1;
        } else {
            inputs.files.push(file);
        }
    }
    Ok(())
}

/// A file in a folder that is of no kind read here and does not claim to be by its extension.
fn is_foreign(file: &Input) -> bool {
    let claims = file
        .path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()));
    match &file.state {
        State::Failed(error) => {
            !claims
                && matches!(
                    error.cause(),
                    Error::WrongKind { .. } | Error::Empty | Error::TooLarge { .. }
                )
        }
        _ => false,
    }
}

fn open_file(path: &Path, named: bool, passphrases: &[Passphrase]) -> Input {
    let state = read(path)
        .and_then(|bytes| container::parse(&bytes))
        .and_then(|container| unlocked(container, passphrases))
        .unwrap_or_else(|error| State::Failed(error.in_file(path)));
    Input {
        path: path.to_path_buf(),
        named,
        readable_by_others: files::mode_readable_by_others(path),
        state,
    }
}

fn read(path: &Path) -> Result<crate::secret::SecretBytes> {
    if path.as_os_str() == "-" {
        files::read_stdin()
    } else {
        files::read(path)
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
