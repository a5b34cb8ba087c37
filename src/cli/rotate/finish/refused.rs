//! Why nothing of what was given takes the live file's place.

use super::super::super::reply::Stop;
use crate::assembly::{Assembly, Choice};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::finding::{Finding, Severity, id};
use crate::inputs::{Input, Inputs, State};

pub(super) fn still_locked(inputs: &Inputs) -> Option<Error> {
    let mut files = inputs.files.iter();
    let locked = files.find(|input| matches!(input.state, State::Locked { .. }));
    locked.and_then(Input::trouble)
}

/// The refusals, each with the file of the new certificate, and what to do about the last.
pub(super) fn named(refusals: &[Finding], inputs: &Inputs, choice: &Choice) -> Vec<Finding> {
    let source = choice
        .leaf_sources
        .first()
        .and_then(|index| inputs.files.get(*index));
    let path = source.map(Input::name).unwrap_or_default();
    let mut findings: Vec<Finding> = refusals
        .iter()
        .map(|finding| finding.clone().in_path(path.clone()))
        .collect();
    let flags: Vec<String> = refusals
        .iter()
        .map(|finding| format!("--allow {}", finding.id))
        .collect();
    if let Some(last) = findings.last_mut() {
        last.hint = Some(match last.id {
            id::MDM_TOPIC_CHANGED => {
                "at https://identity.apple.com/pushcert choose Renew beside the old certificate"
                    .to_string()
            }
            _ => format!(
                "the live file is untouched; if it is meant so, {}",
                flags.join(" ")
            ),
        });
    }
    findings
}

/// Why none of what was given is a new identity; `given` inputs were, the rest are keys of ours.
pub(super) fn none_fits(assembly: Assembly, inputs: &Inputs, given: usize) -> Box<Stop> {
    let own: Vec<String> = inputs.files.iter().skip(given).map(Input::name).collect();
    let about_given = |finding: &Finding| {
        let path = finding.path.as_ref();
        path.is_none_or(|path| !own.contains(path))
    };
    match assembly {
        Assembly::Refused(findings) if findings.iter().any(about_given) => {
            let findings = findings.into_iter().filter(about_given).collect();
            let hint = "the key is the one that its request was made with; name its file beside the certificate";
            Stop::no(findings).with_hint(hint)
        }
        Assembly::Ambiguous(several) => {
            let names: Vec<&str> = several.iter().map(Certificate::title).collect();
            let message = format!(
                "several certificates fit, and nothing says which is wanted: {}",
                names.join(", ")
            );
            Stop::no(vec![Finding::new(
                id::AMBIGUOUS,
                Severity::Critical,
                message,
            )])
        }
        _ => {
            let given = inputs.files.iter().take(given);
            let failed = given.into_iter().find_map(Input::trouble);
            failed
                .unwrap_or(Error::NoInputFound {
                    wanted: "certificate",
                })
                .into()
        }
    }
}
