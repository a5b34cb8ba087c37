//! Where a folder stands on the way from nothing to a proven ck.pem, read from the files that lie in it.

use crate::apple::kind::Kind;
use crate::assembly::{KeyPart, LeafPart, Parts};
use crate::inputs::{Inputs, State};
use std::path::{Path, PathBuf};

/// What `merge` writes and everything later reads.
pub const RESULT: &str = "ck.pem";

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing is here: a key and a request.
    Request,
    /// A key is here: its certificate, from Apple's portal.
    Certificate,
    /// Both are here: join them.
    Merge,
    /// ck.pem is here: prove it.
    Proof,
}

/// What lies in a folder, as far as the way goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What comes next.
    pub stage: Stage,
    /// A key, or a locked file that may hold one.
    pub key: Option<PathBuf>,
    /// A request.
    pub request: Option<PathBuf>,
    /// A push certificate: one whose key is here, if any is.
    pub certificate: Option<PathBuf>,
    /// Leaves that lead no further, and what they are.
    pub others: Vec<(PathBuf, &'static str)>,
}

/// What is said of a push certificate that nothing here fits.
const KEYLESS: &str = "a push certificate whose key is not here";

impl Standing {
    /// Judges what was opened of a folder; a locked file is taken for one that holds a key.
    pub fn of(folder: &Path, inputs: &Inputs) -> Standing {
        let parts = Parts::of(&inputs.files);
        let path = |sources: &[usize]| {
            let first = sources.first().and_then(|index| inputs.files.get(*index));
            first.map(|input| input.path.clone())
        };
        let mut files = inputs.files.iter();
        let locked = files.find(|input| matches!(input.state, State::Locked { .. }));
        let locked = locked.map(|input| input.path.clone());
        let (push, foreign): (Vec<_>, Vec<_>) = parts
            .leaves
            .iter()
            .partition(|leaf| leaf.certificate.kind.is_push());
        let (fitting, keyless): (Vec<_>, Vec<_>) = push
            .into_iter()
            .partition(|leaf| locked.is_some() || parts.key_for(&leaf.certificate).is_some());
        // The key of a server or a CA, as a lab's are, is for no request.
        let taken = |key: &&KeyPart| {
            let spki = key.key.public_key().spki_sha256;
            let fits = |leaf: &&&LeafPart| leaf.certificate.public_key.spki_sha256 == spki;
            let other = |leaf: &&LeafPart| leaf.certificate.kind != Kind::Signing;
            foreign.iter().filter(fits).any(other) && !fitting.iter().any(|leaf| fits(&leaf))
        };
        let mut keys = parts.keys.iter().filter(|key| !taken(key));
        let key = keys.find_map(|part| path(&part.sources)).or(locked);
        let result = folder.join(RESULT);
        let done = inputs
            .files
            .iter()
            .any(|input| input.path == result && input.contents().is_some());
        let stage = match (done, &key, fitting.is_empty()) {
            (true, _, _) => Stage::Proof,
            (false, _, false) => Stage::Merge,
            (false, Some(_), true) => Stage::Certificate,
            (false, None, true) => Stage::Request,
        };
        let mut requests = inputs.files.iter().filter(|input| {
            let contents = input.contents();
            contents.is_some_and(|contents| !contents.requests.is_empty())
        });
        let described = foreign
            .into_iter()
            .map(|leaf| (leaf, leaf.certificate.describe()))
            .chain(keyless.into_iter().map(|leaf| (leaf, KEYLESS)));
        Standing {
            stage,
            key,
            request: requests.next().map(|input| input.path.clone()),
            certificate: fitting.iter().find_map(|leaf| path(&leaf.sources)),
            others: described
                .filter_map(|(leaf, what)| Some((path(&leaf.sources)?, what)))
                .collect(),
        }
    }
}
