//! A certificate, parsed once from its DER. What Apple says with it is read here; whether it is good is judged elsewhere.

mod extensions;
mod name;

use crate::apple::authorities;
use crate::apple::kind::{self, Environment, Kind, Marks};
use crate::error::{Error, Result};
use crate::ffi::{Item, decodes};
use crate::public_key::{Fingerprint, PublicKey};
use extensions::{Extensions, hex};
pub use name::Name;
pub(crate) use name::name;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, Oid, oid};
use x509_parser::nom::Parser;
use x509_parser::prelude::{FromDer, X509CertificateParser};

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
        // Of the extensions only those that matter here are looked into.
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let (rest, x509) = parser
            .parse(bytes)
            .map_err(|_| damaged("its DER does not parse".to_string()))?;
        let der = bytes.get(..bytes.len() - rest.len()).unwrap_or(bytes);
        let subject = name(x509.subject());
        let extensions = Extensions::of(&x509);
        let marks = Marks {
            sandbox: extensions.sandbox,
            production: extensions.production,
            common_name: subject.common_name.as_deref().unwrap_or_default(),
            user_id: subject.user_id.as_deref().unwrap_or_default(),
        };
        let is_ca = extensions.is_ca;
        let mut topics = extensions.topics;
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
            signature_algorithm: signature_name(&x509.signature_algorithm.algorithm),
            public_key: PublicKey::of(x509.public_key()),
            team_id: subject
                .organizational_unit
                .clone()
                .filter(|unit| kind.is_push() && unit.len() == 10),
            bundle_id,
            unexplained: extensions.unexplained,
            is_ca,
            kind,
            environments,
            topics,
            subject_key_id: extensions.subject_key_id,
            authority_key_id: extensions.authority_key_id,
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

/// The signature algorithms that have a name.
const SIGNATURES: [(&[u8], &str); 10] = [
    (&oid!(raw 1.2.840.113549.1.1.11), "sha256WithRSAEncryption"),
    (&oid!(raw 1.2.840.113549.1.1.5), "sha1WithRSAEncryption"),
    (&oid!(raw 1.2.840.113549.1.1.4), "md5WithRSAEncryption"),
    (&oid!(raw 1.2.840.113549.1.1.12), "sha384WithRSAEncryption"),
    (&oid!(raw 1.2.840.113549.1.1.13), "sha512WithRSAEncryption"),
    (&oid!(raw 1.2.840.113549.1.1.10), "rsassaPss"),
    (&oid!(raw 1.2.840.10045.4.3.2), "ecdsa-with-SHA256"),
    (&oid!(raw 1.2.840.10045.4.3.3), "ecdsa-with-SHA384"),
    (&oid!(raw 1.2.840.10045.4.3.4), "ecdsa-with-SHA512"),
    (&oid!(raw 1.3.101.112), "Ed25519"),
];

fn signature_name(algorithm: &Oid<'_>) -> String {
    let known = SIGNATURES
        .iter()
        .find(|(oid, _)| *oid == algorithm.as_bytes());
    match known {
        Some((_, name)) => name.to_string(),
        None => algorithm.to_id_string(),
    }
}
