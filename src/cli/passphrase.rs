//! Where a passphrase comes from: flags, environment, a terminal, in the order that the help states.
//! Each source is read once. Prints nothing but prompts.

use crate::cli::terminal;
use crate::error::{Error, Result};
use crate::files;
use crate::report::words;
use crate::secret::{Passphrase, SecretBytes};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::str::FromStr;

/// How often two new passphrases may differ before the command gives up.
const ATTEMPTS: usize = 3;

/// What `--passin` and `--passout` name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `prompt`: the terminal.
    Prompt,
    /// `stdin`: one line of standard input.
    Stdin,
    /// `env:NAME`: the value of a variable.
    Env(String),
    /// `file:PATH`: the first line.
    File(PathBuf),
    /// `fd:N`: one line of an open file descriptor.
    Fd(i32),
    /// `pass:TEXT`: the passphrase itself.
    Pass(Passphrase),
}

impl Source {
    /// Reads the syntax of the flags. [`Error::Usage`] never repeats the text, which may be a passphrase.
    pub fn parse(text: &OsStr) -> Result<Source> {
        let wrong = |reason: &str| Error::Usage {
            reason: reason.to_owned(),
        };
        let bytes = text.as_bytes();
        let (kind, value) = match bytes.iter().position(|byte| *byte == b':') {
            Some(colon) => (&bytes[..colon], Some(&bytes[colon + 1..])),
            None => (bytes, None),
        };
        match (kind, value) {
            (b"prompt", None) => Ok(Source::Prompt),
            (b"stdin", None) => Ok(Source::Stdin),
            (b"env", Some(name)) => match std::str::from_utf8(name) {
                Ok(name) if !name.is_empty() && !name.contains('=') => {
                    Ok(Source::Env(name.to_owned()))
                }
                _ => Err(wrong("env: needs the name of a variable")),
            },
            (b"file", Some(path)) if !path.is_empty() => Ok(Source::File(PathBuf::from(
                OsString::from_vec(path.to_vec()),
            ))),
            (b"file", Some(_)) => Err(wrong("file: needs a path")),
            (b"fd", Some(number)) => std::str::from_utf8(number)
                .ok()
                .filter(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
                .and_then(|number| number.parse().ok())
                .map(Source::Fd)
                .ok_or_else(|| wrong("fd: needs the number of a file descriptor")),
            (b"pass", Some(passphrase)) => Passphrase::new(passphrase.to_vec())
                .map(Source::Pass)
                .ok_or_else(|| wrong("a passphrase cannot hold a NUL")),
            _ => Err(wrong(
                "a passphrase comes from prompt, stdin, env:NAME, file:PATH, fd:N or pass:TEXT",
            )),
        }
    }
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Source> {
        Source::parse(OsStr::new(text))
    }
}

/// What to do with a key that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPassphrase {
    /// It stays plain.
    Plain,
    /// It is encrypted.
    Protected(Passphrase),
}

/// The passphrases of one command.
pub struct Passphrases {
    passin: Vec<Source>,
    passout: Option<Source>,
    no_input: bool,
    environment: fn(&str) -> Option<OsString>,
    candidates: Option<Vec<Passphrase>>,
    chosen: Option<Passphrase>,
}

impl Passphrases {
    /// What the flags say; `environment` answers what a variable holds. Nothing is read yet.
    pub fn new(
        passin: Vec<Source>,
        passout: Option<Source>,
        no_input: bool,
        environment: fn(&str) -> Option<OsString>,
    ) -> Passphrases {
        Passphrases {
            passin,
            passout,
            no_input,
            environment,
            candidates: None,
            chosen: None,
        }
    }

