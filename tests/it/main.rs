//! One integration binary; modules are named as in `src`, plus `layers` for the table of docs/ARCHITECTURE.md and `fixtures` for theirs.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod absurd;
mod certificate;
mod check;
mod colour;
mod commands;
mod conversion;
mod deploy;
mod dictionary;
mod expiry;
mod expiry_formats;
mod files;
mod fixtures;
mod guide;
mod help;
mod hostile;
mod interop;
mod kinds;
mod lab;
mod layers;
mod live;
mod mutation;
mod newcomer;
mod passphrase;
mod pkcs12;
mod profile;
mod prompts;
mod rotation;
mod send;
mod signals;
mod status_line;
mod tolerance;
