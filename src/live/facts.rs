//! What a connection tells about its server, as plain data. Judges nothing.

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::ssl::SslRef;
use openssl::x509::{X509NameRef, X509Ref};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Name};

use super::handshake::{ServerCertificate, TlsFacts};
use super::tls::Signals;
use crate::ffi;

/// What the connection tells. `None` as long as the server has shown nothing.
pub(super) fn facts(ssl: &SslRef, signals: &Signals) -> Option<TlsFacts> {
    let chain: Vec<ServerCertificate> = ssl
        .peer_cert_chain()
        .map(|chain| chain.iter().map(server_certificate).collect())
        .unwrap_or_default();
    if chain.is_empty() && !ssl.is_init_finished() {
        return None;
    }
    let error = signals.server_error();
    Some(TlsFacts {
        version: ssl.version_str().to_owned(),
        cipher: ssl.current_cipher().map(|cipher| cipher.name().to_owned()),
        alpn: alpn(ssl),
        server_verified: error.is_none() && !chain.is_empty(),
        server_verify_error: error.map(|error| error.reason.clone()),
        server_untrusted: error.is_some_and(|error| error.untrusted),
        server_chain: chain,
        client_certificate_requested: signals.asked(),
        acceptable_cas: ffi::acceptable_cas(ssl)
            .iter()
            .map(|name| text_of(name))
            .collect(),
    })
}

/// The protocol that the server chose, if it chose one.
pub(super) fn alpn(ssl: &SslRef) -> Option<String> {
    ssl.selected_alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned())
}

fn server_certificate(certificate: &X509Ref) -> ServerCertificate {
    let sha256 = certificate
        .digest(MessageDigest::sha256())
        .map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect())
        .unwrap_or_default();
    ServerCertificate {
        subject: name_text(certificate.subject_name()),
        issuer: name_text(certificate.issuer_name()),
        sha256,
        not_after: instant(certificate.not_after()),
    }
}

fn instant(time: &Asn1TimeRef) -> Option<OffsetDateTime> {
    let since = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    OffsetDateTime::UNIX_EPOCH.checked_add(
        Duration::days(i64::from(since.days)) + Duration::seconds(i64::from(since.secs)),
    )
}

/// A name as text, its parts in the order of the certificate.
fn name_text(name: &X509NameRef) -> String {
    text_of(&name.to_der().unwrap_or_default())
}

fn text_of(name_der: &[u8]) -> String {
    match X509Name::from_der(name_der) {
        Ok((_, name)) => name.to_string(),
        // OpenSSL reads names that the parser refuses.
        Err(_) => "(unreadable name)".to_owned(),
    }
}
