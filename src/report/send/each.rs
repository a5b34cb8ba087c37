//! What became of one notification, of each, or of all that ended alike.

use super::{LINES, Sent, row};
use crate::report::{escape, words};
use crate::send::{Counts, Fate, Group, State};

impl Sent<'_> {
    /// A line for each, as far as there is room.
    pub(super) fn each(&self, counts: &Counts) -> String {
        let mut rows = Vec::new();
        for (index, fate) in self.kept.iter().take(LINES) {
            let Some(listed) = self.tokens.listed.get(*index) else {
                continue;
            };
            let answer = [answer(fate), fate.apns_id.clone()];
            let answer: Vec<String> = answer.into_iter().flatten().collect();
            let fact = format!(
                "line {}, {}, {}",
                listed.line,
                listed.token,
                answer.join(", ")
            );
            let fact = fact.trim_end_matches(", ");
            rows.push(row(fate.state.as_str(), escape::text(fact)));
        }
        let told = rows.len();
        let all = counts.total <= LINES;
        let others = counts.total - counts.accepted;
        if !all && others > told {
            let more = format!("{} more; --jsonl tells each", others - told);
            rows.push(row("and", more));
        }
        match rows.is_empty() {
            true => String::new(),
            false => format!("\n{}", words::columns(&rows)),
        }
    }
}

/// The rows of the only notification.
pub(super) fn single(fate: &Fate) -> Vec<(String, String)> {
    let entry = fate.entry().filter(|_| fate.state != State::Accepted);
    let meaning = entry.map(|entry| entry.meaning.to_owned());
    let optional = [
        ("answer", answer(fate)),
        ("apns-id", fate.apns_id.clone()),
        ("meaning", meaning.or_else(|| fate.why.clone())),
        ("cause", entry.map(|entry| entry.cause.to_owned())),
    ];
    optional
        .into_iter()
        .filter_map(|(word, fact)| Some(row(word, escape::text(&fact?))))
        .collect()
}

/// `400, BadDeviceToken`; what silence means in the binary protocol is said.
fn answer(fate: &Fate) -> Option<String> {
    match (fate.status?, &fate.reason) {
        (0, _) => Some("none, which is the binary protocol's yes".to_owned()),
        (status, Some(reason)) => Some(format!("{status}, {reason}")),
        (status, None) => Some(status.to_string()),
    }
}

/// `refused    2: BadDeviceToken: what that means`.
pub(super) fn group(group: &Group) -> (String, String) {
    let status = || Some(format!("status {}", group.fate.status?));
    let code = match group.state {
        State::Accepted => None,
        State::Unknown => Some("sent and not answered, so perhaps delivered".to_owned()),
        _ => group.fate.code().or_else(status),
    };
    let parts = [
        Some(group.count.to_string()),
        code,
        group.fate.explanation(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    row(group.state.as_str(), escape::text(&parts.join(": ")))
}
