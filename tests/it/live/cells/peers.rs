//! Peers that are no servers, or bad ones.

use super::Cell;
use crate::live::servers::{Server, TLS12, WRAP, hold, peer};
use crate::live::world::*;
use std::io::{Read, Write};
use std::thread;

/// What peers do that are no servers, or bad ones.
pub fn peers() -> Vec<Cell> {
    long_chain();
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
        let each = |version, more: &str| -> Cell {
            let server = Server::python(&format!("{setup}{more}"), &talk);
            (what, version, "good", at(server.port))
        };
        thread::scope(|scope| {
            let older = scope.spawn(|| each("1.2", TLS12));
            let newer = each("1.3", "");
            cells.extend([older.join().unwrap(), newer]);
        });
    }
    cells
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
