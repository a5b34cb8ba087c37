//! The next thing to type: how to send what is not known to be sent, or what to do about a refusal.

use super::Sent;
use crate::finding::id;
use crate::report::{escape, words};
use crate::send::{State, Tokens};

impl Sent<'_> {
    /// One line.
    pub(super) fn next(&self) -> Option<String> {
        if self.is_nothing(&self.ledger.counts()) {
            return self.before_anything();
        }
        let rest: Vec<usize> = self.ledger.rest().collect();
        if let Some(file) = self.file
            && let Some(parts) = lines(&rest, self.tokens)
            && file != "-"
        {
            let file = words::shell(file);
            return Some(escape::text(&format!(
                "sed -n '{parts}' {file} > rest.txt    (then the same with --tokens rest.txt)"
            )));
        }
        let refused = self.tally.groups().iter();
        let refused = refused.filter(|group| group.state != State::Accepted);
        let entry = refused.filter_map(|group| group.fate.entry()).next()?;
        let own = format!(" {}", words::shell(self.path));
        Some(escape::text(&entry.next.replace(" FILE", &own)))
    }

    /// Whether the server's chain leads to no root that is trusted, and not to one that is but is wrong in another way.
    fn is_untrusted(&self) -> bool {
        let tls = self.handshake.and_then(|handshake| handshake.tls.as_ref());
        tls.is_none_or(|tls| tls.server_untrusted)
    }

    /// Where nothing was sent: what the finding says, or the check that shows the endpoint stage by stage.
    fn before_anything(&self) -> Option<String> {
        let finding = self.findings.first()?;
        let path = words::shell(self.path);
        let command = finding
            .hint
            .as_ref()
            .filter(|hint| hint.starts_with("pushcert "));
        let text = match (command, finding.id) {
            (Some(command), _) => command.replace(" FILE", &format!(" {path}")),
            (None, id::SERVER_NOT_VERIFIED) => match self.is_untrusted() {
                true => "the same with --ca-file F, where F holds the CA of this server".to_owned(),
                false => words::ABOUT_SERVER.to_owned(),
            },
            (None, id::UNREACHABLE | id::NOT_A_GATEWAY | id::NOT_REQUESTED | id::REJECTED) => {
                let gateway = match self.named {
                    true => format!(" --gateway {}", self.host),
                    false => String::new(),
                };
                format!("pushcert check {path}{gateway}    (shows it stage by stage)")
            }
            _ => return None,
        };
        Some(escape::text(&text))
    }
}

/// The lines of these tokens as `sed` takes them; `None` if there are none, or too many pieces to be read.
fn lines(rest: &[usize], tokens: &Tokens) -> Option<String> {
    const PIECES: usize = 12;
    let mut pieces: Vec<(usize, usize, usize)> = Vec::new();
    for index in rest {
        let line = tokens.listed.get(*index)?.line;
        // A line that repeats a token may repeat one that was sent to.
        let between = |end: usize| {
            let repeated = &tokens.repeated;
            repeated.iter().any(|one| (end..line).contains(&one.line))
        };
        match pieces.last_mut() {
            Some((_, end, last)) if *last + 1 == *index && !between(*end) => {
                (*end, *last) = (line, *index);
            }
            _ => pieces.push((line, line, *index)),
        }
        if pieces.len() > PIECES {
            return None;
        }
    }
    let texts: Vec<String> = pieces
        .iter()
        .map(|(begin, end, _)| match begin == end {
            true => format!("{begin}p"),
            false => format!("{begin},{end}p"),
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(";"))
}
