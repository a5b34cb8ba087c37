//! Where passphrases come from: flags, then the environment, then the terminal. Never from a guess.

use super::terminal;
use crate::error::{Error, Result};
use crate::files;
use crate::report::escape;
use crate::secret::{Passphrase, SecretBytes};
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// `--passin` and `--passout`.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Prompt,
    Stdin,
    Env(String),
    File(PathBuf),
    Fd(u32),
    Pass(Passphrase),
}

impl Source {
    /// Reads `prompt`, `stdin`, `env:NAME`, `file:PATH`, `fd:N`, `pass:TEXT`.
    pub(super) fn parse(text: &str) -> std::result::Result<Source, String> {
        let source = match text.split_once(':') {
            None if text == "prompt" => Some(Source::Prompt),
            None if text == "stdin" => Some(Source::Stdin),
            Some(("env", name)) if !name.is_empty() => Some(Source::Env(name.to_string())),
            Some(("file", path)) if !path.is_empty() => Some(Source::File(PathBuf::from(path))),
            Some(("fd", number)) => number.parse().ok().map(Source::Fd),
            Some(("pass", secret)) => Passphrase::new(secret.as_bytes().to_vec()).map(Source::Pass),
            _ => None,
        };
        // What was typed may be the passphrase itself: it is not repeated.
        source
            .ok_or_else(|| "not prompt, stdin, env:NAME, file:PATH, fd:N or pass:TEXT".to_string())
    }
}

/// What was typed for a new key.
pub(super) enum NewPassphrase {
    Empty,
    Typed(Passphrase),
}

/// The passphrases of one command. Sources are read once.
pub(super) struct Passphrases {
    passin: Vec<Source>,
    passout: Option<Source>,
    no_input: bool,
    candidates: Option<Vec<Passphrase>>,
    asked_in: bool,
}

impl Passphrases {
    /// Takes the flags over; where they are not given, the environment speaks.
    pub(super) fn new(passin: &[Source], passout: Option<&Source>, no_input: bool) -> Passphrases {
        let uses_pass = passin
            .iter()
            .chain(passout)
            .any(|source| matches!(source, Source::Pass(_)));
        if uses_pass {
            anstream::eprintln!(
                "warning: pass: shows the passphrase to everyone who can run ps; env:NAME or file:PATH does not"
            );
        }
        Passphrases {
            passin: passin.to_vec(),
            passout: passout.cloned(),
            no_input,
            candidates: None,
            asked_in: passin.iter().any(|source| matches!(source, Source::Prompt)),
        }
    }

    /// Every passphrase for inputs that needs no prompt, in order.
    pub(super) fn candidates(&mut self) -> Result<Vec<Passphrase>> {
        if let Some(known) = &self.candidates {
            return Ok(known.clone());
        }
        let mut sources = self.passin.clone();
        if sources.is_empty() {
            sources.extend(source_of_environment("PUSHCERT_PASSIN")?);
        }
        let mut found = Vec::new();
        for source in &sources {
            match source {
                Source::Prompt => self.asked_in = true,
                other => found.push(read(other)?),
            }
        }
        if sources.is_empty() {
            let values = ["PEM_P12_PASSWORD", "APN_CERTIFICATE_PASSPHRASE"];
            found.extend(values.iter().filter_map(|name| value_of_environment(name)));
        }
        self.candidates = Some(found.clone());
        Ok(found)
    }

    /// Asks for the passphrase of a file. `None` where nobody may be asked.
    pub(super) fn ask_in(&mut self, file: &str) -> Result<Option<Passphrase>> {
        let given = self
            .candidates
            .as_ref()
            .is_some_and(|known| !known.is_empty());
        // A passphrase that was given and does not fit is an answer; only an explicit prompt asks after it.
        if !terminal::may_prompt(self.no_input) || (given && !self.asked_in) {
            return Ok(None);
        }
        terminal::passphrase(&format!("passphrase for {}: ", escape::text(file))).map(Some)
    }

