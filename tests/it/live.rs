//! Handshakes with real servers: `openssl s_server`, Python's `ssl`, and peers that do not speak TLS at all.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use pushcert::finding::Severity;
use pushcert::live::{
    Alert, Credentials, Handshake, Patience, Proof, Protocol, Push, Query, Roots, Route, Stage,
    Target, Verdict, ask,
};
use pushcert::secret::SecretBytes;

const WAIT: Duration = Duration::from_millis(400);
const DAY: i64 = 86_400;

struct Pair {
    certificate: X509,
    key: PKey<Private>,
}

struct World {
    folder: PathBuf,
    ca: Pair,
    intermediate: Pair,
    good: Pair,
    below: Pair,
    expired: Pair,
    old: Pair,
    stranger: Pair,
}

fn pair(name: &str, issuer: Option<&Pair>, ca: bool, names: &[&str], days: (i64, i64)) -> Pair {
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

fn world() -> &'static World {
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
        for (name, names) in [("server", &here[..]), ("elsewhere", &["elsewhere.test"])] {
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
struct Server {
    child: Child,
    _stdin: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(mut command: Command, port_of: impl Fn(&str) -> Option<u16>) -> Server {
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

    fn openssl(arguments: &[&str]) -> Server {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem"]);
        command.args(arguments).current_dir(&world().folder);
        Server::start(command, |line| {
            line.strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok()
        })
    }

    fn demanding(version: &str) -> Server {
        let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
        Server::openssl(&[&[version][..], &verify].concat())
    }

    /// A Python server: `setup` sees `context`, `talk` the accepted connection `raw`.
    fn python(setup: &str, talk: &str) -> Server {
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
    while c.recv(1): pass
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

    fn line(&mut self) -> String {
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

fn roots() -> Roots {
    Roots::Certificates(vec![world().ca.certificate.to_der().unwrap()])
}

/// How long to wait, and whether to probe.
#[derive(Clone, Copy)]
struct Wishes {
    timeout: Duration,
    wait: Duration,
    probe: bool,
}

fn wishes(probe: bool) -> Wishes {
    Wishes {
        timeout: Duration::from_secs(10),
        wait: WAIT,
        probe,
    }
}

fn query(target: &str, pairs: &[&Pair], probe: bool) -> Query {
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

fn ask_with(target: &str, pairs: &[&Pair], roots: &Roots, wishes: &Wishes) -> Handshake {
    let patience = Patience {
        timeout: wishes.timeout,
        wait: wishes.wait,
    };
    ask(&query(target, pairs, wishes.probe), roots, &patience).unwrap()
}

fn ask_port(port: u16, pair: &Pair, probe: bool) -> Handshake {
    let target = format!("127.0.0.1:{port}");
    ask_with(&target, &[pair], &roots(), &wishes(probe))
}

fn ids(handshake: &Handshake) -> Vec<(&'static str, Severity)> {
    let finding = |finding: &pushcert::finding::Finding| (finding.id, finding.severity);
    handshake.findings.iter().map(finding).collect()
}

const WRAP: &str = "c = context.wrap_socket(raw, server_side=True)\n";
const TLS12: &str = "context.maximum_version = ssl.TLSVersion.TLSv1_2";
const NO_TICKETS: &str = "context.num_tickets = 0";

#[test]
fn targets_are_host_and_port() {
    let parsed = |text| Target::parse(text).map(|target| (target.host().to_owned(), target.port()));
    assert_eq!(parsed("a.test:2195").unwrap(), ("a.test".to_owned(), 2195));
    assert_eq!(parsed("[::1]:2195").unwrap(), ("::1".to_owned(), 2195));
    assert_eq!(Target::parse("[::1]:1").unwrap().to_string(), "[::1]:1");
    assert_eq!(parsed("10.0.0.1:65535").unwrap().1, 65535);
    for wrong in [
        "",
        "a",
        "a:",
        ":1",
        "a:0",
        "a:65536",
        "a:+1",
        "a:01",
        "::1:2195",
        "[::1]",
        "[a]:1",
        "a b:1",
        "a/b:1",
        "http://a:1",
        "a\0:1",
        "[::1:1",
        "a\u{202e}:1",
    ] {
        assert_eq!(Target::parse(wrong).unwrap_err().id(), "usage", "{wrong:?}");
    }
}

#[test]
fn a_finished_tls_1_2_handshake_is_accepted_only_after_the_wait() {
    let server = Server::demanding("-tls1_2");
    let started = Instant::now();
    let answer = ask_port(server.port, &world().good, false);
    assert!(started.elapsed() >= WAIT);
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.proof, Some(Proof::Handshake));
    assert_eq!(answer.protocol, Protocol::Binary);
    assert_eq!(answer.address, Some("127.0.0.1".parse().unwrap()));
    assert_eq!((answer.stages.dns_ms, answer.alert), (None, None));
    assert!(answer.stages.tcp_ms.is_some() && answer.stages.tls_ms.is_some());
    assert!(!answer.probe.sent);
    assert_eq!(ids(&answer), []);
    let tls = answer.tls.unwrap();
    assert_eq!(tls.version, "TLSv1.2");
    assert_eq!(tls.cipher.as_deref(), Some("ECDHE-ECDSA-AES256-GCM-SHA384"));
    assert_eq!(tls.alpn, None);
    assert!(tls.server_verified && tls.client_certificate_requested);
    assert_eq!(tls.server_verify_error, None);
    assert_eq!(tls.acceptable_cas, ["CN=Test CA, O=x"]);
    // s_server adds what it finds in its CA file.
    assert_eq!(tls.server_chain.len(), 2);
    assert_eq!(tls.server_chain[0].subject, "CN=server, O=x");
    assert_eq!(tls.server_chain[0].issuer, "CN=Test CA, O=x");
    assert_eq!(tls.server_chain[0].sha256.len(), 64);
    assert!(tls.server_chain[0].not_after.is_some());
}

#[test]
fn a_tls_1_3_ticket_is_accepted_only_after_the_wait() {
    for probe in [true, false] {
        let server = Server::demanding("-tls1_3");
        let started = Instant::now();
        let answer = ask_port(server.port, &world().good, probe);
        assert!(started.elapsed() >= WAIT);
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(answer.proof, Some(Proof::Ticket));
        assert_eq!(answer.probe.sent, probe);
        assert_eq!(answer.probe.status, None);
        let tls = answer.tls.unwrap();
        assert_eq!(tls.version, "TLSv1.3");
        assert_eq!(tls.acceptable_cas, ["CN=Test CA, O=x"]);
    }
}

#[test]
fn refused_certificates_are_named_by_their_alert_on_both_versions() {
    for version in ["-tls1_2", "-tls1_3"] {
        for (pair, number, name) in [
            (&world().stranger, 48, "unknown_ca"),
            (&world().expired, 45, "certificate_expired"),
        ] {
            let server = Server::demanding(version);
            let answer = ask_port(server.port, pair, true);
            assert_eq!(answer.verdict, Verdict::Rejected, "{version} {name}");
            assert_eq!(answer.alert, Some(Alert { number, name }));
            assert_eq!(answer.alert_after_ms.is_some(), version == "-tls1_3");
            assert_eq!((answer.proof, answer.probe.sent), (None, false));
            assert_eq!(answer.failed_stage, None);
            assert_eq!(answer.protocol, Protocol::Binary);
            assert_eq!(
                answer.explanation(),
                format!("the server refused the certificate with alert {number} ({name})")
            );
            let tls = answer.tls.unwrap();
            assert!(tls.client_certificate_requested && tls.server_verified);
            assert_eq!(tls.server_chain.len(), 2);
            assert_eq!(tls.acceptable_cas, ["CN=Test CA, O=x"]);
        }
    }
}

#[test]
fn nothing_is_added_to_the_certificates_given() {
    let world = world();
    let both = Roots::Certificates(vec![
        world.ca.certificate.to_der().unwrap(),
        world.intermediate.certificate.to_der().unwrap(),
    ]);
    let server = Server::demanding("-tls1_3");
    let target = format!("127.0.0.1:{}", server.port);
    let alone = ask_with(&target, &[&world.below], &both, &wishes(false));
    assert_eq!(alone.verdict, Verdict::Rejected);
    assert_eq!(alone.alert, Some(Alert::new(48)));
    let server = Server::demanding("-tls1_3");
    let target = format!("127.0.0.1:{}", server.port);
    let chain = [&world.below, &world.intermediate];
    let whole = ask_with(&target, &chain, &roots(), &wishes(false));
    assert_eq!(whole.verdict, Verdict::Accepted);
}

#[test]
fn a_server_that_asks_for_nothing_proves_nothing() {
    for version in ["-tls1_2", "-tls1_3"] {
        let server = Server::openssl(&[version]);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRequested);
        assert!(!answer.probe.sent);
        assert!(!answer.tls.unwrap().client_certificate_requested);
    }
}

#[test]
fn a_certificate_that_could_not_be_sent_is_not_judged() {
    for version in ["-tls1_2", "-tls1_3"] {
        for verify in ["-verify", "-Verify"] {
            let signatures = ["-client_sigalgs", "RSA-PSS+SHA256", "-CAfile", "ca.pem"];
            let server = Server::openssl(&[&[version, verify, "1"][..], &signatures].concat());
            let answer = ask_port(server.port, &world().good, true);
            assert_eq!(answer.verdict, Verdict::Unreachable, "{version} {verify}");
            assert_eq!(answer.failed_stage, Some(Stage::Tls));
            assert_eq!((answer.proof, answer.probe.sent), (None, false));
            assert!(answer.tls.unwrap().client_certificate_requested);
        }
    }
}

#[test]
fn an_old_certificate_is_sent_all_the_same() {
    let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let lenient = ["-tls1_2", "-cipher", "DEFAULT:@SECLEVEL=0"];
    let server = Server::openssl(&[&lenient[..], &verify].concat());
    let answer = ask_port(server.port, &world().old, false);
    assert_eq!(answer.verdict, Verdict::Accepted);
    let server = Server::demanding("-tls1_2");
    let answer = ask_port(server.port, &world().old, false);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!(answer.alert, Some(Alert::new(42)));
}

#[test]
fn a_request_that_names_no_cas_is_a_request() {
    for setup in ["", TLS12] {
        let server = Server::python(setup, &format!("{WRAP}hold()"));
        let answer = ask_port(server.port, &world().good, false);
        assert_eq!(answer.verdict, Verdict::Accepted);
        let tls = answer.tls.unwrap();
        assert!(tls.client_certificate_requested);
        assert_eq!(tls.acceptable_cas, [""; 0]);
    }
}

#[test]
fn no_ticket_and_no_answer_is_not_rejected() {
    let server = Server::python(NO_TICKETS, &format!("{WRAP}hold()"));
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::NotRejected);
    assert!(answer.probe.sent);
    assert_eq!((answer.proof, ids(&answer)), (None, vec![]));
}

#[test]
fn the_error_packet_proves_the_certificate() {
    let talk = format!(
        "{WRAP}f = frame()\nprint(f.hex(), flush=True)\nc.sendall(b'\\x08\\x08' + f[56:60])\nhold()"
    );
    for setup in ["", TLS12] {
        let mut server = Server::python(setup, &talk);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(answer.proof, Some(Proof::Probe));
        assert_eq!(answer.probe.status, Some(8));
        let token = "00".repeat(32);
        let rest = "02000a7b22617073223a7b7d7d030004746573740400040000000005000105";
        assert_eq!(server.line(), format!("0200000042010020{token}{rest}"));
    }
}

#[test]
fn statuses_that_say_nothing_of_the_certificate_decide_nothing() {
    for (setup, verdict) in [("", Verdict::Accepted), (NO_TICKETS, Verdict::NotRejected)] {
        let talk = format!("{WRAP}frame()\nc.sendall(b'\\x08\\xfftest')\nc.close()");
        let server = Server::python(setup, &talk);
        let started = Instant::now();
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, verdict);
        assert_ne!(answer.proof, Some(Proof::Probe));
        assert_eq!(answer.probe.status, Some(255));
        assert!(started.elapsed() >= WAIT);
    }
}

#[test]
fn a_close_before_the_probe_is_a_refusal() {
    for setup in ["", NO_TICKETS, TLS12] {
        let server = Server::python(setup, &format!("{WRAP}c.close()"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::Rejected, "{setup}");
        assert_eq!((answer.alert, answer.probe.sent), (None, false));
    }
}

#[test]
fn a_close_after_the_probe_takes_the_acceptance_back() {
    for setup in ["", TLS12] {
        let server = Server::python(setup, &format!("{WRAP}frame()\nc.close()"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert!(answer.probe.sent);
        assert_eq!(ids(&answer), [("closed-early", Severity::Unknown)]);
    }
}

#[test]
fn a_reset_is_a_close() {
    let reset = "raw2 = c.detach()\ns = socket.socket(fileno=raw2)\n\
                 s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\ns.close()";
    for setup in [NO_TICKETS, TLS12] {
        let server = Server::python(setup, &format!("{WRAP}{reset}"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::Rejected);
        assert_eq!((answer.alert, answer.probe.sent), (None, false));
        let server = Server::python(setup, &format!("{WRAP}frame()\n{reset}"));
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(ids(&answer), [("closed-early", Severity::Unknown)]);
    }
}

#[test]
fn a_close_within_the_handshake_refuses_only_what_was_sent() {
    let talk = r#"
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inward, outward, server_side=True)
inward.write(raw.recv(65536))
try: tls.do_handshake()
except ssl.SSLWantReadError: pass
flight = outward.read()
"#;
    let whole = format!("{talk}raw.sendall(flight)\nraw.recv(65536)\nraw.close()");
    let server = Server::python(TLS12, &whole);
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!((answer.alert, answer.protocol), (None, Protocol::Binary));
    let part = format!("{talk}raw.sendall(flight[:-9])\nraw.close()");
    let server = Server::python(TLS12, &part);
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
}

#[test]
fn an_error_packet_may_come_in_pieces_but_must_come_whole() {
    let pieces = "frame()\nfor b in b'\\x08\\x80test': c.sendall(bytes([b]))\nhold()";
    let server = Server::python(TLS12, &format!("{WRAP}{pieces}"));
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.proof, Some(Proof::Probe));
    assert_eq!(answer.probe.status, Some(128));
    for end in ["c.close()", "hold()"] {
        let part = format!("{WRAP}frame()\nc.sendall(b'\\x08\\x08te')\n{end}");
        let server = Server::python(TLS12, &part);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(ids(&answer), [("not-a-gateway", Severity::Unknown)]);
    }
}

#[test]
fn other_bytes_are_no_gateway() {
    let after = format!("{WRAP}frame()\nc.sendall(b'HTTP/1.1 400 Bad Request')\nhold()");
    let before = format!("{WRAP}c.sendall(b'220 hello')\nhold()");
    let endless = format!("{WRAP}while True: c.sendall(b'x' * 4096)");
    for (talk, sent) in [(after, true), (before, false), (endless, false)] {
        let server = Server::python(TLS12, &talk);
        let answer = ask_port(server.port, &world().good, true);
        assert_eq!(answer.verdict, Verdict::NotRejected);
        assert_eq!(answer.probe.sent, sent);
        assert_eq!(ids(&answer), [("not-a-gateway", Severity::Unknown)]);
    }
}

#[test]
fn http_1_is_no_gateway() {
    let setup = "context.set_alpn_protocols(['http/1.1'])";
    let server = Server::python(setup, &format!("{WRAP}hold()"));
    let answer = ask_port(server.port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::NotRejected);
    assert_eq!(answer.protocol, Protocol::Unknown);
    assert!(!answer.probe.sent);
    assert_eq!(ids(&answer), [("not-a-gateway", Severity::Unknown)]);
    assert_eq!(answer.tls.unwrap().alpn.as_deref(), Some("http/1.1"));
}

#[test]
fn an_alert_after_the_probe_still_refuses() {
    // The server leaves the client's last flight unread until the probe (a record of 88 bytes) has come.
    let talk = r#"
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inward, outward, server_side=True)
inward.write(raw.recv(65536))
try: tls.do_handshake()
except ssl.SSLWantReadError: raw.sendall(outward.read())
flight = b""
while b"\x17\x03\x03\x00\x58" not in flight: flight += raw.recv(65536)
inward.write(flight)
try: tls.do_handshake()
except ssl.SSLError: raw.sendall(outward.read())
while raw.recv(1): pass
"#;
    let server = Server::python("", talk);
    let answer = ask_port(server.port, &world().stranger, true);
    assert!(answer.probe.sent);
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!(answer.alert, Some(Alert::new(48)));
    assert!(answer.alert_after_ms.unwrap() >= WAIT.as_secs_f64() * 1000.0);
}

#[test]
fn a_name_is_looked_up_and_its_addresses_are_tried() {
    let server = Server::demanding("-tls1_3");
    let target = format!("localhost:{}", server.port);
    let answer = ask_with(&target, &[&world().good], &roots(), &wishes(false));
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert!(answer.stages.dns_ms.is_some());
    assert!(answer.tls.unwrap().server_verified);
}

#[test]
fn a_server_that_does_not_verify_is_its_own_finding() {
    let foreign = Roots::Certificates(vec![world().stranger.certificate.to_der().unwrap()]);
    let load = "context.load_cert_chain('elsewhere.pem')";
    for (setup, roots, error) in [
        ("", foreign, "self-signed certificate in certificate chain"),
        (load, roots(), "hostname mismatch"),
    ] {
        let server = Server::python(setup, &format!("{WRAP}hold()"));
        let target = format!("localhost:{}", server.port);
        let answer = ask_with(&target, &[&world().good], &roots, &wishes(false));
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(ids(&answer), [("server-not-verified", Severity::Critical)]);
        let tls = answer.tls.unwrap();
        assert!(!tls.server_verified);
        let told = tls.server_verify_error.unwrap().to_lowercase();
        assert_eq!(told, error);
    }
}

#[test]
fn the_system_store_verifies_no_stand_in() {
    let found = openssl_probe::probe();
    let found = found.cert_file.is_some() || !found.cert_dir.is_empty();
    let server = Server::demanding("-tls1_3");
    let target = format!("127.0.0.1:{}", server.port);
    let answer = ask_with(&target, &[&world().good], &Roots::System, &wishes(false));
    let expected = match found {
        true => (
            Verdict::Accepted,
            ("server-not-verified", Severity::Critical),
        ),
        false => (Verdict::Unreachable, ("no-roots", Severity::Unknown)),
    };
    assert_eq!((answer.verdict, ids(&answer)[0]), expected);
}

#[test]
fn without_roots_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let none = Roots::Certificates(Vec::new());
    let answer = ask_with(&target, &[&world().good], &none, &wishes(true));
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(ids(&answer), [("no-roots", Severity::Unknown)]);
    assert_eq!(answer.failed_stage, None);
    assert!(listener.accept().is_err());
}

#[test]
fn a_closed_port_is_unreachable_by_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let answer = ask_port(port, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tcp));
    assert_eq!(answer.reason.as_deref(), Some("connection refused"));
    assert_eq!(answer.tls, None);
}

#[test]
fn a_name_that_does_not_exist_is_unreachable_by_dns() {
    let target = "nowhere.invalid:1";
    let answer = ask_with(target, &[&world().good], &roots(), &wishes(true));
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Dns));
    assert_eq!(answer.address, None);
}

