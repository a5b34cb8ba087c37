//! The flags of every command that connects: whom the server's chain must lead to, through which proxy, and for how long.

use super::reply::Stop;
use super::{moment, open, waiting};
use crate::apple::Service;
use crate::check::Via;
use crate::error::{Error, Result as Could};
use crate::inputs::Input;
use crate::live::{self, Asked, Handshake, Patience, Proxies, Query, Roots};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

// Flags of a connection.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionFlags {
    /// CA certificates that the server is verified against, instead of the system's
    #[arg(long, value_name = "F")]
    ca_file: Option<PathBuf>,
    /// Go through this HTTP proxy, http://[USER:PASSWORD@]HOST[:PORT]; HTTPS_PROXY and NO_PROXY if not given
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Bound of dns, tcp, proxy and tls together, and again of the answer to a probe over HTTP/2
    #[arg(long, value_name = "D", default_value = "10s", value_parser = moment::parse_duration)]
    pub timeout: Duration,
}

impl ConnectionFlags {
    /// What a server's chain may lead to.
    pub fn roots(&self) -> Result<Roots, Box<Stop>> {
        let Some(path) = &self.ca_file else {
            let file = std::env::var_os("SSL_CERT_FILE").filter(|value| !value.is_empty());
            let folders = std::env::var_os("SSL_CERT_DIR").filter(|value| !value.is_empty());
            return Ok(Roots::System {
                file: file.map(PathBuf::from),
                folders: folders.map(|folders| std::env::split_paths(&folders).collect()),
            });
        };
        let inputs = crate::inputs::open(std::slice::from_ref(path), &[])?;
        open::demand_named(&inputs)?;
        let certificates: Vec<Vec<u8>> = inputs
            .files
            .iter()
            .filter_map(Input::contents)
            .flat_map(|contents| &contents.certificates)
            .map(|part| part.certificate.der.clone())
            .collect();
        if certificates.is_empty() {
            return Err(Error::NoInputFound {
                wanted: "CA certificate",
            }
            .in_file(path)
            .into());
        }
        Ok(Roots::Certificates(certificates))
    }

    /// The proxies that the flag and the environment name.
    pub fn proxies(&self) -> Result<Proxies, Box<Stop>> {
        let https = variable(["https_proxy", "HTTPS_PROXY"]);
        let exempt = variable(["no_proxy", "NO_PROXY"]);
        let proxies = Proxies::new(self.proxy.as_deref(), https.as_deref(), exempt.as_deref())?;
        Ok(proxies)
    }

    /// Asks all of them at once; a terminal sees how far it is.
    pub fn ask(
        &self,
        queries: Vec<Query>,
        wait: Duration,
        quiet: bool,
    ) -> Result<Vec<Could<Handshake>>, Box<Stop>> {
        let total = queries.len();
        if total == 0 {
            return Ok(Vec::new());
        }
        let roots = self.roots()?;
        let patience = Patience {
            timeout: self.timeout,
            wait,
        };
        let asked = Asked::default();
        let count = asked.clone();
        waiting::run(
            live::ask_all(queries, &roots, &patience, &asked),
            quiet,
            || match total {
                1 => "waiting for the answer".to_string(),
                _ => format!("{} of {total} answers", count.count()),
            },
        )
    }
}

/// `--via`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ViaFlag {
    /// The API in every environment that the certificate serves, and broadcast for information
    Auto,
    /// The binary gateways, gateway[.sandbox].push.apple.com:2195, turned off on 2021-03-31
    Legacy,
    /// What answers on the ports 2195 and 2196 today: api-manage-broadcast[.sandbox].push.apple.com
    Broadcast,
    /// The HTTP/2 API, api[.sandbox].push.apple.com:443 or 2197
    Api,
}

impl From<ViaFlag> for Via {
    fn from(flag: ViaFlag) -> Via {
        match flag {
            ViaFlag::Auto => Via::Auto,
            ViaFlag::Legacy => Via::Only(Service::Legacy),
            ViaFlag::Broadcast => Via::Only(Service::Broadcast),
            ViaFlag::Api => Via::Only(Service::Api),
        }
    }
}

/// The first of these variables that is set to something.
fn variable(names: [&str; 2]) -> Option<String> {
    names
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
}
