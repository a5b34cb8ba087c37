//! A reader that opens the live path in a loop while it is rotated a thousand times.

use pushcert::public_key::Fingerprint;
use pushcert::rotation::{self, Event, Facts, Purpose, Standing, store};
use pushcert::secret::SecretBytes;
use rustix::fs::{Mode, OFlags, openat};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use time::OffsetDateTime;

const ROTATIONS: usize = 1000;
/// So many folders behind the link are kept; who looks at one that is older has been asleep.
const KEPT: usize = 20;

/// Contents longer than a page, all of one letter, so that a part or a mixture shows.
fn filled(letter: u8) -> SecretBytes {
    SecretBytes::new(vec![letter; 9000])
}

fn standing(letters: &[u8]) -> Standing {
    Standing {
        facts: Facts::unknown(),
        contents: letters.iter().map(|letter| filled(*letter)).collect(),
    }
}

/// Rotates between two versions, and counts.
fn rotate(live: &Path, key: Option<&Path>, count: &AtomicUsize) {
    let now = OffsetDateTime::now_utc();
    let (site, mut state) = store::open(live, key).unwrap();
    let _lock = store::lock(&site, "the test").unwrap();
    let versions = match key {
        Some(_) => [standing(b"AA"), standing(b"BB")],
        None => [standing(b"A"), standing(b"B")],
    };
    let purpose = Purpose {
        event: Event::Finish,
        restores: None,
        allowed: Vec::new(),
        keep: KEPT,
        now,
    };
    for number in 0..ROTATIONS {
        let (old, new) = (&versions[number % 2], &versions[(number + 1) % 2]);
        let ending = rotation::commit(&site, &mut state, old, new, &purpose).unwrap();
        rotation::settle(&site, &mut state, Some(ending), "finished", now).unwrap();
        count.fetch_add(1, Ordering::SeqCst);
    }
}

/// Reads without a pause until the work is done, on a core of its own (with both cores taken the work would stand still); how often.
fn while_reading(read: impl Fn() + Sync, work: impl FnOnce()) -> usize {
    let (done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                read();
                reads.fetch_add(1, Ordering::SeqCst);
            }
        });
        // A panic of the work must end the reader too.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::SeqCst);
        ended.unwrap();
    });
    reads.into_inner()
}

#[test]
fn a_reader_never_sees_a_missing_or_partial_file() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("ck.pem");
    fs::write(&live, filled(b'A').expose_secret()).unwrap();
    let whole = [b'A', b'B'].map(|letter| Fingerprint::of(filled(letter).expose_secret()));
    let read = || {
        let bytes = fs::read(&live).expect("the live file is missing");
        assert!(
            whole.contains(&Fingerprint::of(&bytes)),
            "{} bytes",
            bytes.len()
        );
    };
    let count = AtomicUsize::new(0);
    let reads = while_reading(read, || rotate(&live, None, &count));
    assert_eq!(count.into_inner(), ROTATIONS);
    assert!(reads > ROTATIONS, "only {reads} reads");
}

#[test]
fn a_reader_of_a_pair_behind_one_link_never_sees_a_mixed_one() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("current");
    fs::create_dir(folder.path().join("one")).unwrap();
    std::os::unix::fs::symlink("one", &link).unwrap();
    let (live, key) = (link.join("cert.pem"), link.join("key.pem"));
    for path in [&live, &key] {
        fs::write(path, filled(b'A').expose_secret()).unwrap();
    }
    let count = AtomicUsize::new(0);
    let read = || {
        let before = count.load(Ordering::SeqCst);
        // The link is followed once, and both files are opened in what it led to.
        let pair = File::open(&link).expect("the link leads nowhere");
        let part = |name: &str| {
            let fd = openat(&pair, name, OFlags::RDONLY, Mode::empty()).ok()?;
            let mut bytes = Vec::new();
            File::from(fd).read_to_end(&mut bytes).unwrap();
            Some(bytes)
        };
        let parts = (part("cert.pem"), part("key.pem"));
        let asleep = count.load(Ordering::SeqCst) - before >= KEPT;
        match parts {
            (Some(certificate), Some(key)) => {
                assert_eq!(certificate.len(), 9000);
                assert!(certificate == key, "a mixed pair");
            }
            _ => assert!(asleep, "a file of the pair is missing"),
        }
    };
    let reads = while_reading(read, || rotate(&live, Some(&key), &count));
    assert_eq!(count.load(Ordering::SeqCst), ROTATIONS);
    assert!(reads > ROTATIONS, "only {reads} reads");
}
