//! Tests over the whole crate.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod layers;
