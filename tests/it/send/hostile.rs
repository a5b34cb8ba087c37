//! Peers that send what no server sends: the run ends, and nothing of it is taken for an acceptance.

use super::peers::*;
use serde_json::Value;

/// The states of a run of three to a server that does this; the file of tokens has a name of its own.
fn states(name: &str, protocols: &str, talk: &str) -> Vec<String> {
    let server = python(protocols, talk);
    let file = tokens(&format!("hostile-{name}"), 3, &[]);
    let words = [
        "sandbox.pem",
        "--tokens",
        &file,
        "--alert",
        "x",
        "--json",
        "--timeout",
        "2s",
        "--wait",
        "500ms",
    ];
    let document = send_to(&at(&server), &words).document();
    assert_eq!(document["exit_code"], 3, "{talk}: {document:#}");
    let notifications = document["notifications"].as_array().unwrap();
    let state = |one: &Value| one["state"].as_str().unwrap().to_owned();
    notifications.iter().map(state).collect()
}

/// Runs all of these at the same time, and none of them accepts anything.
fn none_accepts(name: &str, talks: impl IntoIterator<Item = String>) {
    std::thread::scope(|scope| {
        for (number, talk) in talks.into_iter().enumerate() {
            scope.spawn(move || {
                for state in states(&format!("{name}-{number}"), "['h2']", &talk) {
                    assert_ne!(state, "accepted", "{talk}");
                }
            });
        }
    });
}

#[test]
fn no_flood_of_frames_is_an_answer() {
    let floods = [
        // PING, SETTINGS, WINDOW_UPDATE, unknown frames, and HEADERS that never end
        "h2(6, bytes(8)) * 400",
        "h2(4, struct.pack('>HI', 4, 65535)) * 400",
        "h2(8, struct.pack('>I', 1)) * 400",
        "h2(77, bytes(16000)) * 40",
        "h2(1, b'\\x88', 0, 1) + h2(9, b'\\x00\\x01a\\x01b' * 2000, 0, 1) * 40",
        // A limit of nothing.
        "h2(4, struct.pack('>HI', 3, 0)) * 10",
    ];
    let talk = |flood: &str| {
        format!(
            "wrap()\npreface(1)\nrequests(1)\ntry:\n  while True: c.sendall({flood})\nexcept OSError: pass\nagain()\npreface(1)\nend()"
        )
    };
    none_accepts("flood", floods.map(talk));
}

#[test]
fn no_noise_is_an_answer() {
    // Frames with random kinds, flags, streams and bodies; a body of HEADERS never holds `:status 200`, so that none is right by chance.
    let noise = |seed: u32| {
        format!(
            "import random\nrandom.seed({seed})\ndef noise():\n  kind = random.randrange(11)\n  \
             body = bytes(random.choice([0, 1, 7, 64, 127, 130, 255]) for _ in range(random.randrange(40)))\n  \
             return h2(kind, body, random.randrange(256), random.choice([0, 1, 1, 3, 2**31 - 1]))\n\
             wrap()\npreface(1)\nrequests(1)\ntry:\n  for _ in range(50): c.sendall(noise())\n  c.close()\nexcept OSError: pass\nagain()\nend()"
        )
    };
    none_accepts("noise", (0..8).map(noise));
}

#[test]
fn a_body_that_never_ends_is_cut_off() {
    let talk = "wrap()\npreface(1)\nfor stream in requests(1):\n  c.sendall(h2(1, b'\\x08\\x03503', 4, stream))\n  try:\n    while True: c.sendall(h2(0, b'{' * 16000, 0, stream))\n  except OSError: pass\nagain()\npreface(1)\nend()";
    let states = states("body", "['h2']", talk);
    assert_eq!(states[0], "deferred");
}

#[test]
fn endless_bytes_on_the_binary_protocol_are_no_gateways() {
    let talk = "wrap()\ntry:\n  while True: c.sendall(b'\\x09' * 16000)\nexcept OSError: pass";
    assert_eq!(
        states("bytes", "[]", talk),
        ["unknown", "unknown", "unknown"]
    );
    let half = "wrap()\nframes(1)\nc.sendall(bytes([8, 8, 0]))\nc.close()";
    assert_eq!(
        states("half", "[]", half),
        ["unknown", "unknown", "unknown"]
    );
}
