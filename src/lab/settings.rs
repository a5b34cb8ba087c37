//! How a gateway behaves: what it speaks, whom it serves, and what it answers.

use super::tokens::Known;
use crate::apple::Environment;
use crate::apple::reason::Reason;
use std::time::Duration;
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

/// Where in a connection the gateway closes it, without a word of TLS or HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Once TCP is connected.
    Tcp,
    /// Once the client has begun to speak TLS.
    Hello,
    /// Once the handshake has ended.
    Handshake,
    /// Once SETTINGS is sent, and HTTP/2's preface read; on the binary protocol as [`Stage::Handshake`].
    Settings,
    /// Once a notification is read, in place of the answer.
    Response,
}

/// What the gateway presents as its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerCertificate {
    /// The lab's, for localhost and the addresses of loopback.
    #[default]
    Good,
    /// The same, but that its validity has ended a day ago.
    Expired,
    /// The same, but for a host of another name.
    WrongName,
}

/// Ways to misbehave; none of them unless asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Waited before each answer.
    pub delay: Duration,
    /// Where to close.
    pub close_at: Option<Stage>,
    /// Never asks for a certificate.
    pub no_client_auth: bool,
    /// TLS lets everyone in, as nginx does; HTTP/2 answers with nginx's page, the binary protocol closes.
    pub lenient: bool,
    /// What is presented.
    pub server_certificate: ServerCertificate,
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
    /// In which ways it misbehaves.
    pub faults: Faults,
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
            faults: Faults::default(),
            clock,
        }
    }
}
