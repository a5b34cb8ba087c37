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
