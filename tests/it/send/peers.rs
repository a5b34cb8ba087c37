//! Who is sent to, and the command that sends: the lab's gateway, a Node server, and Python with its frames written by hand.

use crate::check::stand_in::Script;
use crate::live::{servers::Server, world::world};
use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub const TOKEN: &str = "abababababababababababababababababababababababababababababababab";
pub const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
pub const TOPIC: &str = "com.example.app";

/// One notification of the sandbox identity.
pub const ONE: [&str; 5] = ["sandbox.pem", "--token", TOKEN, "--alert", "x"];
/// The same over the binary protocol.
pub const ONE_LEGACY: [&str; 7] = legacy("sandbox.pem", "--token", TOKEN);

/// The words of a run over the binary protocol.
pub const fn legacy<'a>(identity: &'a str, which: &'a str, tokens: &'a str) -> [&'a str; 7] {
    [identity, which, tokens, "--alert", "x", "--via", "legacy"]
}

/// A notification of the sandbox identity to every token of a file.
pub fn many(file: &str) -> [&str; 5] {
    ["sandbox.pem", "--tokens", file, "--alert", "x"]
}

/// What a run left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The document on stdout.
    pub fn document(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout).unwrap();
        assert_eq!(document["exit_code"], self.code, "{}", self.stdout);
        assert_eq!(document["command"], "send");
        document
    }

    /// The documents of a stream; the last one is the summary.
    pub fn lines(&self) -> (Vec<Value>, Value) {
        let lines = self.stdout.lines();
        let mut lines: Vec<Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let last = lines.pop().unwrap();
        assert_eq!(last["exit_code"], self.code, "{}", self.stdout);
        (lines, last)
    }

    pub fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }
}

/// The folder of the identities; files of a test have names of their own in it.
pub fn folder() -> &'static Path {
    Script::new().folder()
}

/// Runs the command; each word is an argument, in the folder of the identities.
pub fn send(words: &[&str]) -> Run {
    send_with(words, "")
}

