//! The conversation over HTTP/2: look before writing anything, then one push that can reach nobody, and what its answer proves.

use std::pin::Pin;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_openssl::SslStream;

use super::{Answer, Broken, Connection, Post};
use crate::apple::reason::{self, Judgement};
use crate::live::binary::Conversation;
use crate::live::dial::after;
use crate::live::outcome::Outcome;
use crate::live::peek::peek;
use crate::live::tls::Signals;
use crate::live::{Patience, Probe, Push};

/// Talks to the server; with a push to probe with, or only to hear whether it refuses.
pub(in crate::live) async fn converse(
    mut stream: Pin<Box<SslStream<TcpStream>>>,
    authority: String,
    signals: &Signals,
    push: Option<&Push>,
    patience: &Patience,
) -> Conversation {
    let mut probe = Probe::default();
    let presented = signals.presented(stream.ssl());
    let outcome = match peek(stream.as_mut(), signals, patience).await {
        Some(outcome) => outcome,
        None if !presented => Outcome::Quiet,
        None => match push {
            Some(push) => ask(stream, authority, push, patience, &mut probe).await,
            None => linger(stream, authority, patience).await,
        },
    };
    let alert_at = matches!(outcome, Outcome::Alert(_)).then(Instant::now);
    Conversation {
        outcome,
        probe,
        alert_at,
    }
}

async fn ask(
    stream: Pin<Box<SslStream<TcpStream>>>,
    authority: String,
    push: &Push,
    patience: &Patience,
    probe: &mut Probe,
) -> Outcome {
    let opened = async {
        let connection = Connection::open(stream, authority).await?;
        let (path, post) = post(push);
        let pending = connection.post(&post.seal()?, &path)?;
        Ok((connection, pending))
    };
    let deadline = after(patience.timeout);
    let (mut connection, pending) = match timeout_at(deadline, opened).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(broken)) => return ended(broken, probe),
        Err(_) => return Outcome::Quiet,
    };
    probe.sent = true;
    let outcome = match timeout_at(deadline, pending.answer()).await {
        Ok(Ok(answer)) => answered(&answer, probe),
        Ok(Err(broken)) => ended(broken, probe),
        Err(_) => Outcome::Quiet,
    };
    if outcome != Outcome::Quiet {
        connection.close().await;
        return outcome;
    }
    // What decides nothing leaves the word to a refusal that may still come.
    match timeout_at(after(patience.wait), connection.ended()).await {
        Ok(Broken::Alert(alert)) if alert.refuses_certificate() => Outcome::Alert(alert),
        _ => Outcome::Quiet,
    }
}

async fn linger(
    stream: Pin<Box<SslStream<TcpStream>>>,
    authority: String,
    patience: &Patience,
) -> Outcome {
    let listening = async {
        match Connection::open(stream, authority).await {
            Ok(mut connection) => connection.ended().await,
            Err(broken) => broken,
        }
    };
    match timeout_at(after(patience.wait), listening).await {
        Ok(broken) => ended(broken, &mut Probe::default()),
        Err(_) => Outcome::Quiet,
    }
}

/// A push to the token of 32 zero bytes, with a payload that shows nothing.
fn post(push: &Push) -> (String, Post) {
    let topic = push.topic.clone().map(|topic| ("apns-topic", topic));
    let fixed = [
        ("apns-push-type", push.push_type.to_owned()),
        ("apns-priority", "5".to_owned()),
    ];
    let post = Post {
        // A topic that cannot stand in a header is one that the server has to miss.
        headers: topic
            .into_iter()
            .filter(|(_, topic)| topic.bytes().all(|byte| byte.is_ascii_graphic()))
            .chain(fixed)
            .collect(),
        body: match push.push_type {
            "mdm" => br#"{"mdm":""}"#.to_vec(),
            "background" => br#"{"aps":{"content-available":1}}"#.to_vec(),
            _ => br#"{"aps":{}}"#.to_vec(),
        },
    };
    (format!("/3/device/{}", "0".repeat(64)), post)
}

fn answered(answer: &Answer, probe: &mut Probe) -> Outcome {
    probe.status = Some(answer.status);
    probe.reason = answer.reason().or_else(|| answer.page());
    let known = probe.reason.as_deref().and_then(reason::find);
    let judgement = match (answer.status, known) {
        (200, _) => Judgement::Accepted,
        (_, Some(reason)) => reason.judgement,
        _ if answer.page().is_some() => Judgement::Rejected,
        _ => Judgement::Nothing,
    };
    match judgement {
        Judgement::Nothing => Outcome::Quiet,
        judgement => Outcome::Answered(judgement),
    }
}

fn ended(broken: Broken, probe: &mut Probe) -> Outcome {
    match broken {
        Broken::Alert(alert) => Outcome::Alert(alert),
        Broken::Closed(reason) if !probe.sent => Outcome::Closed(reason),
        Broken::Closed(_) => Outcome::ClosedEarly,
        Broken::Tls(reason) => Outcome::Broken(reason),
        Broken::Foreign => Outcome::Foreign,
        Broken::GoAway(goaway) => {
            probe.reason = goaway.reason();
            Outcome::Quiet
        }
        Broken::Reset(_) | Broken::Header(_) => Outcome::Quiet,
    }
}
