//! Every refusal of the plan, each with the one change that brings it up, and what overrides it.

use pushcert::certificate::Certificate;
use pushcert::finding::Severity;
use pushcert::lab::authority::Authority;
use pushcert::lab::issue::{LeafKind, issue};
use pushcert::rotation::{MAY_BE_ALLOWED, plan};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);
const MDM: &str = "com.apple.mgmt.External.11111111-2222-3333-4444-555555555555";
const OTHER_MDM: &str = "com.apple.mgmt.External.99999999-2222-3333-4444-555555555555";

/// One certificate of the lab's, by what it is for and how many days it lives from `NOW`.
fn certificate(kind: LeafKind, topic: &str, days: i64) -> Certificate {
    let authority = Authority::create(NOW).unwrap();
    let key = openssl::rsa::Rsa::generate(2048).unwrap();
    let spki = key.public_key_to_der().unwrap();
    let der = issue(&authority, &spki, topic, kind, days, NOW).unwrap();
    Certificate::parse(&der).unwrap().0
}

fn app(kind: LeafKind, days: i64) -> Certificate {
    certificate(kind, "com.example.app", days)
}

/// The ids of the refusals.
fn refusals(live: &Certificate, new: &Certificate) -> Vec<&'static str> {
    let plan = plan(live, new, &[], NOW);
    assert!(
        plan.refusals
            .iter()
            .all(|one| one.severity == Severity::Critical)
    );
    plan.refusals.iter().map(|one| one.id).collect()
}

#[test]
fn every_change_that_loses_something_is_its_own_refusal() {
    let live = app(LeafKind::Universal, 20);
    let new = app(LeafKind::Universal, 395);
    assert_eq!(refusals(&live, &new), [""; 0]);

    let changed = |change: fn(&mut Certificate)| {
        let mut new = new.clone();
        change(&mut new);
        refusals(&live, &new)
    };
    assert_eq!(
        changed(|new| new
            .topics
            .retain(|topic| topic.name != "com.example.app.voip")),
        ["topic-lost"]
    );
    assert_eq!(
        changed(|new| new.environments.truncate(1)),
        ["environment-lost"]
    );
    assert_eq!(
        changed(|new| new.team_id = Some("OTHERTEAM1".to_string())),
        ["team-changed"]
    );
    assert_eq!(changed(|new| new.team_id = None), ["team-changed"]);
    assert_eq!(
        changed(|new| new.not_after = NOW + Duration::days(20)),
        ["not-later"]
    );
    assert_eq!(
        changed(|new| new.not_before = NOW + Duration::days(1)),
        ["not-yet-valid"]
    );
    assert_eq!(
        changed(|new| new.issuer.organization = None),
        ["issuer-unknown"]
    );
    assert_eq!(
        changed(|new| new.not_after = NOW - Duration::seconds(1)),
        ["expired", "not-later"]
    );
}

#[test]
fn a_signing_certificate_loses_everything_at_once() {
    let live = app(LeafKind::Universal, 20);
    let new = app(LeafKind::Signing, 395);
    assert_eq!(
        refusals(&live, &new),
        [
            "not-a-push-certificate",
            "topic-lost",
            "environment-lost",
            "team-changed"
        ]
    );
}

#[test]
fn an_unknown_issuer_matters_only_where_the_live_one_is_known() {
    let mut live = app(LeafKind::Universal, 20);
    let mut new = app(LeafKind::Universal, 395);
    live.issuer.organization = None;
    new.issuer.organization = None;
    assert_eq!(refusals(&live, &new), [""; 0]);
}

#[test]
fn more_topics_and_environments_are_no_loss() {
    let live = app(LeafKind::Sandbox, 20);
    let new = app(LeafKind::Universal, 395);
    assert_eq!(refusals(&live, &new), [""; 0]);
    assert_eq!(
        refusals(&new, &app(LeafKind::Sandbox, 400)),
        ["topic-lost", "environment-lost"]
    );
}

#[test]
fn device_management_keeps_its_user_id() {
    let live = certificate(LeafKind::Mdm, MDM, 20);
    assert_eq!(
        refusals(&live, &certificate(LeafKind::Mdm, MDM, 365)),
        [""; 0]
    );
    let recreated = certificate(LeafKind::Mdm, OTHER_MDM, 365);
    let plan = plan(&live, &recreated, &[], NOW);
    let ids: Vec<&str> = plan.refusals.iter().map(|one| one.id).collect();
    assert_eq!(ids, ["mdm-topic-changed"]);
    assert_eq!(
        plan.refusals[0].message,
        format!(
            "the topic of device management would change from {MDM} to {OTHER_MDM}, and every device would have to enrol again"
        )
    );
}

#[test]
fn what_is_live_already_is_no_refusal_even_when_it_has_expired() {
    let live = app(LeafKind::Universal, -3);
    let plan = plan(&live, &live, &[], NOW);
    assert!(plan.is_live);
    assert_eq!(plan.refusals, []);
}

#[test]
fn a_refusal_is_overridden_by_its_own_id_and_by_no_other() {
    let live = app(LeafKind::Universal, 400);
    let new = app(LeafKind::Sandbox, 395);
    let allow = |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| id.to_string()).collect();
        let plan = plan(&live, &new, &ids, NOW);
        let names =
            |list: &[pushcert::finding::Finding]| list.iter().map(|one| one.id).collect::<Vec<_>>();
        (names(&plan.refusals), names(&plan.overridden))
    };
    let all = ["topic-lost", "environment-lost", "not-later"];
    assert_eq!(allow(&[]), (all.to_vec(), vec![]));
    assert_eq!(
        allow(&["environment-lost", "team-changed"]),
        (vec!["topic-lost", "not-later"], vec!["environment-lost"])
    );
    assert_eq!(allow(&all), (vec![], all.to_vec()));
    assert!(all.iter().all(|id| MAY_BE_ALLOWED.contains(id)));
    assert!(!MAY_BE_ALLOWED.contains(&"key-mismatch"));
}
