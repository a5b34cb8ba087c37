//! BER to DER, bounded: indefinite lengths and octet strings in pieces (as NSS writes them) become definite. Then a flat reader of elements.

/// How deep elements may stand in each other.
const DEPTH: usize = 32;
/// How many elements a file may have.
const ELEMENTS: usize = 200_000;

/// One element of definite length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    /// Identifier octet; only tags below 31 are read.
    pub tag: u8,
    pub content: &'a [u8],
}

/// The first element of the bytes in definite form, and how many bytes follow it.
pub(super) fn normalise(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut left = ELEMENTS;
    let mut der = Vec::with_capacity(bytes.len());
    let used = convert(bytes, DEPTH, &mut left, &mut der)?;
    Some((der, bytes.len() - used))
}

/// Writes one element in definite form; returns how many bytes it took.
fn convert(bytes: &[u8], depth: usize, left: &mut usize, out: &mut Vec<u8>) -> Option<usize> {
    *left = left.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    let (tag, header, length) = header(bytes)?;
    let constructed = tag & 0x20 != 0;
    if !constructed {
        let content = bytes.get(header..header.checked_add(length?)?)?;
        write(tag, content, out);
        return Some(header + content.len());
    }
    let mut children = Vec::new();
    let mut at = header;
    let end = match length {
        Some(length) => Some(header.checked_add(length)?).filter(|end| *end <= bytes.len()),
        None => None,
    };
    if length.is_some() && end.is_none() {
        return None;
    }
    let body = bytes.get(..end.unwrap_or(bytes.len()))?;
    loop {
        let rest = body.get(at..)?;
        if end == Some(at) {
            break;
        }
        if end.is_none() && rest.starts_with(&[0, 0]) {
            at += 2;
            break;
        }
        at += convert(rest, depth, left, &mut children)?;
    }
    match tag {
        0x24 => write(0x04, &joined(&children)?, out),
        _ => write(tag, &children, out),
    }
    Some(at)
}

/// The contents of the octet strings that stand one after another.
pub(super) fn joined(pieces: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(pieces.len());
    let mut reader = Reader::new(pieces);
    while !reader.is_empty() {
        whole.extend_from_slice(reader.expect(0x04)?);
    }
    Some(whole)
}

/// Tag, length of the header, and length of the content (`None`: indefinite).
fn header(bytes: &[u8]) -> Option<(u8, usize, Option<usize>)> {
    let tag = *bytes.first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    match *bytes.get(1)? {
        short @ 0..=0x7f => Some((tag, 2, Some(usize::from(short)))),
        0x80 if tag & 0x20 != 0 => Some((tag, 2, None)),
        long @ 0x81..=0x84 => {
            let count = usize::from(long & 0x7f);
            let length = bytes
                .get(2..2 + count)?
                .iter()
                .fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte));
            Some((tag, 2 + count, Some(length)))
        }
        _ => None,
    }
}

fn write(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    if content.len() < 0x80 {
        out.push(content.len() as u8);
    } else {
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(&significant);
    }
    out.extend_from_slice(content);
}

/// Elements of definite length, one after another.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let (tag, header, length) = header(self.rest)?;
        let end = header.checked_add(length?)?;
        let content = self.rest.get(header..end)?;
        self.rest = self.rest.get(end..)?;
        Some(Element { tag, content })
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|element| element.tag == tag)
            .map(|element| element.content)
    }

    /// The same, read further.
    pub(super) fn sequence(&mut self) -> Option<Reader<'a>> {
        self.expect(0x30).map(Reader::new)
    }

    /// An OBJECT IDENTIFIER in dotted form.
    pub(super) fn oid(&mut self) -> Option<String> {
        let content = self.expect(0x06)?;
        let oid = x509_parser::asn1_rs::Oid::new(content.into());
        Some(oid.to_id_string())
    }

    /// A non-negative INTEGER below 2^63; larger ones saturate, so that a bound on it still holds.
    pub(super) fn integer(&mut self) -> Option<u64> {
        let content = self.expect(0x02)?;
        if content.is_empty() || content[0] & 0x80 != 0 {
            return None;
        }
        let significant: Vec<u8> = content
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        match significant.len() {
            0..=8 => Some(
                significant
                    .iter()
                    .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte))
                    .min(u64::MAX >> 1),
            ),
            _ => Some(u64::MAX >> 1),
        }
    }
}
