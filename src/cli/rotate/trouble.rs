//! What to do where a live file, or what is remembered of it, is not there or not whole.

use super::super::reply::Stop;
use crate::error::Error;
use crate::report::words;
use crate::rotation::{Version, store};
use std::path::Path;
use time::OffsetDateTime;

/// The error with what to do about it.
pub(super) fn explained(
    error: Error,
    live: &Path,
    live_key: Option<&Path>,
    now: OffsetDateTime,
) -> Box<Stop> {
    let shown = |path: &Path| words::shell(&path.display().to_string());
    let folder = error.path().and_then(Path::parent);
    let hint = match (error.cause(), folder) {
        (Error::NotFound, _) => kept_of_missing(live, live_key).map(|version| {
            let until = words::until(version.facts.not_after, now);
            format!(
                "pushcert rotate rollback {}    (brings back version {}: {}, {until})",
                shown(live),
                version.number,
                version.facts.title
            )
        }),
        (Error::Damaged { .. }, Some(folder)) => Some(format!(
            "mv {0} {0}.damaged    (forgets it; kept versions and a pending key stay there as files)",
            shown(folder)
        )),
        _ => None,
    };
    let stop: Box<Stop> = error.into();
    match hint {
        Some(hint) => stop.with_hint(hint),
        None => stop,
    }
}

/// The newest version that is kept of a live file that is gone.
pub(super) fn kept_of_missing(live: &Path, live_key: Option<&Path>) -> Option<Version> {
    let (_, state) = store::open_missing(live, live_key).ok()?;
    let unfinished = state.swap.map(|swap| swap.old);
    unfinished.or_else(|| state.versions.last().cloned())
}
