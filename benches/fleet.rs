//! Times `pushcert expiry` over many files beside what reads the same files, whole processes, in turns:
//! `cargo bench --bench fleet [-- FILES]`, with 10,000 files where no number is given. Needs `sha256sum`, `xargs`, `openssl` and GNU time.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const PUSHCERT: &str = env!("CARGO_BIN_EXE_pushcert");
/// Half PEM, half DER, in so many folders.
const FOLDERS: usize = 50;
const ROUNDS: usize = 21;
/// How many files of the slow loop are timed; it is linear.
const LOOP: usize = 100;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = words.as_slice()
        && word == "--read"
    {
        return read_all(Path::new(folder));
    }
    let files = words
        .iter()
        .find_map(|word| word.parse().ok())
        .unwrap_or(10_000);
    let temporary = tempfile::tempdir()?;
    let fleet = temporary.path().join("fleet");
    let paths = make(&fleet, files)?;
    println!("| job | pushcert ms | peer | peer ms | ratio | goal | met |");
    println!("|---|--:|---|--:|--:|--:|---|");
    let name = format!("expiry, {files} files");
    let ours = || command(&[PUSHCERT, "expiry", "fleet"], temporary.path());
    let itself = std::env::current_exe()?.display().to_string();
    let peers: [(&str, f64, Vec<&str>); 2] = [
        (
            "sha256sum",
            0.75,
            vec!["sh", "-c", "find fleet -type f | xargs sha256sum"],
        ),
        (
            "open, read, close on two threads",
            3.0,
            vec![&itself, "--read", "fleet"],
        ),
    ];
    for (peer, goal, words) in peers {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let times = (timed(ours())?, timed(command(&words, temporary.path()))?);
            // The first round warms the cache.
            if round > 0 {
                mine.push(times.0);
                theirs.push(times.1);
            }
        }
        row(&name, median(mine), peer, median(theirs), goal);
    }
    let sample = paths
        .iter()
        .take(LOOP)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    std::fs::write(temporary.path().join("sample"), sample)?;
    let one = "while read -r f; do case $f in *.cer) i=der;; *) i=pem;; esac; openssl x509 -inform $i -in \"$f\" -checkend 2592000 -noout; done < sample";
    let took = timed(command(&["sh", "-c", one], temporary.path()))?;
    let whole = took.as_secs_f64() * 1000.0 * files as f64 / LOOP as f64;
    let mine = median((0..5).map(|_| timed(ours())).collect::<Outcome<_>>()?);
    row(
        &name,
        mine,
        "openssl x509 -checkend in a loop (from 100 files)",
        whole,
        0.001,
    );
    let bundle = bundle(files)?;
    let size = bundle.len() as f64 / f64::from(1 << 20);
    std::fs::write(temporary.path().join("bundle.pem"), &bundle)?;
    println!();
    for (what, words) in [
        (
            format!("one bundle of {files} ({size:.1} MiB)"),
            vec!["expiry", "bundle.pem"],
        ),
        ("the folder as text".to_string(), vec!["expiry", "fleet"]),
        (
            "the folder as CSV".to_string(),
            vec!["expiry", "fleet", "--format", "csv"],
        ),
    ] {
        let (took, peak) = measured(&words, temporary.path())?;
        println!("{what}: {took:.0} ms, {peak:.1} MB");
    }
    Ok(())
}

fn row(job: &str, ours: f64, peer: &str, theirs: f64, goal: f64) {
    let ratio = ours / theirs;
    let met = if ratio <= goal { "yes" } else { "**no**" };
    println!("| {job} | {ours:.1} | {peer} | {theirs:.1} | {ratio:.4} | {goal} | {met} |");
}

/// The peer that does nothing but read: two threads, every other file each.
fn read_all(folder: &Path) -> Outcome<()> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    std::thread::scope(|scope| {
        for offset in 0..2 {
            let files = &files;
            scope.spawn(move || {
                let mut buffer = vec![0; 64 << 10];
                for path in files.iter().skip(offset).step_by(2) {
                    let read =
                        std::fs::File::open(path).and_then(|mut file| file.read(&mut buffer));
                    assert!(read.is_ok_and(|count| count > 0), "{}", path.display());
                }
            });
        }
    });
    Ok(())
}

/// Different certificates, made from one by changing its signature, which nobody here verifies.
fn make(folder: &Path, files: usize) -> Outcome<Vec<String>> {
    let der = certificate(&PKey::from_rsa(Rsa::generate(2048)?)?)?.to_der()?;
    let mut paths = Vec::new();
    for number in 0..files {
        let mut der = der.clone();
        let tail = der.len() - 8;
        der[tail..].copy_from_slice(&(number as u64).to_be_bytes());
        let within = folder.join(format!("{:02}", number % FOLDERS));
        std::fs::create_dir_all(&within)?;
        let (name, bytes) = match number % 2 {
            0 => (format!("{number:07}.cer"), der),
            _ => (format!("{number:07}.pem"), X509::from_der(&der)?.to_pem()?),
        };
        std::fs::write(within.join(&name), bytes)?;
        paths.push(format!("fleet/{:02}/{name}", number % FOLDERS));
    }
    Ok(paths)
}

/// As many in one PEM file: with small keys, as one file is read to 16 MiB.
fn bundle(count: usize) -> Outcome<Vec<u8>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let der = certificate(&PKey::from_ec_key(EcKey::generate(&group)?)?)?.to_der()?;
    let mut bundle = Vec::new();
    for number in 0..count {
        // The signature is a SEQUENCE of two numbers, of which the last bytes may be any.
        let mut der = der.clone();
        let tail = der.len() - 8;
        der[tail..].copy_from_slice(&(number as u64).to_be_bytes());
        bundle.extend(X509::from_der(&der)?.to_pem()?);
    }
    Ok(bundle)
}

fn certificate(key: &PKey<Private>) -> Outcome<X509> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::USERID, "com.example.app")?;
    name.append_entry_by_nid(Nid::COMMONNAME, "Apple Push Services: com.example.app")?;
    name.append_entry_by_nid(Nid::ORGANIZATIONALUNITNAME, "ABCDE12345")?;
    name.append_entry_by_nid(Nid::COUNTRYNAME, "US")?;
    let name = name.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_u32(1_000_000)?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_pubkey(key)?;
    let (start, end) = (
        Asn1Time::from_str("20260101000000Z")?,
        Asn1Time::from_str("20460101000000Z")?,
    );
    builder.set_not_before(&start)?;
    builder.set_not_after(&end)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn command(words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

fn timed(mut command: Command) -> Outcome<Duration> {
    let begin = Instant::now();
    let status = command.status()?;
    let took = begin.elapsed();
    match status.success() {
        true => Ok(took),
        false => Err(format!("{command:?}: {status}").into()),
    }
}

/// Milliseconds and peak megabytes.
fn measured(words: &[&str], folder: &Path) -> Outcome<(f64, f64)> {
    let report = PathBuf::from("memory");
    let mut all = vec!["/usr/bin/time", "-f", "%M", "-o", "memory", PUSHCERT];
    all.extend(words);
    let took = timed(command(&all, folder))?;
    let peak = std::fs::read_to_string(folder.join(report))?;
    Ok((
        took.as_secs_f64() * 1000.0,
        peak.trim().parse::<f64>()? * 1024.0 / 1e6,
    ))
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
