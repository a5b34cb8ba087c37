//! A file of device tokens, one a line. Blank lines and lines that begin with `#` say nothing; a token that stands there twice
//! is sent to once.

use super::Token;
use crate::finding::{Finding, Severity, id};

/// A token, and the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The token.
    pub token: Token,
    /// From 1; 0 for one that stands in no file.
    pub line: usize,
}

/// A line with a token that an earlier one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The line.
    pub line: usize,
    /// The line of the first.
    pub first: usize,
}

/// All that are to be sent to, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Each once.
    pub listed: Vec<Listed>,
    /// What was left out.
    pub repeated: Vec<Repeated>,
}

/// So many wrong lines are named each; of more only the number.
const NAMED: usize = 20;

impl Tokens {
    /// The one of the command line.
    pub fn one(token: Token) -> Tokens {
        Tokens {
            listed: vec![Listed { token, line: 0 }],
            repeated: Vec::new(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A finding for every line that is no token.
    pub fn parse(bytes: &[u8]) -> Result<Tokens, Vec<Finding>> {
        let mut listed = Vec::new();
        let mut wrong = Vec::new();
        let mut several = 0;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let (number, line) = (index + 1, String::from_utf8_lossy(line));
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match Token::parse(text) {
                Ok(token) => listed.push(Listed {
                    token,
                    line: number,
                }),
                Err(reason) => {
                    several += 1;
                    if several <= NAMED {
                        let message = format!("line {number}: the token {reason}");
                        wrong.push(Finding::new(id::BAD_TOKEN, Severity::Critical, message));
                    }
                }
            }
        }
        if several > NAMED {
            let message = format!("{} more lines are no tokens either", several - NAMED);
            wrong.push(Finding::new(id::BAD_TOKEN, Severity::Critical, message));
        }
        match wrong.is_empty() {
            true => Ok(Tokens::once(listed)),
            false => Err(wrong),
        }
    }

    /// Each token once. Sorted places rather than a table of tokens, which would hold all of them a second time.
    fn once(mut listed: Vec<Listed>) -> Tokens {
        let mut order: Vec<&Listed> = listed.iter().collect();
        order.sort_by(|a, b| (&a.token, a.line).cmp(&(&b.token, b.line)));
        let mut repeated: Vec<Repeated> = order
            .chunk_by(|a, b| a.token == b.token)
            .filter_map(|alike| alike.split_first())
            .flat_map(|(first, others)| {
                others.iter().map(|other| Repeated {
                    line: other.line,
                    first: first.line,
                })
            })
            .collect();
        repeated.sort_by_key(|one| one.line);
        let left_out = |line| repeated.binary_search_by_key(&line, |one| one.line).is_ok();
        listed.retain(|one| !left_out(one.line));
        Tokens { listed, repeated }
    }
}
