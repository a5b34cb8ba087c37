//! `pushcert guide`: the way from nothing to a proven ck.pem, a step at a time. It looks at the folder, says what is next, and
//! runs the command that it shows; without a terminal it only says.

use super::reply::{self, Reply, Stop};
use super::{Cli, Common, terminal};
use crate::files;
use crate::guide::{self, Stage, Standing};
use crate::inputs::{self, State};
use crate::report::guide::{self as words, Step};
use crate::report::{escape, json, words::shell};
use clap::{Args, Parser};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = after_help!("  pushcert guide
  pushcert guide ~/push --gateway localhost:2195 --ca-file lab/ca.pem    (a lab's instead of Apple's)", "that of the last step; 0 where it is left or only told"))]
pub(super) struct Guide {
    /// The folder of the key, the request and ck.pem
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Prove with this gateway instead of Apple's
    #[arg(long, value_name = "HOST:PORT")]
    gateway: Option<String>,
    /// CA certificates to verify it with, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What the steps are called, and how the one at the portal is done.
const TITLES: [&str; 5] = [
    "a key and a request",
    "the certificate",
    "ck.pem",
    "the proof",
    "a notification",
];
const PORTAL: &str = "Apple's portal: upload the request, download the certificate";

impl Guide {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        if files::is_file(&self.folder) {
            let path = shell(&self.folder.display().to_string());
            return Err(Stop::usage("DIR is a folder, and this is a file")
                .with_hint(format!("pushcert inspect {path}")));
        }
        if !terminal::may_select(self.common.no_input, super::ci().as_deref()) || self.common.json {
            return self.tell();
        }
        files::make_folder(&self.folder)?;
        reply::converse(&words::plan(&self.look(None)?, &self.steps()));
        let code = self.walk()?;
        Ok(Reply {
            silent: true,
            exit_code: Some(code),
            ..Reply::default()
        })
    }

    /// What a folder that nobody can be asked about is told to be.
    fn tell(&self) -> Result<Reply, Box<Stop>> {
        let (standing, steps) = (self.look(None)?, self.steps());
        let next = &steps.get(words::number(standing.stage) - 1);
        let next = next.map(|step| escape::text(&step.how));
        Ok(Reply {
            stdout: format!(
                "{}\nnext  {}\n",
                words::plan(&standing, &steps),
                next.unwrap_or_default()
            ),
            own: json::part("steps", words::steps(&standing, &steps)),
            ..Reply::default()
        })
    }

    /// From step to step until one fails, is declined, or was the last.
    fn walk(&self) -> Result<u8, Box<Stop>> {
        let mut download: Option<PathBuf> = None;
        let mut requested = false;
        loop {
            let standing = self.look(download.as_deref())?;
            let code = match standing.stage {
                Stage::Request => {
                    requested = true;
                    self.propose(&self.request())?
                }
                Stage::Certificate => {
                    // A request that was just made has said the same.
                    if !requested {
                        terminal::say(&format!("\n{}", words::portal(&standing)));
                    }
                    download = self.download(&standing)?;
                    Some(0)
                }
                Stage::Merge => self.propose(&self.merge(download.as_deref()))?,
                Stage::Proof => return self.prove(),
            };
            match code {
                Some(0 | 1) => {}
                Some(code) => return Ok(code),
                None => return Ok(0),
            }
        }
    }

    fn prove(&self) -> Result<u8, Box<Stop>> {
        let Some(code) = self.propose(&self.check())? else {
            return Ok(0);
        };
        if code > 1 {
            return Ok(code);
        }
        let token = terminal::line("a device token, to send it a notification (empty: none)")?;
        let sent = match token.trim() {
            "" => 0,
            token => run(&self.send(token))?,
        };
        if sent == 0 {
            terminal::say(&words::afterwards(&self.result()));
        }
        Ok(code.max(sent))
    }

    /// Waits for the certificate: in the folder, or where the person says that it is.
    fn download(&self, before: &Standing) -> Result<Option<PathBuf>, Box<Stop>> {
        let mut before = before.clone();
        loop {
            let typed =
                terminal::line("press Enter when it is in this folder, or type where it is")?;
            let path = (!typed.trim().is_empty()).then(|| expanded(typed.trim()));
            let standing = self.look(path.as_deref())?;
            if standing.stage != Stage::Certificate {
                return Ok(path);
            }
            if standing.others == before.others {
                terminal::say("no push certificate for this key is there yet\n");
            } else {
                terminal::say(&words::others(&standing));
            }
            before = standing;
        }
    }

    /// The folder, and a file that lies elsewhere, as they are now. What cannot be read is said.
    fn look(&self, download: Option<&Path>) -> Result<Standing, Box<Stop>> {
        let mut paths = vec![self.folder.clone()];
        paths.extend(download.map(Path::to_path_buf));
        let inputs = inputs::open(&paths, &[])?;
        for input in &inputs.files {
            // A folder that is not there yet is an empty one.
            if let State::Failed(error) = &input.state
                && input.path != self.folder
            {
                terminal::say(&format!("{}\n", escape::text(&error.to_string())));
            }
        }
        Ok(Standing::of(&self.folder, &inputs))
    }

    /// Shows a command and runs it if it is wanted; its exit code.
    fn propose(&self, line: &[OsString]) -> Result<Option<u8>, Box<Stop>> {
        terminal::say("\n");
        match terminal::confirm(&format!("run {}", shown(line)))? {
            true => run(line).map(Some),
            false => Ok(None),
        }
    }

    fn steps(&self) -> Vec<Step> {
        let hows = [
            shown(&self.request()),
            PORTAL.to_string(),
            shown(&self.merge(None)),
            shown(&self.check()),
            shown(&self.send("HEX")),
        ];
        let step = |(title, how)| Step { title, how };
        TITLES.into_iter().zip(hows).map(step).collect()
    }

    fn result(&self) -> PathBuf {
        super::inside(&self.folder, Path::new(guide::RESULT))
    }

    fn request(&self) -> Vec<OsString> {
        let mut line = words_of(&["csr"]);
        if self.folder.as_os_str() != "." {
            line.extend(["-o".into(), argument(&self.folder)]);
        }
        line
    }

    fn merge(&self, download: Option<&Path>) -> Vec<OsString> {
        let mut line = words_of(&["merge"]);
        line.push(argument(&self.folder));
        line.extend(download.map(argument));
        line.extend(["-o".into(), argument(&self.result())]);
        line
    }

    fn check(&self) -> Vec<OsString> {
        self.asking(words_of(&["check"]), &[])
    }

    fn send(&self, token: &str) -> Vec<OsString> {
        let said = ["--token", token, "--alert", "Hello"];
        self.asking(words_of(&["send"]), &said)
    }

    /// A command about the result that meets a gateway.
    fn asking(&self, mut line: Vec<OsString>, said: &[&str]) -> Vec<OsString> {
        line.push(argument(&self.result()));
        line.extend(words_of(said));
        if let Some(gateway) = &self.gateway {
            line.extend(["--gateway".into(), gateway.into()]);
        }
        if let Some(file) = &self.ca_file {
            line.extend(["--ca-file".into(), argument(file)]);
        }
        line
    }
}

/// A typed path, in which ~ is the home folder, as a shell has it.
fn expanded(typed: &str) -> PathBuf {
    match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    }
}

/// A path as an argument that is no flag.
fn argument(path: &Path) -> OsString {
    match path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        true => Path::new(".").join(path).into(),
        false => path.into(),
    }
}

fn words_of(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// The line as it is typed.
fn shown(line: &[OsString]) -> String {
    let words = line.iter().map(|word| match word.to_string_lossy() {
        flag if flag.starts_with('-') => flag.into_owned(),
        other => shell(&other),
    });
    let words: Vec<String> = words.collect();
    format!("pushcert {}", words.join(" "))
}

/// Runs a command as if it had been typed; its exit code.
fn run(line: &[OsString]) -> Result<u8, Box<Stop>> {
    let line = [OsString::from("pushcert")]
        .into_iter()
        .chain(line.iter().cloned());
    let cli = Cli::try_parse_from(line).map_err(|error| Stop::usage(error.to_string()))?;
    let (name, common) = cli.command.describe();
    Ok(reply::print(name, &common, cli.command.run()))
}
