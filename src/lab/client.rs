//! A client's certificate as the gateway sees it, and the judgement on it: which alert Apple would send.

use super::event::Presented;
use super::notification::Sender;
use crate::apple::Environment;
use crate::apple::kind::{MDM_USER_ID, OID_PRODUCTION, OID_SANDBOX, OID_TOPICS};
use crate::ffi::verify_result;
use openssl::x509::{X509StoreContextRef, X509VerifyResult};
use x509_parser::asn1_rs::Oid;
use x509_parser::prelude::{FromDer, X509Certificate};

/// X509_V_ERR_CERT_REVOKED, for which OpenSSL sends alert 44.
const REVOKED: i32 = 23;
/// X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION.
const UNHANDLED_CRITICAL: i32 = 34;
/// X509_V_ERR_PERMITTED_VIOLATION, which has no alert of its own, so that OpenSSL sends 46.
const REFUSED: i32 = 47;

const APPLE_EXTENSIONS: &str = "1.2.840.113635.100.6.";
const OID_USER_ID: &str = "0.9.2342.19200300.100.1.1";

/// Critical extensions that OpenSSL handles itself, last arc under 2.5.29.
const HANDLED: [&str; 9] = [
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.37",
];

/// What a gateway lets in beyond what the CA vouches for.
pub(super) struct Policy {
    /// The only environment that is served; both without one.
    pub(super) environment: Option<Environment>,
    /// Serial numbers, as [`normal_serial`] writes them.
    pub(super) revoked: Vec<String>,
}

impl Policy {
    /// OpenSSL's verify callback: lets Apple's critical extensions pass, and judges the leaf once all else is found good.
    /// Under HTTP/2 the purpose of a certificate is no matter of TLS: [`Policy::sender`] judges it, and the answer tells.
    pub(super) fn verify(
        &self,
        good: bool,
        context: &mut X509StoreContextRef,
        http2: bool,
    ) -> bool {
        let client = context
            .current_cert()
            .and_then(|certificate| certificate.to_der().ok())
            .and_then(|der| Client::parse(&der));
        let Some(client) = client else {
            if good {
                context.set_error(verify_result(REFUSED));
            }
            return false;
        };
        if !good {
            let forgiven =
                context.error().as_raw() == UNHANDLED_CRITICAL && client.only_apple_criticals;
            if forgiven {
                context.set_error(X509VerifyResult::OK);
            }
            return forgiven;
        }
        if context.error_depth() > 0 {
            return true;
        }
        let refusal = if self.revoked.contains(&client.serial) {
            REVOKED
        } else if !http2 && !matches!(self.sender(Some(&client)), Sender::Certificate { .. }) {
            REFUSED
        } else {
            return true;
        };
        context.set_error(verify_result(refusal));
        false
    }

    /// What its certificate allows the client.
    pub(super) fn sender(&self, client: Option<&Client>) -> Sender {
        let Some(client) = client else {
            return Sender::Nobody;
        };
        if client.environments.is_empty() {
            return Sender::Stranger;
        }
        let served = |one| client.environments.contains(&one);
        if !self.environment.is_none_or(served) {
            return Sender::Elsewhere;
        }
        Sender::Certificate {
            topics: client.presented.topics.clone(),
            assumed: client.assumed.clone(),
        }
    }
}

/// What a certificate says about its holder.
pub(super) struct Client {
    pub(super) presented: Presented,
    /// What the binary protocol pushes to: the first topic for apps, else the user id.
    pub(super) topic: String,
    /// What HTTP/2 pushes to where the request names no topic: the user id, if the certificate lists no topics.
    assumed: Option<String>,
    environments: Vec<Environment>,
    serial: String,
    only_apple_criticals: bool,
}

