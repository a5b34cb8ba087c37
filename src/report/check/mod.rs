//! What `check` says: the answer first, then the identity, each endpoint stage by stage, and the next step.

mod document;
mod endpoint;
mod headline;
mod next;

pub use document::result;

use super::{escape, words};
use crate::check::Checked;
use crate::finding::{Finding, Status, id};
use crate::inputs::Input;
use time::OffsetDateTime;

/// The text about all identities, the worst first, and about the files that could not be read.
pub fn texts(
    checked: &[Checked],
    unread: &[Finding],
    inputs: &[Input],
    now: OffsetDateTime,
) -> String {
    let mut order: Vec<&Checked> = checked.iter().collect();
    order.sort_by_key(|one| match one.status {
        Status::Critical => 0,
        Status::Unknown => 1,
        Status::Warning => 2,
        Status::Ok => 3,
    });
    let mut blocks: Vec<String> = order.iter().map(|one| text(one, inputs, now)).collect();
    for finding in unread {
        let path = words::file(finding.path.as_deref().unwrap_or_default());
        blocks.push(format!(
            "unknown   {path}: {}\n",
            escape::text(&finding.message)
        ));
    }
    blocks.join("\n")
}

/// The text about one identity.
fn text(checked: &Checked, inputs: &[Input], now: OffsetDateTime) -> String {
    let path = inputs
        .get(checked.subject.source)
        .map(Input::name)
        .unwrap_or_default();
    let key_source = checked
        .subject
        .key_source
        .and_then(|index| inputs.get(index));
    let key = match (&checked.subject.key, key_source) {
        (Some(_), Some(input)) => format!(", key fits (in {})", words::file(&input.name())),
        (Some(_), None) => ", key fits".to_string(),
        (None, _) => String::new(),
    };
    let summary = words::summary(&checked.subject.leaf, now);
    let mut rows = vec![
        ("file".to_string(), words::file(&path)),
        ("identity".to_string(), format!("{summary}{key}")),
    ];
    for asked in &checked.asked {
        rows.extend(endpoint::rows(asked));
    }
    let told = |finding: &&Finding| !is_told(finding, checked);
    for finding in checked.findings.iter().filter(told) {
        rows.push(words::finding_row(finding));
        // The hint of a live finding says whose fault it is not; those of files name commands, which come below.
        if finding.id == id::SERVER_NOT_VERIFIED {
            rows.extend(
                finding
                    .hint
                    .iter()
                    .map(|hint| (String::new(), escape::text(hint))),
            );
        }
    }
    rows.extend(next::note(checked, now).map(|note| ("note".to_string(), note.to_string())));
    let next = next::next(checked, &words::shell(&path));
    let next = next
        .map(|next| format!("\nnext  {next}\n"))
        .unwrap_or_default();
    format!(
        "{}   {}\n\n{}{}",
        checked.status.as_str(),
        headline::sentence(checked, &path),
        words::columns(&rows),
        escape::lines(&next)
    )
}

/// The rows of the endpoint have said it.
fn is_told(finding: &Finding, checked: &Checked) -> bool {
    let verdicts = [
        id::REJECTED,
        id::UNREACHABLE,
        id::UNPROVEN,
        id::NOT_REQUESTED,
        id::CLOSED_EARLY,
        id::NOT_A_GATEWAY,
    ];
    verdicts.contains(&finding.id) && !checked.asked.is_empty()
}
