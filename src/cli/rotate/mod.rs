//! `pushcert rotate`: renewal as a transaction. Each subcommand stands in a file of its own; here is what they share.

mod account;
mod finish;
mod live_check;
mod opened;
mod restore;
mod rollback;
mod start;
mod status;
mod swap;
mod trouble;

use super::Common;
use super::reply::{Reply, Stop};
use crate::error::Result as Could;
use crate::files::Lock;
use crate::report::words;
use crate::rotation::{self, Found, Pending, Site, State, store};
use clap::{Args, Subcommand};
use std::path::Path;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert rotate start live/ck.pem
  pushcert rotate finish live/ck.pem aps.cer -- systemctl reload push.service", "those of start, finish, rollback and status"))]
pub(super) struct Rotate {
    #[command(subcommand)]
    command: RotateCommand,
}

#[derive(Subcommand)]
enum RotateCommand {
    /// Make a new key in the live file's form and the request for it, and remember both
    Start(start::Start),
    /// Put the new certificate in the live one's place, whole or not at all
    Finish(Box<finish::Finish>),
    /// Bring back the version before; once more undoes that
    Rollback(rollback::Rollback),
    /// Say what stands there, what is under way and what is kept
    Status(status::Status),
}

impl Rotate {
    pub(super) fn describe(&self) -> (&'static str, Common) {
        match &self.command {
            RotateCommand::Start(c) => ("rotate start", c.common.clone()),
            RotateCommand::Finish(c) => ("rotate finish", c.common.clone()),
            RotateCommand::Rollback(c) => ("rotate rollback", c.common.clone()),
            RotateCommand::Status(c) => ("rotate status", c.common.clone()),
        }
    }

    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        match self.command {
            RotateCommand::Start(c) => c.run(),
            RotateCommand::Finish(c) => c.run(),
            RotateCommand::Rollback(c) => c.run(),
            RotateCommand::Status(c) => c.run(),
        }
    }
}

/// A live file that nobody else is at work on, with what is remembered of it.
struct Held {
    site: Site,
    state: State,
    /// What a killed command had left, and what became of it.
    found: Found,
    /// A start whose key somebody has removed.
    given_up: Option<Pending>,
    _lock: Option<Lock>,
}

/// What a lock says of who holds it.
fn holder(verb: &str, now: OffsetDateTime) -> String {
    let process = std::process::id();
    format!(
        "process {process}, pushcert rotate {verb}, since {}",
        words::rfc3339(now)
    )
}

impl Held {
    /// With a verb it takes the lock and brings to an end what can be without a hook; without one it looks and touches nothing.
    fn open(
        live: &Path,
        live_key: Option<&Path>,
        verb: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Held, Box<Stop>> {
        let open = || {
            let Some(verb) = verb else {
                let (site, state) = store::open(live, live_key)?;
                return Held::seen(site, state);
            };
            let lock = store::lock(&Site::find(live, live_key)?, &holder(verb, now))?;
            let (site, state) = store::open(live, live_key)?;
            Held::recovered(site, state, lock, now)
        };
        open().map_err(|error| trouble::explained(error, live, live_key, now))
    }

    /// As [`Held::open`] where the live file is gone; `None` where it is not, or nothing is kept of it.
    fn missing(
        live: &Path,
        live_key: Option<&Path>,
        verb: Option<&str>,
        now: OffsetDateTime,
    ) -> Could<Option<Held>> {
        if trouble::kept_of_missing(live, live_key).is_none() {
            return Ok(None);
        }
        let (site, state) = store::open_missing(live, live_key)?;
        let Some(verb) = verb else {
            return Held::seen(site, state).map(Some);
        };
        let lock = store::lock(&site, &holder(verb, now))?;
        let (site, state) = store::open_missing(live, live_key)?;
        Held::recovered(site, state, lock, now).map(Some)
    }

    fn recovered(site: Site, mut state: State, lock: Lock, now: OffsetDateTime) -> Could<Held> {
        let given_up = store::given_up(&site, &mut state);
        let found = rotation::recover(&site, &mut state, now)?;
        Ok(Held {
            given_up: given_up.filter(|_| found == Found::Nothing),
            site,
            state,
            found,
            _lock: Some(lock),
        })
    }

    fn seen(site: Site, mut state: State) -> Could<Held> {
        let found = rotation::look(&site, &state)?;
        Ok(Held {
            given_up: store::given_up(&site, &mut state).filter(|_| found == Found::Nothing),
            site,
            state,
            found,
            _lock: None,
        })
    }

    /// Ends a swap that was made and whose hook may not have run; another is to follow.
    fn settle(&mut self, now: OffsetDateTime) -> Could<()> {
        rotation::settle(&self.site, &mut self.state, None, "completed", now)
    }

    /// What is said of a killed command's rest, before anything else.
    fn warning(&self) -> String {
        let live = crate::report::escape::text(&self.site.live().display().to_string());
        let text = match self.found {
            Found::Nothing => {
                return match &self.given_up {
                    Some(start) => format!(
                        "warning: {live}: what was started on {} is given up, as its key is no longer in .pushcert\n",
                        start.started.date()
                    ),
                    None => String::new(),
                };
            }
            Found::NotMade => {
                "an earlier rotation ended before its swap; the live file is the old one"
            }
            Found::Undone => {
                "an earlier rotation ended between its two files; the old pair is back in place"
            }
            Found::Made => {
                "an earlier rotation ended after its swap; whether its hook ran is not known"
            }
            Found::Foreign => {
                "an earlier rotation did not end, and another program has written the file since; it is left as it is"
            }
        };
        format!("warning: {live}: {text}\n")
    }
}
