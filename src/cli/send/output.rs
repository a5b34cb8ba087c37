//! The answers as they come, and the reply when all have: text, one document, or a stream of lines.

use super::super::reply::{Reply, Stop};
use super::super::terminal::say;
use super::Order;
use crate::finding::{Finding, Severity, Status, id};
use crate::report::send::{self, LINES, Sent};
use crate::report::{escape, json, words};
use crate::send::{Delivery, Fate, Ledger, Settled, State, Tally};
use serde_json::{Map, Value};
use std::io::Write;

/// What goes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// `--json`.
    Document,
    /// `--jsonl`.
    Lines,
}

/// What is kept of a run: of many notifications no more than their states, unless a document is to name them all.
pub(super) struct Record<'a> {
    order: &'a Order,
    form: Form,
    /// Nothing that is written arrives.
    pub deaf: bool,
    pub ledger: Ledger,
    tally: Tally,
    kept: Vec<(usize, Fate)>,
}

impl<'a> Record<'a> {
    pub fn new(order: &'a Order, form: Form) -> Record<'a> {
        Record {
            order,
            form,
            deaf: false,
            ledger: Ledger::new(order.tokens.listed.len()),
            tally: Tally::default(),
            kept: Vec::new(),
        }
    }

    /// Takes what was settled; of a stream it writes the lines at once. Fails where nobody reads them.
    pub fn tell(&mut self, told: Vec<Settled>) -> std::io::Result<()> {
        let mut lines = Vec::new();
        for Settled { index, fate } in told {
            self.tally.note(&fate);
            if self.form == Form::Lines && !self.deaf {
                lines.extend(escape::json(&self.line(index, &fate).to_string()).into_bytes());
                lines.push(b'\n');
            }
            let few = self.order.tokens.listed.len() <= LINES;
            let wanted = few || fate.state != State::Accepted && self.kept.len() < LINES;
            if self.form == Form::Document || wanted {
                self.kept.push((index, fate));
            }
        }
        match self.deaf {
            true => Ok(()),
            false => write(&lines),
        }
    }

    fn line(&self, index: usize, fate: &Fate) -> Value {
        let Order {
            notification,
            tokens,
            ..
        } = self.order;
        send::notification(&notification.topic, tokens, index, fate)
    }

    /// The reply; with the exit code of the signal that ended the run, if one did.
    pub fn reply(
        mut self,
        delivery: &Delivery<'_>,
        file: Option<&str>,
        signal: Option<u8>,
    ) -> Reply {
        self.settle();
        self.kept.sort_by_key(|(index, _)| *index);
        let counts = self.ledger.counts();
        let status = counts.status().worst(Status::of(delivery.findings()));
        let status = match signal {
            Some(_) => Status::Unknown,
            None => status,
        };
        let mut findings = delivery.findings().to_vec();
        let own = format!(" {}", words::shell(&self.order.path));
        findings.extend(
            self.tally
                .findings(counts.total)
                .into_iter()
                .map(|finding| {
                    let hint = finding
                        .hint
                        .as_ref()
                        .map(|hint| hint.replace(" FILE", &own));
                    Finding { hint, ..finding }
                }),
        );
        findings.extend(repeated(self.order, file));
        let host = match delivery.handshake() {
            Some(handshake) => self.order.destination.target.at(handshake.port),
            None => self.order.destination.target.clone(),
        };
        let retired = self.order.destination.retired && counts.accepted == 0;
        let sent = Sent {
            notification: &self.order.notification,
            tokens: &self.order.tokens,
            file,
            path: &self.order.path,
            host: &host.to_string(),
            named: self.order.destination.named,
            handshake: delivery.handshake(),
            connections: delivery.connections(),
            ledger: &self.ledger,
            tally: &self.tally,
            kept: &self.kept,
            findings: delivery.findings(),
            status,
            why: retired.then_some(RETIRED),
        };
        let mut reply = Reply {
            status,
            exit_code: signal,
            own: sent.document(),
            findings,
            ..Reply::default()
        };
        match self.form {
            Form::Text => reply.stdout = sent.text(),
            Form::Document => self.document(&mut reply),
            Form::Lines if self.deaf => reply.silent = true,
            Form::Lines => last_line(&mut reply),
        }
        reply
    }

    /// The notifications of the document, each as text.
    fn document(&self, reply: &mut Reply) {
        let key = "notifications";
        let mut own = json::part(key, Value::Null);
        own.append(&mut reply.own);
        reply.own = own;
        let lines = self
            .kept
            .iter()
            .map(|(index, fate)| self.line(*index, fate));
        let items = lines.map(|line| format!("{line:#}")).collect();
        reply.list = Some(json::List { key, items });
    }

    /// What a signal left open is told as well.
    fn settle(&mut self) {
        let fate = |(index, state)| Settled {
            index,
            fate: Fate::without(state, "interrupted"),
        };
        let open = self.ledger.open().into_iter().map(fate).collect();
        // Nobody to read the lines is no news here.
        let _ = self.tell(open);
    }
}

const RETIRED: &str =
    "Apple turned the binary gateways off on 2021-03-31; --via api sends over HTTP/2";

/// What a dry run says.
pub(super) fn rehearsed(order: &Order, form: Form) -> Reply {
    let mut record = Record::new(order, form);
    let host = order.destination.target.to_string();
    let (notification, tokens) = (&order.notification, &order.tokens);
    let mut own = Map::new();
    let fates = (0..tokens.listed.len()).map(|index| Settled {
        index,
        fate: Fate::without(State::Unsent, "a dry run"),
    });
    match form {
        Form::Text => {}
        Form::Document => {
            let lines = fates.map(|one| record.line(one.index, &one.fate));
            own = json::part("notifications", lines.collect());
        }
        // Nobody to read them ends quietly.
        Form::Lines => drop(record.tell(fates.collect())),
    }
    own.insert("dry_run".into(), true.into());
    own.insert(
        "request".into(),
        send::request(notification, &host, order.destination.via),
    );
    let mut reply = Reply {
        stdout: send::rehearsed(notification, tokens, &host, order.destination.via),
        own,
        ..Reply::default()
    };
    if form == Form::Lines {
        last_line(&mut reply);
    }
    reply
}

/// Lines that were left out, a finding each, as far as anybody reads them.
fn repeated(order: &Order, file: Option<&str>) -> Vec<Finding> {
    let finding = |one: &crate::send::Repeated| {
        let message = format!("line {} repeats line {}", one.line, one.first);
        let finding = Finding::new(id::DUPLICATE_TOKEN, Severity::Info, message);
        match file {
            Some(file) => finding.in_path(file),
            None => finding,
        }
    };
    order
        .tokens
        .repeated
        .iter()
        .take(LINES)
        .map(finding)
        .collect()
}

/// The end of a stream: the document without what went before it.
fn last_line(reply: &mut Reply) {
    let code = reply.exit_code.unwrap_or_else(|| reply.status.exit_code());
    let own = std::mem::take(&mut reply.own);
    let document = json::envelope("send", reply.status, code, &reply.findings, own);
    reply.silent = true;
    if !arrives(&document) && code < 2 {
        reply.exit_code = Some(3);
    }
}

/// The same where nothing was sent.
pub(super) fn last_line_of(stop: &Stop) {
    let status = match stop.code {
        2 => Status::Critical,
        _ => Status::Unknown,
    };
    let own = stop.own.clone();
    let document = json::envelope("send", status, stop.code, &stop.findings, own);
    arrives(&document);
}

/// Writes a line. A reader that has gone ends the command quietly; anything else that keeps the line from arriving is said.
fn arrives(document: &Value) -> bool {
    let line = escape::json(&format!("{document}\n"));
    match write(line.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            say(&format!("error: stdout cannot be written: {error}\n"));
            false
        }
        _ => true,
    }
}

fn write(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
