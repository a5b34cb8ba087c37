//! Where a notification goes: the gateway that is named, or Apple's own of the one environment that is meant.

use crate::apple::{Environment, Service, endpoint, gateway};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::live::{Offer, Target};

/// Which protocol is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// HTTP/2.
    Api,
    /// The binary protocol.
    Legacy,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host and its first port.
    pub target: Target,
    /// The port that is tried when the first does not answer.
    pub fallback: Option<u16>,
    /// The protocol; what a named gateway chooses if nothing says which.
    pub via: Option<Via>,
    /// It was named, and is not Apple's of an environment.
    pub named: bool,
    /// One of Apple's binary gateways, which were turned off.
    pub retired: bool,
}

impl Destination {
    /// The gateway; else Apple's of the environment, which is the certificate's where it serves only one.
    ///
    /// # Errors
    /// [`Error::Usage`] where nothing says which environment is meant.
    pub fn of(
        leaf: &Certificate,
        named: Option<&Target>,
        via: Option<Via>,
        environment: Option<Environment>,
    ) -> Result<Destination> {
        if let Some(target) = named {
            let apple = endpoint::of(target.host()).map(|(service, _)| service);
            let own = match apple {
                Some(Service::Api) => Some(Via::Api),
                Some(Service::Legacy) => Some(Via::Legacy),
                Some(Service::Broadcast) | None => None,
            };
            return Ok(Destination {
                target: target.clone(),
                fallback: None,
                via: via.or(own),
                named: true,
                retired: apple == Some(Service::Legacy),
            });
        }
        let environment = match (environment, leaf.environments.as_slice()) {
            (Some(environment), _) => environment,
            (None, [only]) => *only,
            (None, []) => {
                let reason = "no endpoint of Apple's is known for the certificate; --env or --gateway names one";
                return Err(Error::Usage {
                    reason: reason.to_owned(),
                });
            }
            (None, _) => {
                let reason = "the certificate serves sandbox and production; --env says which is meant, --gateway names another server";
                return Err(Error::Usage {
                    reason: reason.to_owned(),
                });
            }
        };
        let via = via.unwrap_or(Via::Api);
        let service = match via {
            Via::Api => Service::Api,
            Via::Legacy => Service::Legacy,
        };
        Ok(Destination {
            target: Target::new(service.host(environment), service.port(environment)),
            fallback: service.fallback(),
            via: Some(via),
            named: false,
            retired: gateway::environment_of(service.host(environment)).is_some(),
        })
    }

    /// What is offered to the server.
    pub fn offer(&self) -> Offer {
        match self.via {
            Some(Via::Legacy) => Offer::Binary,
            Some(Via::Api) | None => Offer::Any,
        }
    }
}
