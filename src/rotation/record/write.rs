//! The texts of what is remembered.

use super::FORMAT;
use crate::public_key::Fingerprint;
use crate::rotation::facts::Facts;
use crate::rotation::state::{Entry, KeptFile, State, Swap, Version};
use serde_json::Value;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The text of the state file.
pub(in crate::rotation) fn encode(state: &State) -> String {
    let pending = state.pending.as_ref().map(|pending| {
        object([
            ("started", moment(pending.started)),
            ("spki_sha256", pending.spki_sha256.as_str().into()),
            ("reuses_key", pending.reuses_key.into()),
            ("request", text(&pending.request)),
        ])
    });
    let request = state.last_request.as_ref().map(|(path, digest)| {
        object([("path", text(path)), ("sha256", digest.to_string().into())])
    });
    let live = state.live.as_ref().map(|(certificate, files)| {
        object([
            ("certificate", facts(certificate)),
            ("files", list(files, digest_text)),
        ])
    });
    let document = object([
        ("format", FORMAT.into()),
        ("live_key", state.live_key.as_deref().map(text).into()),
        ("pending", pending.into()),
        ("last_request", request.into()),
        ("versions", list(&state.versions, version)),
        ("last_number", state.last_number.into()),
        ("live", live.into()),
        ("folders", list(&state.folders, |path| text(path))),
        ("history", list(&state.history, entry)),
    ]);
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// The text of what is written down of a swap before it is made. The file is not renamed into its place, so that the SHA-256 of the
/// rest comes first: after a power cut it may be there in part, and counts for nothing then.
pub(in crate::rotation) fn seal(swap: &Swap, live_key: Option<&Path>) -> String {
    let document = object([
        ("format", FORMAT.into()),
        ("live_key", live_key.map(text).into()),
        ("swap", swap_value(swap)),
    ]);
    let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
    format!("{}\n{text}", Fingerprint::of(text.as_bytes()))
}

/// By value: `json!` copies what it is given.
fn object<const N: usize>(parts: [(&str, Value); N]) -> Value {
    let parts = parts.into_iter();
    Value::Object(parts.map(|(key, value)| (key.to_string(), value)).collect())
}

fn list<T>(items: &[T], value: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(value).collect())
}

fn moment(moment: OffsetDateTime) -> Value {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    utc.format(&Rfc3339).unwrap_or_default().into()
}

fn text(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn digest_text(digest: &Fingerprint) -> Value {
    digest.to_string().into()
}

fn words(list_of: &[String]) -> Value {
    list(list_of, |word| word.as_str().into())
}

fn version(version: &Version) -> Value {
    let file = |file: &KeptFile| {
        object([
            ("name", text(&file.name)),
            ("sha256", digest_text(&file.sha256)),
        ])
    };
    object([
        ("number", version.number.into()),
        ("kept", moment(version.kept)),
        ("certificate", facts(&version.facts)),
        ("files", list(&version.files, file)),
    ])
}

fn facts(facts: &Facts) -> Value {
    object([
        ("sha256", facts.sha256.as_str().into()),
        ("spki_sha256", facts.spki_sha256.as_str().into()),
        ("title", facts.title.as_str().into()),
        ("topics", words(&facts.topics)),
        (
            "environments",
            list(&facts.environments, |one| one.as_str().into()),
        ),
        ("team_id", facts.team_id.as_deref().into()),
        ("not_before", moment(facts.not_before)),
        ("not_after", moment(facts.not_after)),
    ])
}

fn swap_value(swap: &Swap) -> Value {
    let folders = swap.folders.as_ref();
    let folders = folders.map(|(before, after)| Value::Array(vec![text(before), text(after)]));
    object([
        ("event", swap.event.as_str().into()),
        ("begun", moment(swap.begun)),
        ("old", version(&swap.old)),
        ("new_files", list(&swap.new_files, digest_text)),
        ("new", facts(&swap.new)),
        ("restores", swap.restores.into()),
        ("allowed", words(&swap.allowed)),
        ("folders", folders.into()),
        ("keep", swap.keep.into()),
    ])
}

fn entry(entry: &Entry) -> Value {
    object([
        ("what", entry.what.as_str().into()),
        ("at", moment(entry.at)),
        ("old_sha256", entry.old_sha256.as_deref().into()),
        ("new_sha256", entry.new_sha256.as_deref().into()),
        ("allowed", words(&entry.allowed)),
    ])
}
