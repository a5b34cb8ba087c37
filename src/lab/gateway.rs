//! A stand-in for Apple's binary gateway: refuses certificates with the alerts that Apple sends, answers frames as Apple does, delivers nothing.
//! The number of connections is bounded; what one of them may cost is in `connection`.

use super::authority::Authority;
use super::client::{Policy, normal_serial};
use super::connection::{Connection, Log};
use super::crypto;
use super::event::{Event, What};
use crate::apple::Environment;
use crate::error::{Error, Result};
use openssl::error::ErrorStack;
use openssl::ssl::{SslAcceptor, SslContext, SslMethod, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::task::JoinSet;

const MOST_CONNECTIONS: usize = 256;

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

/// How a gateway behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only environment that is served; both without one.
    pub environment: Option<Environment>,
    /// Serial numbers in hex, with or without colons, that are refused as revoked.
    pub revoked: Vec<String>,
    /// The TLS versions.
    pub tls: Tls,
    /// What time it is: for events and for the validity of certificates.
    pub clock: fn() -> OffsetDateTime,
}

/// A gateway that holds its port and does not serve yet.
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    context: SslContext,
    policy: Arc<Policy>,
    clock: fn() -> OffsetDateTime,
}

impl Gateway {
    /// Takes the port of `address` (`127.0.0.1:2195`; port 0 picks a free one).
    pub fn bind(address: &str, authority: &Authority, settings: Settings) -> Result<Gateway> {
        let network = |error: std::io::Error| Error::Network {
            reason: format!("cannot listen on {address}: {error}"),
        };
        let context =
            context(authority, settings.tls).map_err(crypto("setting up the gateway's TLS"))?;
        let listener = TcpListener::bind(address).map_err(network)?;
        listener.set_nonblocking(true).map_err(network)?;
        Ok(Gateway {
            address: listener.local_addr().map_err(network)?,
            listener,
            context,
            policy: Arc::new(Policy {
                environment: settings.environment,
                revoked: settings.revoked.iter().map(|s| normal_serial(s)).collect(),
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
                    connections.spawn(connection.serve(tcp, self.context.clone(), self.policy.clone()));
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

fn context(authority: &Authority, tls: Tls) -> std::result::Result<SslContext, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let only = match tls {
        Tls::Any => None,
        Tls::Tls12 => Some(SslVersion::TLS1_2),
        Tls::Tls13 => Some(SslVersion::TLS1_3),
    };
    builder.set_min_proto_version(only.or(Some(SslVersion::TLS1_2)))?;
    builder.set_max_proto_version(only)?;
    builder.set_certificate(&authority.server)?;
    builder.add_extra_chain_cert(authority.intermediate.clone())?;
    builder.set_private_key(&authority.server_key)?;
    // Clients send the leaf alone, as they do to Apple, so the intermediate has to be known here.
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(authority.root.clone())?;
    store.add_cert(authority.intermediate.clone())?;
    builder.set_cert_store(store.build());
    builder.add_client_ca(&authority.intermediate)?;
    builder.add_client_ca(&authority.root)?;
    // Without it OpenSSL refuses to resume a session that holds a client certificate.
    builder.set_session_id_context(b"pushcert lab")?;
    Ok(builder.build().into_context())
}