/// The same with this on stdin.
pub fn send_with(words: &[&str], stdin: &str) -> Run {
    let output = command(words).write_stdin(stdin).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn command(words: &[&str]) -> assert_cmd::Command {
    let mut command = cargo_bin_cmd!("pushcert");
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.current_dir(folder()).arg("send").args(words);
    command
}

pub const VARIABLES: [&str; 9] = [
    "PUSHCERT_PASSIN",
    "PUSHCERT_PASSOUT",
    "CI",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// A file of tokens with this name; the tokens count up from 1 but for those given by line.
pub fn tokens(name: &str, count: usize, others: &[(usize, &str)]) -> String {
    let line = |number: usize| {
        let other = others.iter().find(|(line, _)| *line == number);
        other.map_or(format!("{number:064x}"), |(_, text)| text.to_string())
    };
    let text: Vec<String> = (1..=count).map(|number| line(number) + "\n").collect();
    std::fs::write(folder().join(name), text.concat()).unwrap();
    name.to_owned()
}

/// The token of a line of such a file.
pub fn numbered(number: usize) -> String {
    format!("{number:064x}")
}

/// The gateway of the lab that issued the identities.
pub fn gateway(words: &[&str]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushcert"));
    command.args(["lab", "gateway", "--listen", "127.0.0.1:0"]);
    command.args(words).current_dir(folder());
    Server::start(command, |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        event["address"].as_str()?.rsplit(':').next()?.parse().ok()
    })
}

/// The next event of this kind that a gateway of the lab logs.
pub fn event(server: &mut Server, kind: &str) -> Value {
    loop {
        let event: Value = serde_json::from_str(&server.line()).unwrap();
        if event["event"] == kind {
            return event;
        }
    }
}

/// A Node server of HTTP/2 that takes the lab's certificates. `answer` sees `stream`, `token` and `count` (from 1); it tells
/// every request in a line, with the most that were open at a time.
pub fn node(limit: usize, answer: &str) -> Server {
    let text = format!(
        r#"
const http2 = require('http2'), fs = require('fs');
const server = http2.createSecureServer({{
  key: fs.readFileSync('server.pem'), cert: fs.readFileSync('server.pem'), ca: fs.readFileSync('{ca}'),
  requestCert: true, rejectUnauthorized: true, settings: {{ maxConcurrentStreams: {limit} }},
}});
let count = 0, sessions = 0, open = 0, most = 0;
server.on('session', (session) => {{ session.number = ++sessions; }});
server.on('stream', (stream, headers) => {{
  most = Math.max(most, ++open);
  stream.on('close', () => open--);
  stream.on('error', () => {{}});
  let body = '';
  stream.on('data', (data) => body += data);
  stream.on('end', () => {{
    count++;
    const token = headers[':path'].split('/')[3];
    console.log(JSON.stringify({{ headers, body, most, token, session: stream.session.number }}));
    {answer}
  }});
}});
for (const event of ['error', 'sessionError', 'tlsClientError']) server.on(event, () => {{}});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"#,
        ca = folder().join("lab/ca.pem").display()
    );
    let mut command = Command::new("node");
    command.args(["-e", &text]).current_dir(&world().folder);
    Server::start(command, |line| line.parse().ok())
}

/// What Node answers: taken, with an id that counts.
pub const TAKEN: &str =
    "stream.respond({ ':status': 200, 'apns-id': 'id-' + count }); stream.end();";

/// Node's answer with a reason.
pub fn reason(status: u16, reason: &str) -> String {
    format!(
        "stream.respond({{ ':status': {status}, 'apns-id': 'id-' + count }}); stream.end(JSON.stringify({{ reason: '{reason}' }}));"
    )
}

/// A Python server for certificates of the lab: `protocols` are chosen by ALPN, `talk` sees `raw` and `listener`.
/// `requests(n)` reads so many whole requests and gives their streams and tokens; `reply` answers one.
pub fn python(protocols: &str, talk: &str) -> Server {
    let setup = format!(
        r#"
context.load_verify_locations('{ca}')
context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
if {protocols}: context.set_alpn_protocols({protocols})
def wrap():
    global c
    c = context.wrap_socket(raw, server_side=True)
def again():
    global raw
    raw, _ = listener.accept()
    wrap()
def preface(limit=100):
    c.sendall(h2(4, struct.pack(">HI", 3, limit)))
    exactly(24)
def requests(n):
    streams = []
    while len(streams) < n:
        head = exactly(9)
        exactly(int.from_bytes(head[:3], "big"))
        if head[3] in (0, 1) and head[4] & 1: streams.append(int.from_bytes(head[5:], "big"))
    return streams
def reply(stream, status=200):
    c.sendall(h2(1, b"\x08\x03" + str(status).encode(), 5, stream))
def frames(n):
    return [frame() for _ in range(n)]
def identifier(frame):
    at = frame.index(b"\x03\x00\x04", 5 + 3 + 32)
    return frame[at + 3:at + 7]
def end():
    try: hold()
    except OSError: pass
    c.close()
"#,
        ca = folder().join("lab/ca.pem").display()
    );
    Server::python(&setup, talk)
}

/// The words that name such a server, whose certificate is of `ca.pem`.
pub fn at(server: &Server) -> [String; 4] {
    let gateway = format!("127.0.0.1:{}", server.port);
    [
        "--gateway".into(),
        gateway,
        "--ca-file".into(),
        "ca.pem".into(),
    ]
}

/// The same for the lab's gateway.
pub fn at_lab(server: &Server) -> [String; 4] {
    let gateway = format!("127.0.0.1:{}", server.port);
    [
        "--gateway".into(),
        gateway,
        "--ca-file".into(),
        "lab/ca.pem".into(),
    ]
}

/// Sends to such a server.
pub fn send_to(server: &[String; 4], words: &[&str]) -> Run {
    let server: Vec<&str> = server.iter().map(String::as_str).collect();
    send(&[words, &server].concat())
}

/// The document of a run to such a server.
pub fn outcome(server: &[String; 4], words: &[&str]) -> Value {
    send_to(server, &[words, &["--json"]].concat()).document()
}

/// The state of every notification of a document.
pub fn states(document: &Value) -> Vec<&str> {
    let notifications = document["notifications"].as_array().unwrap();
    notifications
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect()
}

/// The status of every notification of a document.
pub fn statuses(document: &Value) -> Vec<&Value> {
    let notifications = document["notifications"].as_array().unwrap();
    notifications.iter().map(|one| &one["status"]).collect()
}
