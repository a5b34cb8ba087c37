//! Asks a gateway about what is to be written, before it is written: exactly the certificates of the new file are presented.

use super::super::endpoint::ConnectionFlags;
use super::super::reply::Stop;
use crate::apple::{Environment, Service};
use crate::assembly;
use crate::audit::Standard;
use crate::check::{self, Checked, Via};
use crate::finding::{Finding, Severity, Status, id};
use crate::inputs::Input;
use crate::live::Target;
use std::time::Duration;
use time::OffsetDateTime;

/// Whom to ask.
pub(super) struct Question<'a> {
    pub connection: &'a ConnectionFlags,
    pub gateways: &'a [Target],
    pub environment: Option<Environment>,
    pub wait: Duration,
    pub quiet: bool,
}

impl Question<'_> {
    /// Whom it asks, in words.
    pub fn describe(&self) -> String {
        match self.gateways {
            [] => "Apple's HTTP/2 API in every environment of the certificate".to_string(),
            several => {
                let names: Vec<String> = several.iter().map(Target::to_string).collect();
                names.join(" and ")
            }
        }
    }

    fn ask(&self, inputs: &[Input], now: OffsetDateTime) -> Result<Vec<Checked>, Box<Stop>> {
        let wishes = check::Wishes {
            gateways: self.gateways.to_vec(),
            via: Via::Only(Service::Api),
            environment: self.environment,
            proxies: self.connection.proxies()?,
            probe: true,
            offline: false,
            profile: None,
        };
        let standard = Standard {
            now,
            warn: None,
            critical: None,
            apple_endpoint: false,
            environment: None,
        };
        let mut checked = Vec::new();
        for subject in check::subjects(inputs, &assembly::Wishes::default()) {
            let planned = check::plan(subject, inputs, &wishes, &standard);
            let queries = planned.queries(&wishes)?;
            let answers = self.connection.ask(queries, self.wait, self.quiet)?;
            checked.push(planned.settle(answers, inputs));
        }
        Ok(checked)
    }

    /// What the gateways said of files that they accept, or why the files must not take the live ones' place. What would be
    /// against them and is allowed joins what is overridden.
    pub fn demand(
        &self,
        inputs: &[Input],
        allow: &[String],
        overridden: &mut Vec<Finding>,
        now: OffsetDateTime,
    ) -> Result<String, Box<Stop>> {
        let checked = self.ask(inputs, now)?;
        let (mut against, allowed) = judge(&checked, allow);
        for finding in allowed {
            if !overridden.iter().any(|known| known.id == finding.id) {
                overridden.push(finding);
            }
        }
        if against.is_empty() && !checked.is_empty() {
            return Ok(said(&checked));
        }
        if against.is_empty() {
            let message = "there was nothing to ask a gateway about";
            against.push(Finding::new(id::UNPROVEN, Severity::Unknown, message));
        }
        if let Some(last) = against.last_mut().filter(|last| last.hint.is_none()) {
            last.hint = Some(format!(
                "the live file is untouched; --allow {} overrides this",
                last.id
            ));
        }
        // 2 where the answer is no, 3 where none was given.
        let code = Status::of(&against).exit_code();
        let mut stop = Stop::no(against);
        stop.code = code;
        Err(stop)
    }
}

/// The findings that keep it from the live path, and those that would and are overridden.
fn judge(checked: &[Checked], allow: &[String]) -> (Vec<Finding>, Vec<Finding>) {
    let against =
        |finding: &&Finding| matches!(finding.severity, Severity::Critical | Severity::Unknown);
    let findings = checked.iter().flat_map(|one| &one.findings).filter(against);
    findings
        .cloned()
        .partition(|finding| !allow.iter().any(|id| id == finding.id))
}

fn said(checked: &[Checked]) -> String {
    let asked = checked
        .iter()
        .flat_map(|one| &one.asked)
        .filter(|asked| asked.endpoint.counts);
    let said: Vec<String> = asked
        .map(|asked| {
            format!(
                "{} by {}",
                asked.handshake.verdict.as_str(),
                asked.endpoint.target
            )
        })
        .collect();
    said.join(", ")
}
