//! Opens the inputs of a command and asks for the passphrases that are missing.

use super::passphrase::Passphrases;
use super::reply::Stop;
use super::terminal;
use crate::error::Error;
use crate::finding::Finding;
use crate::inputs::{self, Input, Inputs, State};
use crate::report::{escape, words};
use std::path::PathBuf;

/// How often a wrong passphrase may be typed again.
const TRIES: usize = 3;

/// Opens the paths; a locked file that stood on the command line is asked for where a terminal is there.
pub(super) fn open(paths: &[PathBuf], passphrases: &mut Passphrases) -> Result<Inputs, Box<Stop>> {
    let candidates = passphrases.candidates()?;
    let mut inputs = inputs::open(paths, &candidates)?;
    unlock(&mut inputs, passphrases, |named| named)?;
    Ok(inputs)
}

/// Asks for what is locked, of the files that `which` admits (given whether they were named).
pub(super) fn unlock(
    inputs: &mut Inputs,
    passphrases: &mut Passphrases,
    which: impl Fn(bool) -> bool,
) -> Result<(), Box<Stop>> {
    for input in inputs.files.iter_mut().filter(|input| which(input.named)) {
        unlock_one(input, passphrases)?;
    }
    Ok(())
}

/// Asks for the passphrase of one file, a few times, where a terminal is there.
pub(super) fn unlock_one(
    input: &mut Input,
    passphrases: &mut Passphrases,
) -> Result<(), Box<Stop>> {
    let name = input.name();
    for left in (0..TRIES).rev() {
        let State::Locked { tried, .. } = &mut input.state else {
            break;
        };
        let Some(passphrase) = passphrases.ask_in(&name)? else {
            break;
        };
        *tried = true;
        match input.unlock(&[passphrase]) {
            Ok(()) => break,
            // After the last try the command says so itself, or goes on with what it has.
            Err(error) if matches!(error.cause(), Error::WrongPassphrase) => {
                if left > 0 {
                    terminal::say(&wrong_passphrase(&name, left));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wrong_passphrase(path: &str, left: usize) -> String {
    let tries = if left == 1 { "try" } else { "tries" };
    format!(
        "{}: wrong passphrase, {left} {tries} left\n",
        words::file(path)
    )
}

/// Lines that warn of what was broken beside good parts.
pub(super) fn broken_parts(inputs: &Inputs) -> (String, Vec<Finding>) {
    let findings: Vec<Finding> = inputs.files.iter().flat_map(Input::broken_parts).collect();
    let line = |finding: &Finding| {
        let path = words::file(finding.path.as_deref().unwrap_or_default());
        format!("warning: {path}: {}\n", escape::text(&finding.message))
    };
    (findings.iter().map(line).collect(), findings)
}

/// Fails with the first named file that could not be read in full.
pub(super) fn demand_named(inputs: &Inputs) -> Result<(), Box<Stop>> {
    match inputs
        .files
        .iter()
        .filter(|input| input.named)
        .find_map(|input| input.trouble())
    {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}
