//! Certificates, servers and the question, for the tests of handshakes.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use pushcert::finding::Severity;
use pushcert::live::{Credentials, Handshake, Patience, Push, Query, Roots, Route, Target, ask};
use pushcert::secret::SecretBytes;

pub const WAIT: Duration = Duration::from_millis(400);
pub const DAY: i64 = 86_400;

pub struct Pair {
    pub certificate: X509,
    pub key: PKey<Private>,
}

pub struct World {
    pub folder: PathBuf,
    pub ca: Pair,
    pub intermediate: Pair,
    pub good: Pair,
    pub below: Pair,
    pub expired: Pair,
    pub old: Pair,
    pub stranger: Pair,
}

pub fn pair(name: &str, issuer: Option<&Pair>, ca: bool, names: &[&str], days: (i64, i64)) -> Pair {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    subject.append_entry_by_text("O", "x").unwrap();
    let subject = subject.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(name.len() as u32 + 1).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(issuer.map_or(&subject, |i| i.certificate.subject_name()))
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    let now = Asn1Time::days_from_now(0).unwrap();
    let now = Asn1Time::from_unix(0).unwrap().diff(&now).unwrap();
    let now = i64::from(now.days) * DAY + i64::from(now.secs);
    let at = |day: i64| Asn1Time::from_unix(now + day * DAY).unwrap();
    builder.set_not_before(&at(days.0)).unwrap();
    builder.set_not_after(&at(days.1)).unwrap();
    let mut constraints = BasicConstraints::new();
    constraints.critical();
    if ca {
        constraints.ca();
    }
    builder
        .append_extension(constraints.build().unwrap())
        .unwrap();
    if !names.is_empty() {
        let mut alternative = SubjectAlternativeName::new();
        for name in names {
            match name.parse::<std::net::IpAddr>() {
                Ok(_) => alternative.ip(name),
                Err(_) => alternative.dns(name),
            };
        }
        let extension = alternative.build(&builder.x509v3_context(None, None));
        builder.append_extension(extension.unwrap()).unwrap();
    }
    let digest = match name {
        "old" => MessageDigest::sha1(),
        _ => MessageDigest::sha256(),
    };
    builder
        .sign(issuer.map_or(&key, |i| &i.key), digest)
        .unwrap();
    Pair {
        certificate: builder.build(),
        key,
    }
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = tempfile::Builder::new()
            .prefix("live")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap()
            .keep();
        let life = (-1, 30);
        let ca = pair("Test CA", None, true, &[], life);
        let intermediate = pair("Test Intermediate", Some(&ca), true, &[], life);
        let foreign = pair("Foreign CA", None, true, &[], life);
        let here = ["localhost", "127.0.0.1"];
        let apple = [
            "api.push.apple.com",
            "api.sandbox.push.apple.com",
            "api-manage-broadcast.push.apple.com",
            "api-manage-broadcast.sandbox.push.apple.com",
            "gateway.push.apple.com",
            "gateway.sandbox.push.apple.com",
        ];
        for (name, names) in [
            ("server", &here[..]),
            ("elsewhere", &["elsewhere.test"]),
            ("apple", &apple),
        ] {
            let server = pair(name, Some(&ca), false, names, life);
            let mut pem = server.certificate.to_pem().unwrap();
            pem.extend(server.key.private_key_to_pem_pkcs8().unwrap());
            std::fs::write(folder.join(format!("{name}.pem")), pem).unwrap();
        }
        std::fs::write(folder.join("ca.pem"), ca.certificate.to_pem().unwrap()).unwrap();
        World {
            good: pair("good", Some(&ca), false, &[], life),
            below: pair("below", Some(&intermediate), false, &[], life),
            expired: pair("expired", Some(&ca), false, &[], (-20, -10)),
            old: pair("old", Some(&ca), false, &[], life),
            stranger: pair("stranger", Some(&foreign), false, &[], life),
            folder,
            intermediate,
            ca,
        }
    })
}

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

pub fn roots() -> Roots {
    Roots::Certificates(vec![world().ca.certificate.to_der().unwrap()])
}

/// How long to wait, and whether to probe.
#[derive(Clone, Copy)]
pub struct Wishes {
    pub timeout: Duration,
    pub wait: Duration,
    pub probe: bool,
}

pub fn wishes(probe: bool) -> Wishes {
    Wishes {
        timeout: Duration::from_secs(10),
        wait: WAIT,
        probe,
    }
}

pub fn query(target: &str, pairs: &[&Pair], probe: bool) -> Query {
    let certificates = pairs
        .iter()
        .map(|pair| pair.certificate.to_der().unwrap())
        .collect();
    let push = Push {
        topic: Some("com.example.app".to_owned()),
        push_type: "background",
    };
    Query {
        route: Route::direct(Target::parse(target).unwrap()),
        credentials: Credentials {
            certificates,
            key: SecretBytes::new(pairs[0].key.private_key_to_pkcs8().unwrap()),
        },
        probe: probe.then_some(push),
        apple: false,
    }
}

pub fn ask_with(target: &str, pairs: &[&Pair], roots: &Roots, wishes: &Wishes) -> Handshake {
    let patience = Patience {
        timeout: wishes.timeout,
        wait: wishes.wait,
    };
    ask(&query(target, pairs, wishes.probe), roots, &patience).unwrap()
}

pub fn ask_port(port: u16, pair: &Pair, probe: bool) -> Handshake {
    let target = format!("127.0.0.1:{port}");
    ask_with(&target, &[pair], &roots(), &wishes(probe))
}

pub fn ids(handshake: &Handshake) -> Vec<(&'static str, Severity)> {
    let finding = |finding: &pushcert::finding::Finding| (finding.id, finding.severity);
    handshake.findings.iter().map(finding).collect()
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
