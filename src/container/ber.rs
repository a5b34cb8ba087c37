//! A tolerant walker over BER and DER: indefinite lengths, constructed OCTET STRINGs, bounded depth and node count.
//! It borrows the input, copies nothing until asked, and knows nothing of what the structures mean.

use crate::error::{Error, Result};
use zeroize::Zeroizing;

/// The identifier octets that PKCS#8, PKCS#5 and PKCS#12 use.
pub(crate) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    pub(crate) const CONTEXT_0: u8 = 0xa0;
    pub(crate) const CONTEXT_0_PRIMITIVE: u8 = 0x80;
}

const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 200_000;
const CONSTRUCTED: u8 = 0x20;

/// One element. `what` is the standard's word for the whole, so that every complaint names it. No Debug: it may hold a key.
pub(crate) struct Node<'a> {
    /// The first identifier octet, constructed bit included.
    pub(crate) tag: u8,
    what: &'static str,
    identifier: &'a [u8],
    content: &'a [u8],
    children: Vec<Node<'a>>,
}

/// The outer element of `bytes` and how many bytes follow it.
pub(crate) fn parse<'a>(bytes: &'a [u8], what: &'static str) -> Result<(Node<'a>, usize)> {
    let mut walker = Walker {
        bytes,
        at: 0,
        nodes: 0,
        what,
    };
    let node = walker.element(bytes.len(), 0)?;
    Ok((node, bytes.len() - walker.at))
}

/// The same, where nothing may follow.
pub(crate) fn parse_whole<'a>(bytes: &'a [u8], what: &'static str) -> Result<Node<'a>> {
    match parse(bytes, what)? {
        (node, 0) => Ok(node),
        (node, extra) => Err(node.damaged(format!("{extra} bytes follow an inner element"))),
    }
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
    what: &'static str,
}

impl<'a> Walker<'a> {
    fn damaged<T>(&self, reason: &str) -> Result<T> {
        Err(Error::Damaged {
            what: self.what,
            reason: format!("{reason} at byte {}", self.at),
        })
    }

    fn byte(&mut self, end: usize) -> Result<u8> {
        match self.bytes.get(self.at) {
            Some(byte) if self.at < end => {
                self.at += 1;
                Ok(*byte)
            }
            _ => self.damaged("ends too early"),
        }
    }

    fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    fn element(&mut self, end: usize, depth: usize) -> Result<Node<'a>> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return self.damaged("nested too deeply or too many elements");
        }
        let start = self.at;
        let tag = self.byte(end)?;
        if tag & 0x1f == 0x1f {
            while self.byte(end)? & 0x80 != 0 {}
        }
        let identifier = self.slice(start, self.at);
        let length = self.length(end)?;
        let from = self.at;
        let mut children = Vec::new();
        let to = match length {
            Some(length) => {
                let to = match from.checked_add(length) {
                    Some(to) if to <= end => to,
                    _ => return self.damaged("an element is longer than what holds it"),
                };
                if tag & CONSTRUCTED == 0 {
                    self.at = to;
                }
                while self.at < to {
                    children.push(self.element(to, depth + 1)?);
                }
                to
            }
            None if tag & CONSTRUCTED == 0 => {
                return self.damaged("a primitive element without length");
            }
            None => loop {
                if self.at + 2 <= end && self.slice(self.at, self.at + 2) == [0, 0] {
                    self.at += 2;
                    break self.at - 2;
                }
                children.push(self.element(end, depth + 1)?);
            },
        };
        Ok(Node {
            tag,
            what: self.what,
            identifier,
            content: self.slice(from, to),
            children,
        })
    }

    /// `None` is the indefinite length.
    fn length(&mut self, end: usize) -> Result<Option<usize>> {
        let first = self.byte(end)?;
        match first {
            0..=0x7f => Ok(Some(usize::from(first))),
            0x80 => Ok(None),
            0xff => self.damaged("a reserved length"),
            _ => {
                let mut length = 0usize;
                for _ in 0..first & 0x7f {
                    let byte = self.byte(end)?;
                    if length > usize::MAX >> 8 {
                        return self.damaged("a length without bounds");
                    }
                    length = length << 8 | usize::from(byte);
                }
                Ok(Some(length))
            }
        }
    }
}

