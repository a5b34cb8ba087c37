//! docs/verdicts.md: every server, TLS version and certificate with the verdict that came of it, measured again here.

use super::servers::{Server, TLS12, WRAP, hold, peer};
use super::world::*;
use crate::interop::Nginx;
use pushcert::live::{Handshake, Protocol, Roots};
use std::io::{Read, Write};
use std::thread;

/// What is asked of a server, and the row that comes of it.
type Cell = (&'static str, &'static str, &'static str, Handshake);

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

fn row((server, version, certificate, answer): &Cell) -> String {
    let evidence = evidence(answer);
    let protocol = match answer.protocol {
        Protocol::Unknown => "-",
        known => known.as_str(),
    };
    let verdict = answer.verdict.as_str();
    format!("| {server} | {version} | {protocol} | {certificate} | `{verdict}` | {evidence} |")
}

/// What the verdict rests on, in words that no library's version changes.
fn evidence(answer: &Handshake) -> String {
    let mut words = Vec::new();
    words.extend(
        answer
            .alert
            .map(|alert| format!("alert {} {}", alert.number, alert.name)),
    );
    let reason = answer
        .probe
        .reason
        .as_ref()
        .map(|reason| format!(", {reason}"));
    let kind = match answer.protocol {
        Protocol::Http2 => "HTTP status",
        _ => "status",
    };
    let status = |status| format!("{kind} {status}{}", reason.clone().unwrap_or_default());
    words.extend(answer.probe.status.map(status));
    if let (None, Some(reason)) = (answer.probe.status, &answer.probe.reason) {
        words.push(format!("GOAWAY, {reason}"));
    }
    words.extend(answer.proof.map(|proof| format!("by {}", proof.as_str())));
    words.extend(
        answer
            .findings
            .iter()
            .map(|finding| format!("`{}`", finding.id)),
    );
    words.extend(
        answer
            .failed_stage
            .map(|stage| format!("at {}", stage.as_str())),
    );
    match words.is_empty() {
        true => "-".to_string(),
        false => words.join("; "),
    }
}

fn certificates() -> Vec<(&'static str, Vec<&'static Pair>)> {
    let world = world();
    vec![
        ("good", vec![&world.good]),
        ("expired", vec![&world.expired]),
        ("untrusted", vec![&world.stranger]),
        ("leaf without its chain", vec![&world.below]),
        ("leaf and chain", vec![&world.below, &world.intermediate]),
    ]
}

fn asked(port: u16, pairs: &[&Pair]) -> Handshake {
    ask_with(&format!("127.0.0.1:{port}"), pairs, &roots(), &wishes(true))
}

fn every(name: &'static str, start: impl Fn(&str) -> Server) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (certificate, pairs) in certificates() {
        for version in VERSIONS {
            let server = start(version);
            cells.push((name, version, certificate, asked(server.port, &pairs)));
        }
    }
    cells
}

fn openssl() -> Vec<Cell> {
    const NAME: &str = "OpenSSL s_server";
    let version_of = |version: &str| match version {
        "1.2" => "-tls1_2",
        _ => "-tls1_3",
    };
    let mut cells = every(NAME, |version| Server::demanding(version_of(version)));
    let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    for version in VERSIONS {
        let flag = version_of(version);
        let crl = ["-CRL", "crl.pem", "-crl_check"];
        let server = Server::openssl(&[&[flag][..], &verify, &crl].concat());
        cells.push((
            NAME,
            version,
            "revoked",
            asked(server.port, &[&world().revoked]),
        ));
    }
    for version in VERSIONS {
        let server = Server::openssl(&[version_of(version)]);
        cells.push((
            NAME,
            version,
            "not asked for",
            asked(server.port, &[&world().good]),
        ));
    }
    for version in VERSIONS {
        let signatures = ["-client_sigalgs", "RSA-PSS+SHA256"];
        let flags = [&[version_of(version)][..], &verify, &signatures].concat();
        let server = Server::openssl(&flags);
        let answer = asked(server.port, &[&world().good]);
        cells.push((
            NAME,
            version,
            "none sent: no signature that its key can make",
            answer,
        ));
    }
    for (certificate, own) in [
        ("good; the server's own has expired", "late.pem"),
        ("good; the server's own has another name", "elsewhere.pem"),
    ] {
        for version in VERSIONS {
            let flags = [&[version_of(version)][..], &verify, &["-cert", own]].concat();
            let server = Server::openssl(&flags);
            cells.push((
                NAME,
                version,
                certificate,
                asked(server.port, &[&world().good]),
            ));
        }
    }
    let foreign = Roots::Certificates(vec![world().stranger.certificate.to_der().unwrap()]);
    for version in VERSIONS {
        let server = Server::demanding(version_of(version));
        let target = format!("127.0.0.1:{}", server.port);
        let answer = ask_with(&target, &[&world().good], &foreign, &wishes(true));
        cells.push((
            NAME,
            version,
            "good; the server's CA is unknown here",
            answer,
        ));
    }
    cells
}

