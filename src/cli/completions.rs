//! `pushcert completions`: what a shell completes, made from the flags themselves.

use super::reply::{Reply, Stop};
use super::{Cli, Common};
use crate::report::json;
use crate::secret::SecretBytes;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Args)]
#[command(after_help = after_help!(r#"  pushcert completions bash > ~/.local/share/bash-completion/completions/pushcert
  pushcert completions zsh > "${fpath[1]}/_pushcert"
  pushcert completions fish > ~/.config/fish/completions/pushcert.fish"#, "0 printed"))]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Completions {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "pushcert", &mut script);
        let text = String::from_utf8_lossy(&script).into_owned();
        Ok(Reply {
            own: json::part("script", text.into()),
            // Bytes, because text is folded to the width of a terminal.
            bytes: Some(SecretBytes::new(script)),
            ..Reply::default()
        })
    }
}
