//! What `rotate` says: of a start, of a plan, of a swap, and of how things stand.

pub mod document;
mod started;
mod status;
mod swapped;

pub use started::Started;
pub use status::Status;
pub use swapped::{Outcome, Swapped, planned};

use super::{escape, words};
use crate::rotation::{Facts, STORE, Site};
use time::OffsetDateTime;

/// `com.example.app, sandbox, until 2027-11-24 (in 365 days)`.
fn summary(facts: &Facts, now: OffsetDateTime) -> String {
    let title = escape::text(&facts.title);
    if facts.sha256.is_empty() {
        return title;
    }
    let until = match facts.not_before > now {
        true => format!("not valid before {}", facts.not_before.date()),
        false => words::until(facts.not_after, now),
    };
    let environments: Vec<&str> = facts.environments.iter().map(|e| e.as_str()).collect();
    match environments.is_empty() {
        true => format!("{title}, {until}"),
        false => format!("{title}, {}, {until}", environments.join(" + ")),
    }
}

/// A path as text, without what would harm a terminal.
fn shown(path: &std::path::Path) -> String {
    escape::text(&path.display().to_string())
}

/// The command with the live file's path as a shell takes it.
fn command(verb: &str, site: &Site) -> String {
    let live = words::shell(&site.live().display().to_string());
    escape::text(&format!("pushcert rotate {verb} {live}"))
}

/// The folder of the state, in the user's own words where it is beside the live file.
fn store(site: &Site) -> String {
    let inside: Vec<_> = site
        .store
        .iter()
        .skip_while(|part| *part != STORE)
        .collect();
    let beside = site.live().parent().map(|folder| folder.join(STORE));
    let own: std::path::PathBuf = inside.into_iter().collect();
    match beside {
        Some(beside)
            if crate::files::is_same(&beside, site.store.parent().unwrap_or(&site.store)) =>
        {
            shown(&beside.parent().unwrap_or(&beside).join(own))
        }
        _ => shown(&site.store),
    }
}