    /// The passphrase for outputs, where a flag or the environment gives one.
    pub(super) fn passout(&mut self) -> Result<Option<Passphrase>> {
        // stdin: the line for inputs comes first.
        self.candidates()?;
        let source = match &self.passout {
            Some(source) => Some(source.clone()),
            None => source_of_environment("PUSHCERT_PASSOUT")?,
        };
        let passphrase = match source {
            None => return Ok(None),
            Some(Source::Prompt) if terminal::may_prompt(self.no_input) => {
                new_passphrase("the key")?
            }
            Some(Source::Prompt) => {
                return Err(Error::NotReadable {
                    reason: "there is no terminal to ask for the passphrase on".to_string(),
                });
            }
            Some(other) => read(&other)?,
        };
        match passphrase.is_empty() {
            true => Err(Error::Usage {
                reason: "the passphrase of --passout is empty; a plain key is asked for with --no-passphrase".to_string(),
            }),
            false => Ok(Some(passphrase)),
        }
    }

    /// Asks for a new passphrase, twice. `None` where nobody may be asked.
    pub(super) fn ask_new(&mut self, what: &str) -> Result<Option<NewPassphrase>> {
        if !terminal::may_prompt(self.no_input) {
            return Ok(None);
        }
        let passphrase = new_passphrase(what)?;
        Ok(Some(match passphrase.is_empty() {
            true => NewPassphrase::Empty,
            false => NewPassphrase::Typed(passphrase),
        }))
    }
}

fn new_passphrase(what: &str) -> Result<Passphrase> {
    for _ in 0..3 {
        let first = terminal::passphrase(&format!("passphrase for {what} (empty for none): "))?;
        if first.is_empty() || first == terminal::passphrase("the same again: ")? {
            return Ok(first);
        }
        anstream::eprintln!("the two differ");
    }
    Err(Error::NotReadable {
        reason: "the two passphrases differed three times".to_string(),
    })
}

fn source_of_environment(name: &str) -> Result<Option<Source>> {
    match std::env::var(name) {
        Ok(text) => Source::parse(&text)
            .map(Some)
            .map_err(|reason| Error::Usage {
                reason: format!("{name}: {reason}"),
            }),
        Err(_) => Ok(None),
    }
}

fn value_of_environment(name: &str) -> Option<Passphrase> {
    let value = std::env::var_os(name)?;
    Passphrase::new(std::os::unix::ffi::OsStringExt::into_vec(value))
}

fn read(source: &Source) -> Result<Passphrase> {
    let no_nul = |bytes: Vec<u8>| {
        Passphrase::new(bytes).ok_or(Error::Usage {
            reason: "a passphrase holds no NUL".to_string(),
        })
    };
    match source {
        Source::Pass(passphrase) => Ok(passphrase.clone()),
        Source::Env(name) => value_of_environment(name).ok_or_else(|| Error::Usage {
            reason: format!("env:{name}: no such environment variable"),
        }),
        Source::Stdin => no_nul(line_of_stdin()?),
        Source::File(path) => no_nul(first_line(file_or_empty(path)?.expose_secret())),
        Source::Fd(number) => {
            let path = PathBuf::from(format!("/dev/fd/{number}"));
            no_nul(first_line(file_or_empty(&path)?.expose_secret()))
        }
        Source::Prompt => Err(Error::Locked),
    }
}

/// An empty file holds the empty passphrase.
fn file_or_empty(path: &Path) -> Result<SecretBytes> {
    match files::read(path) {
        Err(error) if matches!(error.cause(), Error::Empty) => Ok(SecretBytes::new(Vec::new())),
        other => other,
    }
}

fn first_line(bytes: &[u8]) -> Vec<u8> {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line).to_vec()
}

/// One line, byte by byte: what follows belongs to whoever reads next.
fn line_of_stdin() -> Result<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    let mut file = std::io::stdin().lock();
    let mut byte = [0u8];
    loop {
        match file.read(&mut byte) {
            Ok(0) if line.is_empty() => {
                return Err(Error::NotReadable {
                    reason: "end of input where stdin was to give a passphrase".to_string(),
                });
            }
            Ok(0) => break,
            Ok(_) if byte == [b'\n'] => break,
            Ok(_) if line.len() == line.capacity() => {
                return Err(Error::NotReadable {
                    reason: "the line with the passphrase on stdin is too long".to_string(),
                });
            }
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                files::signal::check()?
            }
            Err(error) => {
                return Err(Error::NotReadable {
                    reason: error.to_string(),
                });
            }
        }
    }
    Ok(first_line(&line))
}
