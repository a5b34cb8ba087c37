//! How a TLS connection ends: an alert with its number, a close, or something else. OpenSSL's reason codes are the alert plus 1000.

use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode};
use std::io;

/// A TLS alert (RFC 8446 section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub number: u8,
    /// Its name in the RFC.
    pub name: String,
}

impl Alert {
    pub(super) fn new(number: u8) -> Alert {
        let name = match number {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            22 => "record_overflow",
            40 => "handshake_failure",
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
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            109 => "missing_extension",
            110 => "unsupported_extension",
            112 => "unrecognized_name",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            _ => "unknown",
        };
        Alert {
            number,
            name: name.to_string(),
        }
    }

    /// Whether it speaks of the client's certificate, once that was sent.
    pub(super) fn refuses_certificate(&self) -> bool {
        matches!(self.number, 40 | 42..=46 | 48 | 49 | 51 | 80 | 116)
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Alert(Alert),
    /// A close or a reset without an alert.
    Closed(String),
    /// Anything else: no TLS, a local failure.
    Other(String),
}

impl End {
    pub(super) fn of(error: &ssl::Error) -> End {
        if error.code() == ErrorCode::ZERO_RETURN {
            return End::Closed("the server closed the connection".to_string());
        }
        if let Some(io) = error.io_error() {
            return End::of_io(io);
        }
        match error.ssl_error() {
            Some(stack) => End::of_stack(stack),
            None => End::Closed("the server closed the connection".to_string()),
        }
    }

    pub(super) fn of_io(error: &io::Error) -> End {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                End::Closed("the server closed the connection".to_string())
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted => {
                End::Closed("the server reset the connection".to_string())
            }
            _ => End::Other(error.to_string()),
        }
    }

    fn of_stack(stack: &ErrorStack) -> End {
        let alert = stack.errors().iter().find_map(|error| {
            let number = error.reason_code().checked_sub(1000)?;
            let is_ssl = error.library() == Some("SSL routines");
            u8::try_from(number).ok().filter(|_| is_ssl && number > 0)
        });
        if let Some(number) = alert {
            return End::Alert(Alert::new(number));
        }
        let reasons: Vec<&str> = stack
            .errors()
            .iter()
            .filter_map(|error| error.reason())
            .collect();
        if reasons
            .iter()
            .any(|reason| reason.starts_with("unexpected eof"))
        {
            return End::Closed("the server closed the connection".to_string());
        }
        if reasons.iter().any(|reason| {
            matches!(
                *reason,
                "wrong version number" | "http request" | "packet length too long"
            )
        }) {
            return End::Other("the server does not speak TLS on this port".to_string());
        }
        End::Other(
            reasons
                .first()
                .map_or("TLS failed", |reason| reason)
                .to_string(),
        )
    }

    pub(super) fn words(&self) -> String {
        match self {
            End::Alert(alert) => format!("alert {} {}", alert.number, alert.name),
            End::Closed(words) | End::Other(words) => words.clone(),
        }
    }
}
