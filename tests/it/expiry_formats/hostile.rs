//! Names and paths of certificates that try to be markup, commands, formulas, lines of a log: in every dialect they stay names.

use super::page::{drive, page_of};
use super::{Fleet, column};
use pushcert::report::escape;
use serde_json::Value;

/// Each as topic, common name, team, issuer and file name of a certificate.
const NAMES: [&str; 15] = [
    "</script><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)> & 'quoted' &lt;",
    "<!-- <![CDATA[ ]]> --> <?xml?>",
    "line\r\n::error::forged",
    "::error file=x::forged\n\nEND:VEVENT",
    "=HYPERLINK(\"http://e\",\"x\")",
    "+1+1|'cmd'!A1",
    "@SUM(1;2)\\,\\;",
    "\t=1\tb",
    "\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}",
    "\u{1b}[31mred\u{7}\u{9b}2J\u{85}\u{2028}",
    "a|b;c,d:e=f\\n %0A%7C ${x}",
    "{0} {{1}} [click](http://e) `x`",
    "##[stop-commands]x ##vso[a.b]y ###[z]",
    "-2+3\u{feff}\u{fffe}\u{ffff}",
];

/// As long as a team's id has to be.
const TEAM: &str = "=<b>\"\n,|;\t";

/// The certificates end in this order, and all within the warning.
fn hostile() -> Fleet {
    use openssl::nid::Nid;
    let fleet = Fleet::new();
    for (number, name) in NAMES.iter().enumerate() {
        let common_name = format!("Apple Push Services: {name}");
        let names = [
            (Nid::USERID, *name),
            (Nid::COMMONNAME, common_name.as_str()),
            (Nid::ORGANIZATIONALUNITNAME, TEAM),
        ];
        let end = format!("202606{:02}000000Z", number + 10);
        let certificate = super::certificate(&names, &end);
        fleet.write(&path(number), &certificate.to_der().unwrap());
    }
    fleet
}

/// A slash would be a folder.
fn path(number: usize) -> String {
    format!("certs/{number:02}{}.cer", NAMES[number].replace('/', "_"))
}

fn escaped(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    texts.into_iter().map(|text| escape::data(&text)).collect()
}

fn paths() -> Vec<String> {
    escaped((0..NAMES.len()).map(path))
}

fn topics() -> Vec<String> {
    escaped(NAMES.map(str::to_string))
}

/// `TOPIC (sandbox + production) expires in N days`.
fn sentences() -> Vec<String> {
    let sentence = |(number, topic)| {
        let days = number + 9;
        format!("{topic} (sandbox + production) expires in {days} days")
    };
    topics().into_iter().enumerate().map(sentence).collect()
}

#[test]
fn in_text_no_control_and_no_line_of_theirs() {
    let (code, text) = hostile().run(&["certs"]);
    assert_eq!(code, 1);
    let text = String::from_utf8(text).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(rows.len(), NAMES.len());
    for ((row, topic), path) in rows.iter().zip(topics()).zip(paths()) {
        assert!(row.starts_with("  warning    in "), "{row}");
        assert!(row.contains(&escape::text(&topic)), "{row}");
        assert!(row.ends_with(&path), "{row}");
    }
    let harmful = |c: &char| c.is_control() && *c != '\n' || ('\u{2028}'..='\u{202e}').contains(c);
    assert_eq!(text.chars().find(harmful), None);
}

#[test]
fn in_json_they_are_what_they_are() {
    let (_, json) = hostile().run(&["certs", "--format", "json"]);
    let document: Value = serde_json::from_slice(&json).unwrap();
    let results = &document["results"];
    let raw: Vec<String> = (0..NAMES.len()).map(path).collect();
    assert_eq!(column(results, "path"), raw);
    assert_eq!(column(results, "bundle_id"), NAMES);
    assert_eq!(column(results, "team_id"), [TEAM; NAMES.len()]);
}

#[test]
fn in_csv_no_formula() {
    let rows = hostile().read("csv");
    assert_eq!(column(&rows, "path"), paths());
    let guarded = NAMES.map(|name| match name.starts_with(['=', '+', '-', '@', '\t']) {
        true => format!("'{}", escape::data(name)),
        false => escape::data(name),
    });
    assert_eq!(column(&rows, "topics"), guarded);
    let team = format!("'{}", escape::data(TEAM));
    assert_eq!(column(&rows, "team_id"), vec![team; NAMES.len()]);
    let formulas = guarded.iter().filter(|cell| cell.starts_with('\''));
    assert_eq!(formulas.count(), 5);
}

