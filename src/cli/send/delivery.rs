//! The flags that say how: headers, endpoint, connection; and the run itself, with the answers as they come.

use super::super::endpoint::ConnectionFlags;
use super::super::reply::{Reply, Stop, code_after};
use super::super::wishes::Env;
use super::super::{moment, waiting};
use super::output::{Form, Record};
use super::{Order, Send};
use crate::apple::{Environment, PushType};
use crate::certificate::Certificate;
use crate::finding::Status;
use crate::live::{Connector, Credentials, Patience, Route, Target, Terms};
use crate::send::{Delivery, Destination, Via, Wishes};
use clap::{Args, ValueEnum};
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::Duration;

// How it is sent.
#[derive(Args, Clone, Debug)]
pub(super) struct DeliveryFlags {
    /// `apns-topic`; the certificate's own if not given
    #[arg(long, value_name = "T")]
    topic: Option<String>,
    /// Which of Apple's environments; a certificate that serves one needs none
    #[arg(long, value_enum, value_name = "E")]
    env: Option<Env>,
    /// The HTTP/2 API or the binary protocol
    #[arg(long, value_enum, value_name = "P")]
    via: Option<ViaFlag>,
    /// Send to this gateway instead of Apple's
    #[arg(long, value_name = "HOST:PORT", value_parser = Target::parse)]
    gateway: Option<Target>,
    #[command(flatten)]
    headers: Headers,
    #[command(flatten)]
    connection: ConnectionFlags,
    /// The silence after which frames of the binary protocol count as taken
    #[arg(long, value_name = "D", default_value = "2s", value_parser = moment::parse_duration)]
    wait: Duration,
}

// Headers.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Headers")]
struct Headers {
    /// `apns-push-type`; told from topic and payload if not given
    #[arg(long, value_name = "T", value_parser = PushType::parse)]
    push_type: Option<PushType>,
    /// `apns-priority`: 10, 5 or 1; 5 for background and 10 for the rest if not given
    #[arg(long, value_name = "N")]
    priority: Option<u8>,
    /// `apns-expiration`: seconds since 1970, RFC 3339, or a duration from now; 0 for one attempt
    #[arg(long, value_name = "T")]
    expiration: Option<String>,
    /// `apns-collapse-id`, at most 64 bytes
    #[arg(long, value_name = "S")]
    collapse_id: Option<String>,
    /// `apns-id`, a UUID; the server makes one if not given
    #[arg(long, value_name = "UUID", conflicts_with = "tokens")]
    apns_id: Option<String>,
}

/// `--via`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ViaFlag {
    /// HTTP/2: api[.sandbox].push.apple.com:443 or 2197
    Api,
    /// The binary protocol: gateway[.sandbox].push.apple.com:2195, turned off on 2021-03-31
    Legacy,
}

impl DeliveryFlags {
    /// `--topic`.
    pub fn topic(&self) -> Option<&String> {
        self.topic.as_ref()
    }

    /// `--env`.
    pub fn environment(&self) -> Option<Environment> {
        self.env.map(Environment::from)
    }

    /// Where it goes.
    pub fn destination(&self, leaf: &Certificate) -> Result<Destination, Box<Stop>> {
        let via = self.via.map(|flag| match flag {
            ViaFlag::Api => Via::Api,
            ViaFlag::Legacy => Via::Legacy,
        });
        let destination = Destination::of(leaf, self.gateway.as_ref(), via, self.environment())?;
        Ok(destination)
    }

    /// What the flags say of the headers.
    pub fn wishes(&self) -> Result<Wishes, Box<Stop>> {
        let headers = &self.headers;
        let expiration = headers.expiration.as_deref().map(expiration).transpose();
        Ok(Wishes {
            topic: self.topic.clone(),
            push_type: headers.push_type,
            priority: headers.priority,
            expiration: expiration.map_err(Stop::usage)?,
            collapse_id: headers.collapse_id.clone(),
            apns_id: headers.apns_id.clone(),
        })
    }
}

impl Send {
    /// Sends, and tells what came of it.
    pub(super) fn deliver(&self, order: &Order, form: Form) -> Result<Reply, Box<Stop>> {
        let flags = &self.delivery;
        let destination = &order.destination;
        let route = Route {
            target: destination.target.clone(),
            fallback: destination.fallback,
            proxy: flags.connection.proxies()?.reaching(&destination.target)?,
        };
        let identity = &order.identity;
        let presented = [std::slice::from_ref(identity.leaf()), identity.chain()].concat();
        let credentials = Credentials::new(&presented, identity.key());
        let terms = Terms {
            offer: destination.offer(),
            verified: true,
        };
        let patience = Patience {
            timeout: flags.connection.timeout,
            wait: flags.wait,
        };
        let roots = flags.connection.roots()?;
        let connector = Connector::new(route, credentials, &roots, terms, patience)?;
        let connector = connector.map_err(|finding| {
            Box::new(Stop {
                code: Status::Unknown.exit_code(),
                findings: vec![finding],
                own: serde_json::Map::new(),
            })
        })?;
        let (notification, tokens) = (&order.notification, &order.tokens);
        let mut delivery = Delivery::new(connector, destination, notification, tokens)?;
        let mut record = Record::new(order, form);
        let (settled, total) = (Cell::new(0), tokens.listed.len());
        let sent = waiting::run(
            async {
                while let Some(told) = delivery.next(&mut record.ledger).await? {
                    settled.set(settled.get() + told.len());
                    if let Err(error) = record.tell(told) {
                        record.deaf = true;
                        // A reader that left needs no word; a full disk does.
                        code_after(Err(error), 0);
                        delivery.stop("the answers cannot be written any more");
                    }
                }
                Ok(())
            },
            // Lines that go by on the same terminal say as much.
            self.common.quiet || (form == Form::Lines && std::io::stdout().is_terminal()),
            || match total {
                1 => "waiting for the answer".to_string(),
                _ => format!("{} of {total} answers", settled.get()),
            },
        );
        // What is sent by then is told, whatever ended it.
        let signal = match sent {
            Ok(()) => None,
            Err(stop) if stop.code > 128 => Some(stop.code),
            Err(stop) => return Err(stop),
        };
        let file = self.to.file().map(|path| super::name(path));
        Ok(record.reply(&delivery, file.as_deref(), signal))
    }
}

/// `--expiration`.
fn expiration(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(seconds);
    }
    let moment = match moment::parse_duration(text) {
        Ok(duration) => moment::now(None) + duration,
        Err(_) => moment::parse_at(text).map_err(|_| {
            "--expiration is seconds since 1970, RFC 3339, or a duration such as 1h".to_string()
        })?,
    };
    u64::try_from(moment.unix_timestamp()).map_err(|_| "--expiration is before 1970".to_string())
}
