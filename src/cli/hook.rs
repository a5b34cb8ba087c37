//! The hook of a rotation, the only process that pushcert starts: an argument list without a shell, bounded in time, its
//! output shown line by line, its environment free of passphrases.

use super::reply::Stop;
use super::terminal::say;
use crate::error::Error;
use crate::files::{self, signal};
use crate::report::{escape, words};
use crate::rotation::{Facts, Site};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running hook is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// How many lines of it may wait to be shown, and how many are kept where they are shown only if it fails.
const WAITING: usize = 1000;
/// How long a hook may take to end once it was asked to, and its output to end once it has.
const GRACE: Duration = Duration::from_secs(2);
/// The longest line that is shown, in bytes.
const LONGEST: u64 = 8 << 10;
/// Variables that may hold a passphrase.
const SECRETS: [&str; 4] = [
    "PUSHCERT_PASSIN",
    "PUSHCERT_PASSOUT",
    "PEM_P12_PASSWORD",
    "APN_CERTIFICATE_PASSPHRASE",
];

/// A program with its arguments.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub argv: Vec<OsString>,
    pub timeout: Duration,
    /// More variables that hold a passphrase: those that `--passin env:NAME` names.
    pub secret_variables: Vec<String>,
}

/// How a hook ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Code(i32),
    Signal(i32),
    TimedOut(Duration),
    /// This program was told to end while the hook ran.
    Interrupted,
    NotStarted(String),
}

impl Ended {
    /// Whether it did what it was run for.
    pub fn is_good(&self) -> bool {
        *self == Ended::Code(0)
    }

    /// `ended with 1`.
    pub fn describe(&self) -> String {
        match self {
            Ended::Code(code) => format!("ended with {code}"),
            Ended::Signal(signal) => format!("was ended by signal {signal}"),
            Ended::TimedOut(timeout) => format!("did not end within {timeout:?}"),
            Ended::Interrupted => "was interrupted".to_string(),
            Ended::NotStarted(reason) => format!("could not be started: {reason}"),
        }
    }
}

impl Hook {
    /// The program and its arguments as text.
    pub fn describe(&self) -> String {
        let words = self.argv.iter().map(|word| word.to_string_lossy());
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether there is such a program, before anything is touched.
    pub fn find(&self) -> Result<(), Box<Stop>> {
        let Some(program) = self.argv.first() else {
            return Err(Stop::usage("-- is followed by the hook and its arguments"));
        };
        let program = PathBuf::from(program);
        let is_path = program.components().count() > 1;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = match is_path {
            true => files::is_executable(&program),
            false => {
                std::env::split_paths(&path).any(|dir| files::is_executable(&dir.join(&program)))
            }
        };
        match found {
            true => Ok(()),
            false => Err(Box::<Stop>::from(no_program(&program)).with_hint(
                "it is the hook after --: a path, or a program on the PATH; nothing was changed",
            )),
        }
    }

    /// Runs it to its end. What it writes is shown on stderr, at once or, where that is to be quiet, only if it fails.
    /// After a signal it is asked to end, unless `whatever` says that it has to run all the same.
    pub fn run(&self, variables: &[(&str, OsString)], quiet: bool, whatever: bool) -> Ended {
        let mut child = match self.start(variables) {
            Ok(child) => child,
            Err(error) => return Ended::NotStarted(error.kind().to_string()),
        };
        // Bounded: a hook that writes faster than it is shown waits, and memory does not grow.
        let (sender, lines) = sync_channel(WAITING);
        if let Some(stdout) = child.stdout.take() {
            read_along(stdout, sender.clone());
        }
        if let Some(stderr) = child.stderr.take() {
            read_along(stderr, sender);
        }
        let mut kept = VecDeque::new();
        let ended = self.wait(&mut child, whatever, || show(&lines, quiet, &mut kept));
        finish_lines(&lines, quiet, &mut kept);
        if quiet && !ended.is_good() {
            for line in kept {
                say(&format!("{line}\n"));
            }
        }
        ended
    }

    fn start(&self, variables: &[(&str, OsString)]) -> std::io::Result<Child> {
        let (program, arguments) = match self.argv.split_first() {
            Some((program, arguments)) => (program, arguments),
            None => return Err(std::io::ErrorKind::NotFound.into()),
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .envs(variables.iter().map(|(name, value)| (name, value)));
        for name in SECRETS {
            command.env_remove(name);
        }
        for name in &self.secret_variables {
            command.env_remove(name);
        }
        if !has_terminal() {
            // What it starts in turn ends with it. On a terminal it stays in the foreground, where sudo may ask.
            command.process_group(0);
        }
        command.spawn()
    }

    fn wait(&self, child: &mut Child, whatever: bool, mut meanwhile: impl FnMut()) -> Ended {
        let started = Instant::now();
        loop {
            meanwhile();
            match child.try_wait() {
                Ok(Some(status)) => return ended(status),
                Ok(None) => {}
                Err(error) => return Ended::NotStarted(error.to_string()),
            }
            let interrupted = !whatever && signal::interrupted().is_some();
            if interrupted || started.elapsed() >= self.timeout {
                end(child, &mut meanwhile);
                return match interrupted {
                    true => Ended::Interrupted,
                    false => Ended::TimedOut(self.timeout),
                };
            }
            thread::sleep(GLANCE);
        }
    }
}

fn no_program(program: &Path) -> Error {
    Error::NotFound.in_file(program)
}

fn has_terminal() -> bool {
    std::io::stderr().is_terminal()
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, Some(signal)) => Ended::Signal(signal),
        (None, None) => Ended::Code(-1),
    }
}

