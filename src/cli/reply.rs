//! What a command answers, and how answers and failures reach stdout, stderr and the exit code.

use super::Common;
use super::colour;
use super::terminal::say;
use crate::container::{JAVA_KEYSTORE, OPENSSH_KEY};
use crate::error::Error;
use crate::files;
use crate::finding::{Finding, Severity, Status, id};
use crate::report::{escape, json, words, wrap};
use crate::secret::SecretBytes;
use serde_json::{Map, Value};
use std::io::{BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// What a command has to say.
#[derive(Default)]
pub(super) struct Reply {
    pub status: Status,
    pub findings: Vec<Finding>,
    /// The result in text.
    pub stdout: String,
    /// The result as bytes (`-o -`); replaces the text.
    pub bytes: Option<SecretBytes>,
    /// The conversation.
    pub stderr: String,
    /// The command's own part of the JSON document.
    pub own: Map<String, Value>,
    /// A long list of the same document.
    pub list: Option<json::List>,
    /// The command has written its own stream.
    pub silent: bool,
    /// An exit code that does not follow from the status.
    pub exit_code: Option<u8>,
}

/// Why a command ended without a result.
#[derive(Debug)]
pub(super) struct Stop {
    pub code: u8,
    pub findings: Vec<Finding>,
    pub own: Map<String, Value>,
}

impl Stop {
    /// The answer is no: exit 2.
    pub fn no(findings: Vec<Finding>) -> Box<Stop> {
        Box::new(Stop {
            code: 2,
            findings,
            own: Map::new(),
        })
    }

    /// Wrong usage: exit 64.
    pub fn usage(reason: impl Into<String>) -> Box<Stop> {
        Box::new(Stop::from_error(&Error::Usage {
            reason: reason.into(),
        }))
    }

    /// `--force` alone does not overwrite an input: exit 2.
    pub fn writes_over_input(path: &Path) -> Box<Stop> {
        let path = path.display().to_string();
        let message = "exists and is an input; it is overwritten only where -o names it";
        let hint = format!("-o {} beside --force replaces it", words::shell(&path));
        let finding = Finding::new("exists", Severity::Critical, message).with_hint(hint);
        Stop::no(vec![finding.in_path(path)])
    }

    fn from_error(error: &Error) -> Stop {
        let code = match error.cause() {
            Error::Usage { .. } => 64,
            Error::Exists { .. } => 2,
            Error::Interrupted { signal: 2 } => 130,
            Error::Interrupted { signal } => {
                128u8.saturating_add(u8::try_from(*signal).unwrap_or(15))
            }
            _ => 3,
        };
        let mut finding = Finding::unreadable(error);
        finding.hint = hint(error);
        if let Error::NotReadable { reason } = error {
            // Of a prompt or a descriptor: there is no file that "cannot be read" could be said of.
            finding.message.clone_from(reason);
        }
        if code == 2 {
            finding.severity = Severity::Critical;
        }
        Stop {
            code,
            findings: vec![finding],
            own: Map::new(),
        }
    }

    /// The same with another hint.
    pub fn with_hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Stop> {
        if let Some(first) = self.findings.first_mut() {
            first.hint = Some(hint.into());
        }
        self
    }
}

impl From<Error> for Box<Stop> {
    fn from(error: Error) -> Box<Stop> {
        Box::new(Stop::from_error(&error))
    }
}

/// The next thing to type, by what went wrong.
pub(super) fn hint(error: &Error) -> Option<String> {
    let text = match error.cause() {
        Error::WrongPassphrase => {
            "the empty passphrase was tried as well; --passin env:NAME or --passin prompt gives another"
        }
        Error::Locked => {
            "give its passphrase with --passin SRC (prompt, stdin, env:NAME, file:PATH, fd:N)"
        }
        Error::UnsupportedAlgorithm { .. } => {
            "export the file again with another tool or algorithm"
        }
        Error::WrongKind { found, .. } => return other_kind(error, found),
        Error::NotFound => return what_is_there(error.path()),
        Error::NoInputFound { .. } => {
            return Some(match error.path() {
                Some(path) => format!(
                    "pushcert inspect {}    (shows what it holds)",
                    words::shell(&path.display().to_string())
                ),
                None => "pushcert inspect DIR    (shows what a folder holds)".to_string(),
            });
        }
        Error::Exists { .. } => "--force replaces it; -o NAME writes another file",
        Error::NotWritable { reason } if reason.starts_with("there is no folder ") => {
            let folder = error.path()?.parent()?.display().to_string();
            return Some(format!("mkdir -p {}", words::shell(&folder)));
        }
        _ => return None,
    };
    Some(text.to_string())
}

/// Says a text on stderr, as wide as the terminal that it goes to.
pub(super) fn converse(text: &str) {
    say(&fitted(text, &std::io::stderr()));
}

/// How to see what stands where a file was looked for.
fn what_is_there(path: Option<&Path>) -> Option<String> {
    let folder = path.and_then(Path::parent).unwrap_or(Path::new(""));
    if folder.as_os_str().is_empty() {
        return Some("pushcert inspect .    (shows what is in this folder)".to_string());
    }
    let name = words::shell(&folder.display().to_string());
    files::is_folder(folder)
        .then(|| format!("pushcert inspect {name}    (shows what is in that folder)"))
}

/// The text as wide as the terminal that it goes to; anywhere else as it is.
pub(super) fn fitted(text: &str, stream: &(impl IsTerminal + AsFd)) -> String {
    match rustix::termios::tcgetwinsize(stream) {
        Ok(size) if stream.is_terminal() && size.ws_col > 0 => {
            wrap::fold(text, usize::from(size.ws_col))
        }
        _ => text.to_string(),
    }
}

/// What makes a file that is another kind of key store into one that is read here.
fn other_kind(error: &Error, found: &str) -> Option<String> {
    let path = words::shell(&error.path()?.display().to_string());
    match found {
        JAVA_KEYSTORE => Some(format!(
            "keytool -importkeystore -srckeystore {path} -destkeystore {path}.p12 -deststoretype pkcs12"
        )),
        OPENSSH_KEY => Some(format!(
            "ssh-keygen -p -m PKCS8 -f {path}    (rewrites it as PKCS#8, so on a copy)"
        )),
        _ => None,
    }
}

/// Prints a command's answer and returns its exit code.
pub(super) fn print(command: &str, common: &Common, result: Result<Reply, Box<Stop>>) -> u8 {
    match result {
        Ok(reply) => {
            let code = reply.exit_code.unwrap_or_else(|| reply.status.exit_code());
            if !common.quiet {
                converse(&reply.stderr);
            }
            if reply.silent {
                return code;
            }
            if let (true, Some(list)) = (common.json, &reply.list) {
                let document =
                    json::envelope(command, reply.status, code, &reply.findings, reply.own);
                let mut stdout = BufWriter::new(std::io::stdout().lock());
                let written = list.write_into(&document, &mut stdout);
                let written = written.and_then(|()| stdout.flush());
                return code_after(written, code);
            }
            let bytes = match (common.json, reply.bytes) {
                (true, _) => {
                    let document =
                        json::envelope(command, reply.status, code, &reply.findings, reply.own);
                    SecretBytes::new(json::text(&document).into_bytes())
                }
                (false, Some(bytes)) => bytes,
                (false, None) => {
                    let text = fitted(&reply.stdout, &std::io::stdout());
                    SecretBytes::new(colour::result(text).into_bytes())
                }
            };
            write_stdout(&bytes, code)
        }
        Err(stop) => {
            for finding in &stop.findings {
                say(&error_lines(finding));
            }
            if common.json {
                let status = match stop.code {
                    2 => Status::Critical,
                    _ => Status::Unknown,
                };
                let document = json::envelope(command, status, stop.code, &stop.findings, stop.own);
                return write_stdout(
                    &SecretBytes::new(json::text(&document).into_bytes()),
                    stop.code,
                );
            }
            stop.code
        }
    }
}

fn error_lines(finding: &Finding) -> String {
    let place = match &finding.path {
        Some(path) if path == "-" || !finding.message.starts_with(path.as_str()) => {
            format!("{}: ", words::file(path))
        }
        _ => String::new(),
    };
    // A sentence of which the file is the subject.
    let goes_on = |verb: &&str| finding.message.starts_with(*verb);
    let space = match ["exists", "is ", "holds "].iter().any(goes_on) {
        true => place.trim_end_matches(": ").to_string() + " ",
        false => place,
    };
    let mut lines = format!("error: {}{}\n", space, escape::text(&finding.message));
    if let Some(hint) = &finding.hint {
        lines.push_str(&format!("hint: {}\n", escape::text(hint)));
    }
    lines
}

fn write_stdout(bytes: &SecretBytes, code: u8) -> u8 {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(bytes.expose_secret())
        .and_then(|()| stdout.flush());
    code_after(written, code)
}

/// A broken pipe ends quietly and keeps the code; any other failure of stdout is a result that did not arrive.
pub(super) fn code_after(written: std::io::Result<()>, code: u8) -> u8 {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            say(&format!(
                "error: stdout cannot be written: {error}
"
            ));
            if code == 0 || code == 1 { 3 } else { code }
        }
        _ => code,
    }
}

/// The JSON document of a command line that clap refuses.
pub(super) fn print_usage(command: &str, reason: &str) {
    let finding = Finding::new("usage", Severity::Unknown, reason);
    let document = json::envelope(command, Status::Unknown, 64, &[finding], Map::new());
    write_stdout(&SecretBytes::new(json::text(&document).into_bytes()), 64);
}

/// A key may go to a pipe or a file, never to a terminal; and stdout holds one document at a time.
pub(super) fn check_stdout_for_key(json: bool) -> Result<(), Box<Stop>> {
    if json {
        return Err(Stop::usage("-o - and --json both want stdout"));
    }
    if std::io::stdout().is_terminal() {
        let message = "a private key is not written to a terminal";
        let finding = Finding::new(id::KEY_TO_TERMINAL, Severity::Critical, message)
            .with_hint("-o FILE writes it to a file");
        return Err(Stop::no(vec![finding]));
    }
    Ok(())
}
