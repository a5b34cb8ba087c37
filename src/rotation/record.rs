//! The state as the JSON of its file, and back. What is not as written here is a damaged state file, never a guess.

use super::facts::Facts;
use super::state::{Entry, Event, KeptFile, Pending, State, Swap, Version};
use crate::apple::Environment;
use crate::error::{Error, Result};
use crate::public_key::Fingerprint;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The version of the file's shape.
const FORMAT: u64 = 1;

/// The text of the state file.
pub(super) fn encode(state: &State) -> String {
    let pending = state.pending.as_ref().map(|pending| {
        json!({
            "started": moment(pending.started),
            "spki_sha256": pending.spki_sha256,
            "reuses_key": pending.reuses_key,
            "request": text(&pending.request),
        })
    });
    let request = state
        .last_request
        .as_ref()
        .map(|(path, digest)| json!({ "path": text(path), "sha256": digest.to_string() }));
    let document = json!({
        "format": FORMAT,
        "live_key": state.live_key.as_ref().map(|path| text(path)),
        "pending": pending,
        "last_request": request,
        "versions": state.versions.iter().map(version).collect::<Vec<_>>(),
        "last_number": state.last_number,
        "live": state.live.as_ref().map(|(certificate, files)| {
            json!({ "certificate": facts(certificate), "files": digests(files) })
        }),
        "swap": state.swap.as_ref().map(swap),
        "folders": state.folders.iter().map(|path| text(path)).collect::<Vec<_>>(),
        "history": state.history.iter().map(entry).collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// The text of a file with the state of a swap that is about to be made. It is not renamed into its place, so that the SHA-256 of
/// the rest comes first: after a power cut it may be there in part, and counts for nothing then.
pub(super) fn seal(state: &State) -> String {
    let text = encode(state);
    format!("{}\n{text}", Fingerprint::of(text.as_bytes()))
}

/// Reads what [`seal`] wrote; `None` where it is not whole.
pub(super) fn unseal(bytes: &[u8]) -> Option<State> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (seal, text) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let seal: Fingerprint = std::str::from_utf8(seal).ok()?.parse().ok()?;
    (seal == Fingerprint::of(text))
        .then(|| decode(text).ok())
        .flatten()
}

fn moment(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    utc.format(&Rfc3339).unwrap_or_default()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn version(version: &Version) -> Value {
    json!({
        "number": version.number,
        "kept": moment(version.kept),
        "certificate": facts(&version.facts),
        "files": version.files.iter().map(|file| json!({ "name": text(&file.name), "sha256": file.sha256.to_string() })).collect::<Vec<_>>(),
    })
}

fn facts(facts: &Facts) -> Value {
    let environments: Vec<&str> = facts.environments.iter().map(|e| e.as_str()).collect();
    json!({
        "sha256": facts.sha256,
        "spki_sha256": facts.spki_sha256,
        "title": facts.title,
        "topics": facts.topics,
        "environments": environments,
        "team_id": facts.team_id,
        "not_before": moment(facts.not_before),
        "not_after": moment(facts.not_after),
    })
}

fn digests(list: &[Fingerprint]) -> Vec<String> {
    list.iter().map(Fingerprint::to_string).collect()
}

fn swap(swap: &Swap) -> Value {
    let digests =
        |list: &[Fingerprint]| list.iter().map(Fingerprint::to_string).collect::<Vec<_>>();
    let folders = swap
        .folders
        .as_ref()
        .map(|(before, after)| json!([text(before), text(after)]));
    json!({
        "event": swap.event.as_str(),
        "begun": moment(swap.begun),
        "old": version(&swap.old),
        "new_files": digests(&swap.new_files),
        "new": facts(&swap.new),
        "restores": swap.restores,
        "allowed": swap.allowed,
        "folders": folders,
        "keep": swap.keep,
    })
}

fn entry(entry: &Entry) -> Value {
    json!({
        "what": entry.what,
        "at": moment(entry.at),
        "old_sha256": entry.old_sha256,
        "new_sha256": entry.new_sha256,
        "allowed": entry.allowed,
    })
}

/// Reads the text of a state file.
///
/// # Errors
/// `damaged`.
pub(super) fn decode(bytes: &[u8]) -> Result<State> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| damaged(&error.to_string()))?;
    if document.get("format").and_then(Value::as_u64) != Some(FORMAT) {
        return Err(damaged("it is of another version of pushcert"));
    }
    read_state(&Object(&document))
        .ok_or_else(|| damaged("a part of it is missing or of another type"))
}

fn damaged(reason: &str) -> Error {
    Error::Damaged {
        what: "state file of the rotation",
        reason: reason.to_string(),
    }
}

fn read_state(object: &Object) -> Option<State> {
    Some(State {
        live_key: object.optional("live_key", path)?,
        pending: object.optional("pending", |value| {
            let object = Object(value);
            Some(Pending {
                started: object.one("started", read_moment)?,
                spki_sha256: object.one("spki_sha256", string)?,
                reuses_key: object.one("reuses_key", Value::as_bool)?,
                request: object.one("request", path)?,
            })
        })?,
        last_request: object.optional("last_request", |value| {
            let object = Object(value);
            Some((object.one("path", path)?, object.one("sha256", digest)?))
        })?,
        versions: object.list("versions", read_version)?,
        last_number: object.one("last_number", number)?,
        live: object.optional("live", |value| {
            let object = Object(value);
            let certificate = object.one("certificate", read_facts)?;
            Some((certificate, object.list("files", digest)?))
        })?,
        swap: object.optional("swap", read_swap)?,
        folders: object.list("folders", path)?,
        history: object.list("history", |value| {
            let object = Object(value);
            Some(Entry {
                what: object.one("what", string)?,
                at: object.one("at", read_moment)?,
                old_sha256: object.optional("old_sha256", string)?,
                new_sha256: object.optional("new_sha256", string)?,
                allowed: object.list("allowed", string)?,
            })
        })?,
    })
}

fn read_version(value: &Value) -> Option<Version> {
    let object = Object(value);
    Some(Version {
        number: object.one("number", number)?,
        kept: object.one("kept", read_moment)?,
        facts: object.one("certificate", read_facts)?,
        files: object.list("files", |value| {
            let object = Object(value);
            Some(KeptFile {
                name: object.one("name", path).filter(|name| is_plain(name))?,
                sha256: object.one("sha256", digest)?,
            })
        })?,
    })
}

/// Names of the store's own files; a path would lead out of it.
fn is_plain(name: &Path) -> bool {
    name.file_name() == Some(name.as_os_str())
}

fn read_facts(value: &Value) -> Option<Facts> {
    let object = Object(value);
    let environment = |value: &Value| {
        let both = [Environment::Sandbox, Environment::Production];
        both.into_iter()
            .find(|one| Some(one.as_str()) == value.as_str())
    };
    Some(Facts {
        sha256: object.one("sha256", string)?,
        spki_sha256: object.one("spki_sha256", string)?,
        title: object.one("title", string)?,
        topics: object.list("topics", string)?,
        environments: object.list("environments", environment)?,
        team_id: object.optional("team_id", string)?,
        not_before: object.one("not_before", read_moment)?,
        not_after: object.one("not_after", read_moment)?,
    })
}

fn read_swap(value: &Value) -> Option<Swap> {
    let object = Object(value);
    let event = |value: &Value| {
        let both = [Event::Finish, Event::Rollback];
        both.into_iter()
            .find(|one| Some(one.as_str()) == value.as_str())
    };
    let folders = |value: &Value| match value.as_array()?.as_slice() {
        [before, after] => Some((path(before)?, path(after).filter(|name| is_plain(name))?)),
        _ => None,
    };
    Some(Swap {
        event: object.one("event", event)?,
        begun: object.one("begun", read_moment)?,
        old: object.one("old", read_version)?,
        new_files: object.list("new_files", digest)?,
        new: object.one("new", read_facts)?,
        restores: object.optional("restores", number)?,
        allowed: object.list("allowed", string)?,
        folders: object.optional("folders", folders)?,
        keep: object.one("keep", |value| usize::try_from(value.as_u64()?).ok())?,
    })
}

/// A JSON object, read key by key.
struct Object<'a>(&'a Value);

impl Object<'_> {
    fn one<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        read(self.0.get(key)?)
    }

    fn optional<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Option<T>> {
        match self
            .0
            .as_object()
            .and_then(|map: &Map<String, Value>| map.get(key))
        {
            None | Some(Value::Null) => Some(None),
            Some(value) => read(value).map(Some),
        }
    }

    fn list<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        self.0.get(key)?.as_array()?.iter().map(read).collect()
    }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_string)
}

fn path(value: &Value) -> Option<PathBuf> {
    value.as_str().map(PathBuf::from)
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn read_moment(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()
}

fn digest(value: &Value) -> Option<Fingerprint> {
    value.as_str()?.parse().ok()
}
