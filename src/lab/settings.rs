//! How a gateway behaves: what it speaks, whom it serves, and what it answers.

use super::tokens::Known;
use crate::apple::Environment;
use crate::apple::reason::Reason;
use time::OffsetDateTime;

/// Which TLS versions are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// 1.2 and 1.3.
    #[default]
    Any,
    /// Only 1.2: a refusal fails the handshake of the client.
    Tls12,
    /// Only 1.3: a refusal comes after the client's handshake has succeeded.
    Tls13,
}

/// Which protocols are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// By ALPN: HTTP/2 with a client that offers `h2`, the binary protocol with one that offers nothing.
    #[default]
    Auto,
    /// The binary protocol with everyone, as on port 2195 until 2021; ALPN is not looked at.
    Legacy,
    /// HTTP/2 with everyone.
    Http2,
}

/// How a gateway behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only environment that is served; both without one.
    pub environment: Option<Environment>,
    /// Serial numbers in hex, with or without colons, that are refused as revoked.
    pub revoked: Vec<String>,
    /// The TLS versions.
    pub tls: Tls,
    /// The protocols.
    pub protocol: Protocol,
    /// The device tokens that there are; without any, every well-formed one but the all-zero one.
    pub tokens: Vec<Known>,
    /// What every notification is answered, whatever it is like.
    pub answer: Option<&'static Reason>,
    /// What time it is: for events and for the validity of certificates.
    pub clock: fn() -> OffsetDateTime,
}

impl Settings {
    /// A gateway that behaves: both protocols, both environments, every TLS version, every device.
    pub fn new(clock: fn() -> OffsetDateTime) -> Settings {
        Settings {
            environment: None,
            revoked: Vec::new(),
            tls: Tls::Any,
            protocol: Protocol::Auto,
            tokens: Vec::new(),
            answer: None,
            clock,
        }
    }
}
