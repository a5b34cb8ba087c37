//! The `pushcert` command.
fn main() {}
