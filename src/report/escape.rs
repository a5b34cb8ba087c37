//! Foreign text (names in certificates, paths, answers of servers) made harmless for a terminal and for logs.

/// For a text that may come to stand in a log: the same as [`data`], and the second of two colons that begin it, as a line that begins
/// with `::`, white space aside, is a command to the runner of GitHub Actions.
pub fn text(foreign: &str) -> String {
    let begins = foreign.trim_start();
    match begins.strip_prefix("::") {
        Some(rest) => {
            let (space, _) = foreign.split_at(foreign.len() - begins.len());
            format!("{}:\\u{{3a}}{}", data(space), data(rest))
        }
        None => data(foreign),
    }
}

/// Replaces C0, C1, line breaks and bidirectional controls by `\u{..}` escapes, and the second of two number signs: `##[`, `##vso[` and
/// `##teamcity[` are commands to those who read logs, wherever in a line they stand.
pub fn data(foreign: &str) -> String {
    let mut escaped = String::with_capacity(foreign.len());
    for character in foreign.chars() {
        if is_harmful(character) || begins_command(character, &escaped) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A JSON document with the same characters written as JSON's own escapes, as far as they are not yet: they stand in strings only.
pub fn json(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    for character in document.chars() {
        // ASCII's controls are escaped already, or lay the document out.
        let harmful = !character.is_ascii() && is_harmful(character);
        if harmful || begins_command(character, &escaped) {
            escaped.push_str(&format!("\\u{:04x}", character as u32));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The same for text of ours that runs over several lines.
pub fn lines(text_of_ours: &str) -> String {
    text_of_ours
        .split('\n')
        .map(text)
        .collect::<Vec<_>>()
        .join("\n")
}

fn begins_command(character: char, before: &str) -> bool {
    character == '#' && before.ends_with('#')
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
