//! Long lines of a text folded to the width of a terminal: what continues a fact stands under its beginning. A word that is longer
//! than the line, as paths and fingerprints are, stays whole.

use unicode_width::UnicodeWidthStr;

/// The narrowest terminal that lines are folded for.
pub const NARROWEST: usize = 60;

/// The text with every line folded at spaces.
pub fn fold(text: &str, width: usize) -> String {
    let width = width.max(NARROWEST);
    let folded: Vec<String> = text
        .split('\n')
        .map(|line| fold_line(line, width))
        .collect();
    folded.join("\n")
}

fn fold_line(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_string();
    }
    let (head, fact) = line.split_at(fact_begins(line));
    let indent = match head.trim().is_empty() {
        true => head.len() + 4,
        false => head.width().min(width / 2),
    };
    let mut folded = head.to_string();
    let (mut used, mut fresh) = (head.width(), true);
    for word in fact.split_whitespace() {
        if !fresh && used + 1 + word.width() > width {
            folded.push('\n');
            folded.push_str(&" ".repeat(indent));
            (used, fresh) = (indent, true);
        }
        if !fresh {
            folded.push(' ');
            used += 1;
        }
        folded.push_str(word);
        used += word.width();
        fresh = false;
    }
    folded
}

/// The byte at which the fact begins in `  word     fact`, or the line itself where it has no columns.
fn fact_begins(line: &str) -> usize {
    let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let start = spaces(line);
    let body = line.get(start..).unwrap_or_default();
    match body.find("  ") {
        Some(gap) => start + gap + spaces(body.get(gap..).unwrap_or_default()),
        None => start,
    }
}
