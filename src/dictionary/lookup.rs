//! From what a person types or pastes to the entries that it is about.

use super::http_statuses::reasons_of;
use super::{Entry, Kind, all};

/// More than this of a pasted text is not looked at.
pub const LONGEST: usize = 4096;
/// How many near codes are worth naming.
const NEAREST: usize = 3;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The entries, the one that fits best first; after a status of HTTP the reasons that come with it.
    Known(Vec<&'static Entry>),
    /// None; the codes that look most like it.
    Unknown(Vec<&'static str>),
}

/// The entry of exactly this code and kind.
pub fn find(kind: Kind, code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.kind == kind && is_code(entry, code))
}

/// Explains a code, or a line of text that has one in it.
pub fn explain(text: &str) -> Answer {
    let line: String = text
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .trim()
        .to_lowercase();
    let mut exact: Vec<&Entry> = all().filter(|entry| is_code(entry, &line)).collect();
    // Some verdicts and findings share a word and say the same.
    exact.dedup_by_key(|entry| entry.code);
    if !exact.is_empty() {
        return known(exact);
    }
    let mut within: Vec<(usize, &Entry)> = all()
        .filter_map(|entry| Some((length_within(entry, &line)?, entry)))
        .collect();
    // A status of HTTP says less than anything that came with it.
    if within
        .iter()
        .any(|(_, entry)| entry.kind != Kind::HttpStatus)
    {
        within.retain(|(_, entry)| entry.kind != Kind::HttpStatus);
    }
    // What matches more of the line says more about it.
    within.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    match within.first().map(|(length, _)| *length) {
        Some(longest) => known(
            within
                .into_iter()
                .take_while(|(length, _)| *length == longest)
                .map(|(_, entry)| entry)
                .collect(),
        ),
        None => Answer::Unknown(nearest(&line)),
    }
}

fn known(mut entries: Vec<&'static Entry>) -> Answer {
    if let [status] = entries.as_slice()
        && status.kind == Kind::HttpStatus
    {
        entries.extend(reasons_of(status));
    }
    Answer::Known(entries)
}

fn is_code(entry: &Entry, code: &str) -> bool {
    let same = |form: &str| form.eq_ignore_ascii_case(code);
    same(entry.code) || (entry.kind != Kind::Message && entry.forms.iter().any(|form| same(form)))
}

/// How many characters of the line speak for the entry.
fn length_within(entry: &Entry, line: &str) -> Option<usize> {
    let code = std::iter::once(entry.code);
    let forms = entry.forms.iter().copied();
    let patterns: Vec<&str> = match entry.kind {
        Kind::Message => forms.collect(),
        // A bare number in a line may be anything.
        _ => code
            .chain(forms)
            .filter(|form| !form.bytes().all(|byte| byte.is_ascii_digit()))
            .collect(),
    };
    patterns
        .into_iter()
        .filter_map(|pattern| matched(pattern, line))
        .max()
}

/// The length of a pattern, all of whose parts stand in the line as words.
fn matched(pattern: &str, line: &str) -> Option<usize> {
    let pattern = pattern.to_lowercase();
    let stands = |part: &str| {
        line.match_indices(part).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line
                .get(at + part.len()..)
                .and_then(|text| text.chars().next());
            let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !joins(before) && !joins(after)
        })
    };
    pattern.split('+').all(stands).then_some(pattern.len())
}

fn nearest(line: &str) -> Vec<&'static str> {
    let word: String = line.chars().take(40).collect();
    let mut codes: Vec<(usize, &str)> = all()
        .filter(|entry| entry.kind != Kind::Message)
        .map(|entry| (distance(&word, &entry.code.to_lowercase()), entry.code))
        .filter(|(distance, code)| *distance * 2 <= code.len())
        .collect();
    codes.sort();
    codes.dedup();
    codes
        .into_iter()
        .take(NEAREST)
        .map(|(_, code)| code)
        .collect()
}

/// Insertions, deletions and replacements from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, b) in other.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or_default();
            let cost = (diagonal + usize::from(a != *b))
                .min(above + 1)
                .min(left + 1);
            if let Some(slot) = row.get_mut(j) {
                *slot = left;
            }
            diagonal = above;
            left = cost;
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
