//! How a conversation after the handshake ended, or what decided it; and what an error of TLS means for that.

use std::io;

use openssl::ssl;

use super::alert::{Alert, is_close};
use super::dial::io_reason;
use super::tls::text;
use crate::apple::reason::Judgement;

/// What decided, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An alert.
    Alert(Alert),
    /// A close or reset without an alert before any probe.
    Closed(String),
    /// An answer to the probe that proves or refuses something.
    Answered(Judgement),
    /// A close or reset without an alert or an answer, after the probe.
    ClosedEarly,
    /// Bytes that are not of the protocol.
    Foreign,
    /// TLS itself broke.
    Broken(String),
    /// Nothing that decides.
    Quiet,
}

/// What an error of reading or writing means.
pub(super) fn ending(error: &io::Error) -> Outcome {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ssl::Error>())
    {
        Some(error) => tls_ending(error),
        None => Outcome::Closed(io_reason(error)),
    }
}

/// What an error of OpenSSL's means: an alert, a close, or broken TLS.
pub(super) fn tls_ending(error: &ssl::Error) -> Outcome {
    match (error.ssl_error(), error.io_error()) {
        (Some(errors), _) => match Alert::among(errors) {
            Some(alert) => Outcome::Alert(alert),
            None if is_close(errors) || errors.errors().is_empty() => closed(),
            None => Outcome::Broken(text(errors)),
        },
        (None, Some(error)) => Outcome::Closed(io_reason(error)),
        (None, None) => closed(),
    }
}

/// The peer closed in order.
pub(super) fn closed() -> Outcome {
    Outcome::Closed("the server closed the connection".to_owned())
}
