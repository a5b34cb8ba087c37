//! `--fail-on`: which answers make the exit code other than 0.

use crate::finding::Status;
use clap::ValueEnum;

/// The level of `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Warning,
    Critical,
    Never,
}

impl FailOn {
    /// The least severity that makes the exit code other than 0, of those that can be lowered.
    pub fn level(self) -> Option<Status> {
        match self {
            FailOn::Warning => Some(Status::Warning),
            FailOn::Critical => Some(Status::Critical),
            FailOn::Never => None,
        }
    }

    /// A 1 or 2 below the level becomes 0; a 3 stays.
    pub fn lower(self, status: Status) -> Status {
        match (self, status) {
            (FailOn::Critical, Status::Warning) => Status::Ok,
            (FailOn::Never, Status::Warning | Status::Critical) => Status::Ok,
            (_, status) => status,
        }
    }
}
