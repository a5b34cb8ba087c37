//! What the lab's certificates are made of: names, serial numbers, validity, and the extensions that more than one of them has.

use crate::issuer::LAB_ORGANIZATION;
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, PKeyRef};
use openssl::x509::extension::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameRef};
use time::{Duration, OffsetDateTime};
use x509_parser::asn1_rs::Oid;

/// The CAs begin in the past, so that a leaf which has expired long ago was issued under valid ones.
const YEARS_BEFORE: i64 = 10;
const YEARS_AFTER: i64 = 10;
const YEAR: Duration = Duration::days(365);

/// DER of NULL, the value of every marker of Apple's.
pub(super) const DER_NULL: [u8; 2] = [5, 0];

/// An extension that OpenSSL has no call for, not critical.
pub(super) fn private_extension(
    oid: &Oid<'_>,
    der: &[u8],
) -> std::result::Result<X509Extension, ErrorStack> {
    X509Extension::new_from_der(
        &*Asn1Object::from_str(&oid.to_id_string())?,
        false,
        &*Asn1OctetString::new_from_bytes(der)?,
    )
}

/// A certificate that lacks its extensions and its signature.
pub(super) fn unsigned(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    public_key: &PKeyRef<impl HasPublic>,
    (not_before, not_after): (OffsetDateTime, OffsetDateTime),
) -> std::result::Result<X509Builder, ErrorStack> {
    let mut serial = [0; 16];
    openssl::rand::rand_bytes(&mut serial)?;
    // Positive, and sixteen bytes whatever was drawn.
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_slice(&serial)?)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(public_key)?;
    builder.set_not_before(&*Asn1Time::from_unix(not_before.unix_timestamp())?)?;
    builder.set_not_after(&*Asn1Time::from_unix(not_after.unix_timestamp())?)?;
    Ok(builder)
}

/// Of the validity of what is made for good.
pub(super) fn beginning(now: OffsetDateTime) -> OffsetDateTime {
    now.saturating_sub(YEAR * YEARS_BEFORE as i32)
}

/// Of the same.
pub(super) fn end(now: OffsetDateTime) -> OffsetDateTime {
    now.saturating_add(YEAR * YEARS_AFTER as i32)
}

/// Subject and, below an issuer, authority key identifier.
pub(super) fn key_identifiers(
    builder: &mut X509Builder,
    issuer: Option<&X509>,
) -> std::result::Result<(), ErrorStack> {
    let subject =
        SubjectKeyIdentifier::new().build(&builder.x509v3_context(issuer.map(|i| &**i), None))?;
    builder.append_extension(subject)?;
    if let Some(issuer) = issuer {
        let authority = AuthorityKeyIdentifier::new()
            .keyid(true)
            .build(&builder.x509v3_context(Some(issuer), None))?;
        builder.append_extension(authority)?;
    }
    Ok(())
}

/// A name in the lab's organization.
pub(super) fn name(common_name: &str) -> std::result::Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    name.append_entry_by_nid(Nid::ORGANIZATIONNAME, LAB_ORGANIZATION)?;
    name.append_entry_by_nid(Nid::COUNTRYNAME, "US")?;
    Ok(name.build())
}
