//! The only access to the disk: bounded reads, walks, and files that appear whole.

mod read;
pub mod signal;
mod walk;
mod write;

pub use read::{LIMIT, read, read_stdin, readable_by_others};
pub use walk::{is_folder, walk};
pub use write::{Folder, Output, create, make_folder, refuse_existing, temporary_folder};

use crate::error::Error;
use std::io;

fn not_readable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        io::ErrorKind::PermissionDenied => Error::NotReadable {
            reason: "permission denied".to_string(),
        },
        _ => Error::NotReadable {
            reason: system_words(error),
        },
    }
}

fn not_writable(error: &io::Error) -> Error {
    Error::NotWritable {
        reason: system_words(error),
    }
}

/// The system's reason in lowercase and without its number.
fn system_words(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
