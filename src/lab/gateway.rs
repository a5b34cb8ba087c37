//! A stand-in for APNs: refuses certificates and answers notifications as Apple does, on both protocols, and delivers nothing.
//! The number of connections is bounded; what one of them may cost is in `connection`.

use super::authority::Authority;
use super::client::{Policy, normal_serial};
use super::conversation::{Connection, Log, Rules};
use super::crypto;
use super::event::{Event, What};
use super::settings::Settings;
use super::tls;
use super::tokens::Tokens;
use crate::error::{Error, Result};
use openssl::ssl::SslContext;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::task::JoinSet;

const MOST_CONNECTIONS: usize = 256;

/// A gateway that holds its port and does not serve yet.
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    context: SslContext,
    rules: Arc<Rules>,
    clock: fn() -> OffsetDateTime,
}

impl Gateway {
    /// Takes the port of `address` (`127.0.0.1:2195`; port 0 picks a free one).
    pub fn bind(address: &str, authority: &Authority, settings: Settings) -> Result<Gateway> {
        let network = |error: std::io::Error| Error::Network {
            reason: format!("cannot listen on {address}: {error}"),
        };
        let context =
            tls::context(authority, &settings).map_err(crypto("setting up the gateway's TLS"))?;
        let listener = TcpListener::bind(address).map_err(network)?;
        listener.set_nonblocking(true).map_err(network)?;
        Ok(Gateway {
            address: listener.local_addr().map_err(network)?,
            listener,
            context,
            rules: Arc::new(Rules {
                policy: Policy {
                    environment: settings.environment,
                    revoked: settings.revoked.iter().map(|s| normal_serial(s)).collect(),
                },
                protocol: settings.protocol,
                tokens: Tokens::new(settings.tokens, settings.answer),
                faults: settings.faults,
            }),
            clock: settings.clock,
        })
    }

    /// Where it listens, with the port that was picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready; then closes every connection. Needs a tokio runtime with its I/O and time.
    pub async fn serve(
        self,
        events: impl Fn(Event) + Send + Sync + 'static,
        stop: impl Future<Output = ()>,
    ) -> Result<()> {
        let listener =
            tokio::net::TcpListener::from_std(self.listener).map_err(|error| Error::Network {
                reason: format!("cannot listen on {}: {error}", self.address),
            })?;
        let log = Log {
            clock: self.clock,
            events: Arc::new(events),
        };
        log.tell(What::Listening {
            address: self.address.to_string(),
        });
        let mut connections = JoinSet::new();
        let mut number = 0;
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                _ = &mut stop => return Ok(()),
                Some(_) = connections.join_next() => {}
                accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                    let Ok((tcp, _)) = accepted else {
                        // Out of descriptors, or the client is gone again: neither may turn into a busy loop.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    };
                    number += 1;
                    let connection = Connection { number, log: log.clone() };
                    connections.spawn(connection.serve(tcp, self.context.clone(), self.rules.clone()));
                }
            }
        }
    }

    /// Serves on a thread of its own until the returned value is dropped.
    pub fn run_in_thread(self, events: impl Fn(Event) + Send + Sync + 'static) -> Result<Running> {
        let address = self.address;
        let failed = |error: std::io::Error| Error::Network {
            reason: format!("cannot serve on {address}: {error}"),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("lab gateway".to_string())
            .spawn(move || {
                // A dropped sender stops it as well as a message.
                runtime.block_on(self.serve(events, async { drop(stopped.await) }))
            })
            .map_err(failed)?;
        Ok(Running {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// A gateway that serves on its own thread; dropped, it stops, and its last events have been told.
pub struct Running {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<Result<()>>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
