//! Makes, converts, proves and watches Apple push certificates.

pub mod error;

pub mod apple;
pub mod finding;
pub mod public_key;
pub mod secret;

pub mod certificate;
pub mod private_key;

pub mod issuer;
pub mod request;
pub mod validity;