#[test]
fn in_prometheus_only_labels() {
    let series = hostile().read("prometheus");
    let of = |name: &str, label: &str| -> Vec<String> {
        let series = series.as_array().unwrap().iter();
        let mut values: Vec<String> = series
            .filter(|one| one["name"] == name)
            .map(|one| one["labels"][label].as_str().unwrap().to_string())
            .collect();
        values.sort();
        values
    };
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts
    };
    assert_eq!(of("x509_cert_not_after", "filepath"), sorted(paths()));
    let common_names = topics()
        .iter()
        .map(|topic| format!("Apple Push Services: {topic}"))
        .collect();
    assert_eq!(
        of("x509_cert_not_after", "subject_CN"),
        sorted(common_names)
    );
    let end = "pushcert_certificate_not_after_timestamp_seconds";
    assert_eq!(of(end, "topic"), sorted(topics()));
}

#[test]
fn in_junit_what_xml_takes() {
    let cases = hostile().read("junit");
    let xml = |text: &String| text.replace(['\u{fffe}', '\u{ffff}'], "");
    let sentences: Vec<String> = sentences().iter().map(xml).collect();
    assert_eq!(column(&cases, "said"), sentences);
    let names = paths().into_iter().zip(topics());
    let names: Vec<String> = names
        .map(|(path, topic)| xml(&format!("{path}: {topic} (sandbox + production)")))
        .collect();
    assert_eq!(column(&cases, "name"), names);
}

#[test]
fn in_sarif_no_placeholder_and_no_link() {
    let results = hostile().read("sarif");
    let raw: Vec<String> = (0..NAMES.len()).map(path).collect();
    assert_eq!(column(&results, "path"), raw);
    let texts: Vec<String> = topics()
        .iter()
        .enumerate()
        .map(|(number, topic)| format!("{topic} expires on 2026-06-{:02}", number + 10))
        // A link needs the two together.
        .map(|text| text.replace("](", "] ("))
        .collect();
    assert_eq!(column(&results, "text"), texts);
}

#[test]
fn in_github_no_command_of_theirs() {
    let commands = hostile().read("github");
    // Ten of a kind are shown: nine, and how many there are besides.
    assert_eq!(column(&commands, "kind"), ["warning"; 10]);
    assert_eq!(
        commands[9]["message"],
        "6 more; pushcert expiry lists all of them"
    );
    let shown = commands.as_array().unwrap();
    for (number, command) in shown.iter().take(9).enumerate() {
        assert_eq!(command["file"], paths()[number].as_str());
        assert_eq!(command["title"], topics()[number].as_str());
        assert_eq!(command["message"], sentences()[number].as_str());
    }
}

#[test]
fn in_nagios_one_line() {
    let line = hostile().read("nagios");
    let said = line["said"].as_str().unwrap();
    assert!(
        said.starts_with("APNS_CERT WARNING: 15 of 15 certificates need action; "),
        "{said}"
    );
    assert!(said.contains(&sentences()[0]), "{said}");
    assert_eq!(line["data"]["days"], 9);
    assert_eq!(line["data"]["warning"], 15);
}

#[test]
fn in_ics_no_line_of_theirs() {
    let events = hostile().read("ics");
    let summaries: Vec<String> = topics()
        .iter()
        .map(|topic| format!("{topic} (sandbox + production) expires"))
        .collect();
    assert_eq!(column(&events, "summary"), summaries);
    for (event, path) in events.as_array().unwrap().iter().zip(paths()) {
        let lines = event["description"].as_array().unwrap();
        assert_eq!(lines.last().unwrap(), format!("in {path}").as_str());
        assert_eq!(lines[2], format!("team {}", escape::data(TEAM)).as_str());
        assert_eq!(lines.len(), 6, "{lines:?}");
    }
}

#[test]
fn in_html_no_element_of_theirs() {
    let fleet = hostile();
    let found = fleet.read("html");
    let rows = &found["data"]["rows"];
    assert_eq!(column(rows, "path"), paths());
    assert_eq!(column(rows, "title"), topics());
    assert_eq!(
        column(rows, "team_id"),
        vec![escape::data(TEAM); NAMES.len()]
    );
    let (_, page) = fleet.run(&["certs", "--format", "html"]);
    let page = String::from_utf8(page).unwrap();
    // The script of the data, and the page's own.
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("<script").count(), 2);
}

#[test]
fn in_a_browser_they_are_text() {
    let saw = drive(&page_of(&hostile()), "all");
    assert_eq!(saw["console"], serde_json::json!([]));
    assert_eq!(saw["requests"], serde_json::json!(["file:"]));
    assert_eq!(saw["handlers"], 0);
    let list = |key: &str| -> Vec<String> {
        let texts = saw[key].as_array().unwrap().iter();
        texts
            .map(|text| text.as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(list("rows"), topics());
    assert_eq!(list("paths"), paths());
    let lines = topics()
        .iter()
        .map(|topic| format!("{topic}, sandbox + production"))
        .collect::<Vec<_>>();
    assert_eq!(list("lines"), lines);
    for element in ["img", "b", "a", "iframe"] {
        assert!(
            !list("elements").contains(&element.to_string()),
            "{element}"
        );
    }
}
