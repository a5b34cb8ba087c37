//! `pushcert.toml`, read only where `--config` names it: paths, thresholds, owners and passphrase sources of a fleet.
//! What it does not know is refused with its line: a misspelt threshold must not be a threshold that nobody set.

use super::moment;
use super::passphrase::{Passphrases, Source};
use crate::error::{Error, Result};
use crate::expiry::App;
use crate::files;
use crate::secret::Passphrase;
use crate::validity::Threshold;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What the file says, checked. What it does not say is `None` or empty.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// As they stand there, seen from the file's folder.
    pub paths: Vec<PathBuf>,
    pub warn: Option<Threshold>,
    pub crit: Option<Threshold>,
    pub only_push: bool,
    pub latest: bool,
    /// For every locked file.
    pub passin: Vec<Source>,
    pub apps: Vec<App>,
    /// For one file each.
    pub files: Vec<(PathBuf, Source)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    paths: Vec<PathBuf>,
    warn: Option<Spanned<String>>,
    crit: Option<Spanned<String>>,
    only: Option<Spanned<String>>,
    #[serde(default)]
    latest: bool,
    #[serde(default)]
    passin: Vec<Spanned<String>>,
    #[serde(default)]
    app: Vec<RawApp>,
    #[serde(default)]
    file: Vec<RawFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApp {
    topic: Spanned<String>,
    owner: Option<String>,
    warn: Option<Spanned<String>>,
    crit: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    path: PathBuf,
    passin: Spanned<String>,
}

/// Reads the file.
///
/// # Errors
/// What keeps it from being read; `usage` with line and key for what is wrong in it.
pub(super) fn read(path: &Path) -> Result<Config> {
    let bytes = files::read(path).map_err(|error| error.of_missing("configuration file"))?;
    let text = std::str::from_utf8(bytes.expose_secret()).map_err(|_| Error::Usage {
        reason: format!("{}: is not UTF-8", path.display()),
    })?;
    let file = File { path, text };
    let raw: Raw = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        file.wrong(start, error.message().lines().next().unwrap_or_default())
    })?;
    file.checked(raw)
}

/// The file, for messages that name a line of it.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn checked(&self, raw: Raw) -> Result<Config> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let only_push = match &raw.only {
            None => false,
            Some(only) if only.get_ref() == "push" => true,
            Some(only) => return Err(self.wrong(only.span().start, "only: knows push alone")),
        };
        for (index, app) in raw.app.iter().enumerate() {
            let earlier = raw.app.iter().take(index);
            if earlier
                .clone()
                .any(|one| one.topic.get_ref() == app.topic.get_ref())
            {
                return Err(self.wrong(app.topic.span().start, "topic: another [[app]] has it"));
            }
        }
        let app = |app: RawApp| {
            Ok(App {
                topic: app.topic.into_inner(),
                owner: app.owner,
                warn: self.threshold("warn", app.warn)?,
                critical: self.threshold("crit", app.crit)?,
            })
        };
        let file = |file: RawFile| Ok((folder.join(file.path), self.source(&file.passin)?));
        Ok(Config {
            paths: raw.paths.iter().map(|path| folder.join(path)).collect(),
            warn: self.threshold("warn", raw.warn)?,
            crit: self.threshold("crit", raw.crit)?,
            only_push,
            latest: raw.latest,
            passin: raw
                .passin
                .iter()
                .map(|source| self.source(source))
                .collect::<Result<_>>()?,
            apps: raw.app.into_iter().map(app).collect::<Result<_>>()?,
            files: raw.file.into_iter().map(file).collect::<Result<_>>()?,
        })
    }

    fn threshold(&self, key: &str, text: Option<Spanned<String>>) -> Result<Option<Threshold>> {
        let Some(text) = text else {
            return Ok(None);
        };
        moment::parse_threshold(text.get_ref())
            .map(Some)
            .map_err(|reason| self.wrong(text.span().start, &format!("{key}: {reason}")))
    }

    /// A passphrase never stands in the file, and nobody is asked because of it.
    fn source(&self, text: &Spanned<String>) -> Result<Source> {
        match Source::parse(text.get_ref().as_ref()) {
            Ok(source @ (Source::Env(_) | Source::File(_))) => Ok(source),
            _ => {
                let reason = "passin: takes env:NAME and file:PATH here";
                Err(self.wrong(text.span().start, reason))
            }
        }
    }

    fn wrong(&self, start: usize, reason: &str) -> Error {
        let before = self.text.get(..start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        Error::Usage {
            reason: format!("{}: line {line}: {reason}", self.path.display()),
        }
    }
}

/// What the sources hold.
pub(super) fn passphrases(sources: Vec<Source>) -> Result<Vec<Passphrase>> {
    match sources.is_empty() {
        true => Ok(Vec::new()),
        false => Passphrases::new(sources, None, true, |name| std::env::var_os(name)).candidates(),
    }
}
