//! Modules stand in layers, and each imports only lower ones. A few words belong to one module each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Lowest first. What shares a line shares a layer.
const LAYERS: &[&[&str]] = &[
    &["error"],
    &["public_key", "finding", "secret", "apple"],
    &["certificate", "private_key"],
    &["request", "validity", "profile", "issuer", "dictionary"],
    &["container", "identity"],
    &["files", "live", "audit"],
    &["inputs"],
    &["assembly"],
    &["conversion", "check", "send", "expiry", "rotation", "lab"],
    &["report"],
    &["cli"],
    &["main"],
];

/// Consecutive tokens, and the modules or files that may have them.
const WORDS: &[(&[&str], &[&str])] = &[
    (&["std", "::", "fs"], &["files"]),
    (&["tempfile"], &["files"]),
    (&["TcpListener"], &["lab"]),
    (&["TcpStream"], &["live", "lab"]),
    (&["process", "::", "Command"], &[]),
    (&["println", "!"], &["cli"]),
    (&["eprintln", "!"], &["cli"]),
    (&["print", "!"], &["cli"]),
    (&["eprint", "!"], &["cli"]),
    (&["SystemTime", "::", "now"], &["cli"]),
    (&["now_utc"], &["cli"]),
    (&["env", "::", "var"], &["cli"]),
    (&["env", "::", "var_os"], &["cli"]),
    (&["env", "::", "vars"], &["cli"]),
    (&["env", "::", "vars_os"], &["cli"]),
    (&["env", "::", "args"], &["cli"]),
    (&["env", "::", "args_os"], &["cli"]),
    (&["unsafe"], &["src/live/ffi.rs"]),
];

#[test]
fn each_module_imports_only_lower_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    files.sort();
    assert!(!files.is_empty(), "no sources");

    let problems: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            problems(&path, &std::fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

/// What is wrong with the file at `path`, which starts with `src/`.
fn problems(path: &str, source: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap().trim_end_matches(".rs");
    let mut parts: Vec<&str> = inside.split('/').collect();
    if parts.len() > 1 && parts.last() == Some(&"mod") {
        parts.pop();
    }
    let module = parts[0];
    // The root declares modules and imports none: it has words to keep, but no layer.
    let is_root = inside == "lib";
    let layer = layer_of(module);
    if layer.is_none() && !is_root {
        return vec![format!("{path}: module `{module}` is in no layer")];
    }

    let tokens = without_tests(&tokens(&blanked(source)));
    let mut problems = BTreeSet::new();
    for (line, names) in paths(&tokens) {
        if let Some(name) = imported(&names, parts.len()).filter(|name| *name != module && !is_root)
        {
            match (layer, layer_of(name)) {
                (Some(own), Some(other)) if other < own => {}
                (Some(own), Some(other)) => {
                    problems.insert((
                        line,
                        format!(
                            "`{module}` (layer {}) imports `{name}` (layer {})",
                            own + 1,
                            other + 1
                        ),
                    ));
                }
                _ => {
                    problems.insert((
                        line,
                        format!("`{module}` imports `{name}`, which is in no layer"),
                    ));
                }
            }
        }
        // A group hides a path from the tokens: `std::{fs, io}` has `std::fs`.
        let spelled: Vec<&str> = names
            .iter()
            .flat_map(|name| [name.as_str(), "::"])
            .take(names.len() * 2 - 1)
            .collect();
        forbidden(path, module, &spelled).for_each(|(_, problem)| {
            problems.insert((line, problem));
        });
    }
    let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    forbidden(path, module, &texts).for_each(|(at, problem)| {
        problems.insert((tokens[at].line, problem));
    });
    problems
        .into_iter()
        .map(|(line, problem)| format!("{path}:{line}: {problem}"))
        .collect()
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top-level module that a path names from a module `depth` below the root.
fn imported(names: &[String], depth: usize) -> Option<&str> {
    let rest = if names[0] == "crate" {
        &names[1..]
    } else {
        let names = if names[0] == "self" {
            &names[1..]
        } else {
            names
        };
        let ups = names.iter().take_while(|name| *name == "super").count();
        if ups < depth {
            return None;
        }
        &names[ups..]
    };
    rest.first().map(String::as_str)
}

fn forbidden<'a>(
    path: &'a str,
    module: &'a str,
    texts: &'a [&'a str],
) -> impl Iterator<Item = (usize, String)> + use<'a> {
    WORDS
        .iter()
        .filter(move |(_, allowed)| !allowed.contains(&module) && !allowed.contains(&path))
        .flat_map(move |(word, _)| {
            texts
                .windows(word.len())
                .enumerate()
                .filter(move |(_, window)| window == word)
                .map(move |(at, _)| {
                    (
                        at,
                        format!("`{}` does not belong in `{module}`", word.concat()),
                    )
                })
        })
}

