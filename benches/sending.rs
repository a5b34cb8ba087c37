//! Sends 10,000 notifications over one connection to one gateway of the lab, beside PyPI's aioapns and npm's @parse/node-apn:
//! `cargo bench --bench sending`. Whole processes in turns, medians, a Markdown table. The peers are looked for in `target/peers`,
//! where `.ci/run` installs them, and left out where they are not. Needs GNU time for the memory.

use std::error::Error;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const PUSHCERT: &str = env!("CARGO_BIN_EXE_pushcert");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const COUNT: usize = 10_000;
const ROUNDS: usize = 7;
const TOPIC: &str = "com.example.app";

/// One who sends.
struct Sender {
    name: &'static str,
    words: Vec<String>,
    times: Vec<Duration>,
    /// In kilobytes.
    peaks: Vec<u64>,
}

/// A gateway that ends with the value.
struct Gateway {
    child: Child,
    port: String,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() -> Outcome<()> {
    let temporary = tempfile::tempdir()?;
    let folder = temporary.path();
    prepare(folder)?;
    let gateway = gateway(folder)?;
    let mut senders = senders(&gateway.port);
    for sender in &mut senders {
        // A round that does not count.
        sender.run(folder)?;
        sender.times.clear();
        sender.peaks.clear();
    }
    for _ in 0..ROUNDS {
        for sender in &mut senders {
            sender.run(folder)?;
        }
    }
    println!("| sender | ms | a second | peak MB | time by the peer's | memory by the peer's |");
    println!("|---|--:|--:|--:|--:|--:|");
    let ours = senders.first().map(|first| (first.time(), first.peak()));
    let (time, peak) = ours.ok_or("no sender")?;
    for sender in &mut senders {
        let (own, memory) = (sender.time(), sender.peak());
        let rate = COUNT as f64 / own * 1000.0;
        println!(
            "| {} | {own:.0} | {rate:.0} | {memory:.1} | {:.2} | {:.2} |",
            sender.name,
            time / own,
            peak / memory
        );
    }
    Ok(())
}

impl Sender {
    fn new(name: &'static str, line: &str) -> Sender {
        Sender {
            name,
            words: line.split(' ').map(str::to_owned).collect(),
            times: Vec::new(),
            peaks: Vec::new(),
        }
    }

    /// Sends them all; a sender that says that one was not taken ends the bench.
    fn run(&mut self, folder: &Path) -> Outcome<()> {
        let timer = Path::new("/usr/bin/time").exists();
        let measured: &[&str] = match timer {
            true => &["/usr/bin/time", "-f", "%M", "-o", "peak"],
            false => &[],
        };
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let words = [measured, &words].concat();
        let (program, arguments) = words.split_first().ok_or("no words")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let started = Instant::now();
        let status = command.status()?;
        self.times.push(started.elapsed());
        if !status.success() {
            return Err(format!("{}: {status}", self.name).into());
        }
        if timer {
            let text = std::fs::read_to_string(folder.join("peak"))?;
            self.peaks.push(text.trim().parse()?);
        }
        Ok(())
    }

    /// The median, in milliseconds.
    fn time(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let middle = times.get(times.len() / 2);
        middle.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    /// The largest, in megabytes.
    fn peak(&self) -> f64 {
        let most = self.peaks.iter().max().copied().unwrap_or_default();
        most as f64 * 1024.0 / 1e6
    }
}

fn senders(port: &str) -> Vec<Sender> {
    let ours = format!(
        "{PUSHCERT} send ck.pem --tokens tokens --alert Hello --gateway localhost:{port} --ca-file lab/ca.pem"
    );
    let mut senders = vec![
        Sender::new("pushcert send", &ours),
        Sender::new("pushcert send --jsonl", &format!("{ours} --jsonl")),
    ];
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let peers = target
        .unwrap_or_else(|| Path::new(ROOT).join("target"))
        .join("peers");
    let about = format!("{port} ck.pem lab/ca.pem tokens {TOPIC}");
    for (name, program, script, place) in [
        (
            "aioapns",
            "/usr/bin/python3",
            "aioapns_peer.py",
            "python/aioapns",
        ),
        (
            "@parse/node-apn",
            "node",
            "node_apn_peer.js",
            "node_modules/@parse/node-apn",
        ),
    ] {
        if peers.join(place).exists() {
            let peers = peers.display();
            let line = format!("{program} {ROOT}/benches/peers/{script} {peers} {about}");
            senders.push(Sender::new(name, &line));
        } else {
            eprintln!("{name} is left out: .ci/run installs it");
        }
    }
    senders
}

/// A lab, an identity, and a file of tokens.
fn prepare(folder: &Path) -> Outcome<()> {
    for line in [
        "lab init".to_owned(),
        format!("lab issue {ROOT}/fixtures/push.csr --topic {TOPIC} -o leaf.cer"),
        format!("merge leaf.cer {ROOT}/fixtures/push.key.pem -o ck.pem --no-passphrase"),
    ] {
        let status = Command::new(PUSHCERT)
            .args(line.split(' '))
            .current_dir(folder)
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("{line}: {status}").into());
        }
    }
    let mut tokens = String::new();
    for number in 1..=COUNT {
        writeln!(tokens, "{number:064x}")?;
    }
    std::fs::write(folder.join("tokens"), tokens)?;
    Ok(())
}

fn gateway(folder: &Path) -> Outcome<Gateway> {
    let mut child = Command::new(PUSHCERT)
        .args(["lab", "gateway", "--listen", "127.0.0.1:0"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no stdout")?;
    let mut reader = BufReader::new(stdout);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let after = first.split("127.0.0.1:").nth(1);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect();
    let port = after
        .map(digits)
        .ok_or("the gateway did not say where it listens")?;
    std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    Ok(Gateway { child, port })
}
