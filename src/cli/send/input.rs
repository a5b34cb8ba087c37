//! The flags that say what is sent to whom: `--token`, `--tokens`, `--alert`, `--payload`.

use super::super::reply::Stop;
use super::super::terminal;
use super::{Parsed, name, refused};
use crate::error::Error;
use crate::files;
use crate::finding::{Finding, id};
use crate::report::escape;
use crate::secret::SecretBytes;
use crate::send::{Payload, Token, Tokens};
use clap::Args;
use std::path::{Path, PathBuf};

// To whom.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct Addressees {
    /// The device token
    #[arg(long, value_name = "HEX", value_parser = Token::parse)]
    token: Option<Token>,
    /// A file of device tokens, one a line; `-` is stdin
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
}

// What.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct Contents {
    /// Show this text
    #[arg(long, value_name = "TEXT")]
    alert: Option<String>,
    /// Send this JSON object; `-` is stdin
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,
}

/// So many repeated lines are named.
const NAMED: usize = 5;

impl Addressees {
    /// The file, if there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        self.tokens.as_ref()
    }

    /// The tokens; what is said of them is said on stderr.
    pub fn tokens(&self, quiet: bool) -> Result<Tokens, Box<Stop>> {
        let path = match (&self.token, &self.tokens) {
            (Some(token), _) => return Ok(Tokens::one(token.clone())),
            (None, Some(path)) => path,
            (None, None) => return Err(Stop::usage("--token or --tokens says to whom")),
        };
        let bytes = read(path, "file of device tokens")?;
        let in_file = |finding: Finding| finding.in_path(name(path));
        let tokens = Tokens::parse(bytes.expose_secret())
            .map_err(|findings| Stop::no(findings.into_iter().map(in_file).collect()))?;
        if tokens.listed.is_empty() {
            let wanted = "device token";
            return Err(Error::NoInputFound { wanted }.in_file(path).into());
        }
        if !quiet {
            let name = escape::text(&name(path));
            for repeated in tokens.repeated.iter().take(NAMED) {
                let (line, first) = (repeated.line, repeated.first);
                terminal::say(&format!(
                    "warning: {name}: line {line} repeats line {first}; it is sent to once\n"
                ));
            }
            if let Some(more) = tokens.repeated.len().checked_sub(NAMED).filter(|n| *n > 0) {
                terminal::say(&format!(
                    "warning: {name}: {more} more lines repeat earlier ones\n"
                ));
            }
        }
        Ok(tokens)
    }
}

impl Contents {
    /// The file, if there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        self.payload.as_ref()
    }

    /// The payload.
    pub fn payload(&self) -> Result<Payload, Box<Stop>> {
        let path = self.payload.as_deref();
        let payload: Parsed = match (&self.alert, path) {
            (Some(text), _) => Ok(Payload::alert(text)),
            (None, Some(path)) => Payload::parse(read(path, "payload file")?.expose_secret()),
            (None, None) => return Err(Stop::usage("--alert or --payload says what is sent")),
        };
        payload.map_err(|reason| refused(id::BAD_PAYLOAD, path, format!("the payload {reason}")))
    }
}

fn read(path: &Path, what: &'static str) -> Result<SecretBytes, Box<Stop>> {
    let bytes = match path.as_os_str() == "-" {
        true => files::read_stdin(),
        false => files::read(path),
    };
    Ok(bytes.map_err(|error| error.of_missing(what))?)
}
