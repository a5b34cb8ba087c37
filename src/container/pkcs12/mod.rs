//! PKCS#12 (RFC 7292): scanned before anything is derived, read by one reader over the crates' primitives, written by OpenSSL.

mod read;
mod scan;
mod write;

pub use read::{Bag, Bags};
pub use scan::{Scan, scan};
pub use write::{Flavor, write};
