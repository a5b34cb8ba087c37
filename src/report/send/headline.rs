//! The first line, which answers the question by itself.

use super::Sent;
use crate::report::escape;
use crate::send::{Counts, State};

impl Sent<'_> {
    /// The answer in one sentence, escaped.
    pub(super) fn sentence(&self, counts: &Counts) -> String {
        let (topic, host) = (&self.notification.topic, self.host);
        let open = counts.deferred + counts.unknown + counts.unsent;
        let nothing = self.is_nothing(counts);
        let sentence = match (counts.total, counts.refused, open) {
            _ if nothing => {
                let why = self
                    .findings
                    .first()
                    .map(|finding| finding.message.as_str());
                let why = why.or_else(|| self.tally.groups().first()?.fate.why.as_deref());
                format!(
                    "{topic}: nothing was sent: {}",
                    why.unwrap_or("interrupted")
                )
            }
            (1, 0, 0) => format!("{topic}: {host} took the notification"),
            (total, 0, 0) => format!("{topic}: {host} took all {total} notifications"),
            (1, _, _) => {
                let fate = self.kept.first().map(|(_, fate)| fate);
                let code = fate.and_then(|fate| fate.reason.clone().or_else(|| fate.why.clone()));
                let code = code.or_else(|| Some(format!("status {}", fate?.status?)));
                let code = code.unwrap_or_default();
                match fate.map(|fate| fate.state) {
                    Some(State::Refused) => {
                        format!("{topic}: {host} refused the notification: {code}")
                    }
                    Some(State::Deferred) => {
                        format!("{topic}: {host} does not take the notification now: {code}")
                    }
                    _ => format!("{topic}: the notification is not known to be sent: {code}"),
                }
            }
            (total, refused, 0) => {
                format!("{topic}: {host} refused {refused} of {total} notifications")
            }
            (total, 0, open) => {
                format!("{topic}: {open} of {total} notifications are not known to be sent")
            }
            (total, refused, open) => format!(
                "{topic}: {host} refused {refused} of {total} notifications, and {open} are not known to be sent"
            ),
        };
        escape::text(&sentence)
    }
}
