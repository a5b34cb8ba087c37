//! A certificate, parsed once from its DER. What Apple says with it is read here; whether it is good is judged elsewhere.

use crate::apple::authorities;
use crate::apple::kind::{self, Environment, Kind, Marks};
use crate::error::{Error, Result};
use crate::ffi::{Item, decodes};
use crate::public_key::{Fingerprint, PublicKey};
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, Sequence, Tag};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate, X509Name};

/// A subject or an issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Name {
    pub common_name: Option<String>,
    /// UID: the bundle id of a push certificate.
    pub user_id: Option<String>,
    pub organizational_unit: Option<String>,
    pub organization: Option<String>,
    pub country: Option<String>,
    pub email: Option<String>,
    /// All of it, in the order of the certificate.
    pub text: String,
}

/// A topic and what may be pushed to it (`app`, `voip`, `complication`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The topic.
    pub name: String,
    /// Its kinds, as the certificate lists them.
    pub kinds: Vec<String>,
}

/// An X.509 certificate (RFC 5280).
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Certificate {
    /// The DER, byte for byte as it came.
    pub der: Vec<u8>,
    pub sha256: Fingerprint,
    pub subject: Name,
    pub issuer: Name,
    /// The issuer's name in DER, by which OpenSSL orders chains.
    pub issuer_der: Vec<u8>,
    /// The subject's name in DER.
    pub subject_der: Vec<u8>,
    /// Lowercase hex.
    pub serial_number: String,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub signature_algorithm: String,
    pub public_key: PublicKey,
    pub kind: Kind,
    pub environments: Vec<Environment>,
    pub topics: Vec<Topic>,
    /// The organizational unit of a push certificate.
    pub team_id: Option<String>,
    /// The user id of a certificate for an app.
    pub bundle_id: Option<String>,
    /// Extensions of Apple's whose meaning is not documented: OID, and the value as text or in hex.
    pub unexplained: Vec<(String, String)>,
    pub is_ca: bool,
    /// Subject key identifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// Authority key identifier.
    pub authority_key_id: Option<Vec<u8>>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Certificate) -> bool {
        self.sha256 == other.sha256
    }
}

