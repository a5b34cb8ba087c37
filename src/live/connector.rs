//! Opens connections to send over, one after the other to the same endpoint: a handshake, a look at what the server says of
//! the certificate, and the first word is the caller's.

use openssl::ssl::SslContext;

use super::binary::Wire;
use super::handshake::{Handshake, Protocol, Stage};
use super::http2::Connection;
use super::outcome::Outcome;
use super::peek::peek;
use super::session::{context, shake};
use super::{Credentials, Patience, Roots, Route, Terms};
use crate::error::Result;
use crate::finding::Finding;

/// An endpoint, what is presented to it, and on which terms.
pub struct Connector {
    context: SslContext,
    route: Route,
    credentials: Credentials,
    terms: Terms,
    patience: Patience,
}

/// An open connection to send over.
pub enum Opened {
    /// HTTP/2, ready for requests.
    Http2(Connection),
    /// The binary protocol, ready for frames.
    Binary(Wire),
}

impl Connector {
    /// Reads the roots once for all connections. The inner error is a machine without any: nothing can be sent.
    ///
    /// # Errors
    /// Roots that OpenSSL cannot load.
    pub fn new(
        route: Route,
        credentials: Credentials,
        roots: &Roots,
        terms: Terms,
        patience: Patience,
    ) -> Result<std::result::Result<Connector, Finding>> {
        Ok(context(roots)?.map(|context| Connector {
            context,
            route,
            credentials,
            terms,
            patience,
        }))
    }

    /// How long is waited for what.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Connects, shakes hands and stops before the first word. The handshake says what was seen; without a connection it says
    /// why. Needs a tokio runtime.
    ///
    /// # Errors
    /// Certificates or key that OpenSSL cannot load or that do not fit each other, before anything is sent.
    pub async fn open(&self) -> Result<(Handshake, Option<Opened>)> {
        let Connector {
            context,
            route,
            credentials,
            terms,
            patience,
        } = self;
        let mut handshake = Handshake::new(&route.target);
        let shaken = shake(
            context,
            route,
            credentials,
            *terms,
            patience,
            &mut handshake,
        );
        let session = shaken.await?;
        handshake.note_server();
        let Some(mut session) = session else {
            return Ok((handshake, None));
        };
        if handshake.protocol == Protocol::Unknown {
            let reason = "no protocol that a push gateway speaks was agreed on";
            handshake.unreachable(Stage::Tls, reason.to_owned());
            return Ok((handshake, None));
        }
        let presented = session.signals.presented(session.stream.ssl());
        let said = peek(session.stream.as_mut(), &session.signals, patience).await;
        if let Some(outcome) = said {
            if let Outcome::Alert(_) = outcome {
                handshake.alert_after_ms = Some(session.elapsed_ms());
            }
            handshake.judge_failed(&outcome, presented);
            return Ok((handshake, None));
        }
        let opened = match handshake.protocol {
            Protocol::Binary => Some(Opened::Binary(Wire::new(session.stream))),
            _ => {
                let authority = route.target.at(handshake.port).to_string();
                match Connection::open(session.stream, authority).await {
                    Ok(connection) => Some(Opened::Http2(connection)),
                    Err(broken) => {
                        handshake.unreachable(Stage::Tls, broken.to_string());
                        None
                    }
                }
            }
        };
        Ok((handshake, opened))
    }
}
