//! `pushcert man`: man pages, made from the flags themselves.

use super::reply::{Reply, Stop};
use super::{Cli, Common};
use crate::files::{self, Output};
use crate::report::{escape, json};
use crate::secret::SecretBytes;
use clap::{Args, Command, CommandFactory};
use clap_mangen::roff::{Roff, line_break, roman};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert man | man -l -
  pushcert man rotate finish | man -l -
  pushcert man -o ~/.local/share/man/man1/    (every page, a file each)", "0 printed or written · 3 could not be written"))]
pub(super) struct Man {
    /// The subcommand whose page it is; none is the page of pushcert
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    command: Vec<String>,
    /// Folder that gets every page as a file
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Man {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let mut root = Cli::command();
        // What completes a command line is no subcommand of its own in a manual.
        root = root.disable_help_subcommand(true);
        root.build();
        match self.output {
            Some(folder) => write_all(&root, &folder),
            None => print(subcommand(&root, &self.command)?),
        }
    }
}

fn subcommand<'a>(root: &'a Command, path: &[String]) -> Result<&'a Command, Box<Stop>> {
    path.iter().try_fold(root, |command, name| {
        command.find_subcommand(name).ok_or_else(|| {
            Stop::usage(format!("{} has no subcommand {name}", called(command)))
                .with_hint(format!("{} --help", called(command)))
        })
    })
}

fn called(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

fn print(command: &Command) -> Result<Reply, Box<Stop>> {
    let page = page(command);
    Ok(Reply {
        own: json::part("page", String::from_utf8_lossy(&page).into()),
        // Bytes, because text is folded to the width of a terminal.
        bytes: Some(SecretBytes::new(page)),
        ..Reply::default()
    })
}

fn write_all(root: &Command, folder: &Path) -> Result<Reply, Box<Stop>> {
    let mut pages = Vec::new();
    collect(root, folder, &mut pages);
    files::make_folder(folder)?;
    let outputs: Vec<Output> = pages
        .iter()
        .map(|(path, contents)| Output {
            path,
            contents,
            holds_key: false,
        })
        .collect();
    // A page of an earlier version makes way.
    files::create(&outputs, true)?;
    let written = pages
        .iter()
        .map(|(path, _)| json!({ "path": path.to_string_lossy(), "contents": ["page"] }));
    Ok(Reply {
        stderr: format!(
            "wrote {} pages in {}\n",
            pages.len(),
            escape::text(&folder.display().to_string())
        ),
        own: json::part("written", written.collect()),
        ..Reply::default()
    })
}

/// The pages of a command and of all below it.
fn collect(command: &Command, folder: &Path, pages: &mut Vec<(PathBuf, Vec<u8>)>) {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    pages.push((folder.join(format!("{name}.1")), page(command)));
    for below in command.get_subcommands() {
        collect(below, folder, pages);
    }
}

/// A page with what the help says below its flags in sections of its own.
fn page(command: &Command) -> Vec<u8> {
    let man = clap_mangen::Man::new(command.clone())
        .source(concat!("pushcert ", env!("CARGO_PKG_VERSION")))
        .manual("pushcert manual");
    let mut page = Vec::new();
    let sections = [
        clap_mangen::Man::render_title,
        clap_mangen::Man::render_name_section,
        clap_mangen::Man::render_synopsis_section,
        clap_mangen::Man::render_description_section,
        clap_mangen::Man::render_options_section,
    ];
    // A vector takes everything.
    for section in sections {
        let _ = section(&man, &mut page);
    }
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut page);
    }
    let after = command.get_after_help().map(ToString::to_string);
    let _ = remarks(&after.unwrap_or_default()).to_writer(&mut page);
    page
}

/// Examples as they are typed, exit codes one below the other.
fn remarks(after: &str) -> Roff {
    let mut roff = Roff::default();
    let (examples, codes) = after.split_once("Exit codes:").unwrap_or((after, ""));
    let examples = examples.trim().trim_start_matches("Examples:");
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        let lines = examples.trim_matches('\n').lines();
        roff.text(
            lines
                .flat_map(|line| [roman(line), line_break()])
                .collect::<Vec<_>>(),
        );
        roff.control("fi", []);
    }
    if !codes.is_empty() {
        roff.control("SH", ["EXIT STATUS"]);
        for code in codes.split(" · ") {
            let (number, meaning) = code.trim().split_once(' ').unwrap_or((code, ""));
            roff.control("TP", []);
            roff.text([roman(number)]).text([roman(meaning.trim())]);
        }
    }
    roff
}
