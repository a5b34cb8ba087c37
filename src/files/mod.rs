//! The only disk access of the program: bounded reads, sorted walks, outputs that appear whole.
//! Says nothing to the user and knows nothing about what the bytes mean.

mod folders;
mod lock;
mod metadata;
mod place;
mod prepared;
mod read;
pub mod signal;
mod sync;
mod walk;
mod write;

pub use folders::{
    is_link, link_of_folder, link_target, make_folder_like, make_private_folder, names, point_link,
    remove, remove_folder,
};
pub use lock::{Lock, lock, lock_holder};
pub use place::{free_place_of, place_of};
pub use prepared::{Prepared, prepare, prepare_in_place, prepare_like, sync};
pub use read::{
    FIFO_WAIT, LIMIT, demand_file, read, read_line, read_stdin, read_stdin_line, read_waiting,
    read_walked,
};
pub use sync::sync_folders;
pub use walk::is_same;
pub use walk::{Walk, is_executable, is_file, is_folder, mode, mode_readable_by_others, walk};
pub use write::{Folder, Output, append, create, make_folder, refuse_existing, temporary_folder};

use crate::error::Error;
use std::fs;
use std::io;
use std::path::Path;

/// The system's words for an error, as part of a sentence: lowercase, without its number.
fn words(error: &io::Error) -> String {
    // tempfile wraps the system's error and adds the path of its hidden file, which says nothing to a user.
    let Some(number) = error.raw_os_error() else {
        return error.kind().to_string();
    };
    let text = error.to_string();
    let text = text
        .strip_suffix(&format!(" (os error {number})"))
        .unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn not_readable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        _ => Error::NotReadable {
            reason: words(error),
        },
    }
}

fn not_writable(error: &io::Error) -> Error {
    Error::NotWritable {
        reason: words(error),
    }
}

/// The folder that holds the entry `path`.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A line of what Linux says about this process (proc_pid_status(5)).
fn own_status(line: &str) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|text| text.strip_prefix(line))?;
    Some(value.trim().to_owned())
}
