//! A device token: hex as people have it, bytes as they are sent. Whether a device has it only APNs knows.

use std::fmt;

/// The only length that the binary protocol takes, in bytes; what devices' tokens have had for years.
pub const BINARY_LENGTH: usize = 32;
/// The longest that Apple says to expect, in bytes.
const LONGEST: usize = 100;

/// A device token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(Box<[u8]>);

impl Token {
    /// Reads hex of either case; also as an old log shows the bytes, `<0123abcd 4567ef01 ...>`.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with the token.
    pub fn parse(text: &str) -> Result<Token, String> {
        let text = text.trim();
        if text.starts_with("{length") {
            return Err(
                "is a log's abbreviation, whose middle is missing; print each byte as %02x"
                    .to_owned(),
            );
        }
        let inner = text
            .strip_prefix('<')
            .and_then(|text| text.strip_suffix('>'));
        let digits: String = match inner {
            Some(inner) => inner.split(' ').collect(),
            None => text.to_owned(),
        };
        if let Some(other) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("is no hex: it holds `{}`", other.escape_debug()));
        }
        let shortest = 2 * BINARY_LENGTH;
        match digits.len() {
            0 => Err("is empty".to_owned()),
            length if length % 2 == 1 || length < shortest || length > 2 * LONGEST => Err(format!(
                "has {length} hex digits; a token has {shortest}, or more, up to {}",
                2 * LONGEST
            )),
            _ => Ok(Token(bytes(&digits))),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the binary protocol can carry it.
    pub fn fits_binary(&self) -> bool {
        self.0.len() == BINARY_LENGTH
    }
}

/// Lowercase hex.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
        let hex: String = self
            .0
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
            .collect();
        f.write_str(&hex)
    }
}

/// The bytes of an even number of hex digits.
fn bytes(digits: &str) -> Box<[u8]> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or_default() as u8;
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | value(digit)))
        .collect()
}
