//! Rust source -> the paths it names, each with its line. Comments, literals and what stands under `#[cfg(test)]` are left out.
//! Knows just enough of Rust for that; it does not resolve names.

/// A path as written, `use` groups spread out (`a::{b, c}` is two paths); `*` and `self` stand for themselves.
#[derive(Debug, PartialEq)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
    /// From a `use`.
    pub imported: bool,
    /// Followed by `!`.
    pub is_macro: bool,
    /// The inline modules around it.
    pub inside: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

/// The paths of a source, single names and keywords too.
pub fn paths(source: &str) -> Vec<Path> {
    let tokens = without_tests(tokens(source));
    let mut found = Vec::new();
    let mut inside: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        match text(&tokens, at) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inside.pop_if(|(_, outer)| *outer == depth);
            }
            "mod" if text(&tokens, at + 2) == "{" => {
                inside.push((text(&tokens, at + 1).to_string(), depth));
                depth += 1;
                at += 3;
                continue;
            }
            // Precise capturing (`+ use<'a>`) imports nothing.
            "use" if text(&tokens, at + 1) != "<" => {
                let first = found.len();
                at = tree(&tokens, at + 1, &[], &mut found);
                for path in &mut found[first..] {
                    path.inside = inside.iter().map(|(name, _)| name.clone()).collect();
                }
                continue;
            }
            word if is_word(word) => {
                let line = tokens[at].line;
                let mut segments = vec![word.to_string()];
                while text(&tokens, at + 1) == "::" && is_word(text(&tokens, at + 2)) {
                    segments.push(text(&tokens, at + 2).to_string());
                    at += 2;
                }
                found.push(Path {
                    segments,
                    line,
                    imported: false,
                    is_macro: text(&tokens, at + 1) == "!" && text(&tokens, at + 2) != "=",
                    inside: inside.iter().map(|(name, _)| name.clone()).collect(),
                });
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The modules that a source declares with `mod x;`, in order.
pub fn declared_modules(source: &str) -> Vec<String> {
    let tokens = without_tests(tokens(source));
    (0..tokens.len())
        .filter(|&at| text(&tokens, at) == "mod" && text(&tokens, at + 2) == ";")
        .map(|at| text(&tokens, at + 1).to_string())
        .collect()
}

/// Reads one tree of a `use` and returns where it ends.
fn tree(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<Path>) -> usize {
    let line = tokens.get(at).map_or(0, |token| token.line);
    let mut segments = before.to_vec();
    loop {
        match text(tokens, at) {
            "::" => at += 1,
            "{" => {
                at += 1;
                while !matches!(text(tokens, at), "}" | "") {
                    at = tree(tokens, at, &segments, found);
                    if text(tokens, at) == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => {
                at += 2;
                break;
            }
            word if is_word(word) || word == "*" => {
                segments.push(word.to_string());
                at += 1;
            }
            // A macro's variable or a slip: step over it so that the reading always ends.
            "," | "}" | ";" | "" => break,
            _ => at += 1,
        }
    }
    found.push(Path {
        segments,
        line,
        imported: true,
        is_macro: false,
        inside: Vec::new(),
    });
    at
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Leaves out every item under `#[cfg(test)]`, with its other attributes.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if (0..MARK.len()).all(|i| text(&tokens, at + i) == MARK[i]) {
            at = end_of_item(&tokens, at + MARK.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Where the item that begins at `at` is over: after its `;`, or after its closing brace.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut open: usize = 0;
    while at < tokens.len() {
        match text(tokens, at) {
            "(" | "[" | "{" => open += 1,
            // The brace of what surrounds the item: it had neither.
            ")" | "]" | "}" if open == 0 => return at,
            ")" | "]" => open -= 1,
            "}" => {
                open -= 1;
                if open == 0 {
                    return at + 1 + usize::from(matches!(text(tokens, at + 1), ";" | ","));
                }
            }
            ";" | "," if open == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Words, `::` and single signs; numbers, lifetimes, comments and literals are left out.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < chars.len() {
        let start = at;
        let mut word = None;
        match (peek(at), peek(at + 1)) {
            ('/', '/') => {
                while at < chars.len() && peek(at) != '\n' {
                    at += 1;
                }
            }
            ('/', '*') => at = end_of_comment(&chars, at),
            ('"', _) => at = end_of_string(&chars, at),
            ('\'', '\\') => {
                at += 3;
                while at < chars.len() && peek(at) != '\'' {
                    at += 1;
                }
                at += 1;
            }
            ('\'', _) if peek(at + 2) == '\'' => at += 3,
            ('\'', _) => at = end_of_word(&chars, at + 1),
            (':', ':') => {
                word = Some("::".to_string());
                at += 2;
            }
            (c, _) if c.is_numeric() => at = end_of_word(&chars, at),
            (c, _) if c.is_alphabetic() || c == '_' => {
                at = end_of_word(&chars, at);
                let text: String = chars[start..at].iter().collect();
                let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
                match text.as_str() {
                    "r" | "br" | "cr" if peek(at + hashes) == '"' => {
                        at = end_of_raw_string(&chars, at + hashes + 1, hashes);
                    }
                    "b" | "c" if peek(at) == '"' => at = end_of_string(&chars, at),
                    // The quote of a byte is read as that of a character, next time round.
                    "b" if peek(at) == '\'' => {}
                    "r" if hashes == 1 => at += 1,
                    _ => word = Some(text),
                }
            }
            (c, _) => {
                if !c.is_whitespace() {
                    word = Some(c.to_string());
                }
                at += 1;
            }
        }
        if let Some(text) = word {
            tokens.push(Token { text, line });
        }
        at = at.min(chars.len());
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn end_of_word(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
        at += 1;
    }
    at
}

/// Block comments nest.
fn end_of_comment(chars: &[char], mut at: usize) -> usize {
    let mut open = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                open += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                open -= 1;
                at += 2;
                if open == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn end_of_string(chars: &[char], opening: usize) -> usize {
    let mut at = opening + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn end_of_raw_string(chars: &[char], mut at: usize, hashes: usize) -> usize {
    while at < chars.len() {
        let closing = chars[at + 1..].iter().take_while(|c| **c == '#').count();
        if chars[at] == '"' && closing >= hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}
