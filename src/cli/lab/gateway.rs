//! `pushcert lab gateway`: serves until it is told to stop, and tells what happens as JSON lines.

use super::super::moment::parse_duration;
use super::super::reply::{Reply, Stop, fitted};
use super::super::terminal::say;
use super::super::wishes::Env;
use super::super::{Common, open};
use crate::apple::Environment;
use crate::apple::reason::{self, Reason};
use crate::error::Error;
use crate::files::signal;
use crate::inputs;
use crate::lab::authority::CA_FILE;
use crate::lab::gateway::Gateway;
use crate::lab::settings::{Faults, Protocol, ServerCertificate, Settings, Stage, Tls};
use crate::lab::tokens::Known;
use crate::report::{escape, words};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert lab gateway
  pushcert lab gateway --listen 127.0.0.1:0 --answer BadDeviceToken
  pushcert lab gateway --tls 1.3 --close-at handshake", "0 told to stop · 3 no lab, or the address is taken"))]
pub(super) struct Serve {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2195")]
    listen: String,
    /// What to speak: HTTP/2 with clients that offer h2 and the binary protocol with those that offer nothing, or one of them only
    #[arg(long, value_enum, value_name = "P", default_value_t)]
    protocol: Speaks,
    /// TLS version; both if not given
    #[arg(long, value_enum, value_name = "V")]
    tls: Option<Version>,
    /// Serve one environment only
    #[arg(long, value_enum, value_name = "E")]
    env: Option<Env>,
    /// Treat a certificate as revoked: its serial number in hex, or a file (repeatable)
    #[arg(long, value_name = "SERIAL|FILE")]
    revoke: Vec<String>,
    /// A device token that is known, in hex, or one that is always refused (repeatable); without any, every one but the all-zero one is known
    #[arg(long, value_name = "HEX[=REASON]")]
    token: Vec<Known>,
    /// Answer every notification with this reason of APNs'
    #[arg(long, value_name = "REASON", value_parser = reasons(), hide_possible_values = true)]
    answer: Option<&'static Reason>,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = "lab")]
    lab: PathBuf,
    #[command(flatten)]
    faults: Misbehaviour,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Args)]
#[command(next_help_heading = "Faults")]
struct Misbehaviour {
    /// Wait before each answer
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    delay: Option<Duration>,
    /// Close every connection there, without a word: once TCP is connected, TLS begun or ended, SETTINGS sent, a notification read
    #[arg(long, value_enum, value_name = "STAGE")]
    close_at: Option<CloseAt>,
    /// Never ask for a certificate
    #[arg(long, conflicts_with = "lenient")]
    no_client_auth: bool,
    /// Refuse no certificate in TLS but in HTTP, with a page and status 400, as nginx does; on the binary protocol by closing
    #[arg(long)]
    lenient: bool,
    /// Present a certificate that has expired, or one for another host
    #[arg(long, value_enum, value_name = "KIND")]
    server_cert: Option<Own>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CloseAt {
    Tcp,
    Hello,
    Handshake,
    Settings,
    Response,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Own {
    Expired,
    WrongName,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Speaks {
    #[default]
    Auto,
    Legacy,
    Http2,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl Serve {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let authority = super::load(&self.lab)?;
        let tls = match self.tls {
            None => Tls::Any,
            Some(Version::Tls12) => Tls::Tls12,
            Some(Version::Tls13) => Tls::Tls13,
        };
        let revoked = self.revoke.iter().map(|text| serial(text));
        let settings = Settings {
            environment: self.env.map(Environment::from),
            revoked: revoked.collect::<Result<_, _>>()?,
            tls,
            protocol: match self.protocol {
                Speaks::Auto => Protocol::Auto,
                Speaks::Legacy => Protocol::Legacy,
                Speaks::Http2 => Protocol::Http2,
            },
            tokens: self.token,
            answer: self.answer,
            faults: self.faults.into(),
            ..Settings::new(OffsetDateTime::now_utc)
        };
        let gateway = Gateway::bind(&self.listen, &authority, settings).map_err(|error| {
            Box::<Stop>::from(error).with_hint("--listen 127.0.0.1:0 picks a free port")
        })?;
        let running = gateway.run_in_thread(|event| {
            let mut stdout = std::io::stdout().lock();
            // A reader that has gone does not stop the gateway.
            let _ = writeln!(stdout, "{}", event.to_json()).and_then(|()| stdout.flush());
        })?;
        if std::io::stderr().is_terminal() && !self.common.quiet {
            let lab = words::shell(&self.lab.join(CA_FILE).display().to_string());
            let next = format!(
                "next  pushcert check ck.pem --gateway {} --ca-file {}    (in another terminal; Ctrl-C ends this one)\n",
                running.address(),
                escape::text(&lab)
            );
            say(&fitted(&next, &std::io::stderr()));
        }
        while signal::interrupted().is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(running);
        Ok(Reply {
            silent: true,
            ..Reply::default()
        })
    }
}

impl From<Misbehaviour> for Faults {
    fn from(flags: Misbehaviour) -> Faults {
        Faults {
            delay: flags.delay.unwrap_or_default(),
            close_at: flags.close_at.map(|stage| match stage {
                CloseAt::Tcp => Stage::Tcp,
                CloseAt::Hello => Stage::Hello,
                CloseAt::Handshake => Stage::Handshake,
                CloseAt::Settings => Stage::Settings,
                CloseAt::Response => Stage::Response,
            }),
            no_client_auth: flags.no_client_auth,
            lenient: flags.lenient,
            server_certificate: match flags.server_cert {
                None => ServerCertificate::Good,
                Some(Own::Expired) => ServerCertificate::Expired,
                Some(Own::WrongName) => ServerCertificate::WrongName,
            },
        }
    }
}

/// A serial number as typed, or that of the certificate in a file.
fn serial(text: &str) -> Result<String, Box<Stop>> {
    if text.chars().all(|c| c.is_ascii_hexdigit() || c == ':') {
        return Ok(text.to_string());
    }
    let inputs = inputs::open(&[PathBuf::from(text)], &[])?;
    open::demand_named(&inputs)?;
    let leaf = inputs
        .files
        .iter()
        .filter_map(|input| input.contents())
        .find_map(|contents| contents.leaf());
    leaf.map(|leaf| leaf.serial_number.clone()).ok_or_else(|| {
        Error::NoInputFound {
            wanted: "certificate",
        }
        .in_file(Path::new(text))
        .into()
    })
}

fn reasons() -> impl TypedValueParser<Value = &'static Reason> {
    let names = reason::ALL.iter().map(|reason| reason.name);
    PossibleValuesParser::new(names.collect::<Vec<_>>())
        .try_map(|name| reason::find(&name).ok_or("not a reason of APNs"))
}
