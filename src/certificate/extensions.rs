//! What a certificate's extensions say, as far as it matters here. One that does not parse says nothing.

use super::Topic;
use super::name::string;
use crate::apple::kind;
use x509_parser::asn1_rs::{Any, Oid, Sequence, Tag, oid};
use x509_parser::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, KeyIdentifier, X509Extension,
};
use x509_parser::prelude::{FromDer, X509Certificate};

const BASIC_CONSTRAINTS: Oid<'static> = oid!(2.5.29.19);
const SUBJECT_KEY_ID: Oid<'static> = oid!(2.5.29.14);
const AUTHORITY_KEY_ID: Oid<'static> = oid!(2.5.29.35);

/// What they say.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) is_ca: bool,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    /// Marked for the sandbox.
    pub(super) sandbox: bool,
    /// Marked for production.
    pub(super) production: bool,
    pub(super) topics: Vec<Topic>,
    /// OID, and the value as text or in hex.
    pub(super) unexplained: Vec<(String, String)>,
}

impl Extensions {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Extensions {
        let mut said = Extensions::default();
        certificate
            .extensions()
            .iter()
            .for_each(|extension| said.add(extension));
        said
    }

    fn add(&mut self, extension: &X509Extension<'_>) {
        let (oid, value) = (&extension.oid, extension.value);
        if *oid == BASIC_CONSTRAINTS {
            if let Ok((_, constraints)) = BasicConstraints::from_der(value) {
                self.is_ca = constraints.ca;
            }
        } else if *oid == SUBJECT_KEY_ID {
            if let Ok((_, id)) = KeyIdentifier::from_der(value) {
                self.subject_key_id = Some(id.0.to_vec());
            }
        } else if *oid == AUTHORITY_KEY_ID {
            if let Ok((_, id)) = AuthorityKeyIdentifier::from_der(value) {
                self.authority_key_id = id.key_identifier.map(|id| id.0.to_vec());
            }
        } else if *oid == kind::OID_SANDBOX {
            self.sandbox = true;
        } else if *oid == kind::OID_PRODUCTION {
            self.production = true;
        } else if *oid == kind::OID_TOPICS {
            self.topics = topic_list(value).unwrap_or_default();
        } else if kind::OIDS_UNEXPLAINED.contains(oid) {
            self.unexplained.push((oid.to_id_string(), shown(value)));
        }
    }
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

/// Lowercase hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(digit)
        .collect()
}
