//! The blocks of a PEM text. The pem crate decodes each; finding them is done here, because it drops a cut-off one without a word.

use super::{BEGIN, END};
use crate::error::{Error, Result};
use crate::secret::SecretBytes;
use zeroize::Zeroizing;

/// One block: its label and what stands between its BEGIN and END.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    body: Body,
    /// Whether blank lines or headers stand where OpenSSL's loader wants base64.
    pub(super) loose: bool,
}

enum Body {
    /// Lines of base64 and nothing else, as nearly every file has it, put together.
    Base64(Zeroizing<String>),
    /// The lines framed anew, so that the pem crate reads what people paste.
    Framed(Zeroizing<String>),
}

/// Every block between a BEGIN and the next END or BEGIN.
pub(super) fn blocks(text: &str) -> impl Iterator<Item = Result<Block<'_>>> {
    text.split(BEGIN).skip(1).map(block)
}

fn block(piece: &str) -> Result<Block<'_>> {
    let cut_off = || damaged("a block has no END line".to_string());
    let (label, rest) = piece.split_once("-----").ok_or_else(cut_off)?;
    let label = label.trim();
    let (body, end) = rest.split_once(END).ok_or_else(cut_off)?;
    if !end.trim_start().starts_with(label) {
        let reason = "the END line names another kind than its BEGIN line";
        return Err(damaged(reason.to_string()));
    }
    if let Some(base64) = strict(body) {
        return Ok(Block {
            label,
            body: Body::Base64(base64),
            loose: false,
        });
    }
    let mut framed = Zeroizing::new(String::with_capacity(piece.len() + 64));
    framed.push_str(&format!("{BEGIN}{label}-----\n"));
    let lines: Vec<&str> = body.lines().map(str::trim).collect();
    let is_header = |line: &&str| line.contains(": ");
    let headers = lines.iter().filter(|line| is_header(line)).count();
    let known = |line: &&str| line.starts_with("Proc-Type: ") || line.starts_with("DEK-Info: ");
    let mut loose = lines.iter().any(|line| is_header(line) && !known(line));
    for line in lines.iter().filter(|line| is_header(line)) {
        framed.push_str(line);
        framed.push('\n');
    }
    if headers > 0 {
        framed.push('\n');
    }
    let mut begun = false;
    let mut blank = false;
    for line in lines.iter().filter(|line| !is_header(line)) {
        if line.is_empty() {
            blank = begun;
            continue;
        }
        loose |= blank;
        begun = true;
        framed.push_str(line);
        framed.push('\n');
    }
    framed.push_str(&format!("{END}{label}-----\n"));
    Ok(Block {
        label,
        body: Body::Framed(framed),
        loose,
    })
}

/// The lines put together, if they hold base64 and nothing else.
fn strict(body: &str) -> Option<Zeroizing<String>> {
    let lines = body.strip_prefix('\n')?.strip_suffix('\n')?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut base64 = Zeroizing::new(String::with_capacity(lines.len()));
    for line in lines.split('\n') {
        // Without an early end, so that many bytes are looked at in one step.
        let fits = line.bytes().fold(true, |fits, byte| fits & is_base64(byte));
        if line.is_empty() || !fits {
            return None;
        }
        base64.push_str(line);
    }
    Some(base64)
}

/// The bytes that base64 stands for, where OpenSSL's decoder reads it.
fn decoded(base64: &str) -> Option<Vec<u8>> {
    let padding = base64.len() - base64.trim_end_matches('=').len();
    let digits = base64.get(..base64.len() - padding)?;
    // The decoder is not particular about what stands in the middle.
    if padding > 2 || digits.contains('=') || !base64.len().is_multiple_of(4) {
        return None;
    }
    openssl::base64::decode_block(base64).ok()
}

impl Block<'_> {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let Body::Framed(framed) = &self.body else {
            return None;
        };
        let mut lines = framed.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    }

    /// What the base64 stands for.
    pub(super) fn decode(&self) -> Result<SecretBytes> {
        let bytes = match &self.body {
            Body::Base64(base64) => match decoded(base64) {
                Some(bytes) => bytes,
                None => parsed(&Zeroizing::new(format!(
                    "{BEGIN}{label}-----\n{}\n{END}{label}-----\n",
                    **base64,
                    label = self.label
                )))?,
            },
            Body::Framed(framed) => parsed(framed)?,
        };
        match bytes.is_empty() {
            true => Err(damaged(format!("the {} block is empty", self.label))),
            false => Ok(SecretBytes::new(bytes)),
        }
    }
}

fn parsed(framed: &str) -> Result<Vec<u8>> {
    let pem = ::pem::parse(framed.as_bytes()).map_err(|e| damaged(e.to_string()))?;
    Ok(pem.into_contents())
}

fn damaged(reason: String) -> Error {
    Error::Damaged {
        what: "PEM",
        reason,
    }
}
