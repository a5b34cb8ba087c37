//! A host and a port, as a person names them. Looks nothing up.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::error::{Error, Result};

/// A host and a port to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// A host that the program itself names.
    pub fn new(host: &'static str, port: u16) -> Target {
        Target {
            host: host.to_owned(),
            port,
        }
    }

    /// Reads `name:2195`, `192.0.2.1:2195` or `[2001:db8::1]:2195`.
    ///
    /// # Errors
    /// [`Error::Usage`] for anything else.
    pub fn parse(text: &str) -> Result<Target> {
        let wrong = |reason: &str| Error::Usage {
            reason: format!("`{}` {reason}", text.escape_debug()),
        };
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| wrong("has no port (HOST:PORT is wanted)"))?;
        let port = match port.parse::<u16>() {
            Ok(port) if port != 0 && port.to_string() == port_digits(text) => port,
            _ => return Err(wrong("has no port between 1 and 65535")),
        };
        let host = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(inner) => inner
                .parse::<Ipv6Addr>()
                .map(|address| address.to_string())
                .map_err(|_| wrong("has no IPv6 address in its brackets"))?,
            None if host.contains(':') => {
                return Err(wrong("is ambiguous (an IPv6 address stands in brackets)"));
            }
            None if is_name(host) => host.to_owned(),
            None => return Err(wrong("has no host name or address")),
        };
        Ok(Target { host, port })
    }

    /// A DNS name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same host at another port.
    pub fn at(&self, port: u16) -> Target {
        Target {
            host: self.host.clone(),
            port,
        }
    }

    /// Whether it is this machine itself, by name or by address.
    pub fn is_loopback(&self) -> bool {
        let name = self.host.trim_end_matches('.').to_ascii_lowercase();
        match self.address() {
            Some(address) => address.to_canonical().is_loopback(),
            None => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// The address, if the host is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

fn port_digits(text: &str) -> &str {
    text.rsplit(':').next().unwrap_or_default()
}

fn is_name(host: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=254).contains(&host.len()) && host.bytes().all(letters) && !host.starts_with('.')
}
