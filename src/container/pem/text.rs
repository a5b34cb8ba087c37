//! A file as text, whatever mail, editors and CI secrets made of it, and what of that OpenSSL's loader does not read.

use super::{BEGIN, END};
use crate::secret::SecretBytes;
use zeroize::Zeroizing;

/// A file as text, with what had to be put right.
pub(in super::super) struct Text {
    pub(super) text: Zeroizing<String>,
    /// What OpenSSL's loader does not read.
    pub(super) unreadable_by_servers: Vec<&'static str>,
    /// What it reads as well.
    pub(super) repaired: Vec<&'static str>,
}

impl Text {
    /// Decodes UTF-8 and UTF-16 and normalises line ends.
    pub(in super::super) fn read(bytes: &[u8]) -> Text {
        let (mut unreadable_by_servers, mut repaired) = (Vec::new(), Vec::new());
        let mut text = match utf16(bytes) {
            Some(text) => {
                unreadable_by_servers.push("it is UTF-16");
                text
            }
            // Attributes before a block may be in any encoding; the blocks themselves are ASCII.
            None => Zeroizing::new(match std::str::from_utf8(bytes) {
                Ok(text) => text.to_string(),
                Err(_) => String::from_utf8_lossy(bytes).into_owned(),
            }),
        };
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            if unreadable_by_servers.is_empty() {
                repaired.push("a byte order mark");
            }
            text = Zeroizing::new(rest.to_string());
        }
        let escaped = |line: &str| line.contains(BEGIN) && line.contains("\\n");
        if text.contains('\\') && text.lines().any(escaped) {
            unreadable_by_servers.push("it has \\n in place of line ends");
            text = Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n"));
        }
        if text.contains('\r') {
            text = Zeroizing::new(text.replace("\r\n", "\n"));
            if text.contains('\r') {
                unreadable_by_servers.push("it has lone carriage returns as line ends");
                text = Zeroizing::new(text.replace('\r', "\n"));
            }
        }
        unreadable_by_servers.extend(misplaced(&text));
        Text {
            text,
            unreadable_by_servers,
            repaired,
        }
    }

    pub(in super::super) fn has_blocks(&self) -> bool {
        self.text.contains(BEGIN)
    }

    /// The bytes it holds as base64 and nothing else, in either alphabet, quoted or not, padded or not.
    pub(in super::super) fn base64(&self) -> Option<SecretBytes> {
        let is_framing = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=');
        let mut body: Zeroizing<String> = Zeroizing::new(
            self.text
                .chars()
                .filter(|c| !is_framing(*c))
                .map(|c| match c {
                    '-' => '+',
                    '_' => '/',
                    other => other,
                })
                .collect(),
        );
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if body.len() < 64 || !body.bytes().all(is_base64) {
            return None;
        }
        while !body.len().is_multiple_of(4) {
            body.push('=');
        }
        // The pem crate decodes base64 only within a block.
        let block = Zeroizing::new(format!("{BEGIN}X-----\n{}\n{END}X-----\n", *body));
        let decoded = ::pem::parse(block.as_bytes()).ok()?;
        Some(SecretBytes::new(decoded.into_contents()))
    }
}

/// What stands on the lines of BEGIN and END that OpenSSL wants alone at their beginning.
fn misplaced(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut add = |what: &'static str| {
        if !found.contains(&what) {
            found.push(what);
        }
    };
    let framing = |line: &&str| line.contains('-');
    for line in text.lines().filter(framing) {
        let Some((before, after)) = line.split_once(BEGIN) else {
            continue;
        };
        if before.contains(END) {
            add("an END and a BEGIN stand on one line");
        } else if !before.is_empty() && before.trim().is_empty() {
            add("its blocks are indented");
        } else if !before.is_empty() {
            add("something stands before a BEGIN on its line");
        }
        let label_end = after.split_once("-----").map(|(_, rest)| rest.trim());
        if label_end.is_some_and(|rest| !rest.is_empty()) {
            add("a block begins on the line of its BEGIN");
        }
    }
    found
}

/// UTF-16 as text, told by its byte order mark, or without one by the zeros that ASCII has in it.
fn utf16(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let start = bytes.get(..bytes.len().min(32)).unwrap_or_default();
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).all(|byte| *byte == 0);
    let letters = |odd: usize| start.iter().skip(odd).step_by(2).all(|byte| *byte != 0);
    let big = if bytes.starts_with(&[0xfe, 0xff]) {
        true
    } else if bytes.starts_with(&[0xff, 0xfe]) {
        false
    } else if start.len() < 32 {
        return None;
    } else if zeros(0) && letters(1) {
        true
    } else if zeros(1) && letters(0) {
        false
    } else {
        return None;
    };
    let units = bytes
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    let units: Zeroizing<Vec<u16>> = Zeroizing::new(
        units
            .map(|pair| match big {
                true => u16::from_be_bytes(pair),
                false => u16::from_le_bytes(pair),
            })
            .collect(),
    );
    Some(Zeroizing::new(String::from_utf16_lossy(&units)))
}
