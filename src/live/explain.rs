//! The sentence that says what a handshake proved, and by what. Foreign text in it is escaped by whoever prints it.

use super::handshake::{Handshake, Proof, Protocol, Verdict};
use crate::finding::id;

impl Handshake {
    /// One sentence: what was proved, and by what.
    pub fn explanation(&self) -> String {
        match self.verdict {
            Verdict::Accepted => self.acceptance(),
            Verdict::NotRejected => self.no_proof(),
            Verdict::NotRequested => {
                "the server never asked for a certificate: the handshake proves nothing about it"
                    .to_owned()
            }
            Verdict::Rejected => self.rejection(),
            Verdict::Unreachable => {
                let reason = self.reason.as_deref().unwrap_or("unknown");
                match self.failed_stage {
                    Some(stage) => format!(
                        "the certificate was not judged: {} failed: {reason}",
                        stage.as_str()
                    ),
                    None => format!("the certificate was not judged: {reason}"),
                }
            }
        }
    }

    fn acceptance(&self) -> String {
        match self.proof {
            Some(Proof::Probe) => format!(
                "the gateway asked for the certificate and answered a probe that can reach nobody, with {}",
                self.answer()
            ),
            Some(Proof::Ticket) => {
                "the gateway asked for the certificate, sent a session ticket after it, and refused nothing"
                    .to_owned()
            }
            _ => "the gateway asked for the certificate, finished the handshake with it, and refused nothing"
                .to_owned(),
        }
    }

    fn no_proof(&self) -> String {
        let asked =
            "the server asked for the certificate and did not refuse it, but proved nothing";
        let finding = self
            .findings
            .iter()
            .find(|finding| matches!(finding.id, id::CLOSED_EARLY | id::NOT_A_GATEWAY));
        let http2 = self.protocol == Protocol::Http2;
        match (finding, &self.probe) {
            (Some(finding), _) => format!("{asked}: {}", finding.message),
            (None, probe) if probe.status.is_some() || probe.reason.is_some() => {
                format!("{asked}: it answered the probe with {}", self.answer())
            }
            (None, probe) if http2 && !probe.sent => {
                format!("{asked}: over HTTP/2 only the answer to a probe proves a certificate")
            }
            (None, probe) if http2 && probe.sent => format!("{asked}: it did not answer the probe"),
            _ => "the server asked for the certificate and stayed silent: nothing refused it, nothing proved it"
                .to_owned(),
        }
    }

    fn rejection(&self) -> String {
        match &self.alert {
            Some(alert) => format!(
                "the server refused the certificate with alert {} ({})",
                alert.number, alert.name
            ),
            None if self.probe.status.is_some() => {
                format!("the server refused the certificate with {}", self.answer())
            }
            None => "the server closed the connection after the certificate, without an alert"
                .to_owned(),
        }
    }

    /// What came back on the probe.
    fn answer(&self) -> String {
        let kind = match self.protocol {
            Protocol::Http2 => "HTTP status",
            _ => "status",
        };
        match (self.probe.status, &self.probe.reason) {
            (Some(status), Some(reason)) => format!("{kind} {status} ({reason})"),
            (Some(status), None) => format!("{kind} {status}"),
            (None, Some(reason)) => format!("GOAWAY ({reason})"),
            (None, None) => "nothing".to_owned(),
        }
    }
}
