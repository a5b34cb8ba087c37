//! The state as the JSON of its files, and back. What is not as written here is damaged, never a guess.

mod read;
mod write;

pub(super) use read::{decode, unseal};
pub(super) use write::{encode, seal};

/// The version of the files' shape.
const FORMAT: u64 = 1;