impl Client {
    /// `None` for what is no certificate.
    pub(super) fn parse(der: &[u8]) -> Option<Client> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let user_id = certificate
            .subject()
            .iter_attributes()
            .find(|attribute| attribute.attr_type().to_id_string() == OID_USER_ID)
            .and_then(|attribute| attribute.as_str().ok())
            .unwrap_or_default()
            .to_string();
        let extension = |oid: Oid<'static>| {
            certificate
                .extensions()
                .iter()
                .find(|extension| extension.oid == oid)
        };
        let listed = extension(OID_TOPICS)
            .and_then(|extension| topics(extension.value))
            .unwrap_or_default();
        let mut environments = Vec::new();
        if extension(OID_SANDBOX).is_some() {
            environments.push(Environment::Sandbox);
        }
        if extension(OID_PRODUCTION).is_some() {
            environments.push(Environment::Production);
        }
        if environments.is_empty() && user_id.starts_with(MDM_USER_ID) {
            environments.push(Environment::Production);
        }
        let topic = listed
            .iter()
            .find(|(_, kinds)| kinds.iter().any(|kind| kind == "app"))
            .map_or(&user_id, |(topic, _)| topic)
            .clone();
        let assumed = (listed.is_empty() && !user_id.is_empty()).then(|| user_id.clone());
        let topics = if listed.is_empty() {
            Vec::from_iter((!user_id.is_empty()).then_some(user_id))
        } else {
            listed.into_iter().map(|(topic, _)| topic).collect()
        };
        Some(Client {
            presented: Presented {
                sha256: hex(&openssl::sha::sha256(der)),
                topics,
            },
            topic,
            assumed,
            environments,
            serial: normal_serial(&hex(certificate.raw_serial())),
            only_apple_criticals: certificate
                .extensions()
                .iter()
                .filter(|extension| extension.critical)
                .map(|extension| extension.oid.to_id_string())
                .all(|oid| oid.starts_with(APPLE_EXTENSIONS) || HANDLED.contains(&oid.as_str())),
        })
    }
}

/// A serial number as people write it, in the one form that is compared: lowercase hex without colons and leading zeros.
pub(super) fn normal_serial(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix("serial=").unwrap_or(&text);
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digits: String = text.chars().filter(|c| *c != ':' && *c != ' ').collect();
    digits.trim_start_matches('0').to_string()
}

/// Lowercase hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The alert that OpenSSL sends for a verify result (its table `x509table`); where it has none of its own, certificate_unknown.
pub(super) fn alert_of(result: X509VerifyResult) -> u8 {
    match result.as_raw() {
        10 => 45,
        REVOKED => 44,
        2 | 18..=22 | 24 | 25 => 48,
        26 => 43,
        4 | 6 | 9 | 13 | 14 | 27 | 28 | 66..=68 | 94 => 42,
        7 | 8 => 51,
        1 | 17 => 80,
        50 => 40,
        _ => 46,
    }
}

fn topics(der: &[u8]) -> Option<Vec<(String, Vec<String>)>> {
    let parsed = yasna::parse_der(der, |reader| {
        let mut pairs = Vec::new();
        reader.read_sequence_of(|reader| {
            // Topics and their kinds alternate; a sequence belongs to the topic before it.
            if reader.lookahead_tag()? == yasna::tags::TAG_SEQUENCE {
                let mut kinds = Vec::new();
                reader.read_sequence_of(|reader| {
                    kinds.push(reader.read_utf8string()?);
                    Ok(())
                })?;
                if let Some((_, last)) = pairs.last_mut() {
                    *last = kinds;
                }
            } else {
                pairs.push((reader.read_utf8string()?, Vec::new()));
            }
            Ok(())
        })?;
        Ok(pairs)
    });
    parsed.ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::lab::authority::Authority;
    use crate::lab::issue::{LeafKind, issue};
    use openssl::{pkey::PKey, rsa::Rsa};
    use time::OffsetDateTime;

    #[test]
    fn no_damaged_leaf_panics() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let authority = Authority::create(now).unwrap();
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let spki = key.public_key_to_der().unwrap();
        let topic = "com.example.app";
        let der = issue(&authority, &spki, topic, LeafKind::Universal, 9, now).unwrap();
        assert_eq!(Client::parse(&der).unwrap().topic, topic);
        for at in 0..der.len() {
            let mut damaged = der.clone();
            for bit in 0..8 {
                damaged[at] = der[at] ^ 1 << bit;
                drop(Client::parse(&damaged));
            }
            drop(Client::parse(&der[..at]));
        }
    }

    #[test]
    fn serials_are_compared_as_numbers() {
        for written in ["0A:bc", "abc", "0x0ABC", "serial=0ABC\n", "00 0a bc"] {
            assert_eq!(normal_serial(written), "abc", "{written}");
        }
    }
}
