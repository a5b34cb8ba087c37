//! Name to addresses, then the first that answers.

use super::{Handshake, Stage, Target};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout_at;

/// Milliseconds since a moment.
pub(super) fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// Connects within the deadline; on failure the handshake so far, which says where it failed.
pub(super) async fn dial(
    target: &Target,
    deadline: Instant,
    handshake: Handshake,
) -> Result<(TcpStream, Handshake), Box<Handshake>> {
    let mut handshake = handshake;
    let start = Instant::now();
    let lookup = timeout_at(
        deadline.into(),
        lookup_host((target.host.as_str(), target.port)),
    )
    .await;
    let addresses: Vec<SocketAddr> = match lookup {
        Err(_) => {
            return Err(Box::new(
                handshake.failed(Stage::Dns, "no answer within the time"),
            ));
        }
        Ok(Err(_)) => return Err(Box::new(handshake.failed(Stage::Dns, "no such host"))),
        Ok(Ok(addresses)) => addresses.collect(),
    };
    let Some(first) = addresses.first() else {
        return Err(Box::new(
            handshake.failed(Stage::Dns, "the name has no address"),
        ));
    };
    handshake.stages.dns_ms = Some(ms_since(start));
    handshake.address = Some(first.ip().to_string());
    let mut reason = "no answer within the time".to_string();
    for (position, address) in addresses.iter().enumerate() {
        let start = Instant::now();
        let until = share(deadline, addresses.len() - position);
        match timeout_at(until.into(), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                handshake.stages.tcp_ms = Some(ms_since(start));
                handshake.address = Some(address.ip().to_string());
                let _ = stream.set_nodelay(true);
                return Ok((stream, handshake));
            }
            Ok(Err(error)) => reason = words(&error),
            Err(_) => {}
        }
    }
    Err(Box::new(handshake.failed(Stage::Tcp, reason)))
}

/// An equal part of what is left for each address that is still to be tried.
fn share(deadline: Instant, left: usize) -> Instant {
    let rest = deadline.saturating_duration_since(Instant::now());
    let parts = u32::try_from(left).unwrap_or(1).max(1);
    Instant::now() + rest.checked_div(parts).unwrap_or(Duration::ZERO)
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_string(),
        std::io::ErrorKind::HostUnreachable => "no route to the host".to_string(),
        std::io::ErrorKind::NetworkUnreachable => "the network is unreachable".to_string(),
        _ => error.to_string().to_lowercase(),
    }
}
