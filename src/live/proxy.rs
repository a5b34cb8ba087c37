//! HTTP proxies: which one a target is reached through, and CONNECT. Reads no environment; credentials never leave this file but on the wire.

use std::fmt;
use std::net::IpAddr;

use openssl::base64::encode_block;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::Target;
use super::dial::io_reason;
use crate::error::{Error, Result};

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    target: Target,
    /// The value of `Proxy-Authorization`.
    authorization: Option<Zeroizing<String>>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}, ..)", self.target)
    }
}

/// The port of a proxy that names none.
const PORT: u16 = 80;
/// The most that a proxy may answer before the tunnel begins.
const LONGEST_ANSWER: usize = 16 * 1024;
/// The most of its words that are shown.
const LONGEST_REASON: usize = 120;

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]`; the scheme may be missing.
    ///
    /// # Errors
    /// [`Error::Usage`] that names `source` (the flag or variable) and never the text, which may hold a password.
    pub fn parse(text: &str, source: &str) -> Result<Proxy> {
        let wrong = || Error::Usage {
            reason: format!("{source} is not http://[USER:PASSWORD@]HOST[:PORT]"),
        };
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                let reason =
                    format!("{source} names a proxy of the kind {scheme}; only http is spoken");
                return Err(Error::Usage { reason });
            }
            Some(_) => return Err(wrong()),
            None => text,
        };
        let rest = rest.split('/').next().unwrap_or_default();
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, rest),
        };
        let has_port = address
            .rsplit(']')
            .next()
            .is_some_and(|end| end.contains(':'));
        let target = match has_port {
            true => Target::parse(address),
            false => Target::parse(&format!("{address}:{PORT}")),
        };
        Ok(Proxy {
            target: target.map_err(|_| wrong())?,
            authorization: user.map(basic).transpose().map_err(|()| wrong())?,
        })
    }

    /// Where it listens.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks for a tunnel. The error is the reason, in the proxy's own words where it has some.
    pub(super) async fn tunnel(
        &self,
        stream: &mut TcpStream,
        target: &Target,
    ) -> std::result::Result<(), String> {
        let mut request =
            Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
        if let Some(authorization) = &self.authorization {
            // Room first: a string that grows leaves its old bytes behind.
            let mut longer = Zeroizing::new(String::with_capacity(
                request.len() + authorization.len() + 32,
            ));
            longer.push_str(&request);
            longer.push_str("Proxy-Authorization: ");
            longer.push_str(authorization);
            longer.push_str("\r\n");
            request = longer;
        }
        let failed = |error: std::io::Error| io_reason(&error);
        stream.write_all(request.as_bytes()).await.map_err(failed)?;
        stream.write_all(b"\r\n").await.map_err(failed)?;
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            let length = stream.read(&mut buffer).await.map_err(failed)?;
            answer.extend(buffer.iter().take(length));
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                judge(&answer)?;
                // Nobody but the proxy can have said it: the server waits for our first word.
                return match end + 4 == answer.len() {
                    true => Ok(()),
                    false => Err("the proxy said more than its answer".to_owned()),
                };
            }
            if length == 0 {
                return Err("the proxy closed the connection".to_owned());
            }
            if answer.len() > LONGEST_ANSWER {
                return Err("the proxy's answer has no end".to_owned());
            }
        }
    }
}

/// Judges the status line of a proxy's answer.
fn judge(answer: &[u8]) -> std::result::Result<(), String> {
    let text = String::from_utf8_lossy(answer);
    let line = text.lines().next().unwrap_or_default();
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|digits| digits.parse::<u16>().ok());
    let words: String = line
        .chars()
        .skip("HTTP/1.1 ".len())
        .take(LONGEST_REASON)
        .collect();
    match status {
        Some(200..=299) => Ok(()),
        Some(407) => {
            Err("the proxy wants a user name and a password that it accepts (407)".to_owned())
        }
        Some(_) => Err(format!("the proxy refused: {words}")),
        None => Err("what answers is no HTTP proxy".to_owned()),
    }
}

/// The value of `Proxy-Authorization` for `USER:PASSWORD`, percent-decoded (RFC 7617).
fn basic(user: &str) -> std::result::Result<Zeroizing<String>, ()> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(user.len() + 1));
    let mut rest = user.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.ok_or(())?);
        rest = after.get(2..).unwrap_or_default();
    }
    if !user.contains(':') {
        bytes.push(b':');
    }
    let encoded = Zeroizing::new(encode_block(&bytes));
    Ok(Zeroizing::new(format!("Basic {}", *encoded)))
}

/// The proxies that flags and environment name.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    flag: Option<Proxy>,
    /// One that cannot be read is a trouble only where it is needed.
    environment: Option<Result<Proxy>>,
    exempt: Vec<Exempt>,
}

impl Proxies {
    /// From `--proxy`, `HTTPS_PROXY` and `NO_PROXY`, as far as they are set.
    ///
    /// # Errors
    /// [`Error::Usage`] for a flag that cannot be read.
    pub fn new(
        flag: Option<&str>,
        environment: Option<&str>,
        exempt: Option<&str>,
    ) -> Result<Proxies> {
        let said = |text: &&str| !text.is_empty();
        let entries = exempt.unwrap_or_default().split([',', ' ']);
        Ok(Proxies {
            flag: flag.map(|text| Proxy::parse(text, "--proxy")).transpose()?,
            environment: environment
                .filter(said)
                .map(|text| Proxy::parse(text, "HTTPS_PROXY")),
            exempt: entries.filter(said).map(Exempt::parse).collect(),
        })
    }

    /// The proxy through which a target is reached: the flag's for all, the environment's for all but this machine and
    /// what is exempt.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is the environment's and that cannot be read.
    pub fn reaching(&self, target: &Target) -> Result<Option<Proxy>> {
        if self.flag.is_some() {
            return Ok(self.flag.clone());
        }
        let direct = target.is_loopback() || self.exempt.iter().any(|e| e.covers(target));
        self.environment.clone().filter(|_| !direct).transpose()
    }
}

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exempt {
    Everything,
    /// A name and all below it, at one port or all.
    Name(String, Option<u16>),
    /// The addresses that share so many leading bits.
    Network(IpAddr, u8),
}

impl Exempt {
    fn parse(entry: &str) -> Exempt {
        let plain = entry.trim_matches(['[', ']']);
        if entry == "*" {
            return Exempt::Everything;
        }
        if let Ok(address) = plain.parse::<IpAddr>() {
            return Exempt::Network(address, 128);
        }
        if let Some((network, bits)) = entry.split_once('/')
            && let (Ok(network), Ok(bits)) = (network.parse(), bits.parse())
        {
            return Exempt::Network(network, bits);
        }
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()),
            None => (entry, None),
        };
        let name = name.trim_start_matches('*').trim_matches('.');
        match name.trim_matches(['[', ']']).parse() {
            Ok(address) => Exempt::Network(address, 128),
            Err(_) => Exempt::Name(name.to_ascii_lowercase(), port),
        }
    }

    fn covers(&self, target: &Target) -> bool {
        match (self, target.address()) {
            (Exempt::Everything, _) => true,
            (Exempt::Network(network, bits), Some(address)) => {
                shares(*network, address.to_canonical(), *bits)
            }
            (Exempt::Name(name, port), None) => {
                let host = target.host().trim_end_matches('.').to_ascii_lowercase();
                let below = host.strip_suffix(name.as_str());
                !name.is_empty()
                    && below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    && port.is_none_or(|port| port == target.port())
            }
            _ => false,
        }
    }
}

/// Whether two addresses of one family share their first bits; more bits than there are mean all of them.
fn shares(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    let (one, other, length) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u128::from(u32::from(one)), u128::from(u32::from(other)), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one), u128::from(other), 128),
        _ => return false,
    };
    let ignored = length - u32::from(bits).min(length);
    one.checked_shr(ignored).unwrap_or(0) == other.checked_shr(ignored).unwrap_or(0)
}