impl Certificate {
    /// Reads a DER certificate. Returns it with the number of bytes after it.
    ///
    /// # Errors
    /// `damaged` where the DER cannot be parsed. x509-parser is laxer than OpenSSL: see [`Certificate::loads`].
    pub fn parse(bytes: &[u8]) -> Result<(Certificate, usize)> {
        let (rest, x509) = X509Certificate::from_der(bytes)
            .map_err(|_| damaged("its DER does not parse".to_string()))?;
        let der = bytes.get(..bytes.len() - rest.len()).unwrap_or(bytes);
        let subject = name(x509.subject());
        let mut marks = Marks {
            common_name: subject.common_name.as_deref().unwrap_or_default(),
            user_id: subject.user_id.as_deref().unwrap_or_default(),
            ..Marks::default()
        };
        let (mut topics, mut is_ca, mut unexplained) = (Vec::new(), false, Vec::new());
        let (mut subject_key_id, mut authority_key_id) = (None, None);
        for extension in x509.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(constraints) => is_ca = constraints.ca,
                ParsedExtension::SubjectKeyIdentifier(id) => subject_key_id = Some(id.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
                }
                _ => {}
            }
            if !extension.oid.as_bytes().starts_with(APPLE) {
                continue;
            }
            match extension.oid.to_id_string().as_str() {
                kind::OID_SANDBOX => marks.sandbox = true,
                kind::OID_PRODUCTION => marks.production = true,
                kind::OID_TOPICS => topics = topic_list(extension.value).unwrap_or_default(),
                oid if kind::OIDS_UNEXPLAINED.contains(&oid) => {
                    unexplained.push((oid.to_string(), shown(extension.value)));
                }
                _ => {}
            }
        }
        let (mut kind, mut environments) = kind::classify(marks);
        if is_ca {
            environments.clear();
            let spki = Fingerprint::of(x509.public_key().raw).to_string();
            let known = authorities::ALL.iter().find(|ca| ca.spki_sha256 == spki);
            kind = match known {
                Some(ca) if ca.id == authorities::ROOT.id => Kind::AppleRoot,
                Some(_) => Kind::AppleIntermediate,
                None => Kind::Other,
            };
        }
        let bundle_id = subject.user_id.clone().filter(|_| kind.is_push());
        if topics.is_empty() && kind.is_push() {
            topics = sole_topic(&subject, kind);
        }
        let certificate = Certificate {
            sha256: Fingerprint::of(der),
            issuer: name(x509.issuer()),
            issuer_der: x509.issuer().as_raw().to_vec(),
            subject_der: x509.subject().as_raw().to_vec(),
            serial_number: hex(x509.raw_serial()),
            not_before: x509.validity().not_before.to_datetime(),
            not_after: x509.validity().not_after.to_datetime(),
            signature_algorithm: signature_name(&x509.signature_algorithm.algorithm.to_id_string()),
            public_key: PublicKey::of(x509.public_key()),
            team_id: subject
                .organizational_unit
                .clone()
                .filter(|unit| kind.is_push() && unit.len() == 10),
            bundle_id,
            unexplained,
            is_ca,
            kind,
            environments,
            topics,
            subject_key_id,
            authority_key_id,
            subject,
            der: der.to_vec(),
        };
        Ok((certificate, rest.len()))
    }

    /// Whether OpenSSL loads it as well; what it does not load no server uses.
    pub fn loads(&self) -> Result<()> {
        // The first X509 that OpenSSL decodes costs it two milliseconds, in which it gathers every decoder of public keys
        // to try one of them, without effect on the answer. Its parts cost nothing of that kind.
        let loads = parts_load(&self.der).is_some_and(|loads| loads)
            || openssl::x509::X509::from_der(&self.der).is_ok();
        match loads {
            true => Ok(()),
            false => Err(damaged("OpenSSL does not load it".to_string())),
        }
    }

    /// What a person calls it: its first topic, else its common name, else its subject.
    pub fn title(&self) -> &str {
        self.topics
            .first()
            .map(|topic| topic.name.as_str())
            .or(self.subject.common_name.as_deref())
            .unwrap_or(&self.subject.text)
    }

    /// What it is, in words, with its article.
    pub fn describe(&self) -> &'static str {
        match (self.is_ca, self.kind) {
            (true, Kind::Other) => "a CA certificate, none of Apple's known here",
            (_, kind) => kind.describe(),
        }
    }

    /// Its topics' names.
    pub fn topic_names(&self) -> Vec<&str> {
        self.topics
            .iter()
            .map(|topic| topic.name.as_str())
            .collect()
    }

    /// Whether it names itself as its issuer.
    pub fn is_self_issued(&self) -> bool {
        self.issuer_der == self.subject_der
    }
}

fn damaged(reason: String) -> Error {
    Error::Damaged {
        what: "certificate",
        reason,
    }
}

/// Whether OpenSSL decodes every part of a certificate, and these are all. `None` where it is not laid out in the usual way.
fn parts_load(der: &[u8]) -> Option<bool> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    const EXTENSIONS: u8 = 0xa3;
    let [body, algorithm, signature] = elements(content(SEQUENCE, der)?)?.try_into().ok()?;
    let mut parts = elements(content(SEQUENCE, body)?)?.into_iter();
    let all = [
        (Item::Integer, content(VERSION, parts.next()?)?),
        (Item::Integer, parts.next()?),
        (Item::Algorithm, parts.next()?),
        (Item::Name, parts.next()?),
        (Item::Validity, parts.next()?),
        (Item::Name, parts.next()?),
    ];
    let [key_algorithm, key] = elements(content(SEQUENCE, parts.next()?)?)?
        .try_into()
        .ok()?;
    let rest = [
        (Item::Algorithm, key_algorithm),
        (Item::BitString, key),
        (Item::Extensions, content(EXTENSIONS, parts.next()?)?),
        (Item::Algorithm, algorithm),
        (Item::BitString, signature),
    ];
    let complete = parts.next().is_none();
    let mut all = all.iter().chain(&rest);
    Some(complete && all.all(|(item, der)| decodes(*item, der)))
}

/// What stands in an element with this first octet that is the whole of the bytes.
fn content(first: u8, der: &[u8]) -> Option<&[u8]> {
    let (rest, element) = Any::from_der(der).ok()?;
    (rest.is_empty() && der.first() == Some(&first)).then_some(element.data)
}

/// The elements that follow each other, each with its header.
fn elements(mut der: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (rest, _) = Any::from_der(der).ok()?;
        found.push(der.get(..der.len() - rest.len())?);
        der = rest;
    }
    Some(found)
}

