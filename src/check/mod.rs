//! Static findings and endpoints to verdicts, questions and one answer. Pure arithmetic over what `audit` and `live` returned.

mod endpoint;
mod settle;
mod subject;

pub use endpoint::{Endpoint, Via, endpoints, judged_environment, queries};
pub use settle::{live_findings, status};
pub use subject::{Subject, can_shake_hands, static_findings, subjects};

use crate::apple::Environment;
use crate::audit::{self, Standard};
use crate::container::cms::SignedProfile;
use crate::error::Result;
use crate::finding::{Finding, Severity, Status, id};
use crate::inputs::Input;
use crate::live::{Handshake, Proxies, Query, Target};
use time::Duration;

/// An endpoint and what came of it.
#[derive(Debug)]
pub struct Asked {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What happened.
    pub handshake: Handshake,
}

/// A subject with everything that was found about it.
#[derive(Debug)]
pub struct Checked {
    /// The subject.
    pub subject: Subject,
    /// Static and live findings.
    pub findings: Vec<Finding>,
    /// The endpoints asked, in order.
    pub asked: Vec<Asked>,
    /// The answer.
    pub status: Status,
}

/// So long before its end a profile needs attention; it is renewed in a minute.
const PROFILE_WARNING: Duration = Duration::days(30);

/// What a check is asked to do.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The gateways, if not Apple's.
    pub gateways: Vec<Target>,
    /// Which of Apple's endpoints.
    pub via: Via,
    /// The only environment.
    pub environment: Option<Environment>,
    /// How each is reached.
    pub proxies: Proxies,
    /// Send probes.
    pub probe: bool,
    /// Only what can be told without asking.
    pub offline: bool,
    /// A provisioning profile that the certificate has to work with, and its path.
    pub profile: Option<(String, SignedProfile)>,
}

/// A subject with what is known before anyone is asked.
#[derive(Debug)]
pub struct Planned {
    subject: Subject,
    findings: Vec<Finding>,
    endpoints: Vec<Endpoint>,
    offline: bool,
}

/// Judges a subject offline, and says whom to ask about it. The environment and the endpoints of `standard` are filled in here.
pub fn plan(subject: Subject, inputs: &[Input], wishes: &Wishes, standard: &Standard) -> Planned {
    let (leaf, wanted) = (&subject.leaf, wishes.environment);
    let mut endpoints = endpoints(leaf, &wishes.gateways, wishes.via, wanted);
    let asks_apple = endpoints.iter().any(|endpoint| endpoint.apple.is_some());
    let standard = Standard {
        apple_endpoint: wishes.gateways.is_empty() || asks_apple,
        environment: judged_environment(leaf, &endpoints, wanted),
        ..*standard
    };
    let mut findings = static_findings(&subject, inputs, &standard);
    if let Some((path, signed)) = &wishes.profile {
        let of_profile = audit::profile::profile(signed, standard.now, PROFILE_WARNING);
        let of_pair = audit::profile::pair(&signed.profile, leaf);
        let all = of_profile.into_iter().chain(of_pair);
        findings.extend(all.map(|finding| finding.in_path(path.clone())));
    }
    if wishes.offline || !can_shake_hands(&subject) {
        endpoints.clear();
    } else if endpoints.is_empty() && leaf.environments.is_empty() {
        let message = "no endpoint of Apple's is known for it; --gateway HOST:PORT names one";
        findings.push(Finding::new(id::UNPROVEN, Severity::Unknown, message));
    }
    Planned {
        subject,
        findings,
        endpoints,
        offline: wishes.offline,
    }
}

impl Planned {
    /// What is to be asked.
    ///
    /// # Errors
    /// A proxy that is needed and cannot be read.
    pub fn queries(&self, wishes: &Wishes) -> Result<Vec<Query>> {
        queries(
            &self.subject,
            &self.endpoints,
            &wishes.proxies,
            wishes.probe,
        )
    }

    /// The answer, with what came of the queries, in their order.
    pub fn settle(self, answers: Vec<Result<Handshake>>, inputs: &[Input]) -> Checked {
        let path = inputs.get(self.subject.source).map(Input::name);
        let identity = self.subject.leaf.sha256.to_string();
        let mut findings = self.findings;
        let mut asked = Vec::new();
        let mut live = Vec::new();
        for (endpoint, answer) in self.endpoints.into_iter().zip(answers) {
            match answer {
                Ok(handshake) => asked.push(Asked {
                    endpoint,
                    handshake,
                }),
                Err(error) => live.push(Finding::unreadable(&error)),
            }
        }
        live.extend(live_findings(&asked));
        for mut finding in live {
            finding.identity = Some(identity.clone());
            finding.path = path.clone();
            // What several endpoints say alike is said once, as the first of them says it: those that count come first.
            let said =
                |known: &Finding| (known.id, &known.message) == (finding.id, &finding.message);
            if !findings.iter().any(said) {
                findings.push(finding);
            }
        }
        let status = status(&findings, &asked, self.offline);
        Checked {
            subject: self.subject,
            findings,
            asked,
            status,
        }
    }
}
