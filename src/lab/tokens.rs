//! Which device tokens there are, and what is answered for them; the same on both protocols.

use crate::apple::reason::{self, Reason};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Lengths of a token in bytes: 32 for devices; Apple's documents speak of up to 100, and those of live activities are longer.
const LENGTHS: std::ops::RangeInclusive<usize> = 32..=100;

/// A device token that a gateway knows: `HEX`, or `HEX=REASON` for one that is always refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Lowercase hex.
    token: String,
    answer: Option<&'static Reason>,
}

impl FromStr for Known {
    type Err = Error;

    fn from_str(text: &str) -> Result<Known> {
        let usage = |reason: &str| Error::Usage {
            reason: reason.to_string(),
        };
        let (token, answer) = match text.split_once('=') {
            Some((token, name)) => {
                let known = reason::find(name);
                (
                    token,
                    Some(known.ok_or_else(|| usage("not a reason of APNs"))?),
                )
            }
            None => (text, None),
        };
        if !is_token(token) {
            return Err(usage("a device token is 64 to 200 hex digits, two a byte"));
        }
        if is_zero(token) {
            return Err(usage("the all-zero token is no device's"));
        }
        Ok(Known {
            token: token.to_ascii_lowercase(),
            answer,
        })
    }
}

/// What is answered for a token.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Without any, every token is a device's.
    known: BTreeMap<String, Option<&'static Reason>>,
    /// For every notification.
    answer: Option<&'static Reason>,
}

impl Tokens {
    /// The known ones, and what is answered in place of every judgement.
    pub fn new(known: Vec<Known>, answer: Option<&'static Reason>) -> Tokens {
        let known = known.into_iter().map(|known| (known.token, known.answer));
        Tokens {
            known: known.collect(),
            answer,
        }
    }

    /// The answer to everything, if there is one.
    pub fn answer(&self) -> Option<&'static Reason> {
        self.answer
    }

    /// Why nothing goes to this token. Apple's word for one that is malformed, or of no device of the environment, is BadDeviceToken.
    pub fn refusal(&self, token: &str) -> Option<&'static Reason> {
        let bad = reason::find("BadDeviceToken");
        if !is_token(token) || is_zero(token) {
            return bad;
        }
        if self.known.is_empty() {
            return None;
        }
        match self.known.get(&token.to_ascii_lowercase()) {
            Some(answer) => *answer,
            None => bad,
        }
    }
}

fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.len().is_multiple_of(2)
        && LENGTHS.contains(&(text.len() / 2))
}

fn is_zero(token: &str) -> bool {
    token.bytes().all(|byte| byte == b'0')
}
