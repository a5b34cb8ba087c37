//! `pushcert lab rehearse`: the whole way from nothing to a proven ck.pem, in a folder of its own, on loopback. The steps
//! are the commands that it prints, run as anyone would run them, and each result is looked at before the next.

mod place;
mod steps;

use super::super::Common;
use super::super::reply::{Reply, Stop};
use super::super::status_line::StatusLine;
use crate::files;
use crate::finding::{Finding, Severity, Status, id};
use crate::report::{escape, json};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use steps::Step;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert lab rehearse
  pushcert lab rehearse --keep rehearsal/", "0 every step did what it has to · 2 or 3 one did not"))]
pub(super) struct Rehearse {
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Rehearse {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let temporary = match &self.keep {
            Some(folder) => {
                files::make_folder(folder)?;
                None
            }
            None => Some(files::temporary_folder()?),
        };
        let folder = match (&self.keep, &temporary) {
            (Some(kept), _) => kept.as_path(),
            (None, Some(temporary)) => temporary.path(),
            (None, None) => Path::new("."),
        };
        let steps = steps::rehearse(folder, StatusLine::new(self.common.quiet))?;
        let failed = steps.iter().any(|step| !step.ok);
        let kept = match &self.keep {
            Some(kept) => format!("\nkept  {}\n", escape::text(&kept.display().to_string())),
            None => String::new(),
        };
        let documents: Vec<_> = steps
            .iter()
            .map(|s| json!({ "step": s.step, "replaces": s.replaces, "ok": s.ok, "detail": s.detail }))
            .collect();
        let findings = steps.iter().filter(|step| !step.ok).map(|step| {
            let message = format!("{}: {}", step.step, step.detail);
            Finding::new(id::NOT_VERIFIED, Severity::Critical, message)
        });
        Ok(Reply {
            status: if failed { Status::Critical } else { Status::Ok },
            findings: findings.collect(),
            stdout: text(&steps, failed) + &kept,
            own: json::part("steps", json!(documents)),
            ..Reply::default()
        })
    }
}

fn text(steps: &[Step], failed: bool) -> String {
    let first = match failed {
        false => "ok   every step from an empty folder to a proven ck.pem was verified\n",
        true => "critical   a step was not verified\n",
    };
    let mut text = first.to_string();
    for (number, step) in steps.iter().enumerate() {
        let state = if step.ok { "ok" } else { "critical" };
        text.push_str(&format!(
            "\n  {}  {}\n     replaces  {}\n     {state:<8}  {}\n",
            number + 1,
            step.step,
            step.replaces,
            escape::text(&step.detail)
        ));
    }
    text
}