    /// What the user should be told about the sources.
    pub fn warnings(&self) -> Vec<&'static str> {
        let shown = |source: &Source| matches!(source, Source::Pass(_));
        match self.passin.iter().chain(&self.passout).any(shown) {
            true => vec!["pass: shows the passphrase to everyone who can run ps"],
            false => Vec::new(),
        }
    }

    /// Whether `--passin` takes a line of standard input, which then cannot be an input file too.
    pub fn passin_reads_stdin(&self) -> Result<bool> {
        let stdin = |source: &Source| matches!(source, Source::Stdin | Source::Fd(0));
        Ok(self.passin_sources()?.iter().any(stdin))
    }

    /// Every passphrase that can be had without asking, in the order to try.
    pub fn candidates(&mut self) -> Result<Vec<Passphrase>> {
        if let Some(known) = &self.candidates {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        for source in self.passin_sources()? {
            found.extend(self.read(&source)?);
        }
        if self.passin.is_empty() {
            for name in ["PEM_P12_PASSWORD", "APN_CERTIFICATE_PASSPHRASE"] {
                if let Some(value) = self.variable(name) {
                    found.push(passphrase(value.into_vec())?);
                }
            }
        }
        self.candidates = Some(found.clone());
        Ok(found)
    }

    /// Asks for the passphrase of a file. `None` if nothing may be asked, or if `--passin` names other sources only.
    pub fn ask_in(&mut self, file: &str) -> Result<Option<Passphrase>> {
        let wished = self.passin.is_empty() || self.passin.contains(&Source::Prompt);
        if !wished || !self.may_prompt() {
            return Ok(None);
        }
        ask(&format!("passphrase for {}: ", words::file(file))).map(Some)
    }

    /// The passphrase that is to protect what is written, if flag or environment name one.
    pub fn passout(&mut self) -> Result<Option<Passphrase>> {
        if self.chosen.is_some() {
            return Ok(self.chosen.clone());
        }
        let Some(source) = self.passout_source()? else {
            return Ok(None);
        };
        if matches!(source, Source::Stdin | Source::Fd(0)) {
            // Line 1 belongs to passin, whichever is asked for first.
            self.candidates()?;
        }
        let chosen = match source {
            Source::Prompt => match self.ask_twice("the new key", "")? {
                Some(NewPassphrase::Protected(passphrase)) => passphrase,
                Some(NewPassphrase::Plain) => Passphrase::empty(),
                None => {
                    return Err(Error::Usage {
                        reason: "there is no terminal for --passout prompt; name another source, or say --no-passphrase".to_owned(),
                    });
                }
            },
            source => self.read(&source)?.unwrap_or_else(Passphrase::empty),
        };
        if chosen.is_empty() {
            return Err(Error::Usage {
                reason: "an empty --passout: plain is said with --no-passphrase".to_owned(),
            });
        }
        self.chosen = Some(chosen.clone());
        Ok(Some(chosen))
    }

    /// Asks twice for the passphrase of `what` ("the new key"); an empty one means plain. `None` if nothing may be asked.
    pub fn ask_new(&mut self, what: &str) -> Result<Option<NewPassphrase>> {
        self.ask_twice(what, " (empty for none)")
    }

    fn ask_twice(&mut self, what: &str, offer: &str) -> Result<Option<NewPassphrase>> {
        if !self.may_prompt() {
            return Ok(None);
        }
        for attempt in 0..ATTEMPTS {
            let before = if attempt == 0 { "" } else { "they differ; " };
            let first = ask(&format!("{before}passphrase for {what}{offer}: "))?;
            if first.is_empty() {
                return Ok(Some(NewPassphrase::Plain));
            }
            if ask("the same again: ")? == first {
                return Ok(Some(NewPassphrase::Protected(first)));
            }
        }
        Err(Error::NotReadable {
            reason: format!("the two passphrases differed {ATTEMPTS} times"),
        })
    }

    fn may_prompt(&self) -> bool {
        let ci = (self.environment)("CI").map(|value| value.to_string_lossy().into_owned());
        terminal::may_prompt(self.no_input, ci.as_deref())
    }

    fn passin_sources(&self) -> Result<Vec<Source>> {
        if !self.passin.is_empty() {
            return Ok(self.passin.clone());
        }
        let source = self.variable("PUSHCERT_PASSIN");
        let source = source.map(|text| named("PUSHCERT_PASSIN", &text));
        Ok(source.transpose()?.into_iter().collect())
    }

    fn passout_source(&self) -> Result<Option<Source>> {
        if self.passout.is_some() {
            return Ok(self.passout.clone());
        }
        let source = self.variable("PUSHCERT_PASSOUT");
        source
            .map(|text| named("PUSHCERT_PASSOUT", &text))
            .transpose()
    }

    /// A variable; an empty one is as good as none.
    fn variable(&self, name: &str) -> Option<OsString> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// `None` for what is asked on the terminal.
    fn read(&self, source: &Source) -> Result<Option<Passphrase>> {
        let line = match source {
            Source::Prompt => return Ok(None),
            Source::Pass(passphrase) => return Ok(Some(passphrase.clone())),
            Source::Env(name) => match (self.environment)(name) {
                Some(value) => return passphrase(value.into_vec()).map(Some),
                None => {
                    return Err(Error::Usage {
                        reason: format!("env:{name}: there is no such variable"),
                    });
                }
            },
            Source::Stdin | Source::Fd(0) => stdin_line()?,
            // An empty file holds the empty passphrase, as an empty line does.
            Source::File(path) => match files::read_line(path) {
                Err(error) if matches!(error.cause(), Error::Empty) => SecretBytes::new(Vec::new()),
                line => line.map_err(|error| error.of_missing("passphrase file"))?,
            },
            Source::Fd(number) => descriptor_line(*number)?,
        };
        passphrase(line.expose_secret().to_vec()).map(Some)
    }
}

fn descriptor_line(number: i32) -> Result<SecretBytes> {
    let path = PathBuf::from(format!("/dev/fd/{number}"));
    files::read_line(&path).map_err(|error| match error.cause() {
        Error::NotFound => Error::NotReadable {
            reason: format!("file descriptor {number} is not open"),
        },
        _ => error,
    })
}

fn stdin_line() -> Result<SecretBytes> {
    files::read_stdin_line()?.ok_or_else(|| Error::NotReadable {
        reason: "end of input where a passphrase was expected on standard input".to_owned(),
    })
}

fn named(variable: &str, text: &OsStr) -> Result<Source> {
    Source::parse(text).map_err(|error| Error::Usage {
        reason: format!("{variable}: {error}"),
    })
}

fn ask(prompt: &str) -> Result<Passphrase> {
    passphrase(terminal::passphrase(prompt)?.to_vec())
}

fn passphrase(bytes: Vec<u8>) -> Result<Passphrase> {
    Passphrase::new(bytes).ok_or_else(|| Error::Usage {
        reason: "a passphrase cannot hold a NUL".to_owned(),
    })
}
