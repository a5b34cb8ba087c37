//! Times `pushcert` beside what people would run instead, whole processes, interleaved, and prints a Markdown table:
//! `cargo bench --bench ratios [-- WORD]`, where WORD keeps the jobs whose name has it.
//! Needs `openssl`; peers that are not installed are left out. Everything is made in a temporary folder from `fixtures`.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const PUSHCERT: &str = env!("CARGO_BIN_EXE_pushcert");
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const NO_ROOTS: (&str, &str) = ("SSL_CERT_FILE", "/dev/null");

/// One command line, words separated by spaces; `{fixtures}` and a `> file` at the end are filled in.
#[derive(Clone)]
struct Line {
    words: Vec<String>,
    stdout: Option<PathBuf>,
    environment: Vec<(&'static str, &'static str)>,
}

/// What does a job: one command after the other.
struct Way {
    name: &'static str,
    lines: Vec<Line>,
    /// The most that pushcert's time may be, divided by this one's; `None` only compares.
    goal: Option<f64>,
}

struct Job {
    name: String,
    rounds: usize,
    ours: Vec<Line>,
    peers: Vec<Way>,
}

/// The folder where all is made.
struct Bench {
    folder: PathBuf,
}

/// A gateway that ends with its job.
struct Gateway {
    child: Child,
    address: String,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() -> Outcome<()> {
    let word = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let temporary = tempfile::tempdir()?;
    let bench = Bench {
        folder: temporary.path().to_path_buf(),
    };
    bench.prepare()?;
    let gateways = [bench.gateway("1.3")?, bench.gateway("1.2")?];
    println!("| job | pushcert ms | peer | peer ms | ratio | goal | met |");
    println!("|---|--:|---|--:|--:|--:|---|");
    for job in bench.jobs(&gateways) {
        if word
            .as_ref()
            .is_none_or(|word| job.name.contains(word.as_str()))
        {
            bench.time(&job)?;
        }
    }
    println!();
    println!("| | pushcert | goal | met |");
    println!("|---|--:|--:|---|");
    let size = std::fs::metadata(PUSHCERT)?.len() as f64 / 1e6;
    println!("| binary | {size:.1} MB | 12 MB | {} |", met(size < 12.0));
    bench.memory()
}

fn met(yes: bool) -> &'static str {
    if yes { "yes" } else { "**no**" }
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let middle = times.len() / 2;
    let pair = [times.get((times.len() - 1) / 2), times.get(middle)];
    let sum: Duration = pair.into_iter().flatten().sum();
    sum.as_secs_f64() * 500.0
}

impl Bench {
    fn line(&self, text: &str) -> Line {
        let mut words: Vec<String> = text
            .split_whitespace()
            .map(|word| match word {
                "pushcert" => PUSHCERT.to_string(),
                _ => word.replace("{fixtures}", FIXTURES),
            })
            .collect();
        let stdout = words.iter().position(|word| word == ">").map(|at| {
            let file = words.split_off(at).pop().unwrap_or_default();
            self.folder.join(file)
        });
        Line {
            words,
            stdout,
            environment: Vec::new(),
        }
    }

    fn way(&self, name: &'static str, goal: Option<f64>, lines: &[&str]) -> Way {
        Way {
            name,
            goal,
            lines: lines.iter().map(|text| self.line(text)).collect(),
        }
    }