fn gnutls() -> Vec<Cell> {
    let mut cells = every("GnuTLS gnutls-serv", |version| {
        Server::gnutls(version, true)
    });
    for version in VERSIONS {
        let server = Server::gnutls(version, false);
        let answer = asked(server.port, &[&world().good]);
        cells.push(("GnuTLS gnutls-serv", version, "not asked for", answer));
    }
    cells
}

fn nginx() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (name, http2) in [("nginx", false), ("nginx, HTTP/2", true)] {
        let nginx = Nginx::start(
            &world().folder,
            http2,
            ["server.pem", "server.pem", "ca.pem"],
        );
        for (certificate, pairs) in certificates() {
            let answer = ask_with(&nginx.address, &pairs, &roots(), &wishes(true));
            cells.push((name, "1.3", certificate, answer));
        }
    }
    cells
}

fn node() -> Vec<Cell> {
    let mut cells = every("Node http2", |version| Server::node(version, true));
    cells.extend(every("Node http2 that judges in HTTP", |version| {
        Server::node(version, false)
    }));
    cells
}

fn python() -> Vec<Cell> {
    const NAME: &str = "Python h2";
    let mut cells = every(NAME, |version| {
        Server::python_h2(version, 400, "BadDeviceToken")
    });
    for (certificate, status, reason) in [
        ("of the other environment", 403, "BadCertificateEnvironment"),
        ("good; its topic is refused", 400, "TopicDisallowed"),
        ("good; the server is busy", 503, "ServiceUnavailable"),
    ] {
        for version in VERSIONS {
            let server = Server::python_h2(version, status, reason);
            cells.push((
                NAME,
                version,
                certificate,
                asked(server.port, &[&world().good]),
            ));
        }
    }
    cells
}

