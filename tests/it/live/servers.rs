//! Servers for handshakes: `openssl s_server`, Python's `ssl` with what it is told to say, and peers on threads.

use super::world::world;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

/// A server process that lives as long as the value; its stdin stays open, its stdout can be read.
pub struct Server {
    child: Child,
    _stdin: ChildStdin,
    output: BufReader<ChildStdout>,
    pub port: u16,
}

impl Server {
    pub fn start(mut command: Command, port_of: impl Fn(&str) -> Option<u16>) -> Server {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "no port was told");
            if let Some(port) = port_of(line.trim()) {
                break port;
            }
        };
        Server {
            child,
            _stdin: stdin,
            output,
            port,
        }
    }

    pub fn openssl(arguments: &[&str]) -> Server {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem"]);
        command.args(arguments).current_dir(&world().folder);
        Server::start(command, |line| {
            line.strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok()
        })
    }

    pub fn demanding(version: &str) -> Server {
        let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
        Server::openssl(&[&[version][..], &verify].concat())
    }

    /// A Python server: `setup` sees `context`, `talk` the accepted connection `raw`.
    pub fn python(setup: &str, talk: &str) -> Server {
        let text = format!(
            r#"
import socket, ssl, struct, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem")
context.load_verify_locations("ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
def exactly(n):
    data = b""
    while len(data) < n:
        data += c.recv(n - len(data)) or sys.exit("closed")
    return data
def frame():
    head = exactly(5)
    return head + exactly(struct.unpack(">I", head[1:])[0])
def hold():
    while c.recv(65536): pass
# HTTP/2, by hand
def h2(kind, payload=b"", flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
def answer(status, body=b""):
    head = b"\x08\x03" + str(status).encode()
    return h2(1, head, 4, 1) + h2(0, body, 1, 1)
def goaway(code, debug=b"", last=0):
    return h2(7, struct.pack(">II", last, code) + debug)
def request():
    exactly(24)
    while True:
        head = exactly(9)
        exactly(int.from_bytes(head[:3], "big"))
        if head[3] in (0, 1) and head[4] & 1: return
{setup}
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
raw, _ = listener.accept()
{talk}
"#
        );
        let mut command = Command::new("python3");
        command.args(["-c", &text]).current_dir(&world().folder);
        Server::start(command, |line| line.parse().ok())
    }

    /// A Node server of HTTP/2 that refuses every token, and in TLS every certificate that does not verify.
    pub fn node(version: &str, strict: bool) -> Server {
        let text = format!(
            r#"
const http2 = require('http2'), fs = require('fs');
const server = http2.createSecureServer({{
  key: fs.readFileSync('server.pem'), cert: fs.readFileSync('server.pem'), ca: fs.readFileSync('ca.pem'),
  requestCert: true, rejectUnauthorized: {strict}, minVersion: 'TLSv{version}', maxVersion: 'TLSv{version}',
}});
server.on('stream', (stream, headers) => {{
  stream.resume();
  stream.on('end', () => {{
    const good = stream.session.socket.authorized;
    stream.respond({{ ':status': good ? 400 : 403 }});
    stream.end(JSON.stringify({{ reason: good ? 'BadDeviceToken' : 'BadCertificate' }}));
    console.log(JSON.stringify(headers));
  }});
}});
for (const event of ['error', 'sessionError', 'tlsClientError']) server.on(event, () => {{}});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"#
        );
        let mut command = Command::new("node");
        command.args(["-e", &text]).current_dir(&world().folder);
        Server::start(command, |line| line.parse().ok())
    }

    /// A server on the h2 library of Python (Debian's `python3-h2`) that answers every request so.
    pub fn python_h2(version: &str, status: u16, reason: &str) -> Server {
        let text = format!(
            r#"
import json, socket, ssl
import h2.config, h2.connection, h2.events
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem")
context.load_verify_locations("ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv{}
context.set_alpn_protocols(["h2"])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
raw, _ = listener.accept()
c = context.wrap_socket(raw, server_side=True)
http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
http.initiate_connection()
c.sendall(http.data_to_send())
while data := c.recv(65536):
    for event in http.receive_data(data):
        if isinstance(event, h2.events.StreamEnded):
            http.send_headers(event.stream_id, [(":status", "{status}")])
            http.send_data(event.stream_id, json.dumps({{"reason": "{reason}"}}).encode(), end_stream=True)
    c.sendall(http.data_to_send())
"#,
            version.replace('.', "_")
        );
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", &text]).current_dir(&world().folder);
        Server::start(command, |line| line.parse().ok())
    }

    /// GnuTLS's server, which verifies its clients.
    pub fn gnutls(version: &str, asks: bool) -> Server {
        // It cannot pick a port by itself, nor be given a socket.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        // It tells the port on stderr.
        let mut command = Command::new("sh");
        command.args(["-c", "exec gnutls-serv \"$@\" 2>&1", "sh"]);
        command.args([
            "--echo",
            "--x509certfile",
            "server.pem",
            "--x509keyfile",
            "server.pem",
        ]);
        command.args(["--x509cafile", "ca.pem", "--port", &port.to_string()]);
        command.arg(format!("--priority=NORMAL:-VERS-ALL:+VERS-TLS{version}"));
        match asks {
            true => command.args(["--require-client-cert", "--verify-client-cert"]),
            false => command.arg("--disable-client-cert"),
        };
        command.current_dir(&world().folder);
        Server::start(command, |line| {
            line.contains("listening on IPv4").then_some(port)
        })
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub const WRAP: &str = "c = context.wrap_socket(raw, server_side=True)\n";
pub const TLS12: &str = "context.maximum_version = ssl.TLSVersion.TLSv1_2";
pub const NO_TICKETS: &str = "context.num_tickets = 0";

/// A peer on a thread that does what it likes with the first connection.
pub fn peer(act: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || act(listener.accept().unwrap().0));
    port
}

pub fn hold(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}
