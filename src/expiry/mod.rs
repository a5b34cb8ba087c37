//! Folders to rows with a validity: what ends when, what of it matters, and what could not be told. Asks nobody and prints nothing.

mod latest;
mod policy;
mod row;
mod scan;
mod summary;

pub use latest::keep_latest;
pub use policy::{App, Filter, Policy};
pub use row::{Dated, Entry, Role, Row};
pub use scan::{Batch, Keep, Progress, Scan, rows, scan};
pub use summary::{Summary, Tally};
