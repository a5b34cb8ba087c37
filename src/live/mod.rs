//! One mutual-TLS handshake with a gateway, and what it proves about the certificate presented; many of them at once. The only
//! outgoing sockets. Prints nothing; what an answer is worth for a whole question is for `check` to say.

mod alert;
mod ask;
pub mod binary;
mod connector;
mod dial;
mod explain;
mod facts;
mod handshake;
pub mod http2;
mod outcome;
mod peek;
mod proxy;
mod push;
mod session;
mod target;
mod tls;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use crate::certificate::Certificate;
use crate::private_key::PrivateKey;
use crate::secret::SecretBytes;

pub use alert::Alert;
pub use ask::{Asked, Query, ask, ask_all, runtime};
pub use connector::{Connector, Opened};
pub use dial::Route;
pub use handshake::{
    Handshake, Probe, Proof, Protocol, ServerCertificate, Stage, Stages, TlsFacts, Verdict,
};
pub use proxy::{Proxies, Proxy};
pub use push::Push;
pub use target::Target;

/// What is presented: exactly these certificates in this order, nothing is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// DER, the leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// The leaf's key, PKCS#8 DER, not encrypted.
    pub key: SecretBytes,
}

impl Credentials {
    /// These certificates, the leaf first, and the leaf's key.
    pub fn new(presented: &[Certificate], key: &PrivateKey) -> Credentials {
        Credentials {
            certificates: presented.iter().map(|c| c.der.clone()).collect(),
            key: key.pkcs8().clone(),
        }
    }
}

/// What a server's chain may end in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// These certificates (DER) and no others.
    Certificates(Vec<Vec<u8>>),
    /// The CA store of the system: a file, or folders with names that are hashes. What is not named is looked for where
    /// OpenSSL's distributors are known to put it.
    System {
        /// What `SSL_CERT_FILE` says.
        file: Option<PathBuf>,
        /// What `SSL_CERT_DIR` says.
        folders: Option<Vec<PathBuf>>,
    },
}

/// How long to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Bounds dns, tcp, proxy and tls together, and again the answer to a probe over HTTP/2.
    pub timeout: Duration,
    /// Bounds each silence before and after a probe of the binary protocol.
    pub wait: Duration,
}

/// On which terms a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What is offered.
    pub offer: Offer,
    /// A server that cannot be verified ends the handshake: nothing is presented to it and nothing said.
    pub verified: bool,
}

/// The protocols that are offered to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Both: HTTP/2 by ALPN, and the binary protocol where the server chooses nothing.
    Any,
    /// No ALPN, as the senders of the binary protocol have it.
    Binary,
}
