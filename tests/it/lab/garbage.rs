//! Clients of the gateway that speak no HTTP/2, or too much of it: each is left, and the next one is served.

use super::faults::h2;
use super::http2::{push, topic};
use super::{Lab, TOPIC, settings};
use pushcert::lab::issue::LeafKind;
use std::io::{Read, Write};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Bytes that look like nothing, the same for the same seed (an LCG).
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| byte()).collect()
}

#[test]
fn no_bytes_stop_the_gateway() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, _events) = lab.gateway(settings());
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for seed in 0..20 {
        inputs.push(noise(seed, 3000));
        inputs.push([PREFACE, &noise(seed, 3000)].concat());
    }
    let opened = [PREFACE, b"\0\0\0\x01\0\0\0\0\x01"].concat();
    for (begin, frame) in [
        (PREFACE, &b"\0\0\x08\x06\0\0\0\0\0pingpong"[..]),
        (PREFACE, b"\0\0\0\x04\0\0\0\0\0"),
        (&opened, b"\0\0\x01\x09\0\0\0\0\x01a"),
    ] {
        inputs.push([begin, &frame.repeat(20_000)].concat());
    }
    for input in inputs {
        let mut stream = h2(&lab, &running);
        // It may be left before it has said all.
        drop(stream.write_all(&input));
        drop(stream.shutdown());
        drop(stream.read_to_end(&mut Vec::new()));
    }
    let answer = push(&lab, &running, &"a1".repeat(32), &["-H", &topic(TOPIC)]);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}
