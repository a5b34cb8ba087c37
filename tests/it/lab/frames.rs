//! The binary protocol: frames in, error packets or silence out.

use super::*;

#[test]
fn frames_are_answered_as_apple_does() {
    let lab = Lab::new();
    let leaf = lab.issue(TOPIC, LeafKind::Universal, 30);
    let (running, events) = lab.gateway(settings());
    let (zero, some) = ([0; 32], [0xab; 32]);
    let body = b"{\"aps\":{}}";
    let id = [0, 0, 1, 2];
    let large = [b' '; 2049];
    let largest = [b' '; 2048];
    // What is sent, the tokens and statuses of the notifications, the packet that ends it.
    type Case<'a> = (Vec<u8>, Vec<(&'a [u8], u8)>, Vec<u8>);
    let cases: Vec<Case> = vec![
        (
            simple(&zero, body),
            vec![(&zero, 8)],
            vec![8, 8, 0, 0, 0, 0],
        ),
        (
            enhanced(0x0a0b0c0d, &zero, body),
            vec![(&zero, 8)],
            vec![8, 8, 10, 11, 12, 13],
        ),
        (
            framed(&[(1, &zero), (2, body), (3, &id), (4, &[0; 4]), (5, &[10])]),
            vec![(&zero, 8)],
            vec![8, 8, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some[..31]), (2, body), (3, &id)]),
            vec![(&some[..31], 5)],
            vec![8, 5, 0, 0, 1, 2],
        ),
        (
            framed(&[(2, body), (3, &id)]),
            vec![(&[], 2)],
            vec![8, 2, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some), (3, &id)]),
            vec![(&some, 4)],
            vec![8, 4, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some), (2, &large), (3, &id)]),
            vec![(&some, 7)],
            vec![8, 7, 0, 0, 1, 2],
        ),
        (
            framed(&[(3, &id), (9, b"?")]),
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 1, 2],
        ),
        (
            framed(&[(1, &some), (1, &some)]),
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 0, 0],
        ),
        (
            vec![2, 0xff, 0xff, 0xff, 0xff],
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 0, 0],
        ),
        (
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            vec![(&[], 128)],
            vec![8, 128, 0, 0, 0, 0],
        ),
        (
            // What follows a refused one is lost.
            [
                framed(&[(1, &some), (2, &largest)]),
                simple(&some, body),
                enhanced(7, &zero, body),
                simple(&some, body),
            ]
            .concat(),
            vec![(&some, 0), (&some, 0), (&zero, 8)],
            vec![8, 8, 0, 0, 0, 7],
        ),
    ];
    let mut connection = 0;
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        for (bytes, notifications, packet) in &cases {
            connection += 1;
            let mut stream = connect(&lab, &running, version);
            stream.write_all(bytes).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert_eq!(&answer, packet);
            drop(stream);
            let event = next(&events);
            assert_eq!(event["connection"], connection);
            assert_eq!(event["certificate"]["sha256"], sha256(&leaf));
            for (token, status) in notifications {
                let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
                let mut expected = json!({"event": "notification", "connection": connection, "token": token, "topic": TOPIC, "status": status});
                let reason = match status {
                    2 => "missing device token",
                    4 => "missing payload",
                    5 => "invalid token size",
                    7 => "invalid payload size",
                    8 => "invalid token",
                    _ => "protocol error",
                };
                if *status != 0 {
                    expected["reason"] = json!(reason);
                }
                let mut event = next(&events);
                event.as_object_mut().unwrap().remove("payload");
                assert_eq!(event, expected);
            }
            assert_eq!(
                next(&events),
                json!({"event": "closed", "connection": connection})
            );
        }
    }
}

#[test]
fn a_notification_in_pieces_is_taken_in_silence() {
    let lab = Lab::new();
    lab.issue(TOPIC, LeafKind::Voip, 30);
    let (running, events) = lab.gateway(settings());
    let mut stream = connect(&lab, &running, SslVersion::TLS1_3);
    for byte in simple(&[7; 32], b"{}") {
        stream.write_all(&[byte]).unwrap();
    }
    let handshake = next(&events);
    assert_eq!(
        handshake["certificate"]["topics"],
        json!(["com.example.app.voip"])
    );
    let expected = json!({"event": "notification", "connection": 1, "token": "07".repeat(32), "topic": "com.example.app.voip", "status": 0, "payload": {}});
    assert_eq!(next(&events), expected);
    stream.shutdown().unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    drop(stream);
    assert_eq!(next(&events), json!({"event": "closed", "connection": 1}));
}

#[test]
fn no_bytes_make_the_reader_of_frames_lose_its_place() {
    use pushcert::lab::wire::next;
    let frames = [
        simple(&[1; 32], b"{}"),
        enhanced(7, &[1; 32], b"{}"),
        framed(&[(1, &[1; 32]), (2, b"{}"), (3, &[0, 0, 0, 7])]),
    ];
    for frame in &frames {
        for end in 0..frame.len() {
            assert_eq!(next(&frame[..end]), None);
        }
        let (whole, length) = next(frame).unwrap();
        assert_eq!((whole.status, length), (0, frame.len()));
        for at in 0..frame.len() {
            for bit in 0..8 {
                let mut damaged = frame.clone();
                damaged[at] ^= 1 << bit;
                if let Some((_, length)) = next(&damaged) {
                    assert!((1..=damaged.len()).contains(&length));
                }
            }
        }
    }
}
