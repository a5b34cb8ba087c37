//! Reads everything that a finish needs, finds the new identity in it, and refuses what must be refused. Touches nothing.

use super::super::super::open;
use super::super::super::passphrase::Passphrases;
use super::super::super::reply::Stop;
use super::super::Held;
use super::super::opened::Opened;
use super::{Finish, refused};
use crate::apple::Environment;
use crate::assembly::{Choice, Parts};
use crate::files;
use crate::inputs::{self, Input, State};
use crate::rotation::store::PENDING_KEY;
use crate::rotation::{self, Candidate, Live, Plan};
use crate::secret::{Passphrase, SecretBytes};
use std::path::Path;
use time::OffsetDateTime;

/// Everything that is known before anything is touched.
pub(super) struct Ready {
    pub live: Live,
    pub bytes: Vec<SecretBytes>,
    pub choice: Choice,
    pub plan: Plan,
}

impl Finish {
    pub(super) fn read(
        &self,
        held: &Held,
        passphrases: &mut Passphrases,
        now: OffsetDateTime,
    ) -> Result<Ready, Box<Stop>> {
        let opened = Opened::read(&held.site, passphrases)?;
        let live = opened.live(&held.site)?;
        let mut inputs = open::open(&self.new, passphrases)?;
        open::demand_named(&inputs)?;
        let given = inputs.files.len();
        let mut candidates: Vec<Passphrase> = live.form.key_passphrase().into_iter().collect();
        candidates.extend(passphrases.candidates()?);
        inputs.files.extend(own_keys(held, &opened, &candidates)?);
        if !is_enough(&inputs.files, &live) {
            inputs.files.extend(earlier_keys(held, &candidates));
        }
        if !Parts::of(&inputs.files).has_identity() && refused::still_locked(&inputs).is_some() {
            open::unlock(&mut inputs, passphrases, |_| true)?;
        }
        let environment = self.env.map(Environment::from);
        let found = rotation::find(&inputs.files, &live, environment, &self.allow, now);
        let (choice, plan) = match found {
            Candidate::Found(found) => *found,
            Candidate::None(assembly) => {
                return Err(refused::none_fits(assembly, &inputs, given));
            }
        };
        if !choice.unused.is_empty() {
            return Err(Stop::no(choice.unused));
        }
        if !plan.refusals.is_empty() {
            let stop = Stop::no(refused::named(&plan.refusals, &inputs, &choice));
            let account = self.account(&plan.old, &plan.new, &plan.overridden, &live, now);
            return Err(account.stopped(held, stop, "refused", None));
        }
        Ok(Ready {
            live,
            bytes: opened.bytes,
            choice,
            plan,
        })
    }
}

/// The keys that a new certificate may fit without being named: that of the start, and the live one's.
fn own_keys(
    held: &Held,
    opened: &Opened,
    candidates: &[Passphrase],
) -> Result<Vec<Input>, Box<Stop>> {
    let mut own = Vec::new();
    let pending = held.state.pending.as_ref();
    if pending.is_some_and(|pending| !pending.reuses_key) {
        let path = held.site.store.join(PENDING_KEY);
        let bytes = files::read(&path)?;
        let mut key = inputs::open_bytes(&path, &bytes, candidates);
        key.named = false;
        own.push(key);
    }
    let live = opened.inputs.iter();
    own.extend(live.filter_map(|input| keys_of(&input.path, &input.state)));
    Ok(own)
}

/// After a rollback the key of the certificate that went is in the version that was kept of it.
fn earlier_keys(held: &Held, candidates: &[Passphrase]) -> Vec<Input> {
    let files = held.state.versions.iter().flat_map(|one| &one.files);
    let read = |path: &Path| {
        let bytes = files::read(path).ok()?;
        keys_of(path, &inputs::open_bytes(path, &bytes, candidates).state)
    };
    files
        .filter_map(|file| read(&held.site.store.join(&file.name)))
        .collect()
}

fn keys_of(path: &Path, state: &State) -> Option<Input> {
    match state {
        State::Open(contents) => Some(rotation::keys_of(path, contents)),
        _ => None,
    }
}

/// Whether every certificate has its key, and no chain is wanted: then the versions before need not be read.
fn is_enough(files: &[Input], live: &Live) -> bool {
    let parts = Parts::of(files);
    let mut leaves = parts.leaves.iter();
    let paired = leaves.all(|part| parts.key_for(&part.certificate).is_some());
    paired && !parts.leaves.is_empty() && !live.form.has_chain()
}
