//! TLS alerts: their numbers, their names, and which of them refuse a client certificate.
//! Sources: RFC 8446 section 6, RFC 5246 section 7.2.

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
            name: name(number),
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
        matches!(self.number, 40 | 42..=46 | 48 | 49 | 51 | 80 | 116)
    }
}

/// Whether OpenSSL's errors say no more than that the peer closed.
pub(super) fn is_close(errors: &ErrorStack) -> bool {
    errors
        .errors()
        .iter()
        .any(|error| error.library_code() == LIBRARY && error.reason_code() == UNEXPECTED_EOF)
}

fn name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => "unknown",
    }
}
