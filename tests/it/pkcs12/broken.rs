//! Broken and hostile files are errors, and cost no more than they may.

use super::*;

/// Replaces the last `from` by `to`, both of one length.
fn patch_last(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).rposition(|w| w == from).unwrap();
    let mut out = bytes.to_vec();
    out[at..at + from.len()].copy_from_slice(to);
    out
}

#[test]
fn a_bomb_is_refused_at_once_and_a_count_of_zero_is_damage() {
    let dir = workshop();
    let d = dir.path();
    let start = Instant::now();
    for options in ["-legacy", "", "-nomac -legacy", "-nomac"] {
        let bytes = export(d, "secret", &format!("{options} -iter 99000"));
        let count = 99_000u32.to_be_bytes();
        let from = [&[2, 3], &count[1..]].concat();
        let negative = patch_last(&bytes, &from, &[2, 3, 0xff, 0xff, 0xff]);
        assert!(matches!(scan(&negative), Err(Error::Damaged { .. })));
        let zero = patch_last(&bytes, &from, &[2, 3, 0, 0, 0]);
        assert!(matches!(scan(&zero), Err(Error::Damaged { .. })));
        // No single one is over the budget of a file: all of them are.
        let mut bomb = bytes.clone();
        while bomb.windows(5).any(|window| window == from) {
            bomb = patch_last(&bomb, &from, &[2, 3, 0x7f, 0xff, 0xff]);
        }
        let start = Instant::now();
        assert!(
            matches!(scan(&bomb), Err(Error::OverBudget { .. })),
            "{options}"
        );
        assert!(start.elapsed() < Duration::from_millis(200));
    }
    eprintln!("{:?}", start.elapsed());
}

#[test]
fn two_to_the_31_iterations_are_over_budget() {
    // version 3, empty AuthenticatedSafe, HMAC-SHA1 with salt "saltsalt" and 2^31-1 iterations
    let mut bytes = vec![0x30, 0x4c, 2, 1, 3];
    bytes.extend([
        0x30, 0x11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0, 4, 4, 2, 0x30, 0,
    ]);
    bytes.extend([
        0x30, 0x34, 0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14,
    ]);
    bytes.extend([7; 20]);
    bytes.extend(*b"\x04\x09saltsalt1");
    bytes.extend([2, 4, 0x7f, 0xff, 0xff, 0xff]);
    bytes[1] = (bytes.len() - 2) as u8;
    let start = Instant::now();
    let error = scan(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "too costly to open: the MAC asks for 2147483647 iterations, and one file may ask for 10000000 rounds of hashing in all"
    );
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[test]
fn broken_files_are_errors_and_never_panics() {
    let dir = workshop();
    let d = dir.path();
    let mut slowest = Duration::ZERO;
    let mut random = 0x2545_f491_4f6c_dd1du64;
    for options in [
        "-legacy -nomaciter",
        "",
        "-legacy -nomac -iter 1",
        "-certpbe NONE -keypbe NONE -nomac",
        "-nomac -iter 1",
    ] {
        let bytes = export(d, "secret", options);
        for length in 0..bytes.len() {
            assert!(
                open(&bytes[..length], "secret").is_err(),
                "{options} {length}"
            );
        }
        for _ in 0..1000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let bit = random as usize % (bytes.len() * 8);
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let start = Instant::now();
            let _ = open(&flipped, "secret");
            slowest = slowest.max(start.elapsed());
        }
    }
    eprintln!("slowest of the flipped files: {slowest:?}");
    assert!(slowest < Duration::from_secs(60));
    for depth in [10, 100, 100_000] {
        assert!(scan(&[0x30, 0x80].repeat(depth)).is_err());
        assert!(scan(&[0x24, 0x80].repeat(depth)).is_err());
    }
    for text in [
        &b""[..],
        b"\x30",
        b"-----BEGIN CERTIFICATE-----",
        &[0xff; 64],
    ] {
        assert!(matches!(scan(text), Err(Error::Damaged { .. })));
    }
}
