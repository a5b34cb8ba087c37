//! The blocks of a PEM text. The pem crate decodes each; finding them is done here, because it drops a cut-off one without a word.

use super::{BEGIN, END};
use crate::error::{Error, Result};
use crate::secret::SecretBytes;
use zeroize::Zeroizing;

/// One block: its label and its lines, framed anew so that the pem crate reads what people paste.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    framed: Zeroizing<String>,
    /// Whether blank lines or headers stand where OpenSSL's loader wants base64.
    pub(super) loose: bool,
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
        framed,
        loose,
    })
}

impl Block<'_> {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.framed.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    }

    /// What the base64 stands for.
    pub(super) fn decode(&self) -> Result<SecretBytes> {
        let pem = ::pem::parse(self.framed.as_bytes()).map_err(|e| damaged(e.to_string()))?;
        if pem.contents().is_empty() {
            return Err(damaged(format!("the {} block is empty", self.label)));
        }
        Ok(SecretBytes::new(pem.into_contents()))
    }
}

fn damaged(reason: String) -> Error {
    Error::Damaged {
        what: "PEM",
        reason,
    }
}
