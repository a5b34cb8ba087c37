//! Tells the kinds of DER files apart by their first elements, before anything parses them.

use x509_parser::asn1_rs::{Any, Class, FromDer, Oid, Tag};

/// What the first elements say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Certificate,
    Request,
    Pkcs12,
    Pkcs8,
    Pkcs1,
    Sec1,
    Dsa,
    EncryptedKey,
    SignedData,
    Crl,
    /// Another kind, named with its article.
    Other(&'static str),
    /// Begins like DER and is not.
    Broken,
}

/// version, p, q, g, public and private number; an RSA key has nine.
const DSA_NUMBERS: usize = 6;

/// The first element, and how many bytes follow it. What the strict reader refuses is all one.
pub(super) fn first(bytes: &[u8]) -> (&[u8], usize) {
    match Any::from_der(bytes) {
        Ok((rest, _)) => bytes
            .split_at_checked(bytes.len() - rest.len())
            .map_or((bytes, 0), |(first, rest)| (first, rest.len())),
        Err(_) => (bytes, 0),
    }
}

fn elements(mut content: &[u8]) -> usize {
    let mut count = 0;
    while let Ok((rest, _)) = Any::from_der(content) {
        count += 1;
        content = rest;
    }
    count
}

/// Looks at the outer SEQUENCE and at what it begins with.
pub(super) fn shape(bytes: &[u8]) -> Shape {
    // PKCS#12 comes in BER too, which the strict reader below refuses: SEQUENCE, INTEGER 3, SEQUENCE.
    if is_pfx(bytes) {
        return Shape::Pkcs12;
    }
    let Some(outer) = content(bytes) else {
        return ber_shape(bytes);
    };
    let Ok((rest, first)) = Any::from_der(outer) else {
        return Shape::Broken;
    };
    let second = Any::from_der(rest).ok();
    let second_tag = second.as_ref().map(|(_, second)| second.tag());
    match (first.tag(), second_tag) {
        (Tag::Integer, Some(Tag::Sequence)) => Shape::Pkcs8,
        (Tag::Integer, Some(Tag::Integer)) if elements(outer) == DSA_NUMBERS => Shape::Dsa,
        (Tag::Integer, Some(Tag::Integer)) => Shape::Pkcs1,
        (Tag::Integer, Some(Tag::OctetString)) => Shape::Sec1,
        (Tag::Oid, _) => signed_data(first.data),
        (Tag::Sequence, Some(Tag::OctetString)) => Shape::EncryptedKey,
        (Tag::Sequence, Some(Tag::Sequence)) => to_be_signed(first.data),
        _ => Shape::Broken,
    }
}

/// CMS files come in BER: the strict reader refuses them, and their kind is told all the same.
fn ber_shape(bytes: &[u8]) -> Shape {
    let normal = super::ber::parse(bytes, "file").map(|(node, _)| node.to_der());
    match normal {
        Ok(der) if content(&der).is_some() => shape(&der),
        _ => Shape::Broken,
    }
}

fn content(bytes: &[u8]) -> Option<&[u8]> {
    let (_, outer) = Any::from_der(bytes).ok()?;
    (outer.tag() == Tag::Sequence).then_some(outer.data)
}

fn is_pfx(bytes: &[u8]) -> bool {
    let header = match bytes.get(1) {
        Some(0x80) => 2,
        Some(long @ 0x81..=0x84) => 2 + usize::from(long & 0x7f),
        Some(_) => 2,
        None => return false,
    };
    bytes.first() == Some(&0x30)
        && bytes
            .get(header..header + 4)
            .is_some_and(|start| start.starts_with(&[0x02, 0x01, 0x03, 0x30]))
}

fn signed_data(oid: &[u8]) -> Shape {
    match Oid::new(oid.into()).to_id_string().as_str() {
        "1.2.840.113549.1.7.2" => Shape::SignedData,
        _ => Shape::Other("a CMS structure"),
    }
}

/// A certificate, a request and a CRL are all SEQUENCE { to be signed, algorithm, BIT STRING }.
fn to_be_signed(tbs: &[u8]) -> Shape {
    let Ok((rest, first)) = Any::from_der(tbs) else {
        return Shape::Broken;
    };
    if first.class() == Class::ContextSpecific {
        return Shape::Certificate;
    }
    let second = Any::from_der(rest).ok().map(|(_, second)| second);
    let third = |second: &Any<'_>| {
        Any::from_der(second.data)
            .ok()
            .map(|(_, inner)| inner.tag())
    };
    match (first.tag(), second) {
        // version, then a name (a SET inside) in a request; serial, then an algorithm (an OID inside) in an old certificate
        (Tag::Integer, Some(second)) => match third(&second) {
            Some(Tag::Oid) if !is_crl(rest) => Shape::Certificate,
            Some(Tag::Oid) => Shape::Crl,
            _ => Shape::Request,
        },
        (Tag::Sequence, _) => Shape::Crl,
        _ => Shape::Broken,
    }
}

/// After the algorithm and the issuer a CRL has a time, a certificate a SEQUENCE of two.
fn is_crl(after_version: &[u8]) -> bool {
    let mut rest = after_version;
    for _ in 0..2 {
        match Any::from_der(rest) {
            Ok((after, _)) => rest = after,
            Err(_) => return false,
        }
    }
    Any::from_der(rest)
        .is_ok_and(|(_, time)| matches!(time.tag(), Tag::UtcTime | Tag::GeneralizedTime))
}

/// What a Java keystore is called; JSON's `container` and the hints know it by this.
pub const JAVA_KEYSTORE: &str = "a Java keystore";
/// What OpenSSH's own form of a key is called.
pub const OPENSSH_KEY: &str = "an OpenSSH private key";

/// What a file that is neither DER nor PEM may be, with its article.
pub(super) fn guess(bytes: &[u8]) -> &'static str {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(&[0xfe, 0xed, 0xfe, 0xed]) || starts(&[0xce, 0xce, 0xce, 0xce]) {
        JAVA_KEYSTORE
    } else if starts(b"%PDF") {
        "a PDF"
    } else if starts(b"PK\x03\x04") {
        "a ZIP archive"
    } else if starts(b"bplist") || starts(b"<?xml") {
        "a property list"
    } else if starts(b"<!DOCTYPE") || starts(b"<html") || starts(b"<!doctype") {
        "an HTML page"
    } else if starts(b"ssh-") || starts(b"ecdsa-sha2-") {
        "an OpenSSH public key"
    } else if starts(b"PuTTY-User-Key-File") {
        "a PuTTY private key"
    } else if std::str::from_utf8(bytes).is_ok_and(|t| !t.contains('\0')) {
        "text without PEM blocks"
    } else {
        "binary data of no kind known here"
    }
}