/// The source with comments, strings and characters replaced by spaces. Lines stay.
fn blanked(source: &str) -> String {
    let source: Vec<char> = source.chars().collect();
    let at = |index: usize| source.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(source.len());
    let mut here = 0;
    while here < source.len() {
        let starts_word = here == 0 || !is_word(at(here - 1));
        let end = if at(here) == '/' && at(here + 1) == '/' {
            (here..source.len())
                .find(|&index| at(index) == '\n')
                .unwrap_or(source.len())
        } else if at(here) == '/' && at(here + 1) == '*' {
            let mut depth = 0;
            let mut index = here;
            loop {
                match (at(index), at(index + 1)) {
                    ('/', '*') => (depth, index) = (depth + 1, index + 2),
                    ('*', '/') => (depth, index) = (depth - 1, index + 2),
                    _ => index += 1,
                }
                if depth == 0 || index >= source.len() {
                    break index;
                }
            }
        } else if let Some(end) = starts_word.then(|| raw_string_end(&source, here)).flatten() {
            end
        } else if at(here) == '"' {
            quoted_end(&source, here, '"')
        } else if at(here) == '\'' && (at(here + 1) == '\\' || at(here + 2) == '\'') {
            quoted_end(&source, here, '\'')
        } else {
            out.push(at(here));
            here += 1;
            continue;
        };
        let end = end.min(source.len());
        out.extend(
            source[here..end]
                .iter()
                .map(|&c| if c == '\n' { '\n' } else { ' ' }),
        );
        here = end;
    }
    out
}

/// Where the string or character that opens at `start` has ended.
fn quoted_end(source: &[char], start: usize, quote: char) -> usize {
    let mut index = start + 1;
    while index < source.len() && source[index] != quote {
        index += if source[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// Where the raw string that opens at `start` has ended, if one opens there.
fn raw_string_end(source: &[char], start: usize) -> Option<usize> {
    let mut index = start;
    if matches!(source[index], 'b' | 'c') {
        index += 1;
    }
    if source.get(index) != Some(&'r') {
        return None;
    }
    index += 1;
    let hashes = source[index..].iter().take_while(|&&c| c == '#').count();
    index += hashes;
    if source.get(index) != Some(&'"') {
        return None;
    }
    let closes = |at: usize| {
        source[at] == '"'
            && source[at + 1..]
                .iter()
                .take(hashes)
                .filter(|&&c| c == '#')
                .count()
                == hashes
    };
    Some(
        (index + 1..source.len())
            .find(|&at| closes(at))
            .map_or(source.len(), |at| at + 1 + hashes),
    )
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token {
                text: rest[..length].to_owned(),
                line: number + 1,
            });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The tokens outside `#[cfg(test)] mod name { … }`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut here = 0;
    while here < tokens.len() {
        if let Some(end) = test_module_end(tokens, here) {
            here = end;
        } else {
            kept.push(tokens[here].clone());
            here += 1;
        }
    }
    kept
}

fn test_module_end(tokens: &[Token], start: usize) -> Option<usize> {
    let is = |index: usize, text: &str| tokens.get(index).is_some_and(|token| token.text == text);
    let cfg = ["#", "[", "cfg", "(", "test", ")", "]"];
    if !cfg
        .iter()
        .enumerate()
        .all(|(offset, text)| is(start + offset, text))
    {
        return None;
    }
    let mut index = start + cfg.len();
    while is(index, "#") && is(index + 1, "[") {
        index = closed(tokens, index + 1, "[", "]");
    }
    if is(index, "pub") {
        index += 1;
        if is(index, "(") {
            index = closed(tokens, index, "(", ")");
        }
    }
    (is(index, "mod") && is(index + 2, "{")).then(|| closed(tokens, index + 2, "{", "}"))
}

/// The index after the bracket that closes the one at `start`.
fn closed(tokens: &[Token], start: usize, open: &str, close: &str) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        if token.text == open {
            depth += 1;
        } else if token.text == close {
            depth -= 1;
            if depth == 0 {
                return index + 1;
            }
        }
    }
    tokens.len()
}

