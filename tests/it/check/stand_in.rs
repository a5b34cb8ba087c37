//! Stand-ins on loopback for what is far away: a proxy that says where a name leads, and servers that have Apple's names.

use crate::live::{servers::Server, world::world};
use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use tempfile::TempDir;

/// What a proxy says to CONNECT.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    /// Yes, and the tunnel leads to this port of loopback.
    Tunnel(u16),
    Status(&'static str),
    Raw(&'static str),
    Endless,
    Close,
    Nothing,
    /// No, after so many milliseconds.
    Late(u64),
}

/// A proxy on loopback.
pub struct Proxy {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
    /// Connections at this moment, and the most there were.
    open: Arc<Mutex<(usize, usize)>>,
}

impl Proxy {
    /// A proxy that answers by the target it is asked for.
    pub fn start(answer: impl Fn(&str) -> Says + Send + Sync + 'static) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let open = Arc::new(Mutex::new((0, 0)));
        let (lines, answer, counted) = (heard.clone(), Arc::new(answer), open.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (lines, answer, counted) = (lines.clone(), answer.clone(), counted.clone());
                thread::spawn(move || {
                    count(&counted, 1);
                    serve(stream.unwrap(), &lines, &*answer, || count(&counted, -1));
                });
            }
        });
        Proxy {
            address,
            heard,
            open,
        }
    }

    /// A proxy that is not there.
    pub fn absent() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Proxy {
            address: listener.local_addr().unwrap().to_string(),
            heard: Arc::default(),
            open: Arc::default(),
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The most connections there were at a time.
    pub fn most(&self) -> usize {
        self.open.lock().unwrap().1
    }

    /// The request lines so far, and the authorizations, sorted.
    pub fn heard(&self) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.sort();
        heard
    }
}

fn count(open: &Mutex<(usize, usize)>, change: isize) {
    let mut open = open.lock().unwrap();
    open.0 = open.0.saturating_add_signed(change);
    open.1 = open.1.max(open.0);
}

/// Serves one connection; `done` is called before its last word, so that the next one is not counted beside it.
fn serve(
    mut stream: TcpStream,
    lines: &Mutex<Vec<String>>,
    answer: &dyn Fn(&str) -> Says,
    done: impl Fn(),
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap();
    let first = request.lines().next().unwrap().to_string();
    let target = first.split(' ').nth(1).unwrap().to_string();
    lines.lock().unwrap().push(first);
    let authorization = request
        .lines()
        .filter(|line| line.starts_with("Proxy-Authorization"));
    lines
        .lock()
        .unwrap()
        .extend(authorization.map(str::to_string));
    match answer(&target) {
        Says::Tunnel(port) => {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .unwrap();
            let (mut from, mut to) = (stream.try_clone().unwrap(), server.try_clone().unwrap());
            let upwards = thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            let (mut from, mut to) = (server, stream);
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
            let _ = upwards.join();
        }
        Says::Status(status) => {
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
        Says::Raw(text) => drop(stream.write_all(text.as_bytes())),
        Says::Endless => while stream.write_all(&[b'x'; 4096]).is_ok() {},
        Says::Close => {}
        Says::Late(milliseconds) => {
            thread::sleep(std::time::Duration::from_millis(milliseconds));
            done();
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n");
        }
        Says::Nothing => drop(stream.read_to_end(&mut Vec::new())),
    }
}

/// A folder with identities of a lab: `sandbox.pem`, `production.pem` (a VoIP one is universal too), `universal.pem`; and
/// `ca.pem`, by which the stand-ins of Apple's hosts verify.
pub struct Script(&'static PathBuf);

impl Script {
    pub fn new() -> Script {
        static FOLDER: OnceLock<PathBuf> = OnceLock::new();
        Script(FOLDER.get_or_init(|| {
            let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
            for line in [
                "csr --no-passphrase --out-key key.pem --out-csr request",
                "lab init",
                "lab init --lab foreign",
                "lab issue request --topic com.example.app -o foreign.cer --lab foreign",
                "lab issue request --topic com.example.app --days -12 -o expired.cer",
                "lab issue request --topic com.example.app -o sandbox.cer",
                "lab issue request --topic com.example.app --kind universal -o universal.cer",
                "lab issue request --topic com.example.app --kind voip -o voip.cer",
                "lab issue request --topic com.apple.mgmt.External.1 --kind mdm -o mdm.cer",
                "merge expired.cer key.pem -o expired.pem",
                "merge sandbox.cer key.pem -o sandbox.pem",
                "merge universal.cer key.pem -o universal.pem",
                "merge voip.cer key.pem -o voip.pem",
                "merge mdm.cer key.pem -o mdm.pem",
            ] {
                let ended = command(&folder, line).output().unwrap();
                assert_eq!(ended.status.code(), Some(0), "{line}: {ended:?}");
            }
            std::fs::copy(world().folder.join("ca.pem"), folder.join("ca.pem")).unwrap();
            folder
        }))
    }

    pub fn folder(&self) -> &'static Path {
        self.0
    }

    /// `check` with these words, and its one document.
    pub fn check(&self, words: &str) -> (i32, Value) {
        self.check_with(words, &[])
    }

    /// The same with these variables.
    pub fn check_with(&self, words: &str, variables: &[(&str, &str)]) -> (i32, Value) {
        let output = command(self.0, &format!("check {words} --json"))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["exit_code"], output.status.code().unwrap());
        (output.status.code().unwrap(), document)
    }

    /// `check` with these words and variables, and what a person reads.
    pub fn read(&self, words: &str, variables: &[(&str, &str)]) -> (i32, String) {
        let mut command = command(self.0, &format!("check {words}"));
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text + &said)
    }

    /// The CA file of the lab, for servers that judge its identities.
    fn lab_ca(&self) -> String {
        self.0.join("lab/ca.pem").display().to_string()
    }
}

fn command(folder: &PathBuf, line: &str) -> assert_cmd::Command {
    let mut command = cargo_bin_cmd!("pushcert");
    for name in [
        "PUSHCERT_PASSIN",
        "PUSHCERT_PASSOUT",
        "CI",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        command.env_remove(name);
    }
    command.current_dir(folder).args(line.split(' '));
    command
}

/// A server with Apple's names that asks for certificates of the lab and answers every request so; for any number of
/// connections, one after the other.
pub fn apple(answer: &str) -> Server {
    let setup = format!(
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\ncontext.load_cert_chain('apple.pem')\n\
         context.load_verify_locations('{}')\ncontext.verify_mode = ssl.CERT_REQUIRED\n\
         context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN\n\
         context.set_alpn_protocols(['h2'])\n",
        Script::new().lab_ca()
    );
    let talk = format!(
        "while True:\n  try:\n    c = context.wrap_socket(raw, server_side=True)\n    c.sendall(h2(4))\n    request()\n    {answer}\n    hold()\n  except (OSError, SystemExit): pass\n  raw, _ = listener.accept()"
    );
    Server::python(&setup, &talk)
}
