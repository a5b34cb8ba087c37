//! The command line: flags to calls to a report. One file per subcommand; this one parses, dispatches, prints and picks the exit code.
//!
//! Output policy: the result goes to stdout and nothing else does; the conversation goes to stderr. With `--json` stdout gets
//! exactly one document, also on failure. Foreign text is escaped before it is printed.

#[macro_use]
mod help;

mod check;
mod choose;
mod colour;
mod completions;
mod config;
mod convert;
mod csr;
mod endpoint;
mod expiry;
mod explain;
mod fail_on;
mod guide;
mod hints;
mod hook;
mod inspect;
mod lab;
mod man;
mod merge;
mod moment;
mod open;
pub mod passphrase;
mod protect;
mod reply;
mod rotate;
mod send;
mod status_line;
pub mod terminal;
mod waiting;
mod wishes;

use crate::files;
use crate::report::escape;
use clap::{Args, Parser, Subcommand, ValueEnum};
use passphrase::{Passphrases, Source};
use reply::{Reply, Stop};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes, converts, proves and watches Apple push certificates.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, all good · 1 good but needs attention · 2 the answer is no · \
3 could not tell or could not do · 64 wrong usage · 130 interrupted · 143 terminated";

/// The sentences are here and not at the subcommands, whose flags are made only for the one that is called.
#[derive(Subcommand)]
#[command(defer = true)]
enum Command {
    /// Make an RSA-2048 key and the request that Apple's portal takes
    Csr(csr::Csr),
    /// Convert certificates and keys: DER, PEM and PKCS#12
    Convert(convert::Convert),
    /// Join a certificate and the key that fits it into ck.pem
    Merge(merge::Merge),
    /// Prove a certificate: static findings, then a live mutual-TLS handshake
    #[command(alias = "verify")]
    Check(Box<check::Check>),
    /// Send a notification to one device token, or to many
    Send(Box<send::Send>),
    /// Say what ends when: a gate over files and folders, for pipelines, monitors and people
    Expiry(Box<expiry::Expiry>),
    /// Say what any file is and what it is good for
    Inspect(inspect::Inspect),
    /// Say what a code or an error message means and what to do
    Explain(explain::Explain),
    /// Renew a live certificate as a transaction: start, finish, rollback, status
    Rotate(rotate::Rotate),
    /// Go the whole way a step at a time, asked before each
    Guide(guide::Guide),
    /// A stand-in Apple CA and push gateway on loopback, to try everything offline
    Lab(lab::Lab),
    /// Print the completions of a shell
    Completions(completions::Completions),
    /// Print a man page
    Man(man::Man),
}

// Flags of every subcommand. No doc comment: it would become the sentence of each, as with the flags below.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Common options")]
struct Common {
    /// Print one JSON document on stdout
    #[arg(long)]
    json: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long)]
    quiet: bool,
    /// Tell more on stderr
    #[arg(short, long)]
    verbose: bool,
    /// Colour on stdout and stderr
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    color: Color,
    /// Never prompt
    #[arg(long)]
    no_input: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

// Where passphrases of inputs come from.
#[derive(Args, Clone, Debug)]
struct PassIn {
    /// Passphrase of an input: prompt, stdin, env:NAME, file:PATH, fd:N or pass:TEXT (repeatable)
    #[arg(long, value_name = "SRC")]
    passin: Vec<OsString>,
}

// How a key that is written is protected.
#[derive(Args, Clone, Debug)]
struct PassOut {
    /// Encrypt the key that is written: prompt, stdin, env:NAME, file:PATH, fd:N or pass:TEXT
    #[arg(long, value_name = "SRC", conflicts_with = "no_passphrase")]
    passout: Option<OsString>,
    /// Write the key unencrypted
    #[arg(long)]
    no_passphrase: bool,
}

/// Parses the command line, runs the command, prints, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            colour::set(colour::wished(std::env::args_os()));
            return usage(&error);
        }
    };
    crate::ffi::prepare_openssl();
    // Not before: help and version do without.
    files::signal::listen();
    let (name, common) = cli.command.describe();
    colour::set(common.color);
    let result = cli.command.run();
    ExitCode::from(reply::print(name, &common, result))
}

