//! The stand-in for Apple on loopback: a CA that issues leaves laid out like Apple's, and a gateway that judges them as Apple does.
//! Bytes in, bytes out; the gateway's listener is the only thing outside of memory that it touches.

pub mod authority;
mod binary;
mod client;
mod connection;
mod conversation;
pub mod event;
pub mod gateway;
mod http2;
pub mod issue;
pub mod notification;
mod server;
pub mod settings;
mod template;
mod tls;
pub mod tokens;
pub mod wire;

use crate::error::Error;
use openssl::error::ErrorStack;

/// What a library's refusal is called here.
fn crypto(what: &'static str) -> impl Fn(ErrorStack) -> Error {
    move |stack| Error::Crypto {
        what,
        reason: stack
            .errors()
            .first()
            .and_then(|error| error.reason())
            .unwrap_or("no reason given")
            .to_string(),
    }
}
