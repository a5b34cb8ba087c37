//! Help and man pages: each tells its exit codes and shows examples whose flags exist.

use std::collections::BTreeSet;
use std::process::Command;

fn stdout(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pushcert"))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn help(path: &[&str]) -> String {
    stdout(&[path, &["--help"]].concat())
}

/// The subcommands that a page lists.
fn listed(page: &str) -> Vec<&str> {
    let commands = page.split("\nCommands:\n").nth(1).unwrap_or_default();
    let commands = commands.split("\n\n").next().unwrap_or_default();
    let name = |line: &'_ str| line.starts_with("  ") && !line.starts_with("   ");
    commands
        .lines()
        .filter(|line| name(line))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// Every page: its words after `pushcert`, and its text.
fn pages() -> Vec<(Vec<String>, String)> {
    let mut pages = vec![(Vec::new(), help(&[]))];
    let mut next = 0;
    while let Some((path, page)) = pages.get(next).cloned() {
        for name in listed(&page) {
            let path = [path.clone(), vec![name.to_string()]].concat();
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            let page = help(&words);
            pages.push((path, page));
        }
        next += 1;
    }
    pages
}

/// The flags that a text names.
fn flags(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| letter.is_whitespace() || "[]()|,=".contains(letter));
    words
        .filter(|word| word.starts_with('-') && word.len() > 1 && *word != "--")
        .filter(|word| !word[1..].starts_with(|letter: char| letter.is_ascii_digit()))
        .collect()
}

#[test]
fn every_page_lists_its_exit_codes_and_examples_with_flags_that_exist() {
    let pages = pages();
    let names: Vec<String> = pages.iter().map(|(path, _)| path.join(" ")).collect();
    assert_eq!(
        names,
        [
            "",
            "csr",
            "convert",
            "merge",
            "check",
            "send",
            "expiry",
            "inspect",
            "explain",
            "rotate",
            "guide",
            "lab",
            "completions",
            "man",
            "rotate start",
            "rotate finish",
            "rotate rollback",
            "rotate status",
            "lab init",
            "lab issue",
            "lab gateway",
            "lab rehearse",
        ]
    );
    for (path, page) in &pages {
        let name = path.join(" ");
        let (rest, codes) = page
            .split_once("\nExit codes: ")
            .unwrap_or_else(|| panic!("{name}"));
        let codes = codes.split_whitespace().collect::<Vec<_>>().join(" ");
        let common = "64 wrong usage · 130 interrupted · 143 terminated";
        assert!(codes.ends_with(common), "{name}: {codes}");
        if path.is_empty() {
            continue;
        }
        let (options, examples) = rest
            .split_once("\nExamples:\n")
            .unwrap_or_else(|| panic!("{name}"));
        let (mut known, mut shown) = (flags(options), 0);
        for (below, page) in &pages {
            if below.starts_with(path) {
                known.extend(flags(page.split("\nExamples:\n").next().unwrap()));
            }
        }
        for example in examples
            .lines()
            .filter(|line| line.starts_with("  pushcert "))
        {
            let own = example
                .split(" -- ")
                .next()
                .unwrap()
                .split(" | ")
                .next()
                .unwrap();
            let own = own.split("    (").next().unwrap();
            assert!(
                own.trim().starts_with(&format!("pushcert {name}")),
                "{example}"
            );
            let unknown: Vec<_> = flags(own).difference(&known).copied().collect();
            assert_eq!(unknown, [""; 0], "{example}");
            shown += 1;
        }
        assert!(shown > 0, "{name} shows no example");
    }
}

#[test]
fn bash_completes_subcommands_and_flags() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = folder.path().join("pushcert.bash");
    std::fs::write(&script, stdout(&["completions", "bash"])).unwrap();
    let complete = |words: &[&str]| {
        let last = words.len() - 1;
        let line = format!(
            "source {}; COMP_WORDS=({}); COMP_CWORD={last}; _pushcert pushcert '{}' '{}'; echo \"${{COMPREPLY[*]}}\"",
            script.display(),
            words.join(" "),
            words[last],
            words[last - 1],
        );
        let output = Command::new("bash").args(["-euc", &line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    };
    assert_eq!(complete(&["pushcert", "me"]), "merge");
    assert_eq!(complete(&["pushcert", "rotate", "ro"]), "rollback");
    assert_eq!(complete(&["pushcert", "check", "--no-p"]), "--no-probe");
    assert_eq!(
        complete(&["pushcert", "convert", "--to", "key"]),
        "keychain"
    );
}

#[test]
fn every_page_is_a_man_page_too() {
    let folder = tempfile::TempDir::new().unwrap();
    let target = folder.path().join("man1");
    stdout(&["man", "-o", target.to_str().unwrap()]);
    let mut files: Vec<String> = std::fs::read_dir(&target)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut expected: Vec<String> = pages()
        .iter()
        .map(|(path, _)| {
            format!(
                "{}.1",
                [vec!["pushcert".into()], path.clone()].concat().join("-")
            )
        })
        .collect();
    expected.sort();
    assert_eq!(files, expected);
    let page = std::fs::read_to_string(target.join("pushcert-rotate-finish.1")).unwrap();
    assert_eq!(page, stdout(&["man", "rotate", "finish"]));
    let sections: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix(".SH "))
        .collect();
    let expected = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "CONNECTION",
        "\"COMMON OPTIONS\"",
        "EXAMPLES",
        "\"EXIT STATUS\"",
    ];
    assert_eq!(sections, expected);
}
