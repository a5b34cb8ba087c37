//! Where a question is asked: flags and a certificate to endpoints, and endpoints to what `live` is to ask.

use super::Subject;
use crate::apple::{Environment, Service, endpoint};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::live::{Credentials, Proxies, Push, Query, Route, Target};

/// Which of Apple's endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// The API, and broadcast for information.
    #[default]
    Auto,
    /// One service alone.
    Only(Service),
}

/// Where a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `sandbox`, `production` or `HOST:PORT`.
    pub question: String,
    /// The host and its first port.
    pub target: Target,
    /// The port that is tried when the first does not answer.
    pub fallback: Option<u16>,
    /// The service and the environment, where it is Apple's own.
    pub apple: Option<(Service, Environment)>,
    /// Whether its answer settles the question; otherwise it is told for information.
    pub counts: bool,
}

impl Endpoint {
    /// The service, where it is Apple's own.
    pub fn service(&self) -> Option<Service> {
        self.apple.map(|(service, _)| service)
    }
}

/// The gateways given, each its own question; else Apple's of every environment that the certificate serves.
pub fn endpoints(
    leaf: &Certificate,
    gateways: &[Target],
    via: Via,
    environment: Option<Environment>,
) -> Vec<Endpoint> {
    if !gateways.is_empty() {
        let given = |target: &Target| Endpoint {
            question: target.to_string(),
            target: target.clone(),
            fallback: None,
            apple: endpoint::of(target.host()),
            counts: true,
        };
        return gateways.iter().map(given).collect();
    }
    let served: Vec<Environment> = leaf
        .environments
        .iter()
        .copied()
        .filter(|served| environment.is_none_or(|wanted| wanted == *served))
        .collect();
    let of = |service: Service, counts: bool| {
        served.iter().map(move |environment| Endpoint {
            question: environment.as_str().to_string(),
            target: Target::new(service.host(*environment), service.port(*environment)),
            fallback: service.fallback(),
            apple: Some((service, *environment)),
            counts,
        })
    };
    match via {
        Via::Only(service) => of(service, true).collect(),
        Via::Auto => of(Service::Api, true)
            .chain(of(Service::Broadcast, false))
            .collect(),
    }
}

/// The environment by which the certificate is judged: the one that is wanted; else, if all that is asked is Apple's and
/// nothing of it is served, that.
pub fn judged_environment(
    leaf: &Certificate,
    endpoints: &[Endpoint],
    wanted: Option<Environment>,
) -> Option<Environment> {
    let asked: Option<Vec<Environment>> = endpoints
        .iter()
        .map(|endpoint| endpoint.apple.map(|(_, environment)| environment))
        .collect();
    let unserved = asked.filter(|asked| asked.iter().all(|one| !leaf.environments.contains(one)));
    wanted.or_else(|| unserved?.first().copied())
}

/// What is to be asked, an entry for each endpoint. Apple gets one probe in each environment, and broadcast none.
///
/// # Errors
/// A proxy that is needed and cannot be read.
pub fn queries(
    subject: &Subject,
    endpoints: &[Endpoint],
    proxies: &Proxies,
    probe: bool,
) -> Result<Vec<Query>> {
    let Some(key) = &subject.key else {
        return Ok(Vec::new());
    };
    let mut probed: Vec<Environment> = Vec::new();
    endpoints
        .iter()
        .map(|endpoint| {
            let first = match endpoint.apple {
                None => true,
                Some((Service::Broadcast, _)) => false,
                Some((_, environment)) if probed.contains(&environment) => false,
                Some((_, environment)) => {
                    probed.push(environment);
                    true
                }
            };
            Ok(Query {
                route: Route {
                    target: endpoint.target.clone(),
                    fallback: endpoint.fallback,
                    proxy: proxies.reaching(&endpoint.target)?,
                },
                credentials: Credentials::new(&subject.presented, key),
                probe: (probe && first).then(|| Push::of(&subject.leaf)),
                apple: endpoint.apple.is_some(),
            })
        })
        .collect()
}
