//! Certificate revocation lists (RFC 5280 section 5), as far as telling one from other files takes. Nothing is judged by them.

use crate::certificate::{Name, name};
use crate::error::{Error, Result};
use time::OffsetDateTime;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

/// A revocation list that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Crl {
    pub issuer: Name,
    pub this_update: OffsetDateTime,
    pub next_update: Option<OffsetDateTime>,
    /// How many certificates it revokes.
    pub entries: usize,
}

impl Crl {
    /// Reads a DER list. Returns it with the number of bytes after it.
    ///
    /// # Errors
    /// `damaged`.
    pub fn parse(bytes: &[u8]) -> Result<(Crl, usize)> {
        let (rest, list) =
            CertificateRevocationList::from_der(bytes).map_err(|_| Error::Damaged {
                what: "revocation list",
                reason: "its DER does not parse".to_string(),
            })?;
        let crl = Crl {
            issuer: name(list.issuer()),
            this_update: list.last_update().to_datetime(),
            next_update: list.next_update().map(|time| time.to_datetime()),
            entries: list.iter_revoked_certificates().count(),
        };
        Ok((crl, rest.len()))
    }
}
