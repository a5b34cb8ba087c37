//! What `merge` says of the file it wrote.

use super::{escape, words};
use crate::assembly::Choice;
use crate::finding::{Finding, Severity, id};
use crate::inputs::Input;
use crate::issuer::Issuer;
use std::path::Path;
use time::OffsetDateTime;
use unicode_width::UnicodeWidthStr;

/// The lines after a file was written; `key` says how its key is kept.
pub fn text(
    output: &Path,
    choice: &Choice,
    inputs: &[Input],
    key: &str,
    now: OffsetDateTime,
) -> String {
    let path = output.display().to_string();
    let leaf = choice.identity.leaf();
    let mut rows = vec![(
        "leaf".to_string(),
        name(inputs, choice.leaf_sources.first()),
    )];
    if !choice.identity.chain().is_empty() {
        let names: Vec<String> = choice
            .identity
            .chain()
            .iter()
            .map(|ca| {
                escape::text(
                    ca.subject
                        .common_name
                        .as_deref()
                        .unwrap_or(&ca.subject.text),
                )
            })
            .collect();
        rows.push(("chain".to_string(), names.join(", ")));
    }
    rows.push(("key".to_string(), name(inputs, choice.key_sources.first())));
    let width = choice
        .left_out
        .iter()
        .map(|(index, _)| name(inputs, Some(index)).width())
        .max()
        .unwrap_or(0);
    for (position, (index, reason)) in choice.left_out.iter().enumerate() {
        let word = if position == 0 { "left out" } else { "" };
        let path = name(inputs, Some(index));
        rows.push((
            word.to_string(),
            format!("{}   {}", words::padded(&path, width), escape::text(reason)),
        ));
    }
    let shell = words::shell(&path);
    let next = match Issuer::of(leaf) {
        // Apple has never heard of it.
        Issuer::Lab => format!(
            "next  1  pushcert lab gateway    (its issuer has the name of a lab's)\n      2  {}\n",
            words::check_at_lab(&shell)
        ),
        // No gateway takes it.
        _ if leaf.not_after < now => format!("next  {}\n", words::renewal(Some(&shell))),
        _ => format!("next  pushcert check {shell}\n"),
    };
    format!(
        "wrote {}   {}, key {key}\n{}\n{}",
        escape::text(&path),
        words::summary(leaf, now),
        words::columns(&rows),
        escape::lines(&next)
    )
}

/// What was left out, as findings for JSON.
pub fn findings(choice: &Choice, inputs: &[Input]) -> Vec<Finding> {
    choice
        .left_out
        .iter()
        .map(|(index, reason)| {
            let path = inputs.get(*index).map(Input::name).unwrap_or_default();
            Finding::new(id::LEFT_OUT, Severity::Info, reason.clone()).in_path(path)
        })
        .collect()
}

/// The `contents[]` of JSON, in the file's order.
pub fn contents(choice: &Choice, key_first: bool) -> Vec<&'static str> {
    let mut contents = vec!["leaf"];
    contents.extend(choice.identity.chain().iter().map(|_| "chain"));
    match key_first {
        true => contents.insert(0, "key"),
        false => contents.push("key"),
    }
    contents
}

fn name(inputs: &[Input], index: Option<&usize>) -> String {
    index
        .and_then(|index| inputs.get(*index))
        .map(|input| words::file(&input.name()))
        .unwrap_or_default()
}
