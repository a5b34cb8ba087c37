//! The way to a proven ck.pem as a person sees it, and the words between its steps.

use super::{escape, words};
use crate::guide::{Stage, Standing};
use serde_json::{Value, json};
use std::path::Path;

/// A step of the way.
pub struct Step {
    /// What is had after it.
    pub title: &'static str,
    /// The command, or where else it is done.
    pub how: String,
}

/// The step, from 1, that a folder stands at.
pub fn number(stage: Stage) -> usize {
    stage as usize + 1
}

/// All steps, marked by what is done; then what is in the way.
pub fn plan(standing: &Standing, steps: &[Step]) -> String {
    let at = number(standing.stage);
    let width = steps.iter().map(|step| words::width(step.title)).max();
    let rows = steps.iter().enumerate().map(|(index, step)| {
        let title = words::padded(step.title, width.unwrap_or(0));
        let state = state(index + 1, at);
        let how = escape::text(&step.how);
        format!("  {state:<4}  {}  {title}  {how}\n", index + 1)
    });
    let first = format!("step {at} of {}: {}\n\n", steps.len(), first_line(standing));
    let rows: String = rows.collect();
    first + &rows + &others(standing)
}

/// The `steps[]` of JSON.
pub fn steps(standing: &Standing, steps: &[Step]) -> Value {
    let at = number(standing.stage);
    let step = |(index, step): (usize, &Step)| {
        let state = match state(index + 1, at) {
            "" => "later",
            other => other,
        };
        json!({ "step": index + 1, "title": step.title, "how": step.how, "state": state })
    };
    steps.iter().enumerate().map(step).collect()
}

fn state(number: usize, at: usize) -> &'static str {
    match number.cmp(&at) {
        std::cmp::Ordering::Less => "done",
        std::cmp::Ordering::Equal => "next",
        std::cmp::Ordering::Greater => "",
    }
}

fn first_line(standing: &Standing) -> String {
    let key = standing.key.as_deref().map(name).unwrap_or_default();
    match (standing.stage, &standing.certificate) {
        (Stage::Request, _) => "no key is here yet".to_string(),
        (Stage::Certificate, _) => format!("{key} is here, its push certificate is not"),
        (Stage::Merge, certificate) if *certificate == standing.key => format!("{key} is here"),
        (Stage::Merge, Some(certificate)) => format!("{} and {key} are here", name(certificate)),
        (Stage::Merge, None) => format!("{key} is here"),
        (Stage::Proof, _) => "ck.pem is here, not proven yet".to_string(),
    }
}

/// What lies there and leads no further.
pub fn others(standing: &Standing) -> String {
    if standing.stage == Stage::Proof || standing.others.is_empty() {
        return String::new();
    }
    let others = standing.others.iter();
    let rows: Vec<_> = others
        .map(|(path, what)| (name(path), what.to_string()))
        .collect();
    format!("\nnot for this way\n{}", words::columns(&rows))
}

/// What is done at Apple's portal with the request.
pub fn portal(standing: &Standing) -> String {
    let upload = match &standing.request {
        Some(request) => format!("upload {}", name(request)),
        None => format!(
            "upload its request; pushcert csr --key {} makes one",
            standing
                .key
                .as_deref()
                .map(|key| escape::text(&words::shell(&shown(key))))
                .unwrap_or_default()
        ),
    };
    format!(
        "at https://developer.apple.com/account/resources/certificates/add\n\
         \x20 1  choose \"Apple Push Notification service SSL (Sandbox & Production)\"\n\
         \x20 2  choose the App ID: an explicit one, with Push Notifications ticked\n\
         \x20 3  {upload}\n\
         \x20 4  download the certificate\n"
    )
}

/// The last words, once ck.pem is proven: what the years after need.
pub fn afterwards(path: &Path) -> String {
    let path = escape::text(&words::shell(&shown(path)));
    let rows = [
        (
            "watch",
            format!(
                "pushcert expiry {path}    (in a pipeline or a timer: exit 1 a month before the end)"
            ),
        ),
        ("renew", words::renewal(Some(&path))),
    ];
    let rows = rows.map(|(word, line)| (word.to_string(), line));
    format!("\nfrom here on\n{}", words::columns(&rows))
}

/// A path without the folder that one is in.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn name(path: &Path) -> String {
    escape::text(&shown(path))
}