/// What peers do that are no servers, or bad ones.
fn peers() -> Vec<Cell> {
    let plain = |talk: &'static [u8]| {
        peer(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(talk);
            hold(stream);
        })
    };
    let short = Wishes {
        timeout: std::time::Duration::from_millis(600),
        ..wishes(true)
    };
    let at = |port: u16| {
        ask_with(
            &format!("127.0.0.1:{port}"),
            &[&world().good],
            &roots(),
            &short,
        )
    };
    let mut cells = vec![
        (
            "speaks plain HTTP",
            "-",
            "good",
            at(plain(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        ),
        ("accepts and says nothing", "-", "good", at(peer(hold))),
        ("closes at once", "-", "good", at(peer(drop))),
        (
            "closes after the first words",
            "-",
            "good",
            at(peer(|mut stream| {
                let _ = stream.read(&mut [0; 4096]);
            })),
        ),
        (
            "sends endless bytes",
            "-",
            "good",
            at(peer(
                |mut stream| {
                    while stream.write_all(&[0x16; 4096]).is_ok() {}
                },
            )),
        ),
        (
            "sends one byte at a time",
            "-",
            "good",
            at(peer(|mut stream| {
                for byte in [0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3].iter().cycle() {
                    if stream.write_all(&[*byte]).is_err() {
                        break;
                    }
                    thread::sleep(std::time::Duration::from_millis(50));
                }
            })),
        ),
    ];
    const RESET: &str = "s = socket.socket(fileno=c.detach())\n\
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\ns.close()";
    const H2: &str = "context.set_alpn_protocols(['h2'])\n";
    let http = format!("{WRAP}c.sendall(h2(4))\nrequest()\n");
    let late = "import time\nfor byte in answer(400): c.sendall(bytes([byte])); time.sleep(1)";
    for (what, setup, talk) in [
        ("closes after the handshake", "", format!("{WRAP}c.close()")),
        (
            "resets after the handshake",
            "context.num_tickets = 0\n",
            format!("{WRAP}{RESET}"),
        ),
        (
            "closes after the probe",
            "",
            format!("{WRAP}frame()\nc.close()"),
        ),
        (
            "resets after the probe",
            "",
            format!("{WRAP}frame()\n{RESET}"),
        ),
        (
            "sends endless bytes after the handshake",
            "",
            format!("{WRAP}while True: c.sendall(bytes(4096))"),
        ),
        (
            "shows a chain of 1 MB",
            "context.load_cert_chain('long.pem', 'server.pem')\n",
            format!("{WRAP}hold()"),
        ),
        ("closes after the handshake", H2, format!("{WRAP}c.close()")),
        ("closes after the probe", H2, format!("{http}c.close()")),
        ("resets after the probe", H2, format!("{http}{RESET}")),
        ("never answers the probe", H2, format!("{http}hold()")),
        ("answers one byte a second", H2, format!("{http}{late}")),
        (
            "ends the connection with GOAWAY",
            H2,
            format!("{http}c.sendall(goaway(0, b'{{\"reason\":\"Shutdown\"}}'))\nc.close()"),
        ),
        (
            "takes the request back",
            H2,
            format!("{http}c.sendall(h2(3, bytes(4), 0, 1))\nhold()"),
        ),
        (
            "floods with PING",
            H2,
            format!("{http}while True: c.sendall(h2(6, bytes(8)) * 400)"),
        ),
        (
            "floods with SETTINGS",
            H2,
            format!("{http}while True: c.sendall(h2(4) * 400)"),
        ),
        (
            "floods with CONTINUATION",
            H2,
            format!(
                "{http}c.sendall(h2(1, b'', 0, 1))\nwhile True: c.sendall(h2(9, bytes(8000), 0, 1))"
            ),
        ),
        (
            "resets streams without end",
            H2,
            format!("{http}while True: c.sendall(h2(3, bytes(4), 0, 1) * 400)"),
        ),
    ] {
        for (version, more) in [("1.2", TLS12), ("1.3", "")] {
            let server = Server::python(&format!("{setup}{more}"), &talk);
            cells.push((what, version, "good", at(server.port)));
        }
    }
    cells
}

/// The rows, those that differ only in the TLS version joined.
fn rows(cells: Vec<Cell>) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for cell in &cells {
        let this = row(cell);
        let (server, _, certificate, answer) = cell;
        let older = row(&(server, "1.2", certificate, answer.clone()));
        match rows.iter().position(|row| cell.1 == "1.3" && *row == older) {
            Some(place) => rows[place] = older.replacen("| 1.2 |", "| 1.2, 1.3 |", 1),
            None => rows.push(this),
        }
    }
    rows
}

#[test]
fn the_page_of_verdicts_is_what_comes_of_the_servers() {
    long_chain();
    let groups: [fn() -> Vec<Cell>; 6] = [openssl, gnutls, nginx, node, python, peers];
    let measured: Vec<Vec<String>> = thread::scope(|scope| {
        let running = groups.map(|group| scope.spawn(move || rows(group())));
        running.map(|thread| thread.join().unwrap()).into()
    });
    let servers = measured[..5].concat().join("\n");
    let peers = measured[5].join("\n");
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verdicts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let printed = |mark: &str| {
        let (_, after) = page.split_once(&format!("<!-- {mark} -->\n")).unwrap();
        let (table, _) = after.split_once("\n<!-- end -->").unwrap();
        // Two lines of heading.
        table.splitn(3, '\n').nth(2).unwrap().to_string()
    };
    assert_eq!(printed("servers"), servers, "measured:\n{servers}\n");
    assert_eq!(printed("peers"), peers, "measured:\n{peers}\n");
}

/// A chain of a thousand certificates.
fn long_chain() {
    let one = std::fs::read_to_string(world().folder.join("ca.pem")).unwrap();
    let server = std::fs::read_to_string(world().folder.join("server.pem")).unwrap();
    let (leaf, _) = server.split_once("-----BEGIN PRIVATE KEY").unwrap();
    let certificates = 1_000_000 / world().ca.certificate.to_der().unwrap().len();
    let long = leaf.to_string() + &one.repeat(certificates);
    std::fs::write(world().folder.join("long.pem"), long).unwrap();
}
