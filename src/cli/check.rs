//! `pushcert check`: static findings, then a live handshake with a truthful verdict.

use super::fail_on::FailOn;
use super::reply::{Reply, Stop};
use super::wishes::WishFlags;
use super::{Common, PassIn, moment, open};
use crate::apple::Environment;
use crate::assembly::Wishes;
use crate::audit::Standard;
use crate::check::{self, Asked, Checked, Subject};
use crate::error::Error;
use crate::files::signal;
use crate::finding::{Finding, Severity, Status, id};
use crate::inputs::Input;
use crate::live::{self, Credentials, Handshake, Roots, Target};
use crate::report::{self, json};
use crate::validity::Threshold;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use time::OffsetDateTime;

/// Prove a certificate: static findings, then a live mutual-TLS handshake
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 accepted · 1 accepted, with warnings · 2 rejected, or critical findings · \
3 could not tell · 64 wrong usage"
)]
pub(super) struct Check {
    /// ck.pem, a PKCS#12, or a certificate and its key
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Ask this gateway (repeatable); Apple's binary gateways if not given
    #[arg(long, value_name = "HOST:PORT", value_parser = Target::parse)]
    gateway: Vec<Target>,
    /// The endpoints of Apple's to ask
    #[arg(long, value_enum, default_value = "legacy", conflicts_with = "gateway")]
    via: Via,
    #[command(flatten)]
    wishes: WishFlags,
    /// Only the static findings
    #[arg(long)]
    offline: bool,
    /// Do not send the probe, a notification that can reach nobody
    #[arg(long)]
    no_probe: bool,
    /// CA certificates that the server is verified against, instead of the system's
    #[arg(long, value_name = "F")]
    ca_file: Option<PathBuf>,
    /// Bound of dns, tcp and tls together
    #[arg(long, value_name = "D", default_value = "10s", value_parser = moment::parse_duration)]
    timeout: Duration,
    /// Bound of each silence before and after the probe
    #[arg(long, value_name = "D", default_value = "2s", value_parser = moment::parse_duration)]
    wait: Duration,
    /// Warn when less validity is left: a duration or a percentage
    #[arg(long, value_name = "D", default_value = "30d", value_parser = moment::parse_threshold)]
    warn: Threshold,
    /// Critical when less validity is left
    #[arg(long, value_name = "D", value_parser = moment::parse_threshold)]
    crit: Option<Threshold>,
    /// What makes the exit code other than 0
    #[arg(long, value_enum, default_value = "warning", value_name = "LEVEL")]
    fail_on: FailOn,
    /// Judge validity at this moment (with --offline only)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_at)]
    at: Option<OffsetDateTime>,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Via {
    /// gateway.push.apple.com and gateway.sandbox.push.apple.com, port 2195
    Legacy,
}

impl Check {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        if self.at.is_some() && !self.offline {
            return Err(Stop::usage(
                "--at goes with --offline: a live handshake is always now",
            ));
        }
        if let (Threshold::Left(warn), Some(Threshold::Left(crit))) = (self.warn, self.crit)
            && crit > warn
        {
            return Err(Stop::usage("--crit is above --warn"));
        }
        let Via::Legacy = self.via;
        let now = moment::now(self.at);
        let mut passphrases = super::passphrases(&self.passin, None, &self.common, &self.inputs)?;
        let inputs = open::open(&self.inputs, &mut passphrases)?;
        let unread: Vec<Error> = inputs.files.iter().filter_map(Input::trouble).collect();
        let wishes = Wishes {
            topic: self.wishes.topic.clone(),
            ..Wishes::default()
        };
        let subjects = check::subjects(&inputs.files, &wishes);
        if subjects.is_empty() {
            let wanted = match self.wishes.topic {
                Some(_) => "certificate for that topic",
                None => "certificate",
            };
            let nothing = Error::NoInputFound { wanted };
            return Err(unread.into_iter().next().unwrap_or(nothing).into());
        }
        let roots = self.roots()?;
        let mut checked = Vec::new();
        for subject in subjects {
            checked.push(self.check(subject, &inputs.files, &roots, now)?);
        }
        let status = checked
            .iter()
            .map(|c| c.status)
            .fold(Status::Ok, Status::worst);
        let code = checked
            .iter()
            .map(|c| self.fail_on.lower(c.status))
            .fold(Status::Ok, Status::worst);
        let unread_findings: Vec<Finding> = unread.iter().map(Finding::unreadable).collect();
        let status = status.worst(Status::of(&unread_findings));
        let code = code.worst(Status::of(&unread_findings)).exit_code();
        let stdout = report::check::texts(&checked, &unread_findings, &inputs.files, now);
        let results: Vec<_> = checked
            .iter()
            .map(|c| report::check::result(c, &inputs.files, now))
            .collect();
        Ok(Reply {
            status,
            exit_code: Some(code),
            stdout,
            findings: checked
                .into_iter()
                .flat_map(|c| c.findings)
                .chain(unread_findings)
                .collect(),
            own: json::part("results", json!(results)),
            ..Reply::default()
        })
    }

