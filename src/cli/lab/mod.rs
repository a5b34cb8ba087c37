//! `pushcert lab`: a stand-in Apple CA and push gateway on loopback.

mod gateway;
mod init;
mod issue;
mod rehearse;

use super::Common;
use super::reply::{Reply, Stop};
use crate::files;
use crate::lab::authority::Authority;
use crate::report::words;
use clap::{Args, Subcommand};
use std::path::Path;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert lab rehearse                     (the whole way, offline)
  pushcert lab init", "those of init, issue, gateway and rehearse"))]
pub(super) struct Lab {
    #[command(subcommand)]
    command: LabCommand,
}

#[derive(Subcommand)]
enum LabCommand {
    /// Make the stand-in root, intermediate and server certificate
    Init(init::Init),
    /// Issue a certificate for a request, laid out like Apple's
    Issue(issue::Issue),
    /// Answer like APNs, over HTTP/2 and the binary protocol, and deliver nothing; one JSON line per event
    Gateway(gateway::Serve),
    /// Go the whole way on loopback: key, request, certificate, ck.pem, accepted, used to send and rejected over both protocols
    Rehearse(rehearse::Rehearse),
}

impl Lab {
    pub(super) fn describe(&self) -> (&'static str, Common) {
        match &self.command {
            LabCommand::Init(c) => ("lab init", c.common.clone()),
            LabCommand::Issue(c) => ("lab issue", c.common.clone()),
            LabCommand::Gateway(c) => ("lab gateway", c.common.clone()),
            LabCommand::Rehearse(c) => ("lab rehearse", c.common.clone()),
        }
    }

    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        match self.command {
            LabCommand::Init(c) => c.run(),
            LabCommand::Issue(c) => c.run(),
            LabCommand::Gateway(c) => c.run(),
            LabCommand::Rehearse(c) => c.run(),
        }
    }
}

/// The lab in a folder.
fn load(folder: &Path) -> Result<Authority, Box<Stop>> {
    let read = |name: &'static str| {
        files::read(&folder.join(name)).map(|bytes| bytes.expose_secret().to_vec())
    };
    Authority::load(read).map_err(|error| {
        let stop = Box::<Stop>::from(error.in_file(folder));
        stop.with_hint(format!(
            "pushcert lab init --lab {}",
            words::shell(&folder.display().to_string())
        ))
    })
}
