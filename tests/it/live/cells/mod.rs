//! docs/verdicts.md: every server, TLS version and certificate with the verdict that came of it, measured again here.

mod peers;
mod servers;

use peers::peers;
use pushcert::live::{Handshake, Protocol};
use servers::{gnutls, lab, nginx, node, openssl, python};
use std::thread;

/// What is asked of a server, and the row that comes of it.
type Cell = (&'static str, &'static str, &'static str, Handshake);

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

fn row((server, version, certificate, answer): &Cell) -> String {
    let evidence = evidence(answer);
    let protocol = match answer.protocol {
        Protocol::Unknown => "-",
        known => known.as_str(),
    };
    let verdict = answer.verdict.as_str();
    format!("| {server} | {version} | {protocol} | {certificate} | `{verdict}` | {evidence} |")
}

/// What the verdict rests on, in words that no library's version changes.
fn evidence(answer: &Handshake) -> String {
    let mut words = Vec::new();
    words.extend(
        answer
            .alert
            .map(|alert| format!("alert {} {}", alert.number, alert.name)),
    );
    let reason = answer
        .probe
        .reason
        .as_ref()
        .map(|reason| format!(", {reason}"));
    let kind = match answer.protocol {
        Protocol::Http2 => "HTTP status",
        _ => "status",
    };
    let status = |status| format!("{kind} {status}{}", reason.clone().unwrap_or_default());
    words.extend(answer.probe.status.map(status));
    if let (None, Some(reason)) = (answer.probe.status, &answer.probe.reason) {
        words.push(format!("GOAWAY, {reason}"));
    }
    words.extend(answer.proof.map(|proof| format!("by {}", proof.as_str())));
    words.extend(
        answer
            .findings
            .iter()
            .map(|finding| format!("`{}`", finding.id)),
    );
    words.extend(
        answer
            .failed_stage
            .map(|stage| format!("at {}", stage.as_str())),
    );
    match words.is_empty() {
        true => "-".to_string(),
        false => words.join("; "),
    }
}

/// The rows, those that differ only in the TLS version joined.
fn rows(cells: Vec<Cell>) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for cell in &cells {
        let this = row(cell);
        let (server, _, certificate, answer) = cell;
        let older = row(&(server, "1.2", certificate, answer.clone()));
        match rows.iter().position(|row| cell.1 == "1.3" && *row == older) {
            Some(place) => rows[place] = older.replacen("| 1.2 |", "| 1.2, 1.3 |", 1),
            None => rows.push(this),
        }
    }
    rows
}

#[test]
fn the_page_of_verdicts_is_what_comes_of_the_servers() {
    let groups: [fn() -> Vec<Cell>; 7] = [openssl, gnutls, nginx, node, python, lab, peers];
    let measured: Vec<Vec<String>> = thread::scope(|scope| {
        let running = groups.map(|group| scope.spawn(move || rows(group())));
        running.map(|thread| thread.join().unwrap()).into()
    });
    let servers = measured[..6].concat().join("\n");
    let peers = measured[6].join("\n");
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verdicts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let printed = |mark: &str| {
        let (_, after) = page.split_once(&format!("<!-- {mark} -->\n")).unwrap();
        let (table, _) = after.split_once("\n<!-- end -->").unwrap();
        // Two lines of heading.
        table.splitn(3, '\n').nth(2).unwrap().to_string()
    };
    assert_eq!(printed("servers"), servers, "measured:\n{servers}\n");
    assert_eq!(printed("peers"), peers, "measured:\n{peers}\n");
}
