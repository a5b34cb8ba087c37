//! Makes, converts, proves and watches Apple push certificates.

pub mod error;

pub mod apple;
pub mod cli;
pub mod files;
pub mod finding;
pub mod secret;
