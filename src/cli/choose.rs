//! One identity out of opened inputs: by the wishes, by an answer on the terminal, or none and why.

use super::hints;
use super::passphrase::Passphrases;
use super::reply::Stop;
use super::{Common, open, terminal};
use crate::assembly::{self, Assembly, Chain, Choice, Wishes};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::finding::{Finding, Severity, id};
use crate::inputs::{Inputs, State};
use crate::report::words;
use time::OffsetDateTime;

/// The identity that is wanted. What is locked in a folder is asked for only where nothing pairs without it.
pub(super) fn choose(
    inputs: &mut Inputs,
    wishes: &Wishes,
    chain: Chain,
    passphrases: &mut Passphrases,
    common: &Common,
    now: OffsetDateTime,
) -> Result<Choice, Box<Stop>> {
    let mut assembly = assembly::assemble(&inputs.files, wishes, chain);
    let pairs = assembly::Parts::of(&inputs.files).has_identity();
    if matches!(assembly, Assembly::Refused(_)) && !pairs && still_locked(inputs).is_some() {
        open::unlock(inputs, passphrases, |_| true)?;
        assembly = assembly::assemble(&inputs.files, wishes, chain);
        if let (Assembly::Refused(_), Some(error)) = (&assembly, still_locked(inputs)) {
            return Err(error.into());
        }
    }
    if let Assembly::Ambiguous(candidates) = &assembly {
        let chosen = ask(candidates, common, now)?;
        let wishes = Wishes {
            certificate: Some(chosen.sha256.to_string()),
            ..wishes.clone()
        };
        assembly = assembly::assemble(&inputs.files, &wishes, chain);
    }
    match assembly {
        Assembly::Chosen(choice) => Ok(*choice),
        Assembly::Ambiguous(candidates) => Err(ambiguous(&candidates)),
        Assembly::Refused(findings) if findings.is_empty() => Err(nothing_found(inputs)),
        Assembly::Refused(mut findings) => {
            let known = [id::KEY_MISMATCH, id::NO_KEY, id::NOT_WANTED];
            for finding in findings.iter_mut().filter(|f| known.contains(&f.id)) {
                finding.hint = None;
                hints::add(std::slice::from_mut(finding));
            }
            Err(Stop::no(findings))
        }
    }
}

fn still_locked(inputs: &Inputs) -> Option<Error> {
    let mut files = inputs.files.iter();
    files
        .find(|input| matches!(input.state, State::Locked { .. }))
        .and_then(|input| input.trouble())
}

fn ask(
    candidates: &[Certificate],
    common: &Common,
    now: OffsetDateTime,
) -> Result<Certificate, Box<Stop>> {
    if !terminal::may_select(common.no_input, super::ci().as_deref()) {
        return Err(ambiguous(candidates));
    }
    let lines: Vec<String> = candidates.iter().map(|c| words::summary(c, now)).collect();
    let index = terminal::select("which identity", &lines)?;
    candidates
        .get(index)
        .cloned()
        .ok_or_else(|| ambiguous(candidates))
}

fn ambiguous(candidates: &[Certificate]) -> Box<Stop> {
    let all = candidates
        .iter()
        .map(|certificate| {
            let message = format!(
                "{}, {}, until {}, SHA-256 {}",
                certificate.topic_names().join(", "),
                words::environments(certificate),
                certificate.not_after.date(),
                certificate.sha256.short()
            );
            Finding {
                identity: Some(certificate.sha256.to_string()),
                ..Finding::new(id::AMBIGUOUS, Severity::Critical, message)
            }
        })
        .collect::<Vec<Finding>>();
    let question = "several identities fit, and nothing says which is wanted";
    let mut findings = vec![Finding::new(id::AMBIGUOUS, Severity::Critical, question)];
    findings.extend(all);
    if let (Some(last), Some(first)) = (findings.last_mut(), candidates.first()) {
        last.hint = Some(format!(
            "--cert {} chooses the first; --topic and --env narrow too",
            first.sha256.short()
        ));
    }
    Stop::no(findings)
}

fn nothing_found(inputs: &Inputs) -> Box<Stop> {
    let failed = inputs.files.iter().find_map(|input| input.trouble());
    failed
        .unwrap_or(Error::NoInputFound {
            wanted: "certificate and key",
        })
        .into()
}
