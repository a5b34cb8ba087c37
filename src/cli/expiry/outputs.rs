//! Where each dialect goes. Reports appear whole and replace older ones, but never a file that holds a certificate, key or request.

use super::super::moment;
use super::super::reply::Stop;
use super::{Expiry, Format};
use crate::container;
use crate::error::Error;
use crate::expiry::Row;
use crate::files::{self, Output};
use crate::finding::{Finding, Severity};
use crate::report::expiry::{
    Outcome, csv, github, html, ics, junit, nagios, prometheus, sarif, text,
};
use crate::secret::SecretBytes;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// What is to be written.
pub(super) struct Outputs {
    /// What goes to stdout; `None` where `-o` takes it.
    stdout: Option<Format>,
    files: Vec<(Format, PathBuf)>,
    /// A table that is written to stdout while it is read.
    stream: Option<Stream>,
    /// Workflow commands beside the text.
    annotate: bool,
}

/// What has been written, and what is left for the reply.
pub(super) struct Written {
    pub stdout: String,
    /// The same in a format for machines, to which nothing is done any more.
    pub bytes: Option<SecretBytes>,
    pub streamed: bool,
}

struct Stream {
    begun: bool,
    /// Nobody reads any more; the exit code is still owed.
    closed: bool,
}

impl Outputs {
    pub(super) fn plan(flags: &Expiry) -> Result<Outputs, Box<Stop>> {
        let format = flags.format.unwrap_or(match flags.common.json {
            true => Format::Json,
            false => Format::Text,
        });
        if flags.common.json && format != Format::Json {
            return Err(Stop::usage("--json and another --format both want stdout"));
        }
        let mut files = flags.report.clone();
        let mut stdout = Some(format);
        match &flags.output {
            Some(path) if path.as_os_str() == "-" && flags.common.json => {
                return Err(Stop::usage("-o - and --json both want stdout"));
            }
            Some(path) if path.as_os_str() != "-" => {
                stdout = None;
                files.push((format, path.clone()));
            }
            _ => {}
        }
        for (index, (_, path)) in files.iter().enumerate() {
            if files.iter().take(index).any(|(_, other)| other == path) {
                let path = path.display();
                return Err(Stop::usage(format!("two reports go to one file: {path}")));
            }
            refuse_to_replace(path)?;
        }
        let streams = stdout == Some(Format::Csv);
        Ok(Outputs {
            stdout,
            files,
            stream: streams.then_some(Stream {
                begun: false,
                closed: false,
            }),
            annotate: std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        })
    }

    /// Whether any output shows the rows that are good.
    pub(super) fn want_all(&self) -> bool {
        let formats = self.files.iter().map(|(format, _)| *format);
        formats.chain(self.stdout).any(|format| match format {
            Format::Text | Format::Sarif | Format::Github | Format::Nagios => false,
            Format::Json
            | Format::Csv
            | Format::Prometheus
            | Format::Junit
            | Format::Ics
            | Format::Html => true,
        })
    }

    /// Whether no output needs the rows once they have been read.
    pub(super) fn only_stream(&self) -> bool {
        self.stream.is_some() && self.files.is_empty()
    }

    /// Whether rows go by on a terminal while they are read.
    pub(super) fn show_rows(&self) -> bool {
        self.stream.is_some() && std::io::stdout().is_terminal()
    }

    /// Writes the rows to stdout already, if that is where and how they go.
    pub(super) fn stream(&mut self, rows: &[Row], now: OffsetDateTime) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        if stream.closed {
            return;
        }
        let mut lines = match std::mem::replace(&mut stream.begun, true) {
            true => String::new(),
            false => csv::HEADER.to_string(),
        };
        for row in rows {
            csv::line(row, now, &mut lines);
        }
        stream.closed = std::io::stdout().write_all(lines.as_bytes()).is_err();
    }

    pub(super) fn write(
        self,
        outcome: &Outcome,
        document: impl Fn() -> String,
    ) -> Result<Written, Box<Stop>> {
        let render = |format| match format {
            Format::Text => text::text(outcome),
            Format::Json => document(),
            Format::Csv => csv::table(outcome.rows.iter(), outcome.now),
            Format::Prometheus => prometheus::metrics(outcome, moment::now(None)),
            Format::Junit => junit::document(outcome),
            Format::Sarif => sarif::log(outcome),
            Format::Github => github::log(outcome),
            Format::Ics => ics::calendar(outcome),
            Format::Html => html::page(outcome),
            Format::Nagios => nagios::line(outcome),
        };
        for (format, path) in &self.files {
            refuse_to_replace(path)?;
            let report = render(*format);
            let output = Output {
                path,
                contents: report.as_bytes(),
                holds_key: false,
            };
            files::create(&[output], true)?;
        }
        let formats = self.files.iter().map(|(format, _)| *format);
        if formats
            .chain(self.stdout)
            .any(|format| format == Format::Github)
        {
            tell_github(outcome)?;
        }
        let mut stdout = match self.stdout {
            // The reply makes its own, in the envelope.
            Some(Format::Json) | None => String::new(),
            Some(Format::Csv) if self.stream.is_some() => String::new(),
            Some(format) => render(format),
        };
        if self.annotate && self.stdout == Some(Format::Text) {
            stdout.push_str(&github::annotations(outcome));
        }
        let (stdout, bytes) = match self.stdout {
            Some(Format::Text | Format::Json) | None => (stdout, None),
            Some(_) => (String::new(), Some(SecretBytes::new(stdout.into_bytes()))),
        };
        Ok(Written {
            stdout,
            bytes,
            streamed: self.stream.is_some(),
        })
    }
}

/// Appends to the files that the runner names.
fn tell_github(outcome: &Outcome) -> Result<(), Box<Stop>> {
    let files = [
        ("GITHUB_STEP_SUMMARY", github::summary(outcome)),
        ("GITHUB_OUTPUT", github::outputs(outcome)),
    ];
    for (name, text) in files {
        if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty()) {
            files::append(Path::new(&path), text.as_bytes())?;
        }
    }
    Ok(())
}

/// A report replaces any file but one that holds a certificate, key or request, or what is left of one.
fn refuse_to_replace(path: &Path) -> Result<(), Box<Stop>> {
    // What is no file is refused when it comes to writing; a pipe would be waited for here.
    if !files::is_file(path) {
        return Ok(());
    }
    let holds = match files::read(path).map(|bytes| container::parse(&bytes).map(drop)) {
        Ok(Ok(())) => true,
        Ok(Err(error)) => !matches!(error, Error::WrongKind { .. } | Error::Empty),
        Err(error) if matches!(error.cause(), Error::TooLarge { .. }) => {
            let begins = files::read_line(path).map(|line| {
                let line = line.expose_secret();
                line.first() == Some(&0x30) || line.starts_with(b"-----BEGIN ")
            });
            begins.unwrap_or(true)
        }
        // Nothing there, or nothing that could be replaced: writing says why.
        Err(_) => false,
    };
    if !holds {
        return Ok(());
    }
    let message = "holds a certificate, key or request; a report never replaces one";
    let finding = Finding::new("exists", Severity::Critical, message)
        .in_path(path.display().to_string())
        .with_hint("-o NAME writes another file");
    Err(Stop::no(vec![finding]))
}
