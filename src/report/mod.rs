//! Outcomes to characters. Nothing here decides, prints or reads; one file per form.

pub mod check;
pub mod escape;
pub mod expiry;
pub mod explain;
pub mod guide;
pub mod inspect;
pub mod json;
pub mod merged;
pub mod profile;
pub mod requested;
pub mod rotate;
pub mod send;
pub mod words;
pub mod wrap;
