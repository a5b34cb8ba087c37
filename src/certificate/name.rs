//! Distinguished names: the attributes that are asked for, and all of them as text.

use x509_parser::asn1_rs::{Any, Tag, oid};
use x509_parser::prelude::X509Name;

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

// OIDs are compared in DER: writing one out costs more than reading the attribute.
const COMMON_NAME: &[u8] = &oid!(raw 2.5.4.3);
const COUNTRY: &[u8] = &oid!(raw 2.5.4.6);
const LOCALITY: &[u8] = &oid!(raw 2.5.4.7);
const STATE: &[u8] = &oid!(raw 2.5.4.8);
const ORGANIZATION: &[u8] = &oid!(raw 2.5.4.10);
const ORGANIZATIONAL_UNIT: &[u8] = &oid!(raw 2.5.4.11);
const USER_ID: &[u8] = &oid!(raw 0.9.2342.19200300.100.1.1);
const EMAIL: &[u8] = &oid!(raw 1.2.840.113549.1.9.1);

/// Reads a name.
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
        let (label, slot) = match oid.as_bytes() {
            COMMON_NAME => ("CN", Some(&mut result.common_name)),
            COUNTRY => ("C", Some(&mut result.country)),
            LOCALITY => ("L", None),
            STATE => ("ST", None),
            ORGANIZATION => ("O", Some(&mut result.organization)),
            ORGANIZATIONAL_UNIT => ("OU", Some(&mut result.organizational_unit)),
            USER_ID => ("UID", Some(&mut result.user_id)),
            EMAIL => ("emailAddress", Some(&mut result.email)),
            _ => {
                add(&oid.to_id_string(), &value);
                continue;
            }
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
pub(super) fn string(value: &Any<'_>) -> String {
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
