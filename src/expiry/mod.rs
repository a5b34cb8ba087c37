//! Folders to rows with a validity: what ends when, what of it matters, and what could not be told. Asks nobody and prints nothing.

mod file;
mod latest;
mod policy;
mod progress;
mod row;
mod scan;
mod summary;

pub use file::rows;
pub use latest::keep_latest;
pub use policy::{App, Filter, Policy};
pub use progress::Progress;
pub use row::{Dated, Entry, Role, Row};
pub use scan::{Batch, Keep, Scan, scan};
pub use summary::{Summary, Tally};
