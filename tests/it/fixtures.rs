//! `fixtures/README.md` lists what is in the folder, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_fixture_has_a_row_and_every_row_a_fixture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let present: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md" && name != "make")
        .collect();
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let listed: BTreeSet<String> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            let first = line.split('|').nth(1).unwrap();
            first
                .split(',')
                .map(|name| name.trim().trim_matches('`').to_string())
        })
        .collect();
    assert_eq!(present, listed);
}
