//! What `inspect` says of files: one block per file in text, one entry per file in JSON.

mod document;

pub use document::files;

use super::{escape, profile, words};
use crate::apple::Service;
use crate::certificate::Certificate;
use crate::container::{CertificatePart, Contents, KeyPart, Protection};
use crate::crl::Crl;
use crate::finding::{Finding, Severity};
use crate::inputs::{Input, State};
use crate::issuer::Issuer;
use crate::request::Request;
use time::OffsetDateTime;

/// A file with what was found about it.
pub struct Inspected<'a> {
    /// The file.
    pub input: &'a Input,
    /// What is wrong or worth knowing about it, and why it could not be read.
    pub findings: Vec<Finding>,
}

/// The text of all files. `all` is asked which key fits which certificate.
pub fn text(files: &[Inspected], all: &[Input], now: OffsetDateTime) -> String {
    let blocks: Vec<String> = files.iter().map(|file| block(file, all, now)).collect();
    blocks.join("\n")
}

fn block(file: &Inspected, all: &[Input], now: OffsetDateTime) -> String {
    let path = words::file(&file.input.name());
    let Some(contents) = file.input.contents() else {
        let reason = file
            .input
            .trouble()
            .map(|e| e.cause().to_string())
            .unwrap_or_default();
        let next = next(&file.findings)
            .map(|next| words::columns(&[("next".to_string(), escape::text(next))]));
        return format!(
            "{path}   not read: {}\n{}",
            escape::text(without_subject(&reason)),
            next.unwrap_or_default()
        );
    };
    let mut rows = vec![("file".to_string(), contents.description.clone())];
    for part in &contents.certificates {
        certificate_rows(part, contents, all, &mut rows);
    }
    let keys = contents.keys.iter();
    for part in keys.filter(|key| !contents.certificates.iter().any(|own| is_pair(own, key))) {
        rows.push(("key".to_string(), key_fact(part, all)));
    }
    for request in &contents.requests {
        let proof = if request.signature_valid {
            "signature valid"
        } else {
            "signature not valid"
        };
        rows.push((
            "request".to_string(),
            format!("{}, {proof}", escape::text(&request.subject.text)),
        ));
        rows.push(("key".to_string(), requested_key_fact(request, all)));
    }
    for crl in &contents.crls {
        rows.push(("list".to_string(), crl_fact(crl)));
    }
    if let Some(signed) = &contents.profile {
        rows.extend(profile::rows(signed));
    }
    let repeats = |finding: &&Finding| {
        contents.leaf().is_some() || !matches!(finding.id, "locked" | "wrong-passphrase")
    };
    rows.extend(finding_rows(file.findings.iter().filter(repeats)));
    rows.extend(next(&file.findings).map(|next| ("next".to_string(), escape::text(next))));
    format!(
        "{path}   {}\n{}",
        headline(file.input, contents, now),
        words::columns(&rows)
    )
}

