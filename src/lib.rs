//! Makes, converts, proves and watches Apple push certificates.
//!
//! Bytes come in through [`files`]. [`container`] recognises them and turns them into certificates and keys, once. [`identity`] joins a
//! leaf, its chain and the key that fits; an `Identity` that exists is correct. [`assembly`] finds the identities in all that was opened
//! and says what is left over. [`validity`] compares dates, [`audit`] says what is wrong without asking anyone, `live` shakes hands,
//! `check` judges, `expiry` watches folders, `lab` plays Apple. [`report`] turns data into characters. [`cli`] reads flags and passphrases, makes those calls in
//! order, prints, and picks the exit code. Modules stand in layers, lowest first; each imports only lower ones.

pub mod error;

pub mod apple;
mod ffi;
pub mod finding;
pub mod public_key;
pub mod secret;

pub mod certificate;
pub mod private_key;

pub mod crl;
pub mod dictionary;
pub mod issuer;
pub mod profile;
pub mod request;
pub mod validity;

pub mod container;
pub mod identity;

pub mod audit;
pub mod files;
pub mod live;

pub mod inputs;

pub mod assembly;

pub mod check;
pub mod conversion;
pub mod expiry;
pub mod guide;
pub mod lab;
pub mod rotation;
pub mod send;

pub mod report;

pub mod cli;
