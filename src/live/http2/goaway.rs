//! Finds GOAWAY frames and the first SETTINGS in what a peer sends (RFC 9113 sections 4.1, 6.5 and 6.8): h2 keeps them to
//! itself. Decides nothing.

/// The last GOAWAY that was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoAway {
    /// The last stream that the peer has taken or will take; what is above it, it has not looked at.
    pub last: u32,
    /// Its error code; 0 is an orderly end.
    pub code: u32,
    /// What the peer added; Apple adds the JSON of an error answer. Cut off where it is long.
    pub debug: Vec<u8>,
}

/// Reads frames in whatever pieces they come, and keeps no more than a header and one GOAWAY.
#[derive(Debug, Default)]
pub(super) struct Scan {
    head: Vec<u8>,
    /// How much of the payload is still to come.
    left: usize,
    /// The payload so far, if it is a GOAWAY's.
    payload: Option<Vec<u8>>,
    last: Option<GoAway>,
    settings: bool,
}

const HEAD: usize = 9;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
const GOAWAY: u8 = 7;
/// The last stream and the code, before what the peer adds.
const FIXED: usize = 8;
const LONGEST_DEBUG: usize = 4096;

impl Scan {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while let Some(first) = bytes.first() {
            if self.left > 0 {
                let (part, rest) = bytes.split_at(self.left.min(bytes.len()));
                if let Some(payload) = &mut self.payload {
                    let room = (FIXED + LONGEST_DEBUG).saturating_sub(payload.len());
                    payload.extend(part.iter().take(room));
                }
                self.left -= part.len();
                bytes = rest;
            } else {
                self.head.push(*first);
                bytes = bytes.get(1..).unwrap_or_default();
                self.begin();
            }
            if self.left == 0 {
                self.end();
            }
        }
    }

    /// The last GOAWAY that came whole.
    pub(super) fn last(&self) -> Option<&GoAway> {
        self.last.as_ref()
    }

    /// Whether the peer has said what it allows.
    pub(super) fn has_settings(&self) -> bool {
        self.settings
    }

    fn begin(&mut self) {
        if let [a, b, c, kind, flags, _, _, _, _] = self.head[..] {
            self.settings |= kind == SETTINGS && flags & ACK == 0;
            self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            self.payload = (kind == GOAWAY).then(Vec::new);
            self.head.clear();
        }
        debug_assert!(self.head.len() < HEAD);
    }

    fn end(&mut self) {
        let Some(payload) = self.payload.take() else {
            return;
        };
        if let Some((&[s, t, u, v, a, b, c, d], debug)) = payload.split_first_chunk::<FIXED>() {
            self.last = Some(GoAway {
                // Its first bit is reserved.
                last: u32::from_be_bytes([s & 0x7f, t, u, v]),
                code: u32::from_be_bytes([a, b, c, d]),
                debug: debug.to_vec(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 0], payload].concat()
    }

    #[test]
    fn a_goaway_is_found_between_other_frames_however_it_is_cut() {
        let stream = [
            frame(4, &[]),
            frame(0, &[7; 300]),
            frame(GOAWAY, &[0, 0, 0, 1, 0, 0, 0, 11, b'{', b'}']),
            frame(6, &[0; 8]),
        ]
        .concat();
        for size in 1..=stream.len() {
            let mut scan = Scan::default();
            for piece in stream.chunks(size) {
                scan.push(piece);
            }
            assert!(scan.has_settings());
            let found = scan
                .last()
                .map(|goaway| (goaway.last, goaway.code, &goaway.debug[..]));
            assert_eq!(found, Some((1, 11, &b"{}"[..])), "in pieces of {size}");
        }
    }

    #[test]
    fn a_long_one_is_cut_and_a_short_one_is_none() {
        let mut scan = Scan::default();
        scan.push(&frame(GOAWAY, &[0; FIXED - 1]));
        assert_eq!(scan.last(), None);
        scan.push(&frame(GOAWAY, &[1; 70_000]));
        scan.push(&frame(GOAWAY, &[2; 3]));
        let last = scan.last().map(|goaway| (goaway.code, goaway.debug.len()));
        assert_eq!(last, Some((0x0101_0101, LONGEST_DEBUG)));
    }
}
