//! TLS alerts: their numbers, their names, and which of them refuse a client certificate.
//! Sources: RFC 8446 section 6, RFC 5246 section 7.2.

use crate::apple::alert;
use openssl::error::ErrorStack;

/// An alert that the server sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its number on the wire.
    pub number: u8,
    /// Its name in the RFCs; `unknown` for a number that none assigns.
    pub name: &'static str,
}

/// What OpenSSL adds to the number of a received alert to make its reason code (`SSL_AD_REASON_OFFSET`).
const REASON_OFFSET: i32 = 1000;
/// OpenSSL's number for its TLS library (`ERR_LIB_SSL`).
const LIBRARY: i32 = 20;
/// OpenSSL 3's reason for a close without close_notify (`SSL_R_UNEXPECTED_EOF_WHILE_READING`).
const UNEXPECTED_EOF: i32 = 294;

impl Alert {
    /// The alert of this number.
    pub fn new(number: u8) -> Alert {
        Alert {
            number,
            name: alert::name(number),
        }
    }

    /// The alert among OpenSSL's errors, if one was received.
    pub(super) fn among(errors: &ErrorStack) -> Option<Alert> {
        errors
            .errors()
            .iter()
            .filter(|error| error.library_code() == LIBRARY)
            .find_map(|error| u8::try_from(error.reason_code() - REASON_OFFSET).ok())
            .map(Alert::new)
    }

    /// Whether this alert, after a certificate was sent, is a refusal of it.
    pub fn refuses_certificate(self) -> bool {
        alert::refuses_certificate(self.number)
    }
}

/// Whether OpenSSL's errors say no more than that the peer closed.
pub(super) fn is_close(errors: &ErrorStack) -> bool {
    errors
        .errors()
        .iter()
        .any(|error| error.library_code() == LIBRARY && error.reason_code() == UNEXPECTED_EOF)
}
