//! A notification as a frame of command 2, and the packet that refuses one; all integers big-endian.

/// One notification. The binary protocol names no topic: the certificate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The device token; 32 bytes.
    pub token: &'a [u8],
    /// The JSON, as it is.
    pub payload: &'a [u8],
    /// What an error packet calls it by.
    pub identifier: u32,
    /// Until when the gateway may keep it, in seconds since 1970; 0 for not at all.
    pub expiration: Option<u32>,
    /// 10 or 5.
    pub priority: u8,
}

impl Frame<'_> {
    /// Adds its bytes to those that are to be written.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(COMMAND);
        let head = bytes.len();
        bytes.extend([0; 4]);
        item(bytes, 1, self.token);
        item(bytes, 2, self.payload);
        item(bytes, 3, &self.identifier.to_be_bytes());
        if let Some(expiration) = self.expiration {
            item(bytes, 4, &expiration.to_be_bytes());
        }
        item(bytes, 5, &[self.priority]);
        // No more than five items of 64 KiB.
        let length = (bytes.len() - head - 4) as u32;
        if let Some(place) = bytes.get_mut(head..head + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}

const COMMAND: u8 = 2;

/// What is longer than its length field can say is cut, and so refused by the gateway: the caller has looked at it before.
fn item(bytes: &mut Vec<u8>, kind: u8, data: &[u8]) {
    let data = data.get(..usize::from(u16::MAX)).unwrap_or(data);
    bytes.push(kind);
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
}

/// What a gateway says before it closes: which notification it did not take, and why. Those after it are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorPacket {
    /// Named in [`crate::apple::gateway::status_name`].
    pub status: u8,
    /// The notification; with status 10 the last one that was taken.
    pub identifier: u32,
}

impl ErrorPacket {
    /// How long it is, in bytes.
    pub const LENGTH: usize = 6;
    /// What it begins with.
    pub const COMMAND: u8 = 8;

    /// Reads one; `None` for what is none.
    pub fn parse(bytes: &[u8]) -> Option<ErrorPacket> {
        match *bytes {
            [ErrorPacket::COMMAND, status, a, b, c, d, ..] => Some(ErrorPacket {
                status,
                identifier: u32::from_be_bytes([a, b, c, d]),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_bytes_that_the_documentation_gives_it() {
        let frame = Frame {
            token: &[7; 32],
            payload: b"{}",
            identifier: 0x0102_0304,
            expiration: Some(0x6000_0000),
            priority: 10,
        };
        let mut bytes = vec![9];
        frame.write(&mut bytes);
        let wanted = [
            &[9, 2, 0, 0, 0, 58, 1, 0, 32][..],
            &[7; 32],
            &[2, 0, 2, b'{', b'}'],
            &[3, 0, 4, 1, 2, 3, 4],
            &[4, 0, 4, 0x60, 0, 0, 0],
            &[5, 0, 1, 10],
        ]
        .concat();
        assert_eq!(bytes, wanted);
    }

    #[test]
    fn an_error_packet_is_told_from_other_bytes() {
        let packet = ErrorPacket {
            status: 8,
            identifier: 258,
        };
        assert_eq!(ErrorPacket::parse(&[8, 8, 0, 0, 1, 2]), Some(packet));
        assert_eq!(ErrorPacket::parse(&[8, 8, 0, 0, 1]), None);
        assert_eq!(ErrorPacket::parse(b"HTTP/1"), None);
    }
}