impl<'a> Node<'a> {
    /// An error about the whole that this is part of.
    pub(crate) fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::Damaged {
            what: self.what,
            reason: reason.into(),
        }
    }

    /// The elements of a constructed element with this tag; `name` is for the error.
    pub(crate) fn fields(&self, tag: u8, name: &str) -> Result<Fields<'_, 'a>> {
        if self.tag != tag {
            return Err(self.damaged(format!("{name} expected, found tag 0x{:02x}", self.tag)));
        }
        Ok(Fields {
            node: self,
            rest: &self.children,
        })
    }

    /// An OID in dotted form.
    pub(crate) fn oid(&self) -> Result<String> {
        let bad = || self.damaged("a broken object identifier");
        if self.tag != tag::OID || self.content.last().is_none_or(|last| last & 0x80 != 0) {
            return Err(bad());
        }
        let mut arcs: Vec<u64> = Vec::new();
        let mut arc = 0u64;
        for byte in self.content {
            arc = arc.checked_mul(128).ok_or_else(bad)? | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                if arcs.is_empty() {
                    let first = (arc / 40).min(2);
                    arcs.push(first);
                    arc -= first * 40;
                }
                arcs.push(arc);
                arc = 0;
            }
        }
        let words: Vec<String> = arcs.iter().map(u64::to_string).collect();
        Ok(words.join("."))
    }

    /// A non-negative INTEGER; what does not fit is `u64::MAX`, which passes no bound.
    pub(crate) fn unsigned(&self, name: &str) -> Result<u64> {
        match (self.tag, self.content) {
            (tag::INTEGER, [first, ..]) if first & 0x80 == 0 => Ok(self
                .content
                .iter()
                .try_fold(0u64, |value, byte| {
                    value.checked_mul(256).map(|high| high | u64::from(*byte))
                })
                .unwrap_or(u64::MAX)),
            (tag::INTEGER, [_, ..]) => Err(self.damaged(format!("{name} is negative"))),
            _ => Err(self.damaged(format!("{name} is not an integer"))),
        }
    }

    /// The bytes of a string type, its pieces joined. Works for implicit tags too.
    pub(crate) fn octets(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(self.content.len()));
        self.join(&mut out);
        out
    }

    fn join(&self, out: &mut Vec<u8>) {
        if self.tag & CONSTRUCTED == 0 {
            out.extend_from_slice(self.content);
        }
        self.children.iter().for_each(|child| child.join(out));
    }

    /// The bytes of an OCTET STRING.
    pub(crate) fn octet_string(&self, name: &str) -> Result<Zeroizing<Vec<u8>>> {
        if self.tag & !CONSTRUCTED != tag::OCTET_STRING {
            return Err(self.damaged(format!("{name} is not an octet string")));
        }
        Ok(self.octets())
    }

    /// The element in definite, minimal lengths and with OCTET STRINGs in one piece.
    pub(crate) fn to_der(&self) -> Zeroizing<Vec<u8>> {
        let string = self.tag == tag::OCTET_STRING | CONSTRUCTED;
        let body = if string || self.tag & CONSTRUCTED == 0 {
            self.octets()
        } else {
            let mut body = Zeroizing::new(Vec::with_capacity(self.content.len()));
            for child in &self.children {
                body.extend_from_slice(&child.to_der());
            }
            body
        };
        let mut out = Zeroizing::new(Vec::with_capacity(body.len() + self.identifier.len() + 9));
        if string {
            out.push(tag::OCTET_STRING);
        } else {
            out.extend_from_slice(self.identifier);
        }
        match u8::try_from(body.len()) {
            Ok(short) if short < 0x80 => out.push(short),
            _ => {
                let length = body.len().to_be_bytes();
                let skip = length.iter().take_while(|byte| **byte == 0).count();
                out.push(0x80 | (length.len() - skip) as u8);
                out.extend(length.iter().skip(skip));
            }
        }
        out.extend_from_slice(&body);
        out
    }
}

/// The elements inside a constructed element, in order.
pub(crate) struct Fields<'n, 'a> {
    node: &'n Node<'a>,
    rest: &'n [Node<'a>],
}

impl<'n, 'a> Fields<'n, 'a> {
    /// The next element; `name` is for the error.
    pub(crate) fn required(&mut self, name: &str) -> Result<&'n Node<'a>> {
        self.next()
            .ok_or_else(|| self.node.damaged(format!("{name} is missing")))
    }

    /// The next element, if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<&'n Node<'a>> {
        self.rest.first().filter(|node| node.tag == tag)?;
        self.next()
    }
}

impl<'n, 'a> Iterator for Fields<'n, 'a> {
    type Item = &'n Node<'a>;

    fn next(&mut self) -> Option<&'n Node<'a>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }
}
