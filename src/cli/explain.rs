//! `pushcert explain`: what a code or a pasted line means, and what to do.

use super::Common;
use super::reply::{Reply, Stop};
use crate::dictionary::{self, Answer, Entry};
use crate::finding::{Finding, Severity, Status, id};
use crate::report::{explain, json};
use clap::Args;

#[derive(Args)]
#[command(after_help = after_help!(r#"  pushcert explain BadDeviceToken
  pushcert explain 403                    (an HTTP status of APNs: the reasons that come with it)
  pushcert explain 45                     (a TLS alert)
  pushcert explain "status 8"             (of the binary protocol)
  pushcert explain key-mismatch           (a finding)
  pushcert explain 'error:0308010C:digital envelope routines::unsupported'"#, "0 explained · 3 not known"))]
pub(super) struct Explain {
    /// A code, or the line of an error message; several words are one line
    #[arg(required = true, value_name = "CODE", allow_negative_numbers = true)]
    code: Vec<String>,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Explain {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let line = self.code.join(" ");
        if line.trim().is_empty() {
            return Err(Stop::usage(
                "there is nothing to explain: give a code, or the line of an error message",
            )
            .with_hint("pushcert explain --help shows examples"));
        }
        let (entries, nearest): (Vec<&Entry>, Vec<&str>) = match dictionary::explain(&line) {
            Answer::Known(entries) => (entries, Vec::new()),
            Answer::Unknown(nearest) => (Vec::new(), nearest),
        };
        if !entries.is_empty() {
            return Ok(Reply {
                stdout: explain::text(&entries),
                own: json::part("entries", explain::entries(&entries)),
                ..Reply::default()
            });
        }
        let shown: String = line.chars().take(SHOWN).collect();
        let mut finding = Finding::new(
            id::UNKNOWN_CODE,
            Severity::Unknown,
            format!("{shown} is not known here"),
        );
        finding.hint = Some(match nearest.first() {
            Some(code) => format!("pushcert explain {code}    (near: {})", nearest.join(", ")),
            None => "pushcert explain --help    (shows what can be asked)".to_string(),
        });
        Err(Box::new(Stop {
            code: Status::Unknown.exit_code(),
            findings: vec![finding],
            own: json::part("entries", explain::entries(&[])),
        }))
    }
}

/// So much of a line that is not known is repeated.
const SHOWN: usize = 60;
