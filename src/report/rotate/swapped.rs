//! What `rotate finish` and `rotate rollback` say: what stands there now and what stood there, and what Apple does not say.

use super::{command, shown, store, summary, words};
use crate::finding::Finding;
use crate::report::escape;
use crate::rotation::{Event, Facts, Layout, Site};
use time::{Duration, OffsetDateTime};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new one stands there.
    Swapped,
    /// It stands where nothing stood.
    Restored,
    /// It stood there before, and what was unfinished is finished.
    Completed,
    /// It stood there before, and nothing was unfinished.
    Nothing,
}

/// A swap.
pub struct Swapped<'a> {
    /// Where.
    pub site: &'a Site,
    /// A new certificate, or an earlier version.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// What stood there.
    pub old: &'a Facts,
    /// What stands there.
    pub new: &'a Facts,
    /// How the key is kept.
    pub form: &'static str,
    /// Whether the version before is kept.
    pub kept: bool,
    /// What the gateway said, or that it was not asked.
    pub checked: Option<String>,
    /// The hook and how it ended.
    pub hook: Option<(String, String)>,
    /// What was overridden.
    pub overridden: &'a [Finding],
}

/// Certificates are renewed so long before they end.
const AHEAD: Duration = Duration::days(30);

impl Swapped<'_> {
    /// The lines.
    pub fn text(&self, now: OffsetDateTime) -> String {
        let live = shown(self.site.live());
        let new = summary(self.new, now);
        let first = match (self.outcome, self.event) {
            (Outcome::Nothing, _) => return format!("{live} holds it already: {new}\n"),
            (Outcome::Completed, _) => format!("completed the rotation of {live}   {new}"),
            (Outcome::Restored, _) => format!("brought back {live}   {new}"),
            (Outcome::Swapped, Event::Finish) => format!("replaced {live}   {new}, {}", self.form),
            (Outcome::Swapped, Event::Rollback) => format!("brought back {live}   {new}"),
        };
        let mut rows = vec![("before".to_string(), summary(self.old, now))];
        if self.outcome == Outcome::Restored {
            let mode = "0600, of this user: what the missing file had is not known";
            rows.push(("mode".to_string(), mode.to_string()));
        } else if self.kept {
            rows.push(("kept".to_string(), format!("in {}", store(self.site))));
        }
        rows.extend(
            self.checked
                .iter()
                .map(|text| ("checked".to_string(), escape::text(text))),
        );
        if let Some((hook, ended)) = &self.hook {
            rows.push(("hook".to_string(), escape::text(&format!("{hook} {ended}"))));
        }
        for finding in self.overridden {
            let text = format!("{}: {}", finding.id, finding.message);
            rows.push(("allowed".to_string(), escape::text(&text)));
        }
        format!("{first}\n{}\n{}", words::columns(&rows), self.next(now))
    }

    fn next(&self, now: OffsetDateTime) -> String {
        let restart = match self.hook {
            Some(_) => {
                "a sender that the hook did not reload keeps the certificate that it has loaded: restart it"
            }
            None => {
                "restart or reload the sender: one that runs keeps the certificate that it has loaded"
            }
        };
        let mut steps = vec![restart.to_string()];
        match self.event {
            Event::Finish => {
                steps.push(
                    "revoke the old certificate at the portal only when every sender uses the new one, or let it expire"
                        .to_string(),
                );
                let due = self.new.not_after - AHEAD;
                if due > now {
                    let start = command("start", self.site);
                    steps.push(format!("on {}: {start}", due.date()));
                }
            }
            Event::Rollback => {
                if self.kept && self.outcome != Outcome::Restored {
                    let back = command("rollback", self.site);
                    steps.push(format!("{back}    (undoes this)"));
                }
            }
        }
        let numbered = steps.iter().enumerate();
        let line = |(index, step): (usize, &String)| {
            let word = if index == 0 { "next" } else { "    " };
            format!("{word}  {}  {step}\n", index + 1)
        };
        numbered.map(line).collect()
    }
}

/// The plan of a dry run.
pub fn planned(swapped: &Swapped<'_>, steps: &[String], now: OffsetDateTime) -> String {
    let live = shown(swapped.site.live());
    let how = match swapped.site.layout {
        Layout::One => "one rename".to_string(),
        Layout::Split => {
            "two renames, written down before: not one instant, see docs/rotation.md".to_string()
        }
        Layout::Linked(ref link) => format!("one rename of the link {}", shown(link)),
    };
    let first = match swapped.event {
        Event::Finish => format!("would replace {live}"),
        Event::Rollback => format!("would bring back an earlier {live}"),
    };
    let mut rows = vec![
        ("now".to_string(), summary(swapped.old, now)),
        ("then".to_string(), summary(swapped.new, now)),
        ("swap".to_string(), how),
    ];
    for finding in swapped.overridden {
        let text = format!("{}: {}", finding.id, finding.message);
        rows.push(("allowed".to_string(), escape::text(&text)));
    }
    for (position, step) in steps.iter().enumerate() {
        let word = if position == 0 { "steps" } else { "" };
        rows.push((word.to_string(), escape::text(step)));
    }
    format!("{first}\n{}", words::columns(&rows))
}
