//! Leaves laid out like Apple's: the order and string types of the subject, the extensions, the private OIDs, the topics.
//! What is imitated was read off published certificates; what a real MDM leaf carries beside its names is not known.

use super::authority::Authority;
use super::crypto;
use super::template::{DER_NULL, key_identifiers, private_extension, unsigned};
use crate::apple::kind::{OID_PRODUCTION, OID_SANDBOX, OID_TOPICS};
use crate::error::{Error, Result};
use openssl::asn1::Asn1Type;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509Name, X509NameBuilder};
use std::str::FromStr;
use time::{Duration, OffsetDateTime};
use x509_parser::asn1_rs::{Oid, oid};

/// The team that leaves of the lab belong to.
pub const TEAM_ID: &str = "LABTEAM123";

/// The account that universal leaves name.
const ACCOUNT: &str = "Lab Account";
const OID_CERTIFICATE_POLICIES: Oid<'static> = oid!(2.5.29.32);
const OID_APPLE_POLICY: &[u64] = &[1, 2, 840, 113635, 100, 5, 1];
const MDM_TOPIC: &str = "com.apple.mgmt.External.";
const LONGEST_TOPIC: usize = 200;
const MOST_DAYS: i64 = 36_500;

/// Which of Apple's certificates a leaf imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafKind {
    /// `aps_development.cer`.
    Sandbox,
    /// `aps.cer`, for both environments.
    Universal,
    /// `aps_production.cer`, as issued before 2015.
    Production,
    /// The sandbox certificate of a Mac app.
    MacSandbox,
    /// The production certificate of a Mac app.
    MacProduction,
    /// `voip_services.cer`.
    Voip,
    /// A certificate of WatchKit.
    Watchkit,
    /// `website_aps_production.cer`.
    Website,
    /// `pass.cer`.
    Pass,
    /// The certificate of a device management server.
    Mdm,
    /// `ios_development.cer`, which is not for push and often taken for it.
    Signing,
}

impl LeafKind {
    /// All of them.
    pub const ALL: [LeafKind; 11] = [
        LeafKind::Sandbox,
        LeafKind::Universal,
        LeafKind::Production,
        LeafKind::MacSandbox,
        LeafKind::MacProduction,
        LeafKind::Voip,
        LeafKind::Watchkit,
        LeafKind::Website,
        LeafKind::Pass,
        LeafKind::Mdm,
        LeafKind::Signing,
    ];

    /// The word that flags use.
    pub fn as_str(self) -> &'static str {
        match self {
            LeafKind::Sandbox => "sandbox",
            LeafKind::Universal => "universal",
            LeafKind::Production => "production",
            LeafKind::MacSandbox => "mac-sandbox",
            LeafKind::MacProduction => "mac-production",
            LeafKind::Voip => "voip",
            LeafKind::Watchkit => "watchkit",
            LeafKind::Website => "website",
            LeafKind::Pass => "pass",
            LeafKind::Mdm => "mdm",
            LeafKind::Signing => "signing",
        }
    }
}

impl FromStr for LeafKind {
    type Err = Error;

    fn from_str(word: &str) -> Result<LeafKind> {
        let words: Vec<&str> = LeafKind::ALL.iter().map(|kind| kind.as_str()).collect();
        LeafKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .or((word == "development").then_some(LeafKind::Sandbox))
            .ok_or_else(|| usage(format!("the kind is one of {}", words.join(", "))))
    }
}

/// Issues a leaf for the key of a request and returns its DER. `topic` is the bundle id (for MDM the whole topic).
/// It is valid from `now` on for `days`; with zero or fewer it has ended that many days ago, after a year.
pub fn issue(
    authority: &Authority,
    spki_der: &[u8],
    topic: &str,
    kind: LeafKind,
    days: i64,
    now: OffsetDateTime,
) -> Result<Vec<u8>> {
    let names = names(topic, kind)?;
    let validity = validity(days, now)?;
    let public_key = PKey::public_key_from_der(spki_der).map_err(|_| Error::Damaged {
        what: "public key",
        reason: "OpenSSL does not load it".to_string(),
    })?;
    let sign = || -> std::result::Result<Vec<u8>, ErrorStack> {
        let issuer = &authority.intermediate;
        let subject = subject(&names)?;
        let mut leaf = unsigned(&subject, issuer.subject_name(), &public_key, validity)?;
        leaf.append_extension(BasicConstraints::new().critical().build()?)?;
        let usage = KeyUsage::new().critical().digital_signature().build()?;
        leaf.append_extension(usage)?;
        let purpose = match kind {
            LeafKind::Signing => ExtendedKeyUsage::new().code_signing().build()?,
            _ => ExtendedKeyUsage::new().client_auth().build()?,
        };
        leaf.append_extension(purpose)?;
        key_identifiers(&mut leaf, Some(issuer))?;
        leaf.append_extension(private_extension(&OID_CERTIFICATE_POLICIES, &policies())?)?;
        for oid in markers(kind) {
            leaf.append_extension(private_extension(&oid, &DER_NULL)?)?;
        }
        if !names.topics.is_empty() {
            leaf.append_extension(private_extension(&OID_TOPICS, &topics(&names.topics))?)?;
        }
        leaf.sign(&authority.intermediate_key, MessageDigest::sha256())?;
        leaf.build().to_der()
    };
    sign().map_err(crypto("issuing the certificate"))
}

