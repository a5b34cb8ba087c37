//! Holds the table of docs/ARCHITECTURE.md: a module imports only lower layers, and some words stand only in some rooms.

mod source;
mod the_checker;

use std::path::Path as FilePath;

/// The top modules, lowest layer first. `lib.rs` only lists them, in this order.
const LAYERS: [(u8, &[&str]); 12] = [
    (1, &["error"]),
    (2, &["apple", "ffi", "finding", "public_key", "secret"]),
    (3, &["certificate", "private_key"]),
    (
        4,
        &[
            "crl",
            "dictionary",
            "issuer",
            "profile",
            "request",
            "validity",
        ],
    ),
    (5, &["container", "identity"]),
    (6, &["audit", "files", "live"]),
    (7, &["inputs"]),
    (8, &["assembly"]),
    (
        9,
        &[
            "check",
            "conversion",
            "expiry",
            "guide",
            "lab",
            "rotation",
            "send",
        ],
    ),
    (10, &["report"]),
    (11, &["cli"]),
    (12, &["main"]),
];

/// Imports that break the table and are borne: importing module, imported module. Each with its reason beside it.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// Words, and the rooms (a top module, or one file) where each may stand. A word ending in `!` is a macro.
const WORDS: [(&[&str], &[&str]); 33] = {
    const DISK: &[&str] = &["files"];
    const CONNECT: &[&str] = &["live", "lab"];
    const CHILD: &[&str] = &["cli/hook.rs"];
    const CLI: &[&str] = &["cli"];
    [
        (&["std", "fs"], DISK),
        (&["tokio", "fs"], DISK),
        (&["rustix", "fs"], DISK),
        (&["tempfile"], DISK),
        (&["walkdir"], DISK),
        (&["TcpListener"], &["lab"]),
        (&["UnixListener"], &["lab"]),
        (&["TcpStream"], CONNECT),
        (&["TcpSocket"], CONNECT),
        (&["UnixStream"], CONNECT),
        (&["UdpSocket"], CONNECT),
        (&["process", "Command"], CHILD),
        (&["std", "process", "*"], CHILD),
        (&["print!"], CLI),
        (&["println!"], CLI),
        (&["eprint!"], CLI),
        (&["eprintln!"], CLI),
        (&["dbg!"], &[]),
        (&["io", "stdin"], &["cli", "files"]),
        (&["io", "stdout"], CLI),
        (&["io", "stderr"], CLI),
        (&["rpassword"], CLI),
        (&["dialoguer"], CLI),
        (&["SystemTime", "now"], CLI),
        (&["OffsetDateTime", "now_utc"], CLI),
        (&["OffsetDateTime", "now_local"], CLI),
        (&["UtcDateTime", "now"], CLI),
        (&["env", "var"], CLI),
        (&["env", "var_os"], CLI),
        (&["env", "vars"], CLI),
        (&["env", "args"], CLI),
        (&["env", "args_os"], CLI),
        (&["unsafe"], &["ffi.rs"]),
    ]
};

