//! Peers that never stop: everything ends with the deadline, and nothing they send is taken for proof.

use super::servers::*;
use super::world::*;
use pushcert::live::{Handshake, Verdict};
use std::thread;
use std::time::{Duration, Instant};

const H2: &str = "context.set_alpn_protocols(['h2'])\n";
const OPEN: &str = "c = context.wrap_socket(raw, server_side=True)\nc.sendall(h2(4))\nrequest()\n";

/// Asks with a second for each bound.
fn bounded(setup: &str, talk: &str) -> Handshake {
    let server = Server::python(setup, talk);
    let short = Wishes {
        timeout: Duration::from_secs(1),
        ..wishes(true)
    };
    let started = Instant::now();
    let target = format!("127.0.0.1:{}", server.port);
    let answer = ask_with(&target, &[&world().good], &roots(), &short);
    // Two timeouts and two waits, and as much again for a busy machine.
    assert!(started.elapsed() < Duration::from_secs(6), "{talk}");
    answer
}

#[test]
fn no_flood_of_frames_outlasts_the_deadline_or_proves_anything() {
    for flood in [
        // PING
        "h2(6, bytes(8)) * 400",
        // SETTINGS
        "h2(4, struct.pack('>HI', 4, 65535)) * 400",
        // an answer that is reset, over and over
        "(h2(1, b'\\x88', 4, 1) + h2(3, struct.pack('>I', 8), 0, 1)) * 200",
        // HEADERS that never end
        "h2(1, b'\\x88', 0, 1) + h2(9, b'\\x00\\x01a\\x01b' * 2000, 0, 1) * 40",
        // WINDOW_UPDATE
        "h2(8, struct.pack('>I', 1)) * 400",
        // PRIORITY
        "h2(2, bytes([0, 0, 0, 3, 1]), 0, 1) * 400",
        // an unknown kind of frame
        "h2(77, bytes(16000)) * 40",
        // a body that never ends
        "h2(1, b'\\x08\\x03400', 4, 1) + h2(0, b'{' * 16000, 0, 1) * 40",
        // empty DATA
        "h2(0, b'', 0, 1) * 400",
    ] {
        let each = |version: &str| {
            let talk = format!("{OPEN}while True: c.sendall({flood})");
            let answer = bounded(&format!("{H2}{version}"), &talk);
            if flood.contains("x88', 4") {
                // The status is an answer whatever follows it.
                assert_eq!(answer.verdict, Verdict::Accepted, "{flood}");
            } else {
                assert_eq!(answer.verdict, Verdict::NotRejected, "{flood}");
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| each(""));
            scope.spawn(|| each(TLS12));
        });
    }
}

#[test]
fn one_byte_a_second_outlasts_no_deadline() {
    let talk = "import time\ndata = answer(400, b'{\"reason\":\"BadDeviceToken\"}')\n\
        for byte in data:\n  c.sendall(bytes([byte]))\n  time.sleep(1)";
    let answer = bounded(H2, &format!("{OPEN}{talk}"));
    assert_eq!(answer.verdict, Verdict::NotRejected);
    assert_eq!(answer.probe.status, None);
}

#[test]
fn damaged_frames_and_bodies_never_prove_what_was_not_said() {
    // One server damages its answer in another place for each connection.
    let talk = r#"
import random
whole = h2(4) + answer(400, b'{"reason":"BadDeviceToken"}') + h2(6, bytes(8))
for seed in range(120):
  random.seed(seed)
  damaged = bytearray(whole)
  kind = seed % 4
  at = random.randrange(len(whole))
  if kind == 0: damaged[at] ^= 1 << random.randrange(8)
  elif kind == 1: del damaged[at:]
  elif kind == 2: damaged[at:at] = random.randbytes(random.randrange(1, 40))
  else: damaged[at:at + 9] = random.randbytes(9)
  c = context.wrap_socket(raw, server_side=True)
  try:
    request()
    c.sendall(damaged)
    c.shutdown(socket.SHUT_WR)
    c.close()
  except (OSError, SystemExit): pass
  raw, _ = listener.accept()
"#;
    let server = Server::python(H2, talk);
    let short = Wishes {
        timeout: Duration::from_millis(300),
        wait: Duration::from_millis(20),
        probe: true,
    };
    let target = format!("127.0.0.1:{}", server.port);
    let mut proven = 0;
    for case in 0..120 {
        let answer = ask_with(&target, &[&world().good], &roots(), &short);
        match answer.verdict {
            Verdict::Accepted => {
                let reason = answer.probe.reason.as_deref();
                assert!(
                    reason == Some("BadDeviceToken") || answer.probe.status == Some(200),
                    "{case}"
                );
                proven += 1;
            }
            verdict => assert_eq!(verdict, Verdict::NotRejected, "{case}: {answer:?}"),
        }
    }
    // Damage after the answer, and what changes nothing.
    assert!((1..60).contains(&proven), "{proven}");
}
