//! Asks endpoints about certificates: one, or many at once within the limits that hosts are owed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openssl::ssl::{SslContext, SslVersion};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until};

use super::binary::{self, Conversation};
use super::handshake::{Handshake, Protocol, Verdict, milliseconds};
use super::http2::probe;
use super::session::{Session, context, shake};
use super::verdict::Evidence;
use super::{Credentials, Offer, Patience, Push, Roots, Route, Terms, facts};
use crate::error::{Error, Result};

/// One endpoint to ask about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// How it is reached.
    pub route: Route,
    /// What is presented.
    pub credentials: Credentials,
    /// The probe; `None` sends none.
    pub probe: Option<Push>,
    /// Apple's own host, which is owed restraint.
    pub apple: bool,
}

/// How many queries are settled, for whoever waits.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<AtomicUsize>);

impl Asked {
    /// The number.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Connections at a time to Apple's hosts.
const TO_APPLE: usize = 4;
/// Connections at a time to any others.
const TO_OTHERS: usize = 32;

/// Asks one endpoint. Whatever a server does is an answer; it ends within `timeout`, a few `wait` and, over HTTP/2, `timeout` again.
///
/// # Errors
/// Certificates, key or roots that OpenSSL cannot load or that do not fit each other, before anything is sent.
pub fn ask(query: &Query, roots: &Roots, patience: &Patience) -> Result<Handshake> {
    let runtime = runtime()?;
    let (queries, asked) = (vec![query.clone()], Asked::default());
    let answers = runtime.block_on(ask_all(queries, roots, patience, &asked));
    runtime.shutdown_background();
    answers?.pop().unwrap_or_else(|| Err(lost()))
}

/// A runtime for what is asked here, on the thread that waits for it. It is to be shut down in the background: a name server
/// that never answers holds a thread, which must not hold the answer.
///
/// # Errors
/// When the system gives no more descriptors.
pub fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Network {
            reason: super::dial::io_reason(&error),
        })
}

/// Asks all of them, several at a time. The answers stand in the order of the queries, equal queries are asked once. Needs a
/// tokio runtime; dropped, it leaves every connection.
///
/// # Errors
/// Roots that OpenSSL cannot load; what is wrong with a query's own credentials stands in its place.
pub async fn ask_all(
    queries: Vec<Query>,
    roots: &Roots,
    patience: &Patience,
    asked: &Asked,
) -> Result<Vec<Result<Handshake>>> {
    let context = match context(roots)? {
        Ok(context) => context,
        Err(finding) => {
            let unasked = |query: Query| {
                let mut handshake = Handshake::new(&query.route.target);
                handshake.no_roots(finding.clone());
                Ok(handshake)
            };
            return Ok(queries.into_iter().map(unasked).collect());
        }
    };
    Ok(all(queries, context, *patience, asked).await)
}

async fn all(
    queries: Vec<Query>,
    context: SslContext,
    patience: Patience,
    asked: &Asked,
) -> Vec<Result<Handshake>> {
    let to_apple = Arc::new(Semaphore::new(TO_APPLE));
    let to_others = Arc::new(Semaphore::new(TO_OTHERS));
    let mut distinct: Vec<Query> = Vec::new();
    let places: Vec<usize> = queries
        .into_iter()
        .map(|query| {
            let known = distinct.iter().position(|other| *other == query);
            known.unwrap_or_else(|| {
                distinct.push(query);
                distinct.len() - 1
            })
        })
        .collect();
    let mut answers: Vec<Result<Handshake>> = distinct.iter().map(|_| Err(lost())).collect();
    let mut tasks = JoinSet::new();
    for (place, query) in distinct.into_iter().enumerate() {
        let limit = match query.apple {
            true => to_apple.clone(),
            false => to_others.clone(),
        };
        let (context, asked) = (context.clone(), asked.clone());
        tasks.spawn(async move {
            // Never closed, so there is always a permit to come.
            let _permit = limit.acquire_owned().await;
            let answer = one(&query, &context, &patience).await;
            asked.0.fetch_add(1, Ordering::Relaxed);
            (place, answer)
        });
    }
    while let Some(ended) = tasks.join_next().await {
        if let Ok((place, answer)) = ended
            && let Some(slot) = answers.get_mut(place)
        {
            *slot = answer;
        }
    }
    let answer = |place: usize| answers.get(place).cloned().unwrap_or_else(|| Err(lost()));
    places.into_iter().map(answer).collect()
}

fn lost() -> Error {
    Error::Network {
        reason: "the handshake ended without a result".to_owned(),
    }
}

async fn one(query: &Query, context: &SslContext, patience: &Patience) -> Result<Handshake> {
    let mut handshake = Handshake::new(&query.route.target);
    let (route, credentials) = (&query.route, &query.credentials);
    let terms = Terms {
        offer: Offer::Any,
        verified: false,
    };
    let shaken = shake(context, route, credentials, terms, patience, &mut handshake);
    if let Some(session) = shaken.await? {
        converse(session, query, patience, &mut handshake).await;
    }
    handshake.note_server();
    Ok(handshake)
}

async fn converse(session: Session, query: &Query, patience: &Patience, handshake: &mut Handshake) {
    let Session {
        mut stream,
        signals,
        since,
    } = session;
    let mut evidence = Evidence {
        asked: signals.asked(),
        asked_in_time: signals.asked(),
        presented: signals.presented(stream.ssl()),
        modern: stream.ssl().version2() == Some(SslVersion::TLS1_3),
        ticket: false,
        outcome: super::outcome::Outcome::Quiet,
    };
    let push = query.probe.as_ref();
    let said = match handshake.protocol {
        Protocol::Http2 => {
            let authority = query.route.target.at(handshake.port).to_string();
            probe::converse(stream, authority, &signals, push, patience).await
        }
        protocol => {
            let probe = push.is_some() && protocol == Protocol::Binary;
            let heard = protocol == Protocol::Binary;
            let said = binary::converse(stream.as_mut(), &signals, heard, probe, patience).await;
            // Before TLS 1.3 a server may ask later, in a handshake of its own.
            evidence.asked = signals.asked();
            evidence.presented = signals.presented(stream.ssl());
            handshake.tls = facts::facts(stream.ssl(), &signals);
            said
        }
    };
    let Conversation {
        outcome,
        probe,
        alert_at,
    } = said;
    evidence.ticket = signals.ticket();
    evidence.outcome = outcome;
    handshake.probe = probe;
    handshake.alert_after_ms = alert_at.map(|at| milliseconds(at.duration_since(since)));
    handshake.judge(&evidence);
    if handshake.verdict == Verdict::Accepted && handshake.rests_on_handshake() {
        // A gateway may judge in its application and close; so much time it has on every version.
        let over = since + patience.wait.min(Duration::from_secs(86_400));
        // The timer would wait for its next tick even where nothing is left to wait for.
        if Instant::now() < over {
            sleep_until(over).await;
        }
    }
}
