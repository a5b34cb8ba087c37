//! The rows of "Exit": answers of endpoints to findings, questions and one status.

use pushcert::apple::{Environment, Service};
use pushcert::check::{Asked, Endpoint, live_findings, status};
use pushcert::finding::{Finding, Severity, Status, id};
use pushcert::live::{Alert, Handshake, Probe, Protocol, Stage, Stages, Target, Verdict};

use Severity::{Critical, Info, Unknown, Warning};
use Verdict::{Accepted, NotRejected, NotRequested, Rejected, Unreachable};

/// An endpoint that counts.
fn asked(question: &str, service: Option<Service>, verdict: Verdict) -> Asked {
    let alert = (verdict == Rejected).then(|| Alert::new(45));
    let failed_stage = (verdict == Unreachable).then_some(Stage::Tcp);
    Asked {
        endpoint: Endpoint {
            question: question.to_string(),
            target: Target::parse("gateway.test:1").unwrap(),
            fallback: None,
            apple: service.map(|service| (service, Environment::Sandbox)),
            counts: true,
        },
        handshake: Handshake {
            host: "gateway.test".to_string(),
            port: 1,
            proxy: None,
            address: None,
            stages: Stages::default(),
            tls: None,
            protocol: Protocol::Binary,
            verdict,
            proof: None,
            alert,
            alert_after_ms: None,
            failed_stage,
            reason: None,
            probe: Probe::default(),
            findings: Vec::new(),
        },
    }
}

fn gateway(question: &str, verdict: Verdict) -> Asked {
    asked(question, None, verdict)
}

fn api(question: &str, verdict: Verdict) -> Asked {
    asked(question, Some(Service::Api), verdict)
}

fn broadcast(verdict: Verdict) -> Asked {
    asked("sandbox", Some(Service::Broadcast), verdict)
}

/// The same, told for information.
fn aside(mut asked: Asked) -> Asked {
    asked.endpoint.counts = false;
    asked
}

fn with(mut asked: Asked, id: &'static str, severity: Severity) -> Asked {
    asked
        .handshake
        .findings
        .push(Finding::new(id, severity, "x"));
    asked
}

/// Closed after the certificate, without an alert.
fn by_close(mut asked: Asked) -> Asked {
    asked.handshake.alert = None;
    asked
}