    fn roots(&self) -> Result<Roots, Box<Stop>> {
        let Some(path) = &self.ca_file else {
            return Ok(Roots::System);
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

    fn check(
        &self,
        subject: Subject,
        inputs: &[Input],
        roots: &Roots,
        now: OffsetDateTime,
    ) -> Result<Checked, Box<Stop>> {
        let environment = self.wishes.env.map(Environment::from);
        let endpoints = check::endpoints(&subject.leaf, &self.gateway, environment);
        let standard = Standard {
            now,
            warn: Some(self.warn),
            critical: self.crit,
            apple_endpoint: self.gateway.is_empty()
                || endpoints.iter().any(|endpoint| endpoint.apple.is_some()),
            environment,
        };
        let mut findings = check::static_findings(&subject, inputs, &standard);
        let mut asked = Vec::new();
        let wrong_environment = findings
            .iter()
            .any(|finding| finding.id == id::WRONG_ENVIRONMENT);
        let apart = !self.offline
            && check::can_shake_hands(&subject)
            && !(wrong_environment && self.gateway.is_empty());
        if apart {
            for endpoint in endpoints {
                let handshake = self.ask(&subject, &endpoint.target, roots)?;
                let one = Asked {
                    endpoint,
                    handshake,
                };
                let named = |finding: Finding| Finding {
                    identity: Some(subject.leaf.sha256.to_string()),
                    path: inputs.get(subject.source).map(Input::name),
                    ..finding
                };
                findings.extend(check::live_findings(&one).into_iter().map(named));
                asked.push(one);
            }
        }
        if apart && asked.is_empty() {
            let message = "no endpoint of Apple's is known for it; --gateway HOST:PORT names one";
            findings.push(Finding::new(id::UNPROVEN, Severity::Unknown, message));
        }
        let status = check::status(&findings, &asked, self.offline);
        Ok(Checked {
            subject,
            findings,
            asked,
            status,
        })
    }

    /// Asks in a thread, so that a signal ends the command at once and not with the deadline.
    fn ask(
        &self,
        subject: &Subject,
        target: &Target,
        roots: &Roots,
    ) -> Result<Handshake, Box<Stop>> {
        let Some(key) = &subject.key else {
            return Err(Stop::usage("no key"));
        };
        let key = key.pkcs8().clone();
        let presented: Vec<Vec<u8>> = subject.presented.iter().map(|c| c.der.clone()).collect();
        let wishes = live::Wishes {
            timeout: self.timeout,
            wait: self.wait,
            probe: !self.no_probe,
        };
        let (target, roots) = (target.clone(), roots.clone());
        let (sender, answer) = mpsc::channel();
        thread::spawn(move || {
            let credentials = Credentials {
                certificates: &presented,
                key: &key,
            };
            // The command may have been interrupted meanwhile, and nobody listens.
            let _ = sender.send(live::ask(&target, &credentials, &roots, &wishes));
        });
        loop {
            match answer.recv_timeout(GLANCE) {
                Ok(handshake) => return Ok(handshake?),
                Err(RecvTimeoutError::Timeout) => signal::check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    let reason = "the handshake ended without a result".to_string();
                    return Err(Error::Network { reason }.into());
                }
            }
        }
    }
}

/// How often a signal is looked for while a handshake is under way.
const GLANCE: Duration = Duration::from_millis(20);
