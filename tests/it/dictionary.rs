//! The dictionary: nothing that pushcert says is missing from it, and pasted lines find their entry.

use pushcert::apple::{alert, gateway, reason};
use pushcert::dictionary::{self, Answer, Entry, Kind};
use std::collections::BTreeSet;
use std::path::Path;

fn source(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

#[test]
fn every_reason_status_and_alert_has_an_entry() {
    for reason in reason::ALL {
        assert!(
            dictionary::find(Kind::Reason, reason.name).is_some(),
            "{}",
            reason.name
        );
    }
    for number in 0..=u8::MAX {
        let entry = dictionary::find(Kind::Status, &format!("status {number}"));
        assert_eq!(
            entry.is_some(),
            gateway::status_name(number).is_some(),
            "status {number}"
        );
        let entry = dictionary::find(Kind::Alert, &format!("alert {number}"));
        let name = entry.map_or("unknown", |entry| entry.code);
        assert_eq!(name, alert::name(number), "alert {number}");
    }
}

#[test]
fn what_a_reason_proves_is_what_its_entry_says() {
    use reason::Judgement;
    for reason in reason::ALL {
        let meaning = dictionary::find(Kind::Reason, reason.name).unwrap().meaning;
        let accepted = meaning.starts_with("the certificate was accepted");
        let recognised = meaning.starts_with("the certificate was recognised");
        assert_eq!(
            accepted,
            reason.judgement == Judgement::Accepted,
            "{}",
            reason.name
        );
        assert_eq!(
            recognised,
            reason.judgement == Judgement::TopicRefused,
            "{}",
            reason.name
        );
    }
}

/// The ids in the sources of findings and errors.
fn ids() -> BTreeSet<String> {
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_string);
    let findings = source("src/finding.rs");
    let constants = findings
        .lines()
        .filter(|line| line.contains("pub const") && line.contains(": &str"));
    let errors = source("src/error.rs");
    let of_errors = errors
        .lines()
        .filter(|line| line.contains("=> \"") && line.trim().starts_with("Error::"));
    constants
        .chain(of_errors)
        .filter_map(quoted)
        .filter(|id| !id.contains(' '))
        .collect()
}

#[test]
fn every_finding_and_error_has_an_entry_and_no_entry_is_left_over() {
    let known: BTreeSet<String> = dictionary::all()
        .filter(|entry| entry.kind == Kind::Finding)
        .map(|entry| entry.code.to_string())
        .collect();
    assert_eq!(known, ids());
    assert!(known.len() > 60, "{}", known.len());
}

#[test]
fn entries_are_short_sentences_with_a_next_step() {
    for entry in dictionary::all() {
        for text in [entry.meaning, entry.cause, entry.next, entry.source] {
            assert!(
                !text.is_empty() && text.len() <= 160,
                "{}: {text}",
                entry.code
            );
            assert!(
                !text.ends_with('.') && !text.contains('!') && !text.contains("should"),
                "{}: {text}",
                entry.code
            );
        }
        if let Some(rest) = entry.next.strip_prefix("pushcert ") {
            let command = rest.split(' ').next().unwrap();
            let commands = [
                "csr",
                "convert",
                "merge",
                "check",
                "send",
                "inspect",
                "lab",
                "rotate",
                "explain",
                "COMMAND",
                "--version",
            ];
            assert!(
                commands.contains(&command),
                "{}: {}",
                entry.code,
                entry.next
            );
        }
    }
}

fn explained(text: &str) -> Vec<&'static str> {
    match dictionary::explain(text) {
        Answer::Known(entries) => entries.iter().map(|entry: &&Entry| entry.code).collect(),
        Answer::Unknown(_) => Vec::new(),
    }
}

#[test]
fn a_status_of_http_lists_the_reasons_that_come_with_it() {
    let statuses: BTreeSet<u16> = reason::ALL.iter().map(|reason| reason.status).collect();
    assert_eq!(
        statuses,
        BTreeSet::from([400, 403, 404, 405, 410, 413, 429, 500, 503])
    );
    for status in statuses {
        let of_status = reason::ALL.iter().filter(|one| one.status == status);
        let mut expected = vec![format!("HTTP status {status}")];
        expected.extend(of_status.map(|one| one.name.to_string()));
        for form in [
            "",
            "HTTP ",
            "HTTP/2 ",
            "HTTP status ",
            "apns answered: http ",
        ] {
            assert_eq!(explained(&format!("{form}{status}")), expected, "{form}");
        }
    }
    assert_eq!(explained("200"), ["HTTP status 200"]);
    assert_eq!(explained("HTTP/2 404 BadPath"), ["BadPath"]);
    assert_eq!(explained("HTTP/2 413 PayloadTooLarge"), ["PayloadTooLarge"]);
    assert_eq!(explained("403 Forbidden"), explained("403"));
    // A number in the midst of other words is no status.
    assert_eq!(explained("after 403 milliseconds"), [""; 0]);
    assert_eq!(explained("10"), ["unexpected_message", "status 10"]);
}