/// A peer on a thread that does what it likes with the first connection.
fn peer(act: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || act(listener.accept().unwrap().0));
    port
}

fn hold(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn peers_that_speak_no_tls_are_unreachable_by_tls() {
    let plain = peer(|mut stream| {
        stream.write_all(b"220 smtp.test ready\r\n").unwrap();
        hold(stream);
    });
    let answer = ask_port(plain, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
    assert_eq!(answer.reason.as_deref(), Some("wrong version number"));
    assert_eq!(answer.protocol, Protocol::Unknown);

    let closing = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let answer = ask_port(closing, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
    assert_eq!(answer.tls, None);
}

#[test]
fn the_timeout_holds_whatever_a_peer_does() {
    let dripping = |mut stream: TcpStream| {
        let record = [0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3];
        for byte in record.iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
    };
    for port in [peer(hold), peer(dripping)] {
        let started = Instant::now();
        let short = Wishes {
            timeout: Duration::from_millis(600),
            ..wishes(true)
        };
        let target = format!("127.0.0.1:{port}");
        let answer = ask_with(&target, &[&world().good], &roots(), &short);
        let taken = started.elapsed();
        assert_eq!(answer.verdict, Verdict::Unreachable);
        assert_eq!(answer.failed_stage, Some(Stage::Tls));
        let reason = "the handshake did not finish in time";
        assert_eq!(answer.reason.as_deref(), Some(reason));
        assert!(taken >= Duration::from_millis(600) && taken < Duration::from_secs(3));
    }
}

#[test]
fn a_flood_of_tickets_does_not_outlast_the_wait() {
    let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let flood = ["-tls1_3", "-num_tickets", "300000"];
    let server = Server::openssl(&[&flood[..], &verify].concat());
    let started = Instant::now();
    let answer = ask_port(server.port, &world().good, false);
    let taken = started.elapsed();
    assert_eq!(answer.proof, Some(Proof::Ticket));
    assert!(
        taken >= WAIT && taken < WAIT + Duration::from_secs(2),
        "{taken:?}"
    );
}

#[test]
fn an_alert_before_the_certificate_does_not_judge_it() {
    let refusing = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).unwrap();
        hold(stream);
    });
    let answer = ask_port(refusing, &world().good, true);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.failed_stage, Some(Stage::Tls));
    assert_eq!(answer.alert, Some(Alert::new(40)));
    assert_eq!(
        answer.explanation(),
        "the certificate was not judged: tls failed: the server sent alert 40 (handshake_failure)"
    );
}

#[test]
fn a_key_that_does_not_fit_is_never_sent() {
    let world = world();
    let mut query = query("127.0.0.1:1", &[&world.good], true);
    query.credentials.key = SecretBytes::new(world.stranger.key.private_key_to_pkcs8().unwrap());
    let patience = Patience {
        timeout: WAIT,
        wait: WAIT,
    };
    let error = ask(&query, &roots(), &patience).unwrap_err();
    assert_eq!(error.id(), "crypto");
}
