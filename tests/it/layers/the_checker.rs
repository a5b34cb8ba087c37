//! The checker of the layers, on sources made up to break the table or to look as if they did.

use super::{broken_imports, broken_list, misplaced_words};

#[test]
fn reports_an_import_of_a_higher_layer() {
    let source = "//! Doc.\n\nuse crate::cli::main;\n";
    assert_eq!(
        broken_imports("validity.rs", source),
        ["validity.rs:3: validity (4) imports cli (11)"]
    );
}

#[test]
fn reports_a_sibling_however_it_is_written() {
    for source in [
        "use crate::request::Request;",
        "use crate::{error::Error, request::{self, Request}};",
        "use super::request;",
        "use self::super::{request::Request};",
        "fn f() -> crate::request::Request {}",
        "fn f() { let x = Vec::<super::request::Request>::new(); }",
        "pub use pushcert::request as other;",
        "mod inner { use super::super::request; }",
        "fn f<'a>() { ' '; b'\\''; '\\u{27}'; r#\"\"\"#; crate::request::parse() }",
    ] {
        assert_eq!(
            broken_imports("validity.rs", source),
            ["validity.rs:1: validity (4) imports request (4)"],
            "{source}"
        );
    }
}

#[test]
fn reports_a_path_that_hides_its_module() {
    for source in [
        "use crate::*;",
        "use crate as all;",
        "use super::*;",
        "use crate::{self as all};",
    ] {
        assert_eq!(
            broken_imports("validity.rs", source),
            ["validity.rs:1: validity (4) imports `crate`, which is in no layer"],
            "{source}"
        );
    }
}

#[test]
fn reports_a_module_that_is_in_no_layer() {
    assert_eq!(
        broken_imports("util/mod.rs", ""),
        ["util/mod.rs: the module `util` is in no layer"]
    );
    assert_eq!(
        broken_imports("cli/mod.rs", "use crate::util;"),
        ["cli/mod.rs:1: cli (11) imports `util`, which is in no layer"]
    );
}

#[test]
fn takes_lower_layers_and_the_own_module() {
    for (file, source) in [
        (
            "validity.rs",
            "use crate::{certificate::Certificate, error::Error};",
        ),
        (
            "container/pem.rs",
            "use super::{Contents, super::error::Error};",
        ),
        (
            "container/pem.rs",
            "use super::pkcs12; use crate::container::cms;",
        ),
        (
            "container/pkcs12/read.rs",
            "use super::super::pem; pub(crate) fn f() {}",
        ),
        ("main.rs", "fn main() { pushcert::cli::main() }"),
        (
            "error.rs",
            "//! [`crate::cli`]\n/* crate::cli /* */ */ const A: &str = \"crate::cli\\\" crate::cli\";",
        ),
        (
            "error.rs",
            "const A: &str = r##\"crate::cli\"# crate::cli\"##;",
        ),
        (
            "error.rs",
            "#[cfg(test)]\n#[allow(x)]\nmod tests { use super::*; fn f() { crate::cli::f() } }",
        ),
        ("error.rs", "#[cfg(test)] use crate::cli; fn f() {}"),
    ] {
        assert_eq!(broken_imports(file, source), [""; 0], "{source}");
    }
    let after = "#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::cli;";
    assert_eq!(
        broken_imports("error.rs", after),
        ["error.rs:3: error (1) imports cli (11)"]
    );
}

#[test]
fn reports_a_word_outside_its_room() {
    for (file, source, word) in [
        (
            "audit.rs",
            "use std::{fmt, fs};",
            "`std::fs` stands only in files",
        ),
        (
            "cli/merge.rs",
            "fn f() { std::fs::read(p) }",
            "`std::fs` stands only in files",
        ),
        (
            "inputs.rs",
            "use tempfile::NamedTempFile;",
            "`tempfile` stands only in files",
        ),
        (
            "live/dial.rs",
            "use std::net::TcpListener;",
            "`TcpListener` stands only in lab",
        ),
        (
            "check.rs",
            "TcpStream::connect(a)",
            "`TcpStream` stands only in live, lab",
        ),
        (
            "cli/rotate.rs",
            "use std::process::{Command, exit};",
            "`process::Command` stands only in cli/hook.rs",
        ),
        (
            "report/text.rs",
            "fn f() { println!(\"x\") }",
            "`println!` stands only in cli",
        ),
        (
            "report/text.rs",
            "fn f() { std::eprintln!(\"x\") }",
            "`eprintln!` stands only in cli",
        ),
        (
            "report/text.rs",
            "use anstream::println;",
            "`println!` stands only in cli",
        ),
        (
            "validity.rs",
            "time::OffsetDateTime::now_utc()",
            "`OffsetDateTime::now_utc` stands only in cli",
        ),
        (
            "lab/mod.rs",
            "SystemTime::now()",
            "`SystemTime::now` stands only in cli",
        ),
        (
            "files.rs",
            "std::env::var(\"HOME\")",
            "`env::var` stands only in cli",
        ),
        (
            "live/tls.rs",
            "unsafe { f() }",
            "`unsafe` stands only in ffi.rs",
        ),
        ("cli/mod.rs", "dbg!(x)", "`dbg!` stands nowhere"),
    ] {
        assert_eq!(
            misplaced_words(file, source),
            [format!("{file}:1: {word}")],
            "{source}"
        );
    }
}

#[test]
fn takes_a_word_in_its_room() {
    for (file, source) in [
        ("files.rs", "use std::fs; use tempfile::NamedTempFile;"),
        (
            "lab/gateway.rs",
            "use tokio::net::{TcpListener, TcpStream};",
        ),
        ("ffi.rs", "unsafe { f() }"),
        ("cli/hook.rs", "use std::process::Command;"),
        (
            "cli/mod.rs",
            "use clap::Command; anstream::println!(\"x\"); env::var(\"A\");",
        ),
        (
            "report/text.rs",
            "let print = 1; if print != 2 {} env!(\"A\"); \"println!\";",
        ),
    ] {
        assert_eq!(misplaced_words(file, source), [""; 0], "{source}");
    }
}

#[test]
fn reports_a_list_out_of_order_or_with_gaps() {
    let lib = "pub mod secret;\npub mod error;\npub mod helper;\n";
    assert_eq!(
        broken_list(
            lib,
            &["error.rs", "helper.rs", "lib.rs", "main.rs", "cli/mod.rs"]
        ),
        [
            "lib.rs: error (1) stands after layer 2",
            "lib.rs: the module `helper` is in no layer",
            "cli/mod.rs: lib.rs does not declare `cli`",
        ]
    );
}
