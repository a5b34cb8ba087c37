//! PKCS#12 (RFC 7292): `scan` looks before any key is derived, `read` opens what was scanned, `write` makes new files.

mod bag;
mod mac;
mod read;
mod scan;
mod write;

pub use read::{Bag, Bags};
pub use scan::{Scan, scan};
pub use write::{Flavor, write};

const WHAT: &str = "PKCS#12";
