//! Makes, converts, proves and watches Apple push certificates.

pub mod error;

pub mod apple;
pub mod finding;
pub mod secret;

pub mod live;

pub mod lab;