/// The findings, the most urgent first; what is said of two certificates is said once.
fn finding_rows<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(String, String)> {
    let mut findings: Vec<&Finding> = findings.collect();
    let order = [
        Severity::Critical,
        Severity::Unknown,
        Severity::Warning,
        Severity::Info,
    ];
    findings.sort_by_key(|finding| order.iter().position(|one| *one == finding.severity));
    let mut rows: Vec<(String, String)> = Vec::new();
    for row in findings.into_iter().map(words::finding_row) {
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// The reason without the words that need the file's name before them.
fn without_subject(reason: &str) -> &str {
    let begins = ["is ", "cannot be read: "];
    let rest = begins.iter().find_map(|begin| reason.strip_prefix(begin));
    rest.unwrap_or(reason)
}

/// What to type about the worst of the findings that need something done.
fn next(findings: &[Finding]) -> Option<&str> {
    [Severity::Critical, Severity::Unknown, Severity::Warning]
        .into_iter()
        .flat_map(|severity| {
            findings
                .iter()
                .filter(move |finding| finding.severity == severity)
        })
        .find_map(|finding| finding.hint.as_deref())
}

fn headline(input: &Input, contents: &Contents, now: OffsetDateTime) -> String {
    if let Some(leaf) = contents.leaf() {
        return words::summary(leaf, now);
    }
    if matches!(input.state, State::Locked { .. }) {
        let why = input.trouble().map(|e| e.cause().to_string());
        return why.unwrap_or_default();
    }
    if let Some(signed) = &contents.profile {
        return profile::headline(signed, now);
    }
    match (contents.keys.len(), contents.requests.len()) {
        (0, 0) => "a certificate revocation list".to_string(),
        (0, _) => "a request".to_string(),
        (1, _) => "one key, no certificate".to_string(),
        (n, _) => format!("{n} keys, no certificate"),
    }
}

fn certificate_rows(
    part: &CertificatePart,
    own: &Contents,
    all: &[Input],
    rows: &mut Vec<(String, String)>,
) {
    let certificate = &part.certificate;
    let mut add = |word: &str, fact: String| rows.push((word.to_string(), fact));
    let subject = certificate
        .subject
        .common_name
        .as_deref()
        .unwrap_or(&certificate.subject.text);
    add("subject", escape::text(subject));
    if certificate.is_ca {
        add("kind", certificate.describe().to_string());
    } else {
        if let Some(team) = &certificate.team_id {
            add("team", escape::text(team));
        }
        if !certificate.topics.is_empty() {
            let topics: Vec<String> = certificate
                .topics
                .iter()
                .map(|topic| {
                    format!(
                        "{} ({})",
                        escape::text(&topic.name),
                        escape::text(&topic.kinds.join(", "))
                    )
                })
                .collect();
            add("topics", topics.join(", "));
        }
        for (oid, value) in &certificate.unexplained {
            let last = oid
                .rsplit_once(".100.")
                .map_or(oid.as_str(), |(_, last)| last);
            add(last, escape::text(value));
        }
        if certificate.kind.is_push() {
            let hosts: Vec<&str> = certificate
                .environments
                .iter()
                .map(|environment| Service::Api.host(*environment))
                .collect();
            add("hosts", hosts.join(", "));
        }
    }
    if own.certificates.len() > 1 {
        add(
            "validity",
            format!(
                "{} to {}",
                certificate.not_before.date(),
                certificate.not_after.date()
            ),
        );
    }
    add("issuer", issuer_fact(certificate));
    add("key", public_key_fact(part, own, all));
    add("sha256", certificate.sha256.to_string());
}

/// The key of a request, and where its private half is.
fn requested_key_fact(request: &Request, all: &[Input]) -> String {
    let key = &request.public_key;
    let mut words = vec![key.describe(), format!("SPKI {}…", key.spki_sha256.short())];
    let holds = |contents: &Contents| {
        let mut keys = contents.keys.iter();
        keys.any(|part| part.key.public_key().spki_sha256 == key.spki_sha256)
    };
    if let Some(path) = holder(all, holds) {
        words.push(format!("its private key is in {}", words::file(&path)));
    }
    words.join(", ")
}

/// The key of a certificate, and where its private half is.
fn public_key_fact(part: &CertificatePart, own: &Contents, all: &[Input]) -> String {
    let key = &part.certificate.public_key;
    let mut words = vec![key.describe(), format!("SPKI {}…", key.spki_sha256.short())];
    let here = own.keys.iter().find(|key| is_pair(part, key));
    let holds = |contents: &Contents| contents.keys.iter().any(|key| is_pair(part, key));
    if let Some(private) = here {
        let mut about = private_key_words(private);
        // Most programs call a key as its certificate is called.
        let common_name = part.certificate.subject.common_name.as_deref();
        let same = |word: &String| Some(word.trim_matches('"')) == common_name;
        about.retain(|word| !same(word));
        let about = about.join(", ");
        words.push(match about.is_empty() {
            true => "its private key is here".to_string(),
            false => format!("its private key is here ({about})"),
        });
    } else if let Some(path) = holder(all, holds) {
        words.push(format!("its private key is in {}", words::file(&path)));
    }
    words.join(", ")
}

fn is_pair(certificate: &CertificatePart, key: &KeyPart) -> bool {
    certificate.certificate.public_key.spki_sha256 == key.key.public_key().spki_sha256
}

/// What a private key has and a public one has not.
fn private_key_words(part: &KeyPart) -> Vec<String> {
    let name = part.friendly_name.as_deref();
    let mut words: Vec<String> = name
        .map(|name| format!("\"{}\"", escape::text(name)))
        .into_iter()
        .collect();
    if matches!(part.protection, Protection::Encrypted(_)) {
        words.push("encrypted".to_string());
    }
    words
}

fn crl_fact(crl: &Crl) -> String {
    let next = crl
        .next_update
        .map(|next| format!(", next {}", next.date()));
    format!(
        "{} revoked, by {}, of {}{}",
        crl.entries,
        escape::text(&crl.issuer.text),
        crl.this_update.date(),
        next.unwrap_or_default()
    )
}

fn issuer_fact(certificate: &Certificate) -> String {
    match Issuer::of(certificate) {
        Issuer::Apple(authority) => format!("{}, proven by signature", authority.name),
        Issuer::Lab => format!("{}, of the lab", escape::text(&certificate.issuer.text)),
        Issuer::Unknown => format!(
            "{}, none of Apple's",
            escape::text(&certificate.issuer.text)
        ),
    }
}

fn key_fact(part: &KeyPart, all: &[Input]) -> String {
    let public = part.key.public_key();
    let mut words = vec![public.describe()];
    words.extend(private_key_words(part));
    words.push(format!("SPKI {}…", public.spki_sha256.short()));
    let fits = |contents: &Contents| contents.certificates.iter().any(|own| is_pair(own, part));
    if let Some(path) = holder(all, fits) {
        words.push(format!("fits {}", words::file(&path)));
    }
    words.join(", ")
}

/// The first file whose contents answer the question.
fn holder(all: &[Input], question: impl Fn(&Contents) -> bool) -> Option<String> {
    all.iter()
        .find(|input| input.contents().is_some_and(&question))
        .map(Input::name)
}