/// What it is about, what was asked, the findings that come of it, and the answer.
type Row = (
    &'static str,
    Vec<Asked>,
    Vec<(&'static str, Severity)>,
    Status,
);

#[test]
fn every_row_of_the_exit_rule() {
    let no_gateway = (id::NOT_A_GATEWAY, Unknown);
    let refused = (id::REJECTED, Critical);
    let unproven = (id::UNPROVEN, Unknown);
    let away = (id::UNREACHABLE, Unknown);
    let rows: Vec<Row> = vec![
        ("accepted", vec![gateway("a", Accepted)], vec![], Status::Ok),
        (
            "rejected",
            vec![gateway("a", Rejected)],
            vec![refused],
            Status::Critical,
        ),
        (
            "rejected by a close",
            vec![by_close(gateway("a", Rejected))],
            vec![refused],
            Status::Critical,
        ),
        (
            "unreachable",
            vec![gateway("a", Unreachable)],
            vec![away],
            Status::Unknown,
        ),
        (
            "unproven",
            vec![gateway("a", NotRejected)],
            vec![unproven],
            Status::Unknown,
        ),
        (
            "not asked for",
            vec![gateway("a", NotRequested)],
            vec![(id::NOT_REQUESTED, Unknown)],
            Status::Unknown,
        ),
        ("nobody to ask", vec![], vec![], Status::Unknown),
        (
            "half a proof is no proof",
            vec![api("sandbox", Accepted), api("production", Unreachable)],
            vec![away],
            Status::Unknown,
        ),
        (
            "nor is half a silence",
            vec![api("sandbox", Accepted), api("production", NotRejected)],
            vec![unproven],
            Status::Unknown,
        ),
        (
            "one refusal is enough",
            vec![api("sandbox", Rejected), api("production", Accepted)],
            vec![refused],
            Status::Critical,
        ),
        (
            "a refusal beats a silence",
            vec![api("sandbox", Rejected), api("production", Unreachable)],
            vec![refused, away],
            Status::Critical,
        ),
        (
            "each gateway is its own question",
            vec![gateway("a", Accepted), gateway("b", Unreachable)],
            vec![away],
            Status::Unknown,
        ),
        (
            "unreachable while another settled the question",
            vec![gateway("a", Accepted), gateway("a", Unreachable)],
            vec![(id::UNREACHABLE, Info)],
            Status::Ok,
        ),
        (
            "settled by a refusal",
            vec![gateway("a", Unreachable), gateway("a", Rejected)],
            vec![(id::UNREACHABLE, Info), refused],
            Status::Critical,
        ),
        (
            "broadcast never counts beside the API",
            vec![api("sandbox", Accepted), aside(broadcast(Rejected))],
            vec![(id::REJECTED, Info)],
            Status::Ok,
        ),
        (
            "nor does its silence",
            vec![api("sandbox", Accepted), aside(broadcast(Unreachable))],
            vec![(id::UNREACHABLE, Info)],
            Status::Ok,
        ),
        (
            "nor its chain",
            vec![
                api("sandbox", Accepted),
                aside(with(
                    broadcast(NotRejected),
                    id::SERVER_NOT_VERIFIED,
                    Critical,
                )),
            ],
            vec![(id::SERVER_NOT_VERIFIED, Info), (id::UNPROVEN, Info)],
            Status::Ok,
        ),
        (
            "nor does it settle anything",
            vec![api("sandbox", Unreachable), aside(broadcast(Accepted))],
            vec![away, (id::UNPROVEN, Info)],
            Status::Unknown,
        ),
        (
            "broadcast alone, an alert",
            vec![broadcast(Rejected)],
            vec![refused],
            Status::Critical,
        ),
        (
            "broadcast alone, a close",
            vec![by_close(broadcast(Rejected))],
            vec![unproven],
            Status::Unknown,
        ),
        (
            "broadcast alone, a handshake",
            vec![broadcast(Accepted)],
            vec![unproven],
            Status::Unknown,
        ),
        (
            "broadcast alone, nothing",
            vec![broadcast(Unreachable)],
            vec![away],
            Status::Unknown,
        ),
        (
            "accepted, its topic refused",
            vec![with(api("sandbox", Accepted), id::TOPIC_REFUSED, Critical)],
            vec![(id::TOPIC_REFUSED, Critical)],
            Status::Critical,
        ),
        (
            "accepted by a server that does not verify",
            vec![with(
                gateway("a", Accepted),
                id::SERVER_NOT_VERIFIED,
                Critical,
            )],
            vec![(id::SERVER_NOT_VERIFIED, Critical)],
            Status::Critical,
        ),
        (
            "what explains a missing proof takes its place",
            vec![with(gateway("a", NotRejected), id::NOT_A_GATEWAY, Unknown)],
            vec![no_gateway],
            Status::Unknown,
        ),
        (
            "no roots",
            vec![with(gateway("a", Unreachable), id::NO_ROOTS, Unknown)],
            vec![(id::NO_ROOTS, Unknown)],
            Status::Unknown,
        ),
    ];
    for (name, asked, expected, answer) in rows {
        let findings = live_findings(&asked);
        let found: Vec<(&str, Severity)> = findings.iter().map(|f| (f.id, f.severity)).collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(status(&findings, &asked, false), answer, "{name}");
    }
}

#[test]
fn static_findings_weigh_beside_the_answers() {
    let rows = [
        (Info, Accepted, Status::Ok),
        (Warning, Accepted, Status::Warning),
        (Critical, Accepted, Status::Critical),
        (Unknown, Accepted, Status::Unknown),
        (Warning, NotRejected, Status::Unknown),
        (Critical, Unreachable, Status::Critical),
        (Warning, Rejected, Status::Critical),
    ];
    for (severity, verdict, expected) in rows {
        let asked = [gateway("a", verdict)];
        let mut findings = vec![Finding::new(id::EXPIRING, severity, "x")];
        findings.extend(live_findings(&asked));
        assert_eq!(
            status(&findings, &asked, false),
            expected,
            "{severity:?} {verdict:?}"
        );
    }
    for (severity, expected) in [
        (Info, Status::Ok),
        (Warning, Status::Warning),
        (Critical, Status::Critical),
    ] {
        let findings = [Finding::new(id::EXPIRING, severity, "x")];
        assert_eq!(
            status(&findings, &[], true),
            expected,
            "offline {severity:?}"
        );
    }
}