/// Asks it to end, then ends it.
fn end(child: &mut Child, meanwhile: &mut impl FnMut()) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let send = |signal: Signal| {
        if let Some(pid) = pid {
            let _gone_already = match has_terminal() {
                true => kill_process(pid, signal),
                false => kill_process_group(pid, signal),
            };
        }
    };
    send(Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        meanwhile();
        if matches!(child.try_wait(), Ok(Some(_))) {
            break;
        }
        thread::sleep(GLANCE);
    }
    send(Signal::KILL);
    let _reaped = child.wait();
}

/// Sends each line of the stream, to its end or until nobody listens, from a thread of its own. Without the thread the hook's
/// output is lost, and nothing else.
fn read_along(stream: impl Read + Send + 'static, sender: SyncSender<Vec<u8>>) {
    let read = move || {
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match reader.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
                Ok(count) if count > 0 && sender.send(line).is_ok() => {}
                _ => return,
            }
        }
    };
    let _reading = thread::Builder::new().spawn(read);
}

/// What has come so far, but never so much that deadline and signals would have to wait for it.
fn show(lines: &Receiver<Vec<u8>>, quiet: bool, kept: &mut VecDeque<String>) {
    for line in lines.try_iter().take(WAITING) {
        show_one(&line, quiet, kept);
    }
}

/// What is still on its way; a process that outlives the hook may hold its output open, and is not waited for.
fn finish_lines(lines: &Receiver<Vec<u8>>, quiet: bool, kept: &mut VecDeque<String>) {
    let until = Instant::now() + GRACE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if !left.is_zero() => show_one(&line, quiet, kept),
            _ => return,
        }
    }
}

fn show_one(line: &[u8], quiet: bool, kept: &mut VecDeque<String>) {
    let text = String::from_utf8_lossy(line);
    let text = format!(
        "hook  {}",
        escape::text(text.trim_end_matches(['\n', '\r']))
    );
    match quiet {
        true => {
            if kept.len() == WAITING {
                kept.pop_front();
            }
            kept.push_back(text);
        }
        false => say(&format!("{text}\n")),
    }
}

/// The variables that tell a hook what happened.
pub(super) fn variables(
    event: &str,
    site: &Site,
    old: &Facts,
    new: &Facts,
) -> Vec<(&'static str, OsString)> {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let environments: Vec<&str> = new.environments.iter().map(|e| e.as_str()).collect();
    let mut variables = vec![
        ("PUSHCERT_EVENT", event.into()),
        ("PUSHCERT_PATH", whole(site.live()).into()),
        ("PUSHCERT_OLD_SHA256", old.sha256.clone().into()),
        ("PUSHCERT_NEW_SHA256", new.sha256.clone().into()),
        // A NUL in a name of a certificate would keep the hook from starting.
        (
            "PUSHCERT_TOPICS",
            escape::data(&new.topics.join(" ")).into(),
        ),
        ("PUSHCERT_ENVIRONMENTS", environments.join(" ").into()),
        ("PUSHCERT_NOT_AFTER", words::rfc3339(new.not_after).into()),
    ];
    let key = site.live_key().map(whole);
    variables.extend(key.map(|key| ("PUSHCERT_KEY_PATH", key.into())));
    variables
}
