//! Files cut short and files with a flipped bit: an answer or an error, never a panic; and what a MAC guards is never another key.

use pushcert::container::{self, Container, Contents};
use pushcert::error::{Error, Result};
use pushcert::secret::{Passphrase, SecretBytes};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Larger files are left out.
const LARGEST: usize = 8 << 10;
const FLIPS: usize = 1_000;
/// Their key derivation takes too long to run it a thousand times.
const COSTLY: [&str; 3] = ["nss.p12", "java-two.p12", "java-two-legacy.p12"];

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .filter(|path| std::fs::metadata(path).unwrap().len() as usize <= LARGEST)
        .collect();
    files.sort();
    assert_eq!(files.len(), 27);
    files
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn passphrases(name: &str) -> Vec<Passphrase> {
    match name {
        "empty.p12" => vec![Passphrase::empty()],
        _ => vec![Passphrase::new(b"hello123".to_vec()).unwrap()],
    }
}

/// Everything a command would do to tell what is in the bytes; locked parts are opened unless that is costly.
fn read(bytes: Vec<u8>, name: &str) -> Result<Contents> {
    match container::parse(&SecretBytes::new(bytes))? {
        Container::Open(contents) => Ok(contents),
        Container::Locked(_) if COSTLY.contains(&name) => Err(Error::Locked),
        Container::Locked(locked) => locked.unlock(&passphrases(name)),
    }
}

fn read_without_panic(bytes: Vec<u8>, name: &str, what: &str) -> Result<Contents> {
    catch_unwind(AssertUnwindSafe(|| read(bytes, name)))
        .unwrap_or_else(|_| panic!("{name}, {what}: panicked"))
}

/// Runs the work on every fixture, several at a time.
fn on_every_fixture(work: impl Fn(&str, &[u8]) + Sync) {
    let waiting = Mutex::new(fixtures());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some(path) = next else { break };
                    work(name(&path), &std::fs::read(&path).unwrap());
                }
            });
        }
    });
}

/// Lengths to cut to: about 350 over the whole file, and each of the last 50.
fn cuts(length: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = (0..length).step_by(length.div_ceil(350)).collect();
    cuts.extend(length.saturating_sub(50)..length);
    cuts.sort_unstable();
    cuts.dedup();
    assert!(cuts.len() <= 400);
    cuts
}

/// Bits to flip: xorshift from a fixed seed, so that a failure comes back.
fn flips(length: usize) -> Vec<(usize, u8)> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..FLIPS)
        .map(|_| {
            let random = next();
            ((random >> 8) as usize % length, 1 << (random & 7))
        })
        .collect()
}

fn keys(contents: &Contents) -> Vec<String> {
    contents
        .keys
        .iter()
        .map(|part| part.key.public_key().spki_sha256.to_string())
        .collect()
}

#[test]
fn every_fixture_is_read_whole() {
    on_every_fixture(|name, bytes| match read(bytes.to_vec(), name) {
        Ok(contents) => assert!(!contents.is_empty(), "{name}"),
        Err(error) => {
            assert_eq!(error.id(), "locked", "{name}");
            assert!(COSTLY.contains(&name), "{name}");
        }
    });
}

#[test]
fn a_file_cut_short_never_panics_and_is_never_taken_for_whole() {
    on_every_fixture(|name, bytes| {
        let whole = read(bytes.to_vec(), name).ok();
        for cut in cuts(bytes.len()) {
            let what = format!("cut to {cut} of {} bytes", bytes.len());
            let result = read_without_panic(bytes[..cut].to_vec(), name, &what);
            let is_der = bytes[0] == 0x30;
            let only_text_lost = name == "trailing.cer" && cut + 25 >= bytes.len();
            match result {
                Ok(contents) if is_der => {
                    assert!(only_text_lost, "{name}, {what}: read");
                    assert_eq!(contents.certificates.len(), 1, "{name}, {what}");
                }
                Ok(contents) => {
                    // PEM blocks that are complete may be read; a part that is not there may not.
                    let whole = whole.as_ref().unwrap();
                    assert!(
                        keys(whole).starts_with(&keys(&contents)),
                        "{name}, {what}: another key"
                    );
                }
                Err(error) => assert!(
                    ["empty", "damaged", "wrong-kind"].contains(&error.id()),
                    "{name}, {what}: {error}"
                ),
            }
        }
    });
}

#[test]
fn a_flipped_bit_never_panics_and_never_yields_another_key_of_a_pkcs12() {
    on_every_fixture(|name, bytes| {
        let whole = read(bytes.to_vec(), name).ok();
        for (at, mask) in flips(bytes.len()) {
            let what = format!("byte {at} xor {mask:#04x}");
            let mut flipped = bytes.to_vec();
            flipped[at] ^= mask;
            let result = read_without_panic(flipped, name, &what);
            if let (Ok(contents), true) = (result, name.ends_with(".p12")) {
                let whole = whole.as_ref().unwrap();
                assert_eq!(keys(&contents), keys(whole), "{name}, {what}");
            }
        }
    });
}