/// A certificate without a topics extension speaks for its user id alone; very old ones have none, and their common name ends with it.
fn sole_topic(subject: &Name, kind: Kind) -> Vec<Topic> {
    let by_name = subject
        .common_name
        .as_deref()
        .and_then(kind::topic_of_common_name);
    let kinds = match kind {
        Kind::Voip => vec!["voip".to_string()],
        Kind::Mdm => vec!["mdm".to_string()],
        _ => vec!["app".to_string()],
    };
    subject
        .user_id
        .as_deref()
        .or(by_name)
        .map(|name| Topic {
            name: name.to_string(),
            kinds,
        })
        .into_iter()
        .collect()
}

/// SEQUENCE of alternating UTF8String topic and SEQUENCE of UTF8String kinds.
fn topic_list(value: &[u8]) -> Option<Vec<Topic>> {
    let (_, list) = Sequence::from_der(value).ok()?;
    let mut rest: &[u8] = &list.content;
    let mut topics: Vec<Topic> = Vec::new();
    while !rest.is_empty() {
        let (after, item) = Any::from_der(rest).ok()?;
        rest = after;
        if item.tag() == Tag::Utf8String {
            let name = String::from_utf8(item.data.to_vec()).ok()?;
            topics.push(Topic {
                name,
                kinds: Vec::new(),
            });
        } else if item.tag() == Tag::Sequence {
            let mut inner = item.data;
            while !inner.is_empty() {
                let (after, kind) = Any::from_der(inner).ok()?;
                inner = after;
                let kind = String::from_utf8(kind.data.to_vec()).ok()?;
                topics.last_mut()?.kinds.push(kind);
            }
        }
    }
    Some(topics)
}

/// An extension's value: a string as it is, anything else in hex.
fn shown(value: &[u8]) -> String {
    match Any::from_der(value) {
        Ok((rest, any))
            if rest.is_empty()
                && matches!(
                    any.tag(),
                    Tag::Utf8String | Tag::Ia5String | Tag::PrintableString
                ) =>
        {
            string(&any)
        }
        _ => hex(value),
    }
}

/// How every OID of Apple's begins (1.2.840.113635), in DER.
const APPLE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63];
/// How the OIDs of X.520's attributes begin (2.5.4), in DER.
const X520: &[u8] = &[0x55, 0x04];

pub(crate) fn name(name: &X509Name<'_>) -> Name {
    let mut result = Name::default();
    let mut text = String::with_capacity(2 * name.as_raw().len());
    let mut add = |label: &str, value: &str| {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(label);
        text.push('=');
        text.push_str(value);
    };
    for attribute in name.iter_attributes() {
        let value = string(attribute.attr_value());
        let oid = attribute.attr_type();
        // Most attributes are told without writing their OID out.
        let (label, slot) = match oid.as_bytes().strip_prefix(X520) {
            Some([3]) => ("CN", Some(&mut result.common_name)),
            Some([6]) => ("C", Some(&mut result.country)),
            Some([7]) => ("L", None),
            Some([8]) => ("ST", None),
            Some([10]) => ("O", Some(&mut result.organization)),
            Some([11]) => ("OU", Some(&mut result.organizational_unit)),
            _ => match oid.to_id_string() {
                id if id == "0.9.2342.19200300.100.1.1" => ("UID", Some(&mut result.user_id)),
                id if id == "1.2.840.113549.1.9.1" => ("emailAddress", Some(&mut result.email)),
                other => {
                    add(&other, &value);
                    continue;
                }
            },
        };
        add(label, &value);
        if let Some(slot) = slot {
            slot.get_or_insert(value);
        }
    }
    result.text = text;
    result
}

/// Text of any of the string types. x509-parser's own conversion stops at a NUL, which would hide the rest from the reader.
fn string(value: &Any<'_>) -> String {
    match value.tag() {
        Tag::BmpString => {
            let unit = |pair: &[u8]| {
                pair.iter()
                    .fold(0, |unit, byte| (unit << 8) | u16::from(*byte))
            };
            let wide: Vec<u16> = value.data.chunks(2).map(unit).collect();
            String::from_utf16_lossy(&wide)
        }
        Tag::T61String => value.data.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(value.data).into_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(digit)
        .collect()
}

fn signature_name(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        other => other,
    }
    .to_string()
}