impl Command {
    fn describe(&self) -> (&'static str, Common) {
        match self {
            Command::Csr(c) => ("csr", c.common.clone()),
            Command::Convert(c) => ("convert", c.common.clone()),
            Command::Merge(c) => ("merge", c.common.clone()),
            Command::Check(c) => ("check", c.common.clone()),
            Command::Send(c) => ("send", c.common.clone()),
            Command::Expiry(c) => ("expiry", c.common()),
            Command::Inspect(c) => ("inspect", c.common.clone()),
            Command::Explain(c) => ("explain", c.common.clone()),
            Command::Rotate(c) => c.describe(),
            Command::Guide(c) => ("guide", c.common.clone()),
            Command::Lab(c) => c.describe(),
            Command::Completions(c) => ("completions", c.common.clone()),
            Command::Man(c) => ("man", c.common.clone()),
        }
    }

    fn run(self) -> Result<Reply, Box<Stop>> {
        match self {
            Command::Csr(c) => c.run(),
            Command::Convert(c) => c.run(),
            Command::Merge(c) => c.run(),
            Command::Check(c) => c.run(),
            Command::Send(c) => c.run(),
            Command::Expiry(c) => c.run(),
            Command::Inspect(c) => c.run(),
            Command::Explain(c) => c.run(),
            Command::Rotate(c) => c.run(),
            Command::Guide(c) => c.run(),
            Command::Lab(c) => c.run(),
            Command::Completions(c) => c.run(),
            Command::Man(c) => c.run(),
        }
    }
}

/// The passphrases of a command. The sources are parsed here rather than by clap, which would print a wrong one, and that may be the
/// passphrase itself.
fn passphrases(
    passin: &PassIn,
    passout: Option<&PassOut>,
    common: &Common,
    inputs: &[PathBuf],
) -> Result<Passphrases, Box<Stop>> {
    let ins = passin.passin.iter().map(|text| Source::parse(text));
    let out = passout
        .and_then(|flags| flags.passout.as_deref())
        .map(Source::parse);
    let environment = |name: &str| std::env::var_os(name);
    let passphrases = Passphrases::new(
        ins.collect::<Result<_, _>>()?,
        out.transpose()?,
        common.no_input,
        environment,
    );
    if passphrases.passin_reads_stdin()? && inputs.iter().any(|path| path.as_os_str() == "-") {
        return Err(Stop::usage("--passin stdin and input - both want stdin"));
    }
    if inputs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Stop::usage("- is stdin, and stdin is read once"));
    }
    if !common.quiet {
        for warning in passphrases.warnings() {
            terminal::say(&format!("warning: {warning}\n"));
        }
    }
    Ok(passphrases)
}

/// A name in the folder; in the current one just the name.
fn inside(folder: &Path, name: &Path) -> PathBuf {
    match folder.as_os_str() == "." {
        true => name.to_path_buf(),
        false => folder.join(name),
    }
}

/// The value of `CI`, which forbids prompts.
fn ci() -> Option<String> {
    std::env::var("CI").ok()
}

/// clap's own exit code for wrong usage is 2, which here means "the answer is no".
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(3),
            _ => ExitCode::SUCCESS,
        };
    }
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    // It repeats what was typed, line breaks and all.
    let harmless = |text: String| {
        let foreign = arguments.iter().flat_map(|argument| {
            let (flag, value) = argument.split_once('=').unwrap_or((argument, ""));
            [argument.as_str(), flag, value]
        });
        foreign.fold(text, |text, part| match escape::text(part) {
            escaped if escaped != part => text.replace(part, &escaped),
            _ => text,
        })
    };
    if arguments.iter().any(|argument| argument == "--json") {
        let command = arguments.iter().find(|argument| !argument.starts_with('-'));
        let command = command.cloned().unwrap_or_default();
        let text = harmless(error.to_string());
        let reason: Vec<&str> = text
            .lines()
            .take_while(|line| !line.is_empty())
            .map(str::trim)
            .collect();
        let reason = reason.join(" ");
        reply::print_usage(&command, reason.trim_start_matches("error: "));
    }
    terminal::say(&harmless(error.render().ansi().to_string()));
    ExitCode::from(64)
}