/// Every path of the source with the line it is on. Groups are spelled out.
fn paths(tokens: &[Token]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut here = 0;
    while here < tokens.len() {
        if tokens[here].text.chars().all(is_word) {
            here = path(tokens, here, &[], &mut found);
        } else {
            here += 1;
        }
    }
    found
}

/// Reads the path or group at `here` below `prefix`; returns the index after it.
fn path(
    tokens: &[Token],
    mut here: usize,
    prefix: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let is = |index: usize, text: &str| tokens.get(index).is_some_and(|token| token.text == text);
    let mut names = prefix.to_vec();
    let Some(line) = tokens.get(here).map(|token| token.line) else {
        return here;
    };
    loop {
        if is(here, "{") {
            here += 1;
            while here < tokens.len() && !is(here, "}") {
                // A comma, or the `as name` of a path already read.
                if is(here, ",") {
                    here += 1;
                } else if is(here, "as") {
                    here += 2;
                } else {
                    here = path(tokens, here, &names, found).max(here + 1);
                }
            }
            return here + 1;
        }
        let Some(token) = tokens
            .get(here)
            .filter(|token| token.text == "*" || token.text.chars().all(is_word))
        else {
            break;
        };
        names.push(token.text.clone());
        here += 1;
        // `a::<T>` is the end of a path too.
        let goes_on = |next: &Token| {
            matches!(next.text.as_str(), "{" | "*") || next.text.chars().all(is_word)
        };
        if is(here, "::") && tokens.get(here + 1).is_some_and(goes_on) {
            here += 1;
        } else {
            break;
        }
    }
    if !names.is_empty() {
        found.push((line, names));
    }
    here
}

#[test]
fn an_upward_import_is_reported() {
    assert_eq!(
        problems(
            "src/files/read.rs",
            "use crate::error::Error;\nuse crate::cli::main;\n"
        ),
        ["src/files/read.rs:2: `files` (layer 6) imports `cli` (layer 11)"]
    );
    assert_eq!(
        problems(
            "src/secret.rs",
            "fn f() {\n    crate::report::json::<u8>()\n}\n"
        ),
        ["src/secret.rs:2: `secret` (layer 2) imports `report` (layer 10)"]
    );
}

#[test]
fn an_import_of_the_same_layer_is_reported_and_of_the_same_module_is_not() {
    assert_eq!(
        problems(
            "src/identity.rs",
            "use crate::container::Container;\nuse crate::identity::Identity;\n"
        ),
        ["src/identity.rs:1: `identity` (layer 5) imports `container` (layer 5)"]
    );
}

