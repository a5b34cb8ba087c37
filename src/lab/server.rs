//! The gateway's own certificate: the lab's, and those that no client may take.

use super::settings::ServerCertificate;
use super::template;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKeyRef, Private};
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509Builder};
use time::{Duration, OffsetDateTime};

/// What the gateway is called where its name is to be wrong (RFC 2606 keeps it from being anyone's).
const ANOTHER_HOST: &str = "gateway.example";

/// A certificate of this kind for the key.
pub(super) fn certificate(
    kind: ServerCertificate,
    key: &PKeyRef<Private>,
    issuer: &X509,
    issuer_key: &PKeyRef<Private>,
    now: OffsetDateTime,
) -> std::result::Result<X509, ErrorStack> {
    let wrong = kind == ServerCertificate::WrongName;
    let host = if wrong { ANOTHER_HOST } else { "localhost" };
    let end = match kind {
        ServerCertificate::Expired => now.saturating_sub(Duration::DAY),
        _ => template::end(now),
    };
    let validity = (template::beginning(now), end);
    let mut server = template::unsigned(
        &*template::name(host)?,
        issuer.subject_name(),
        key,
        validity,
    )?;
    extensions(&mut server, issuer, host)?;
    server.sign(issuer_key, MessageDigest::sha256())?;
    Ok(server.build())
}

fn extensions(
    builder: &mut X509Builder,
    issuer: &X509,
    host: &str,
) -> std::result::Result<(), ErrorStack> {
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    let usage = KeyUsage::new()
        .critical()
        .digital_signature()
        .key_encipherment()
        .build()?;
    builder.append_extension(usage)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    let mut names = SubjectAlternativeName::new();
    names.dns(host);
    if host != ANOTHER_HOST {
        names.ip("127.0.0.1").ip("::1");
    }
    let names = names.build(&builder.x509v3_context(Some(issuer), None))?;
    builder.append_extension(names)?;
    template::key_identifiers(builder, Some(issuer))
}
