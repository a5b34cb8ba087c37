//! From a target to a TCP connection, directly or through a proxy, within a deadline. Knows nothing of TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::handshake::{Handshake, Stage, milliseconds};
use super::{Proxy, Target};

/// How an endpoint is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The host and its first port.
    pub target: Target,
    /// The port that is tried when the first does not answer.
    pub fallback: Option<u16>,
    /// The proxy in between.
    pub proxy: Option<Proxy>,
}

impl Route {
    /// The way without a proxy or another port.
    pub fn direct(target: Target) -> Route {
        Route {
            target,
            fallback: None,
            proxy: None,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let fallback = self.fallback.map(|port| self.target.at(port));
        [self.target.clone()].into_iter().chain(fallback).collect()
    }
}

/// Why there is no connection.
struct Failure {
    stage: Stage,
    reason: String,
}

/// Connects, and writes into the handshake how that went: stages, address, the port that answered, or where and why it ended.
pub(super) async fn connect(
    route: &Route,
    deadline: Instant,
    handshake: &mut Handshake,
) -> Option<TcpStream> {
    let connected = match &route.proxy {
        None => direct(route, deadline, handshake).await,
        Some(proxy) => through(proxy, route, deadline, handshake).await,
    };
    match connected {
        Ok(stream) => Some(stream),
        Err(failure) => {
            handshake.unreachable(failure.stage, failure.reason);
            None
        }
    }
}

async fn direct(
    route: &Route,
    deadline: Instant,
    handshake: &mut Handshake,
) -> Result<TcpStream, Failure> {
    let targets = route.targets();
    let addresses = addresses(&route.target, deadline, handshake).await?;
    let mut failure = None;
    for (position, target) in targets.iter().enumerate() {
        handshake.port = target.port();
        let rounds = targets.len() - position;
        match first(&addresses, target.port(), rounds, deadline, handshake).await {
            Ok(stream) => return Ok(stream),
            // What the first port said is the answer about the endpoint.
            Err(other) => failure.get_or_insert(other),
        };
    }
    handshake.port = route.target.port();
    Err(failure.unwrap_or_else(no_address))
}

async fn through(
    proxy: &Proxy,
    route: &Route,
    deadline: Instant,
    handshake: &mut Handshake,
) -> Result<TcpStream, Failure> {
    let here = |failure: Failure| Failure {
        stage: Stage::Proxy,
        reason: format!(
            "the proxy {} does not answer: {}",
            proxy.target(),
            failure.reason
        ),
    };
    handshake.proxy = Some(proxy.target().to_string());
    let addresses = addresses(proxy.target(), deadline, handshake)
        .await
        .map_err(here)?;
    let mut failure = None;
    for target in route.targets() {
        handshake.port = target.port();
        let port = proxy.target().port();
        let mut stream = first(&addresses, port, 1, deadline, handshake)
            .await
            .map_err(here)?;
        let started = Instant::now();
        let tunnel = timeout_at(deadline, proxy.tunnel(&mut stream, &target)).await;
        handshake.stages.proxy_ms = Some(milliseconds(started.elapsed()));
        let reason = match tunnel {
            Ok(Ok(())) => return Ok(stream),
            Ok(Err(reason)) => reason,
            Err(_) => "the proxy did not answer in time".to_owned(),
        };
        failure.get_or_insert(Failure {
            stage: Stage::Proxy,
            reason,
        });
    }
    handshake.port = route.target.port();
    Err(failure.unwrap_or_else(no_address))
}

fn no_address() -> Failure {
    Failure {
        stage: Stage::Dns,
        reason: "the name has no address".to_owned(),
    }
}

/// Connects to the first address that answers; `rounds` ports in all have to fit into the deadline.
async fn first(
    addresses: &[IpAddr],
    port: u16,
    rounds: usize,
    deadline: Instant,
    handshake: &mut Handshake,
) -> Result<TcpStream, Failure> {
    let started = Instant::now();
    let mut reason = None;
    for (position, address) in addresses.iter().enumerate() {
        // An address that swallows packets must leave time for those after it.
        let left = addresses.len() * rounds - position;
        let share = deadline.saturating_duration_since(Instant::now())
            / u32::try_from(left).unwrap_or(u32::MAX);
        let address = SocketAddr::new(*address, port);
        handshake.address = Some(address.ip());
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                handshake.stages.tcp_ms = Some(milliseconds(started.elapsed()));
                // Without it the probe may wait for an acknowledgement of the handshake; if it fails it only waits.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = Some(io_reason(&error)),
            Err(_) => reason = Some("no answer in time".to_owned()),
        }
    }
    handshake.stages.tcp_ms = Some(milliseconds(started.elapsed()));
    Err(Failure {
        stage: Stage::Tcp,
        reason: reason.unwrap_or_else(|| no_address().reason),
    })
}

/// The addresses of a host, the families in turn: where one of them leads nowhere, the other is not last.
async fn addresses(
    target: &Target,
    deadline: Instant,
    handshake: &mut Handshake,
) -> Result<Vec<IpAddr>, Failure> {
    if let Some(address) = target.address() {
        return Ok(vec![address]);
    }
    let started = Instant::now();
    let found = timeout_at(deadline, lookup_host((target.host(), target.port()))).await;
    handshake.stages.dns_ms = Some(milliseconds(started.elapsed()));
    let reason = match found {
        Ok(Ok(found)) => {
            let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            if !found.is_empty() {
                return Ok(in_turn(found));
            }
            return Err(no_address());
        }
        // The resolver's own words name its call; what they mean is that there is no such host.
        Ok(Err(error)) => name_reason(&error),
        Err(_) => "no answer in time".to_owned(),
    };
    Err(Failure {
        stage: Stage::Dns,
        reason,
    })
}

fn in_turn(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let leading = found.first().is_some_and(IpAddr::is_ipv6);
    let (mut one, mut other): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|address| address.is_ipv6() == leading);
    one.reverse();
    other.reverse();
    let mut turns = Vec::new();
    while !(one.is_empty() && other.is_empty()) {
        turns.extend(one.pop());
        turns.extend(other.pop());
    }
    turns
}

fn name_reason(error: &io::Error) -> String {
    let text = io_reason(error);
    match text.strip_prefix("failed to lookup address information: ") {
        Some("Name or service not known" | "No address associated with hostname") => {
            "no such host".to_owned()
        }
        Some("Temporary failure in name resolution") => {
            "the name server does not answer".to_owned()
        }
        _ => text,
    }
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
