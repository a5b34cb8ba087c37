//! What is remembered, from its texts.

use super::FORMAT;
use crate::apple::Environment;
use crate::error::{Error, Result};
use crate::public_key::Fingerprint;
use crate::rotation::facts::Facts;
use crate::rotation::state::{Entry, Event, KeptFile, Pending, State, Swap, Version};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads the text of a state file.
///
/// # Errors
/// `damaged`.
pub(in crate::rotation) fn decode(bytes: &[u8]) -> Result<State> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| damaged(&error.to_string()))?;
    match document.get("format") {
        Some(format) if format.as_u64() == Some(FORMAT) => {}
        Some(_) => return Err(damaged("it is of another version of pushcert")),
        None => return Err(damaged("it is not what pushcert writes there")),
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

/// Reads what [`seal`](super::seal) wrote; `None` where it is not whole.
pub(in crate::rotation) fn unseal(bytes: &[u8]) -> Option<(Swap, Option<PathBuf>)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (seal, text) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let seal: Fingerprint = std::str::from_utf8(seal).ok()?.parse().ok()?;
    if seal != Fingerprint::of(text) {
        return None;
    }
    let document: Value = serde_json::from_slice(text).ok()?;
    let object = Object(&document);
    let live_key = object.optional("live_key", path)?;
    Some((object.one("swap", read_swap)?, live_key))
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
        swap: None,
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
