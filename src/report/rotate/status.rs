//! What `rotate status` says: the live file first, then what is under way and what is kept.

use super::{command, shown, store, summary, words};
use crate::finding::{self, Finding, Severity};
use crate::report::escape;
use crate::rotation::{Facts, Found, Site, State};
use time::OffsetDateTime;

/// How things stand.
pub struct Status<'a> {
    /// Where.
    pub site: &'a Site,
    /// What is remembered.
    pub state: &'a State,
    /// What stands there.
    pub live: &'a Facts,
    /// Where an unfinished swap stands.
    pub found: Found,
    /// Who is at work on it.
    pub holder: Option<&'a str>,
    /// What is wrong.
    pub findings: &'a [Finding],
    /// What that amounts to.
    pub status: finding::Status,
}

impl Status<'_> {
    /// The lines.
    pub fn text(&self, now: OffsetDateTime) -> String {
        let live = summary(self.live, now);
        let first = format!(
            "{}   {}: {live}",
            self.status.as_str(),
            shown(self.site.live())
        );
        let mut rows = Vec::new();
        let told = |finding: &&Finding| finding.severity != Severity::Info;
        rows.extend(self.findings.iter().filter(told).map(words::finding_row));
        if let Some(holder) = self.holder {
            rows.push(("running".to_string(), escape::text(holder)));
        }
        if let Some(pending) = &self.state.pending {
            let key = &pending.spki_sha256.chars().take(8).collect::<String>();
            let text = format!(
                "since {}, for the key with SPKI {key}, request {}",
                pending.started.date(),
                shown(&pending.request)
            );
            rows.push(("pending".to_string(), text));
        }
        for (position, version) in self.state.versions.iter().rev().enumerate() {
            let word = if position == 0 { "kept" } else { "" };
            let summary = summary(&version.facts, now);
            let text = format!("version {}   {summary}", version.number);
            rows.push((word.to_string(), text));
        }
        if !self.state.versions.is_empty() || self.state.pending.is_some() {
            rows.push(("in".to_string(), store(self.site)));
        }
        let rows = match rows.is_empty() {
            true => String::new(),
            false => format!("\n{}", words::columns(&rows)),
        };
        let next = self.next().map(|next| format!("\nnext  {next}\n"));
        format!("{first}\n{rows}{}", next.unwrap_or_default())
    }

    fn next(&self) -> Option<String> {
        let finish = command("finish", self.site);
        if self.holder.is_some() {
            return None;
        }
        match (self.found, &self.state.pending, self.status) {
            (Found::Made, ..) => {
                let back = command("rollback", self.site);
                Some(format!(
                    "{finish} NEW    (the same command again runs the hook; {back} undoes it)"
                ))
            }
            (Found::Nothing, Some(_), _) => Some(format!("{finish} ~/Downloads")),
            (Found::Nothing, None, finding::Status::Ok) => None,
            (Found::Nothing, None, _) => Some(command("start", self.site)),
            _ => Some(format!("{finish} NEW    (the same command again)")),
        }
    }
}