#[test]
fn groups_are_spelled_out() {
    let source = "use crate::{\n    error::{Error, Exit as E},\n    assembly::{self, Left},\n    apple,\n};\n";
    assert_eq!(
        problems("src/inputs.rs", source),
        ["src/inputs.rs:3: `inputs` (layer 7) imports `assembly` (layer 8)"]
    );
    assert_eq!(
        problems("src/inputs.rs", "use std::{io, fs::File};\n"),
        ["src/inputs.rs:1: `std::fs` does not belong in `inputs`"]
    );
}

#[test]
fn super_reaches_the_root() {
    assert_eq!(
        problems(
            "src/files/read.rs",
            "use super::walk;\nuse super::super::inputs;\n"
        ),
        ["src/files/read.rs:2: `files` (layer 6) imports `inputs` (layer 7)"]
    );
    assert_eq!(
        problems("src/files/mod.rs", "use super::{error, cli};\n"),
        ["src/files/mod.rs:1: `files` (layer 6) imports `cli` (layer 11)"]
    );
}

#[test]
fn a_module_in_no_layer_is_reported() {
    assert_eq!(
        problems("src/utils.rs", ""),
        ["src/utils.rs: module `utils` is in no layer"]
    );
    assert_eq!(
        problems("src/cli/mod.rs", "use crate::utils::f;\nuse crate::*;\n"),
        [
            "src/cli/mod.rs:1: `cli` imports `utils`, which is in no layer",
            "src/cli/mod.rs:2: `cli` imports `*`, which is in no layer"
        ]
    );
}

#[test]
fn comments_strings_and_tests_are_not_read() {
    let source = r##"
//! See crate::cli and println!.
/* crate::cli /* std::fs */ unsafe */
/// [`crate::report`]
pub(crate) fn f<'a>(x: &'a str) -> char {
    let _ = "crate::cli \" unsafe";
    let _ = r#"crate::cli " unsafe"#;
    let _ = (b"unsafe", br"unsafe\", '"', '\'', b'\\', '\u{22}');
    'x'
}
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::cli;
    fn f() { println!("}"); std::fs::write() }
}
"##;
    assert_eq!(problems("src/error.rs", source), [""; 0]);
    let after = format!("{source}use crate::cli;\n");
    assert_eq!(
        problems("src/error.rs", &after),
        ["src/error.rs:17: `error` (layer 1) imports `cli` (layer 11)"]
    );
}

#[test]
fn words_belong_to_their_modules() {
    for (word, source) in [
        ("std::fs", "fn f() { std::fs::read(p) }"),
        ("tempfile", "use tempfile::NamedTempFile;"),
        ("TcpListener", "use tokio::net::{TcpListener};"),
        ("TcpStream", "fn f(_: std::net::TcpStream) {}"),
        ("process::Command", "use std::{process::Command};"),
        ("println!", "fn f() { println!() }"),
        ("eprintln!", "fn f() { anstream::eprintln!() }"),
        ("print!", "fn f() { print! () }"),
        ("eprint!", "fn f() { eprint!() }"),
        ("SystemTime::now", "fn f() { SystemTime::now() }"),
        (
            "now_utc",
            "fn f() { x.unwrap_or_else(OffsetDateTime::now_utc) }",
        ),
        ("env::var", "fn f() { std::env::var(n) }"),
        ("env::args_os", "fn f() { std::env::args_os() }"),
        ("unsafe", "fn f() { unsafe { g() } }"),
    ] {
        assert_eq!(
            problems("src/audit.rs", source),
            [format!(
                "src/audit.rs:1: `{word}` does not belong in `audit`"
            )]
        );
    }
    assert_eq!(
        problems("src/live/ffi.rs", "unsafe extern \"C\" {}"),
        [""; 0]
    );
    assert_eq!(
        problems("src/live/mod.rs", "fn f() { unsafe { g() } }").len(),
        1
    );
    assert_eq!(
        problems(
            "src/files/write.rs",
            "use std::fs::File;\nuse tempfile::tempdir;\n"
        ),
        [""; 0]
    );
    assert_eq!(
        problems("src/main.rs", "fn main() { pushcert::cli::main() }"),
        [""; 0]
    );
}