#[test]
fn every_module_imports_only_lower_layers() {
    let files = sources();
    assert!(files.len() > 3, "only {} files were read", files.len());
    let broken: Vec<String> = files
        .iter()
        .flat_map(|(file, source)| {
            let mut broken = broken_imports(file, source);
            broken.extend(misplaced_words(file, source));
            broken
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn lib_lists_every_module_lowest_layer_first() {
    let files = sources();
    let names: Vec<&str> = files.iter().map(|(file, _)| file.as_str()).collect();
    let lib = &files.iter().find(|(file, _)| file == "lib.rs").unwrap().1;
    let broken = broken_list(lib, &names);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The files under `src`, by their path in it.
fn sources() -> Vec<(String, String)> {
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                files.push((name.to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn layer(module: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(_, modules)| modules.contains(&module))
        .map(|(layer, _)| *layer)
}

/// The modules a file stands for: `container/pem.rs` is `container`, `pem`.
fn modules(file: &str) -> Vec<&str> {
    let mut modules: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    modules.pop_if(|last| *last == "mod");
    modules
}

/// What a file imports and may not.
fn broken_imports(file: &str, text: &str) -> Vec<String> {
    let own = modules(file);
    if own == ["lib"] {
        return Vec::new();
    }
    let Some(own_layer) = layer(own[0]) else {
        return vec![format!("{file}: the module `{}` is in no layer", own[0])];
    };
    let mut broken = Vec::new();
    for path in source::paths(text) {
        let Some(target) = target(&own, &path) else {
            continue;
        };
        let place = format!("{file}:{}: {} ({own_layer})", path.line, own[0]);
        match layer(&target) {
            _ if target == own[0] || EXCEPTIONS.contains(&(own[0], target.as_str())) => {}
            Some(layer) if layer < own_layer => {}
            Some(layer) => broken.push(format!("{place} imports {target} ({layer})")),
            None => broken.push(format!("{place} imports `{target}`, which is in no layer")),
        }
    }
    // `request::{self, Request}` is two paths and one import.
    broken.dedup();
    broken
}

/// The top module that a path leads to, if it leads to one of this crate. The crate itself is "crate".
fn target(own: &[&str], path: &source::Path) -> Option<String> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let rest = match segments[0] {
        "crate" | "pushcert" => &segments[1..],
        "self" | "super" => {
            let steps = segments
                .iter()
                .take_while(|segment| matches!(**segment, "self" | "super"))
                .count();
            let up = segments[..steps].iter().filter(|s| **s == "super").count();
            // The binary's own root is no module of the library.
            let depth = path.inside.len() + if own == ["main"] { 0 } else { own.len() };
            if up < depth || own == ["main"] {
                return None;
            }
            &segments[steps..]
        }
        _ => return None,
    };
    match rest.first() {
        Some(&module) if module != "self" && module != "*" => Some(module.to_string()),
        Some(_) => Some("crate".to_string()),
        // `pub(crate)`, or a variable's name.
        None => path.imported.then(|| "crate".to_string()),
    }
}

/// The words of a file that belong into another room.
fn misplaced_words(file: &str, text: &str) -> Vec<String> {
    let top = modules(file)[0];
    let mut misplaced = Vec::new();
    for path in source::paths(text) {
        for (word, rooms) in WORDS {
            let stands = match word {
                [name] if name.ends_with('!') => {
                    let name = name.trim_end_matches('!');
                    let last = path.segments.last().is_some_and(|last| last == name);
                    last && (path.is_macro || path.imported)
                }
                word => path.segments.windows(word.len()).any(|part| part == word),
            };
            if stands && !rooms.iter().any(|room| *room == top || *room == file) {
                let rooms = if rooms.is_empty() {
                    "nowhere".to_string()
                } else {
                    format!("only in {}", rooms.join(", "))
                };
                let word = word.join("::");
                misplaced.push(format!("{file}:{}: `{word}` stands {rooms}", path.line));
            }
        }
    }
    misplaced
}

/// What is wrong with the module list of `lib.rs`, given the files under `src`.
fn broken_list(lib: &str, files: &[&str]) -> Vec<String> {
    let declared = source::declared_modules(lib);
    let mut broken = Vec::new();
    let mut reached = 0;
    for module in &declared {
        match layer(module) {
            None => broken.push(format!("lib.rs: the module `{module}` is in no layer")),
            Some(layer) if layer < reached => {
                broken.push(format!(
                    "lib.rs: {module} ({layer}) stands after layer {reached}"
                ));
            }
            Some(layer) => reached = layer,
        }
    }
    for file in files {
        let top = modules(file)[0];
        if !["lib", "main"].contains(&top) && !declared.iter().any(|module| module == top) {
            broken.push(format!("{file}: lib.rs does not declare `{top}`"));
        }
    }
    broken
}