#[test]
fn pasted_lines_find_their_entry() {
    for (line, code) in [
        ("BadDeviceToken", "BadDeviceToken"),
        ("baddevicetoken", "BadDeviceToken"),
        ("{\"reason\":\"BadDeviceToken\"}", "BadDeviceToken"),
        (
            "HTTP/2 403 {\"reason\": \"BadCertificateEnvironment\"}",
            "BadCertificateEnvironment",
        ),
        ("410 Unregistered", "Unregistered"),
        ("apns error: TopicDisallowed (400)", "TopicDisallowed"),
        ("BadEnvironmentKeyInToken", "BadEnvironmentKeyInToken"),
        ("45", "certificate_expired"),
        ("alert 45", "certificate_expired"),
        ("certificate_expired", "certificate_expired"),
        ("SSL alert number 48", "unknown_ca"),
        (
            "error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:s3_pkt.c:1494:SSL alert number 48",
            "unknown_ca",
        ),
        (
            "routines:ssl3_read_bytes:sslv3 alert certificate revoked",
            "certificate_revoked",
        ),
        (
            "SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED",
            "certificate_expired",
        ),
        (
            "received fatal alert: CertificateExpired",
            "certificate_expired",
        ),
        ("Received alert [48]: CA is unknown", "unknown_ca"),
        ("tlsv13 alert certificate required", "certificate_required"),
        ("sslv3 alert handshake failure", "handshake_failure"),
        ("8", "status 8"),
        ("status 8", "status 8"),
        ("255", "status 255"),
        ("key-mismatch", "key-mismatch"),
        ("not-server-readable", "not-server-readable"),
        ("accepted", "accepted"),
        ("unreachable", "unreachable"),
        (
            "error:0308010C:digital envelope routines:inner_evp_generic_fetch:unsupported:crypto/evp/evp_fetch.c:373:Global default library context, Algorithm (RC2-40-CBC : 0), Properties ()",
            "openssl: RC2-40-CBC unsupported",
        ),
        (
            "Mac verify error: invalid password?",
            "openssl: Mac verify error",
        ),
        (
            "security: SecKeychainItemImport: MAC verification failed during PKCS12 import (wrong password?)",
            "Keychain: MAC verification failed during PKCS12 import",
        ),
        ("OSStatus -25293", "OSStatus -25293"),
        (
            "-25264",
            "Keychain: MAC verification failed during PKCS12 import",
        ),
        (
            "error:0909006C:PEM routines:get_name:no start line",
            "PEM: no start line",
        ),
        (
            "PEM routines:PEM_read_bio:bad end line:pem_lib.c:809:",
            "PEM: bad end line",
        ),
        (
            "error:0B080074:x509 certificate routines:X509_check_private_key:key values mismatch",
            "key values mismatch",
        ),
        (
            "Error: unable to get local issuer certificate",
            "unable to get local issuer certificate",
        ),
        (
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "unable to get local issuer certificate",
        ),
        (
            "CSR algorithm/size incorrect. Expected: RSA(2048)",
            "CSR algorithm/size incorrect. Expected: RSA(2048)",
        ),
        (
            "You already have a current Push certificate or a pending certificate request.",
            "fastlane: You already have a current certificate",
        ),
        ("Enter PEM pass phrase:", "Enter PEM pass phrase"),
        (
            "    Verify return code: 0 (ok)",
            "openssl s_client: Verify return code: 0 (ok)",
        ),
        ("connect ECONNREFUSED 17.188.1.1:2195", "Connection refused"),
        (
            "getaddrinfo ENOTFOUND gateway.sandbox.push.apple.com",
            "gateway.push.apple.com:2195",
        ),
        (
            "140735:error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
            "wrong version number",
        ),
        (
            "curl: (58) could not parse PKCS12 file, check password, OpenSSL error",
            "curl: check password",
        ),
        (
            "certificate does not support configured environment, production: true",
            "node-apn: certificate does not support configured environment",
        ),
    ] {
        assert_eq!(explained(line), [code], "{line}");
    }
}

#[test]
fn what_is_not_known_has_its_nearest() {
    assert_eq!(
        dictionary::explain("BadDeviceTokn"),
        Answer::Unknown(vec!["BadDeviceToken", "MissingDeviceToken"])
    );
    assert_eq!(
        dictionary::explain("key-missmatch"),
        Answer::Unknown(vec!["key-mismatch"])
    );
    assert_eq!(dictionary::explain("the weather"), Answer::Unknown(vec![]));
    assert_eq!(dictionary::explain(""), Answer::Unknown(vec![]));
    // A megabyte is looked at only as far as a line goes.
    let long = "x".repeat(1 << 20) + " BadDeviceToken";
    assert_eq!(dictionary::explain(&long), Answer::Unknown(vec![]));
}

/// `docs/findings.md` as the dictionary has it.
fn findings_page() -> String {
    let mut page = String::from(
        "# Findings\n\nEvery id that `findings[]` of JSON and the rows of text can have. `pushcert explain ID` says the same.\n\
         Made from the sources: `UPDATE_DOCS=1 cargo test dictionary` writes this page anew.\n\n\
         | id | severity | means | likely cause | next |\n|---|---|---|---|---|\n",
    );
    for entry in dictionary::all().filter(|entry| entry.kind == Kind::Finding) {
        let next = match entry.next.strip_prefix("pushcert ") {
            Some(_) => format!("`{}`", entry.next.split("    ").next().unwrap()),
            None => entry.next.to_string(),
        };
        page += &format!(
            "| `{}` | {} | {} | {} | {next} |\n",
            entry.code, entry.source, entry.meaning, entry.cause
        );
    }
    page
}

#[test]
fn the_page_of_findings_is_what_the_dictionary_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, findings_page()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        findings_page()
    );
}
