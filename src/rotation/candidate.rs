//! Which of the certificates that were given is the new one: of those with a key the one that loses nothing, and of several
//! such the one that ends last. Pure.

use super::live::Live;
use super::plan::{self, Plan};
use crate::apple::Environment;
use crate::assembly::{self, Assembly, Chain, Choice, Parts, Wishes};
use crate::certificate::Certificate;
use crate::container::Contents;
use crate::inputs::{Input, State};
use std::path::Path;
use time::OffsetDateTime;

/// The new identity with what speaks against it, or why there is none.
#[derive(Debug)]
pub enum Candidate {
    /// One was found.
    Found(Box<(Choice, Plan)>),
    /// Nothing that was given pairs; as [`assembly::assemble`] says it.
    None(Assembly),
}

/// Keys and CA certificates of a file that is read for them alone; its leaf is no candidate.
pub fn keys_of(path: &Path, contents: &Contents) -> Input {
    let mut contents = contents.clone();
    contents.certificates.retain(|part| part.certificate.is_ca);
    contents.requests.clear();
    Input {
        path: path.to_path_buf(),
        named: false,
        state: State::Open(contents),
    }
}

/// Finds the new identity among the inputs.
pub fn find(
    inputs: &[Input],
    live: &Live,
    environment: Option<Environment>,
    allow: &[String],
    now: OffsetDateTime,
) -> Candidate {
    let chain = match live.form.has_chain() {
        true => Chain::All,
        false => Chain::None,
    };
    let parts = Parts::of(inputs);
    let serves =
        |leaf: &Certificate| environment.is_none_or(|one| leaf.environments.contains(&one));
    let best = parts
        .leaves
        .iter()
        .map(|part| &part.certificate)
        .filter(|leaf| parts.key_for(leaf).is_some() && serves(leaf))
        .map(|leaf| plan::plan(&live.leaf, leaf, allow, now))
        // Of equals the first that was named.
        .reduce(|best, next| match is_better(&next, &best) {
            true => next,
            false => best,
        });
    let wishes = Wishes {
        certificate: best.as_ref().map(|plan| plan.new.sha256.clone()),
        environment,
        ..Wishes::default()
    };
    match (assembly::assemble(inputs, &wishes, chain), best) {
        (Assembly::Chosen(choice), Some(plan)) => Candidate::Found(Box::new((*choice, plan))),
        (other, _) => Candidate::None(other),
    }
}

/// Fewer refusals, then a later end. What is live already is better than what is refused, and worse than what may replace it.
fn is_better(one: &Plan, other: &Plan) -> bool {
    let rank = |plan: &Plan| match (plan.refusals.len(), plan.is_live) {
        (0, false) => 0,
        (0, true) => 1,
        (refusals, _) => 1 + refusals,
    };
    let order = rank(one).cmp(&rank(other));
    order.is_lt() || (order.is_eq() && one.new.not_after > other.new.not_after)
}
