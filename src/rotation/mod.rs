//! A certificate takes the place of the live one, whole or not at all. The plan is pure; commit and undo are steps over a state
//! that is on the disk before and after each, so that any command can end what a killed one began. Runs no hook and asks no
//! gateway: `cli/rotate` puts those between the steps.

mod candidate;
mod facts;
mod form;
mod live;
mod plan;
mod record;
mod recovery;
mod site;
mod state;
mod steps;
pub mod store;
mod transaction;

pub use candidate::{Candidate, find, keys_of};
pub use facts::{Facts, is_mdm};
pub use form::{FileForm, Form};
pub use live::{Answer, Live};
pub use plan::{MAY_BE_ALLOWED, Plan, plan};
pub use recovery::{Found, look, recover};
pub use site::{Layout, STORE, Site};
pub use state::{Entry, Event, KeptFile, Pending, State, Swap, Version};
pub use transaction::{
    Ending, Purpose, Standing, commit, complete, digests, restore, settle, stands, undo,
};
