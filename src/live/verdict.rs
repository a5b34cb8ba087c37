//! From what was observed to a verdict. Pure: no socket, no clock.

use super::alert::Alert;
use super::handshake::{Handshake, Proof, Protocol, Stage, TlsFacts, Verdict};
use super::outcome::Outcome;
use crate::apple::endpoint;
use crate::apple::reason::Judgement;
use crate::finding::{Finding, Severity, id};

/// What bears on the verdict of a connection whose handshake the client holds for finished.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// A CertificateRequest came.
    pub(super) asked: bool,
    /// It came within the handshake.
    pub(super) asked_in_time: bool,
    /// The certificate was sent.
    pub(super) presented: bool,
    /// TLS 1.3 was spoken.
    pub(super) modern: bool,
    /// A session ticket of TLS 1.3 came.
    pub(super) ticket: bool,
    /// What decided.
    pub(super) outcome: Outcome,
}

impl Handshake {
    /// The verdict on a handshake that failed; `presented` says whether the certificate had been sent.
    pub(super) fn judge_failed(&mut self, outcome: &Outcome, presented: bool) {
        match outcome {
            Outcome::Alert(alert) => self.alerted(*alert, presented),
            Outcome::Closed(_) if presented && self.protocol == Protocol::Binary => {
                self.verdict = Verdict::Rejected;
            }
            Outcome::Closed(reason) | Outcome::Broken(reason) => {
                self.unreachable(Stage::Tls, reason.clone());
            }
            Outcome::Answered(_) | Outcome::ClosedEarly | Outcome::Foreign | Outcome::Quiet => {}
        }
    }

    /// The verdict on a handshake that finished, and on what followed it.
    pub(super) fn judge(&mut self, evidence: &Evidence) {
        let binary = self.protocol == Protocol::Binary;
        if let Outcome::Alert(alert) = evidence.outcome {
            self.alert = Some(alert);
        }
        if !evidence.asked {
            self.verdict = Verdict::NotRequested;
            return;
        }
        if !evidence.presented {
            let reason =
                "the server allows no signature that this key can make, so no certificate was sent";
            self.unreachable(Stage::Tls, reason.to_owned());
            return;
        }
        self.verdict = Verdict::NotRejected;
        match &evidence.outcome {
            Outcome::Alert(alert) => self.alerted(*alert, true),
            Outcome::Closed(_) if binary => self.verdict = Verdict::Rejected,
            Outcome::Broken(reason) => self.unreachable(Stage::Tls, reason.clone()),
            Outcome::Answered(judgement) => self.answered(*judgement),
            Outcome::ClosedEarly => self.note(id::CLOSED_EARLY, CLOSED_AFTER_PROBE),
            Outcome::Closed(_) if self.protocol == Protocol::Http2 => {
                self.note(id::CLOSED_EARLY, CLOSED_BEFORE_PROBE);
            }
            Outcome::Foreign => self.note(
                id::NOT_A_GATEWAY,
                match binary {
                    true => "what the server sent is no error packet of a push gateway",
                    false => "what the server sent is no HTTP/2",
                },
            ),
            Outcome::Quiet if binary => {
                let proof = match evidence.modern {
                    true => evidence.ticket.then_some(Proof::Ticket),
                    false => evidence.asked_in_time.then_some(Proof::Handshake),
                };
                if proof.is_some() {
                    self.verdict = Verdict::Accepted;
                    self.proof = proof;
                }
            }
            Outcome::Quiet | Outcome::Closed(_) => {}
        }
    }

    fn answered(&mut self, judgement: Judgement) {
        match judgement {
            Judgement::Rejected => self.verdict = Verdict::Rejected,
            Judgement::Nothing => {}
            Judgement::Accepted | Judgement::TopicRefused => {
                self.verdict = Verdict::Accepted;
                self.proof = Some(Proof::Probe);
            }
        }
        if judgement == Judgement::TopicRefused {
            let reason = self.probe.reason.as_deref().unwrap_or_default();
            let message = format!("the certificate is accepted and its topic is not: {reason}");
            let finding = Finding::new(id::TOPIC_REFUSED, Severity::Critical, message);
            self.findings.push(finding);
        }
    }

    fn alerted(&mut self, alert: Alert, presented: bool) {
        self.alert = Some(alert);
        if presented && alert.refuses_certificate() {
            self.verdict = Verdict::Rejected;
        } else {
            let reason = format!("the server sent alert {} ({})", alert.number, alert.name);
            self.unreachable(Stage::Tls, reason);
        }
    }

    fn note(&mut self, id: &'static str, message: &str) {
        let finding = Finding::new(id, Severity::Unknown, message);
        self.findings.push(finding);
    }

    /// Adds what the server's chain and its choice of protocol are worth.
    pub(super) fn note_server(&mut self) {
        let Some(tls) = &self.tls else { return };
        let mut findings = Vec::new();
        if let Some(alpn) = tls.alpn.as_ref().filter(|alpn| *alpn != "h2") {
            let message = format!("the server chose {alpn}, which no push gateway speaks");
            findings.push(Finding::new(id::NOT_A_GATEWAY, Severity::Unknown, message));
        }
        if let Some(error) = &tls.server_verify_error {
            let between = self.interception(tls).unwrap_or_default();
            let message = format!("the server's chain does not verify: {error}{between}");
            let hint = match between.is_empty() {
                true => "this is the server's chain, not your certificate",
                false => {
                    "this is not your certificate: what opens a connection on its way passes no client certificate on, so this host has to be let through untouched"
                }
            };
            let finding = Finding::new(id::SERVER_NOT_VERIFIED, Severity::Critical, message);
            findings.push(finding.with_hint(hint));
        }
        self.findings.extend(findings);
    }
}

impl Handshake {
    /// Who seems to answer in the server's place: its chain leads to a root that nobody here trusts, and either it is Apple's
    /// host, whose root everybody trusts, or a proxy is in between.
    fn interception(&self, tls: &TlsFacts) -> Option<String> {
        let apple = endpoint::of(&self.host).is_some();
        let issuer = &tls.server_chain.last()?.issuer;
        let who = match &self.proxy {
            _ if !tls.server_untrusted => return None,
            Some(proxy) => format!("the proxy {proxy}"),
            None if apple => "something on the way".to_owned(),
            None => return None,
        };
        let how = if apple {
            "seems to answer"
        } else {
            "may answer"
        };
        let host = &self.host;
        Some(format!(
            "; {who} {how} in place of {host}, with a chain issued by {issuer}"
        ))
    }
}

const CLOSED_AFTER_PROBE: &str = "the server closed after the probe without an answer";
const CLOSED_BEFORE_PROBE: &str = "the server closed before the probe without an alert";