    fn command(&self, line: &Line) -> Outcome<Command> {
        let (program, arguments) = line.words.split_first().ok_or("an empty line")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("P", "hello123")
            .envs(line.environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        match &line.stdout {
            Some(path) => command.stdout(File::create(path)?),
            None => command.stdout(Stdio::null()),
        };
        Ok(command)
    }

    /// Runs the lines. 1 of `pushcert` means "good, but"; 3 of `check` that no answer came within a wait of nothing.
    fn run(&self, lines: &[Line]) -> Outcome<Duration> {
        let mut commands = Vec::new();
        for line in lines {
            commands.push(self.command(line)?);
        }
        let begin = Instant::now();
        let mut codes = Vec::new();
        for command in &mut commands {
            codes.push(command.status()?.code());
        }
        let took = begin.elapsed();
        for (line, code) in lines.iter().zip(codes) {
            let ours = line.words.first().is_some_and(|word| word == PUSHCERT);
            let check = line.words.get(1).is_some_and(|word| word == "check");
            let fine = match code {
                Some(0) => true,
                Some(1) => ours,
                Some(3) => ours && check,
                _ => false,
            };
            if !fine {
                return Err(format!("exit code {code:?}: {}", line.words.join(" ")).into());
            }
        }
        Ok(took)
    }

    fn prepare(&self) -> Outcome<()> {
        for text in [
            "pushcert lab init",
            "pushcert lab issue {fixtures}/push.csr --topic com.example.app --kind universal -o leaf.cer",
            "pushcert merge leaf.cer {fixtures}/push.key.pem -o live.pem --no-passphrase",
            "pushcert merge {fixtures}/aps_development.cer {fixtures}/push.key.pem -o rotated.pem --no-passphrase",
        ] {
            self.run(&[self.line(text)])?;
        }
        Ok(())
    }

    fn gateway(&self, tls: &str) -> Outcome<Gateway> {
        let line = self.line("pushcert lab gateway --listen 127.0.0.1:0 --protocol legacy --tls");
        let mut child = self
            .command(&line)?
            .arg(tls)
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut gateway = Gateway {
            child,
            address: String::new(),
        };
        let mut reader = BufReader::new(stdout);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let port: String = first
            .split("127.0.0.1:")
            .nth(1)
            .ok_or("the gateway did not say where it listens")?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        gateway.address = format!("localhost:{port}");
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        Ok(gateway)
    }

    fn jobs(&self, gateways: &[Gateway; 2]) -> Vec<Job> {
        let mut jobs = Vec::new();
        let mut job = |name: &str, rounds: usize, ours: &str, peers: Vec<Way>| {
            jobs.push(Job {
                name: name.to_string(),
                rounds,
                ours: vec![self.line(ours)],
                peers,
            });
        };
        job(
            "start-up",
            40,
            "pushcert --version",
            vec![
                self.way("openssl version", Some(0.65), &["openssl version"]),
                self.way("/bin/true", Some(2.0), &["/bin/true"]),
                self.way("certtool --version", None, &["certtool --version"]),
            ],
        );
        for (p12, legacy) in [("testPush.p12", " -legacy"), ("modern.p12", "")] {
            for (roots, goal) in [("", 0.1), (", no roots", 0.2)] {
                let x509 =
                    "openssl x509 -in {fixtures}/aps_development.cer -inform der -out cert.pem";
                let pkcs12 = format!(
                    "openssl pkcs12 -in {{fixtures}}/{p12}{legacy} -nocerts -nodes -passin env:P -out key.pem"
                );
                let mut ours = self.line(&format!(
                    "pushcert merge {{fixtures}}/aps_development.cer {{fixtures}}/{p12} -o ck.pem --force --no-passphrase --passin env:P"
                ));
                let mut peer = self.way(
                    "openssl x509, pkcs12, cat",
                    Some(goal),
                    &[x509, &pkcs12, "cat cert.pem key.pem > peer.pem"],
                );
                if !roots.is_empty() {
                    ours.environment.push(NO_ROOTS);
                    for line in &mut peer.lines {
                        line.environment.push(NO_ROOTS);
                    }
                }
                jobs.push(Job {
                    name: format!("merge .cer and {p12}{roots}"),
                    rounds: 20,
                    ours: vec![ours],
                    peers: vec![peer],
                });
            }
        }
        let mut job = |name: &str, rounds: usize, ours: &str, peers: Vec<Way>| {
            jobs.push(Job {
                name: name.to_string(),
                rounds,
                ours: vec![self.line(ours)],
                peers,
            });
        };
        job(
            "new key and request",
            40,
            "pushcert csr --no-passphrase --force -o new",
            vec![
                self.way(
                    "certtool (key only)",
                    Some(1.0),
                    &["certtool --generate-privkey --key-type rsa --bits 2048 --outfile certtool.pem"],
                ),
                self.way(
                    "openssl req -newkey",
                    None,
                    &["openssl req -newkey rsa:2048 -nodes -keyout openssl.pem -subj /CN=Push -out openssl.csr"],
                ),
            ],
        );
        let there_and_back = |verb: &str, rest: &str| {
            [
                format!("{verb} {{fixtures}}/aps.cer {rest}"),
                format!("{verb} {{fixtures}}/aps_development.cer {rest}"),
            ]
        };
        let finish = there_and_back(
            "pushcert rotate finish rotated.pem",
            "{fixtures}/push.key.pem --no-check --allow not-later --allow topic-lost --allow environment-lost",
        );
        let merge = there_and_back(
            "pushcert merge",
            "{fixtures}/push.key.pem -o merged.pem --force",
        );
        jobs.push(Job {
            name: "rotate finish --no-check, twice".to_string(),
            rounds: 20,
            ours: finish.iter().map(|text| self.line(text)).collect(),
            peers: vec![self.way("pushcert merge, twice", Some(2.0), &[&merge[0], &merge[1]])],
        });
        let mut job = |name: &str, rounds: usize, ours: &str, peers: Vec<Way>| {
            jobs.push(Job {
                name: name.to_string(),
                rounds,
                ours: vec![self.line(ours)],
                peers,
            });
        };
        job(
            "request for a kept key",
            20,
            "pushcert csr --key {fixtures}/push.key.pem --force -o kept",
            vec![self.way(
                "openssl req -new",
                Some(1.0),
                &["openssl req -new -key {fixtures}/push.key.pem -subj /CN=Push -out kept.csr"],
            )],
        );
        job(
            "inspect .cer",
            20,
            "pushcert inspect {fixtures}/aps_development.cer",
            vec![
                self.way(
                    "certtool -i",
                    Some(0.8),
                    &["certtool -i --inder --infile {fixtures}/aps_development.cer"],
                ),
                self.way(
                    "openssl x509 -text",
                    None,
                    &["openssl x509 -inform der -in {fixtures}/aps_development.cer -noout -text"],
                ),
            ],
        );
        for (name, ours, peer) in [
            (
                "inspect modern.p12",
                "pushcert inspect {fixtures}/modern.p12 --passin env:P",
                "openssl pkcs12 -info -nodes -in {fixtures}/modern.p12 -passin env:P",
            ),
            (
                "inspect testPush.p12",
                "pushcert inspect {fixtures}/testPush.p12 --passin env:P",
                "openssl pkcs12 -legacy -info -nodes -in {fixtures}/testPush.p12 -passin env:P",
            ),
        ] {
            job(
                name,
                20,
                ours,
                vec![self.way("openssl pkcs12 -info", Some(0.85), &[peer])],
            );
        }
        for (tls, gateway) in ["1.3", "1.2"].into_iter().zip(gateways) {
            let address = &gateway.address;
            job(
                &format!("handshake, TLS {tls}"),
                40,
                &format!(
                    "pushcert check live.pem --no-probe --wait 0ms --gateway {address} --ca-file lab/ca.pem"
                ),
                vec![self.way(
                    "openssl s_client",
                    Some(0.95),
                    &[&format!(
                        "openssl s_client -connect {address} -cert live.pem -CAfile lab/ca.pem"
                    )],
                )],
            );
        }
        jobs
    }

    /// Times the ways of a job in turns and prints a row for each peer.
    fn time(&self, job: &Job) -> Outcome<()> {
        let peers: Vec<&Way> = job
            .peers
            .iter()
            .filter(|way| {
                let program = way.lines.first().and_then(|line| line.words.first());
                program.is_some_and(|name| Path::new(name).is_absolute() || installed(name))
            })
            .collect();
        self.run(&job.ours)?;
        for way in &peers {
            self.run(&way.lines)?;
        }
        let mut ours = Vec::new();
        let mut theirs = vec![Vec::new(); peers.len()];
        for _ in 0..job.rounds {
            ours.push(self.run(&job.ours)?);
            for (way, times) in peers.iter().zip(&mut theirs) {
                times.push(self.run(&way.lines)?);
            }
        }
        let ours = median(ours);
        for (way, times) in peers.iter().zip(theirs) {
            let peer = median(times);
            let ratio = ours / peer;
            let (goal, reached) = match way.goal {
                Some(goal) => (format!("{goal:.2}"), met(ratio <= goal)),
                None => (String::new(), ""),
            };
            println!(
                "| {} | {ours:.1} | {} | {peer:.1} | {ratio:.2} | {goal} | {reached} |",
                job.name, way.name
            );
        }
        Ok(())
    }

    /// Peak memory, where GNU time tells it.
    fn memory(&self) -> Outcome<()> {
        if !Path::new("/usr/bin/time").exists() {
            return Ok(());
        }
        for (name, text) in [
            (
                "inspect .cer",
                "pushcert inspect {fixtures}/aps_development.cer",
            ),
            (
                "merge",
                "pushcert merge {fixtures}/aps_development.cer {fixtures}/testPush.p12 -o ck.pem --force --no-passphrase --passin env:P",
            ),
            ("csr", "pushcert csr --no-passphrase --force -o new"),
        ] {
            let mut line = self.line(text);
            let mut words: Vec<String> = ["/usr/bin/time", "-f", "%M", "-o", "memory"]
                .map(String::from)
                .to_vec();
            words.append(&mut line.words);
            line.words = words;
            let _ = self.command(&line)?.status()?;
            let report = std::fs::read_to_string(self.folder.join("memory"))?;
            let last = report.lines().last().unwrap_or_default();
            let peak: f64 = last.trim().parse::<f64>()? * 1024.0 / 1e6;
            println!(
                "| peak memory, {name} | {peak:.1} MB | 15 MB | {} |",
                met(peak < 15.0)
            );
        }
        Ok(())
    }
}
