//! The flags of every command that connects: whom the server's chain must lead to, through which proxy, and for how long.

use super::reply::Stop;
use super::{moment, open};
use crate::error::Error;
use crate::inputs::Input;
use crate::live::{Proxies, Roots};
use clap::Args;
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
}

/// The first of these variables that is set to something.
fn variable(names: [&str; 2]) -> Option<String> {
    names
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
}
