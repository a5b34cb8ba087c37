//! The frames of the binary protocol, as a gateway reads and answers them; all integers big-endian. Source: Apple's archived "Binary Provider API".

/// The longest payload that a gateway takes.
pub const LONGEST_PAYLOAD: usize = 2048;
/// The only length of a token.
pub const TOKEN_LENGTH: usize = 32;

/// The status of bytes that are no frame.
pub const PROTOCOL_ERROR: u8 = 128;

/// Room for one item of each kind, the largest of them as long as its length field can say.
const LONGEST_BODY: usize = 70_000;

/// Statuses of the error packet; their names are in [`crate::apple::gateway`].
mod status {
    pub const NONE: u8 = 0;
    pub const MISSING_TOKEN: u8 = 2;
    pub const MISSING_PAYLOAD: u8 = 4;
    pub const TOKEN_SIZE: u8 = 5;
    pub const PAYLOAD_SIZE: u8 = 7;
    pub const INVALID_TOKEN: u8 = 8;
}

/// One notification, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the sender calls it; 0 where it does not say.
    pub identifier: u32,
    /// The device token, of whatever length; empty in bytes that are no frame.
    pub token: Vec<u8>,
    /// What it says, of whatever length; empty in bytes that are no frame.
    pub payload: Vec<u8>,
    /// 0, or the status that the gateway answers before it closes.
    pub status: u8,
}

/// The frame that `bytes` begin with, and its length in bytes; `None` while it is not whole.
/// Bytes that cannot become a frame are one of status 128 at once.
pub fn next(bytes: &[u8]) -> Option<(Frame, usize)> {
    let mut rest = Reader(bytes);
    let frame = match rest.u8()? {
        0 => simple(&mut rest, 0)?,
        1 => {
            let identifier = rest.u32()?;
            let _expiry = rest.u32()?;
            simple(&mut rest, identifier)?
        }
        2 => {
            let length = rest.u32()? as usize;
            if length > LONGEST_BODY {
                garbage(0)
            } else {
                items(Reader(rest.take(length)?))
            }
        }
        _ => garbage(0),
    };
    let length = match frame.status {
        PROTOCOL_ERROR => bytes.len(),
        _ => bytes.len() - rest.0.len(),
    };
    Some((frame, length))
}

/// The error packet: command 8, status, identifier.
pub fn packet(status: u8, identifier: u32) -> [u8; 6] {
    let [a, b, c, d] = identifier.to_be_bytes();
    [8, status, a, b, c, d]
}

fn simple(rest: &mut Reader, identifier: u32) -> Option<Frame> {
    let length = rest.u16()?;
    let token = rest.take(length)?;
    let length = rest.u16()?;
    let payload = rest.take(length)?;
    Some(judged(identifier, token, payload))
}

/// The body of command 2. Each item at most once, of the length that its kind has.
fn items(mut body: Reader) -> Frame {
    let (mut token, mut payload, mut identifier) = (None, None, None);
    let (mut expiry, mut priority) = (None, None);
    while !body.0.is_empty() {
        let known = identifier
            .and_then(|bytes: &[u8]| bytes.try_into().ok())
            .map_or(0, u32::from_be_bytes);
        let Some((kind, data)) = body.item() else {
            return garbage(known);
        };
        let (slot, length) = match kind {
            1 => (&mut token, None),
            2 => (&mut payload, None),
            3 => (&mut identifier, Some(4)),
            4 => (&mut expiry, Some(4)),
            5 => (&mut priority, Some(1)),
            _ => return garbage(known),
        };
        if slot.is_some() || length.is_some_and(|length| length != data.len()) {
            return garbage(known);
        }
        *slot = Some(data);
    }
    let identifier = identifier
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes);
    judged(
        identifier,
        token.unwrap_or_default(),
        payload.unwrap_or_default(),
    )
}

fn judged(identifier: u32, token: &[u8], payload: &[u8]) -> Frame {
    let status = if token.is_empty() {
        status::MISSING_TOKEN
    } else if token.len() != TOKEN_LENGTH {
        status::TOKEN_SIZE
    } else if payload.is_empty() {
        status::MISSING_PAYLOAD
    } else if payload.len() > LONGEST_PAYLOAD {
        status::PAYLOAD_SIZE
    } else if token.iter().all(|byte| *byte == 0) {
        status::INVALID_TOKEN
    } else {
        status::NONE
    };
    Frame {
        identifier,
        token: token.to_vec(),
        payload: payload.to_vec(),
        status,
    }
}

fn garbage(identifier: u32) -> Frame {
    Frame {
        identifier,
        token: Vec::new(),
        payload: Vec::new(),
        status: PROTOCOL_ERROR,
    }
}

/// What is left to read; every call takes from the front, or nothing where there is too little.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<usize> {
        self.array()
            .map(|bytes| usize::from(u16::from_be_bytes(bytes)))
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn item(&mut self) -> Option<(u8, &'a [u8])> {
        let kind = self.u8()?;
        let length = self.u16()?;
        Some((kind, self.take(length)?))
    }
}
