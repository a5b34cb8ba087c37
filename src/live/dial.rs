//! From a host name to a TCP connection, within a deadline. Knows nothing of TLS.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::{Stage, Stages, milliseconds};
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

/// Why there is no connection.
pub(super) struct NoConnection {
    pub(super) stage: Stage,
    pub(super) reason: String,
    pub(super) address: Option<IpAddr>,
}

/// Looks the host up and connects to the first of its addresses that answers.
pub(super) async fn connect(
    target: &Target,
    deadline: Instant,
    stages: &mut Stages,
) -> std::result::Result<(TcpStream, IpAddr), NoConnection> {
    let addresses = addresses(target, deadline, stages).await?;
    let started = Instant::now();
    let mut failure = NoConnection {
        stage: Stage::Tcp,
        reason: "the name has no address".to_owned(),
        address: None,
    };
    for (position, address) in addresses.iter().enumerate() {
        // An address that swallows packets must leave time for those after it.
        let share = deadline.saturating_duration_since(Instant::now())
            / u32::try_from(addresses.len() - position).unwrap_or(u32::MAX);
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stages.tcp_ms = Some(milliseconds(started.elapsed()));
                // Without it the probe may wait for an acknowledgement of the handshake; if it fails it only waits.
                let _ = stream.set_nodelay(true);
                return Ok((stream, address.ip()));
            }
            Ok(Err(error)) => failure.reason = io_reason(&error),
            Err(_) => failure.reason = "no answer in time".to_owned(),
        }
        failure.address = Some(address.ip());
    }
    stages.tcp_ms = Some(milliseconds(started.elapsed()));
    Err(failure)
}

async fn addresses(
    target: &Target,
    deadline: Instant,
    stages: &mut Stages,
) -> std::result::Result<Vec<SocketAddr>, NoConnection> {
    if let Some(address) = target.address() {
        return Ok(vec![SocketAddr::new(address, target.port)]);
    }
    let started = Instant::now();
    let found = timeout_at(deadline, lookup_host((target.host.as_str(), target.port))).await;
    stages.dns_ms = Some(milliseconds(started.elapsed()));
    let reason = match found {
        Ok(Ok(found)) => {
            let found: Vec<SocketAddr> = found.collect();
            if !found.is_empty() {
                return Ok(found);
            }
            "the name has no address".to_owned()
        }
        Ok(Err(error)) => io_reason(&error),
        Err(_) => "no answer in time".to_owned(),
    };
    Err(NoConnection {
        stage: Stage::Dns,
        reason,
        address: None,
    })
}

/// The system's word for an error, without its number.
pub(super) fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = match text.find(" (os error ") {
        Some(end) => &text[..end],
        None => &text,
    };
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "input/output error".to_owned(),
    }
}

/// A point in time `span` from now; far in the future if the clock cannot hold it.
pub(super) fn after(span: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(span)
        .unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 86_400))
}
