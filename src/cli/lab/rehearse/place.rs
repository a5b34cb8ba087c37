//! Where a rehearsal happens: a folder, the commands that run in it, and the gateways that they meet.

use super::super::super::Cli;
use super::super::super::reply::{Reply, Stop};
use crate::error::Error;
use crate::files::{self, Output};
use crate::lab::event::Event;
use crate::lab::gateway::{Gateway, Running};
use crate::lab::settings::{Protocol, Settings, Tls};
use clap::Parser;
use serde_json::Value;
use std::path::Path;
use std::sync::mpsc::channel;
use time::OffsetDateTime;

/// A device of nobody's.
pub(super) const TOKEN: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
/// What is sent to it.
pub(super) const ALERT: &str = "Hello";

/// The folder in which all happens.
pub(super) struct Place<'a>(pub(super) &'a Path);

impl Place<'_> {
    /// Runs a command line, in which `@` is the folder; quietly and without asking.
    pub(super) fn run(&self, line: &str) -> Result<Reply, Box<Stop>> {
        let folder = self.0.as_os_str();
        let words = line.split(' ').map(|word| match word.split_once('@') {
            // An e-mail address has its own.
            Some((before, after)) if after.is_empty() || after.starts_with('/') => {
                let mut path = std::ffi::OsString::from(before);
                path.push(folder);
                path.push(after);
                path
            }
            _ => word.into(),
        });
        let words = ["pushcert".into()]
            .into_iter()
            .chain(words)
            .chain(["-q".into(), "--no-input".into()]);
        let cli = Cli::try_parse_from(words).map_err(|error| Stop::usage(error.to_string()))?;
        cli.command.run()
    }

    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), Box<Stop>> {
        let path = &self.0.join(name);
        let file = Output {
            path,
            contents,
            holds_key: true,
        };
        Ok(files::create(&[file], false)?)
    }

    /// What `inspect --json` says of a file, at a place of its entry.
    pub(super) fn seen(&self, name: &str, pointer: &str) -> Result<Value, Box<Stop>> {
        let reply = self.run(&format!("inspect @/{name} --json"))?;
        let entry = reply.own.get("files").and_then(|files| files.get(0));
        Ok(entry
            .and_then(|entry| entry.pointer(pointer))
            .cloned()
            .unwrap_or_default())
    }

    /// What `check --json` says of a file at a gateway of the lab: its only endpoint.
    pub(super) fn check(
        &self,
        name: &str,
        tls: Tls,
        protocol: Protocol,
    ) -> Result<Value, Box<Stop>> {
        let gateway = self.gateway(tls, protocol, |_| {})?;
        let address = gateway.address();
        let reply = self.run(&format!(
            "check @/{name} --gateway {address} --ca-file @/lab/ca.pem --json"
        ))?;
        let result = reply
            .own
            .get("results")
            .and_then(|results| results.pointer("/0/endpoints/0"));
        result.cloned().ok_or_else(|| {
            Error::Network {
                reason: "no gateway was asked".to_string(),
            }
            .into()
        })
    }

    /// Sends a notification to a gateway of the lab, and returns what the gateway tells of it.
    pub(super) fn send(
        &self,
        name: &str,
        protocol: Protocol,
        via: &str,
    ) -> Result<Value, Box<Stop>> {
        let (sender, events) = channel();
        let gateway = self.gateway(Tls::Any, protocol, move |event| {
            // Whoever no longer listens has heard enough.
            drop(sender.send(event.to_json()));
        })?;
        let address = gateway.address();
        self.run(&format!(
            "send @/{name} --token {TOKEN} --alert {ALERT} --gateway {address} --via {via} --ca-file @/lab/ca.pem --json"
        ))?;
        // A stopped gateway has told all.
        drop(gateway);
        let notification = events.iter().find(|event| event["event"] == "notification");
        Ok(notification.unwrap_or_default())
    }

    /// A gateway of the lab, on port 2195 if that is free.
    fn gateway(
        &self,
        tls: Tls,
        protocol: Protocol,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Running, Box<Stop>> {
        let authority = super::super::load(&self.0.join("lab"))?;
        let settings = || Settings {
            tls,
            protocol,
            ..Settings::new(OffsetDateTime::now_utc)
        };
        let gateway = Gateway::bind("127.0.0.1:2195", &authority, settings())
            .or_else(|_| Gateway::bind("127.0.0.1:0", &authority, settings()))?;
        Ok(gateway.run_in_thread(events)?)
    }
}
