//! Apple's endpoints: which service answers on which host and port. Sources: Apple's "Establishing a connection to APNs", "Sending
//! channel management requests" and the archived "Binary Provider API".

use super::{Environment, gateway};

/// A service of Apple's that takes push certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The HTTP/2 provider API.
    Api,
    /// The binary gateways, turned off on [`gateway::RETIRED`].
    Legacy,
    /// Management of broadcast channels, over HTTP/2 on the ports that the binary services once had.
    Broadcast,
}

const API: [(&str, Environment); 3] = [
    ("api.sandbox.push.apple.com", Environment::Sandbox),
    ("api.push.apple.com", Environment::Production),
    // The sandbox's older name, which still answers.
    ("api.development.push.apple.com", Environment::Sandbox),
];
const BROADCAST: [(&str, Environment); 2] = [
    (
        "api-manage-broadcast.sandbox.push.apple.com",
        Environment::Sandbox,
    ),
    (
        "api-manage-broadcast.push.apple.com",
        Environment::Production,
    ),
];

impl Service {
    /// Its host in an environment.
    pub fn host(self, environment: Environment) -> &'static str {
        match (self, environment) {
            (Service::Legacy, environment) => gateway::host(environment),
            (Service::Api, Environment::Sandbox) => API[0].0,
            (Service::Api, Environment::Production) => API[1].0,
            (Service::Broadcast, Environment::Sandbox) => BROADCAST[0].0,
            (Service::Broadcast, Environment::Production) => BROADCAST[1].0,
        }
    }

    /// Its port in an environment.
    pub fn port(self, environment: Environment) -> u16 {
        match (self, environment) {
            (Service::Api, _) => 443,
            (Service::Legacy, _) => gateway::PORT,
            (Service::Broadcast, Environment::Sandbox) => 2195,
            (Service::Broadcast, Environment::Production) => 2196,
        }
    }

    /// The port that it answers on as well, for networks that keep the first for browsers.
    pub fn fallback(self) -> Option<u16> {
        match self {
            Service::Api => Some(2197),
            Service::Legacy | Service::Broadcast => None,
        }
    }
}

/// The service and the environment whose host this is, if it is one of Apple's.
pub fn of(host: &str) -> Option<(Service, Environment)> {
    let host = host.trim_end_matches('.');
    let among = |names: &[(&str, Environment)]| {
        names
            .iter()
            .find(|(name, _)| host.eq_ignore_ascii_case(name))
            .map(|(_, environment)| *environment)
    };
    let legacy = gateway::environment_of(host).map(|environment| (Service::Legacy, environment));
    let api = || among(&API).map(|environment| (Service::Api, environment));
    let broadcast = || among(&BROADCAST).map(|environment| (Service::Broadcast, environment));
    legacy.or_else(api).or_else(broadcast)
}