/// What a leaf says about whom it is for.
struct Names {
    user_id: String,
    common_name: String,
    team: Option<&'static str>,
    account: Option<&'static str>,
    country: &'static str,
    topics: Vec<(String, &'static str)>,
}

fn names(topic: &str, kind: LeafKind) -> Result<Names> {
    let well_formed = (1..=LONGEST_TOPIC).contains(&topic.len())
        && topic
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    if !well_formed {
        return Err(usage(format!(
            "a topic is 1 to {LONGEST_TOPIC} letters, digits, dots and hyphens"
        )));
    }
    let app = |prefix: &str| Names {
        user_id: topic.to_string(),
        common_name: format!("{prefix}: {topic}"),
        team: Some(TEAM_ID),
        account: None,
        country: "US",
        topics: Vec::new(),
    };
    Ok(match kind {
        LeafKind::Sandbox => app("Apple Development IOS Push Services"),
        LeafKind::Production => app("Apple Production IOS Push Services"),
        LeafKind::MacSandbox => app("Apple Development Mac Push Services"),
        LeafKind::MacProduction => app("Apple Production Mac Push Services"),
        LeafKind::Watchkit => app("WatchKit Services"),
        LeafKind::Website => app("Website Push ID"),
        LeafKind::Pass => app("Pass Type ID"),
        LeafKind::Signing => Names {
            user_id: "LABUSER123".to_string(),
            common_name: format!("iPhone Developer: {topic} ({TEAM_ID})"),
            ..app("")
        },
        LeafKind::Universal => Names {
            account: Some(ACCOUNT),
            topics: vec![
                (topic.to_string(), "app"),
                (format!("{topic}.voip"), "voip"),
                (format!("{topic}.complication"), "complication"),
            ],
            ..app("Apple Push Services")
        },
        LeafKind::Voip => {
            let bundle = topic.strip_suffix(".voip").unwrap_or(topic);
            let voip = format!("{bundle}.voip");
            Names {
                user_id: voip.clone(),
                common_name: format!("VoIP Services: {bundle}"),
                topics: vec![(voip, "voip")],
                ..app("")
            }
        }
        LeafKind::Mdm => {
            let uuid = topic
                .strip_prefix(MDM_TOPIC)
                .filter(|uuid| !uuid.is_empty());
            let uuid = uuid.ok_or_else(|| {
                usage(format!(
                    "the topic of an mdm certificate begins with {MDM_TOPIC}"
                ))
            })?;
            Names {
                common_name: format!("APSP:{uuid}"),
                team: None,
                country: "XX",
                ..app("")
            }
        }
    })
}

fn validity(days: i64, now: OffsetDateTime) -> Result<(OffsetDateTime, OffsetDateTime)> {
    let out_of_range = || {
        usage(format!(
            "the days of a certificate are between -{MOST_DAYS} and {MOST_DAYS}"
        ))
    };
    if !(-MOST_DAYS..=MOST_DAYS).contains(&days) {
        return Err(out_of_range());
    }
    let not_after = now
        .checked_add(Duration::days(days))
        .ok_or_else(out_of_range)?;
    let not_before = if days > 0 {
        now
    } else {
        not_after
            .checked_sub(Duration::days(365))
            .ok_or_else(out_of_range)?
    };
    Ok((not_before, not_after))
}

fn subject(names: &Names) -> std::result::Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    utf8(&mut name, Nid::USERID, &names.user_id)?;
    utf8(&mut name, Nid::COMMONNAME, &names.common_name)?;
    if let Some(team) = names.team {
        utf8(&mut name, Nid::ORGANIZATIONALUNITNAME, team)?;
    }
    if let Some(account) = names.account {
        utf8(&mut name, Nid::ORGANIZATIONNAME, account)?;
    }
    let printable = Asn1Type::PRINTABLESTRING;
    name.append_entry_by_nid_with_type(Nid::COUNTRYNAME, names.country, printable)?;
    Ok(name.build())
}

// With the type given, OpenSSL does not hold the common name to 64 characters; Apple's are longer as well.
fn utf8(
    name: &mut X509NameBuilder,
    field: Nid,
    value: &str,
) -> std::result::Result<(), ErrorStack> {
    name.append_entry_by_nid_with_type(field, value, Asn1Type::UTF8STRING)
}

fn markers(kind: LeafKind) -> Vec<Oid<'static>> {
    match kind {
        LeafKind::Sandbox | LeafKind::MacSandbox => vec![OID_SANDBOX],
        LeafKind::Production | LeafKind::MacProduction | LeafKind::Website | LeafKind::Pass => {
            vec![OID_PRODUCTION]
        }
        LeafKind::Universal | LeafKind::Voip | LeafKind::Watchkit => {
            vec![OID_SANDBOX, OID_PRODUCTION]
        }
        LeafKind::Mdm | LeafKind::Signing => Vec::new(),
    }
}

fn policies() -> Vec<u8> {
    let policy = yasna::models::ObjectIdentifier::from_slice(OID_APPLE_POLICY);
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer
                .next()
                .write_sequence(|writer| writer.next().write_oid(&policy));
        });
    })
}

/// SEQUENCE of alternating topic and SEQUENCE of its kinds, as Apple writes it.
fn topics(topics: &[(String, &'static str)]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            for (topic, kind) in topics {
                writer.next().write_utf8_string(topic);
                writer
                    .next()
                    .write_sequence(|writer| writer.next().write_utf8_string(kind));
            }
        });
    })
}

fn usage(reason: String) -> Error {
    Error::Usage { reason }
}
