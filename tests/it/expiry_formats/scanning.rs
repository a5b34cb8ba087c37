//! `sarif`: rules from the dictionary, paths as URIs, and alerts that are the same ones tomorrow.

use super::{column, fleet, read, sha256};
use pushcert::dictionary::{self, Kind};
use serde_json::Value;

#[test]
fn a_result_for_every_row_that_needs_attention() {
    let fleet = fleet();
    let results = fleet.read("sarif");
    assert_eq!(
        column(&results, "path"),
        [
            "certs/pay.cer",
            "certs/app.cer",
            "certs/news.cer",
            "certs/old copies/news, 100%.cer",
            "certs/broken.cer",
        ]
    );
    assert_eq!(
        column(&results, "rule"),
        ["expired", "expiring", "expiring", "expiring", "damaged"]
    );
    assert_eq!(
        column(&results, "level"),
        ["error", "error", "warning", "warning", "error"]
    );
    assert_eq!(results[0]["text"], "com.example.pay expired on 2026-05-20");
    assert_eq!(results[1]["text"], "com.example.app expires on 2026-06-04");
    let (_, raw) = fleet.run(&["certs", "--format", "sarif"]);
    let raw: Value = serde_json::from_slice(&raw).unwrap();
    let uri = |result: usize| {
        &raw["runs"][0]["results"][result]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    };
    assert_eq!(uri(0), "certs/pay.cer");
    assert_eq!(uri(3), "certs/old%20copies/news%2C%20100%25.cer");
    for rule in raw["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
    {
        let entry = dictionary::find(Kind::Finding, rule["id"].as_str().unwrap()).unwrap();
        let help = format!("Likely cause: {}.\nNext: {}", entry.cause, entry.next);
        assert_eq!(rule["help"]["text"], help);
    }
}

#[test]
fn tomorrow_the_same_alerts() {
    let fleet = fleet();
    let report = |day: &str| {
        let (_, report) = fleet.run(&["certs", "--format", "sarif", "--at", day]);
        String::from_utf8(report).unwrap()
    };
    // Nothing crosses a threshold between the two.
    let day = report("2026-06-01T06:00:00Z");
    assert_eq!(day, report("2026-06-03T06:00:00Z"));

    // A fortnight later one has crossed into critical: another level, the same alert.
    let later = read("sarif", report("2026-06-16T00:00:00Z").as_bytes());
    let before = read("sarif", day.as_bytes());
    let news = |results: &Value| {
        let mut results = results.as_array().unwrap().iter();
        results
            .find(|result| result["path"] == "certs/news.cer")
            .unwrap()
            .clone()
    };
    assert_eq!(news(&before)["level"], "warning");
    assert_eq!(news(&later)["level"], "error");
    assert_eq!(news(&before)["fingerprints"], news(&later)["fingerprints"]);
}

#[test]
fn the_fingerprint_is_of_certificate_and_rule() {
    let fleet = fleet();
    let results = fleet.read("sarif");
    let expected =
        openssl::sha::sha256(format!("expired\n{}", sha256(&fleet, "certs/pay.cer")).as_bytes());
    let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    let fingerprints = |result: usize| &results[result]["fingerprints"];
    assert_eq!(fingerprints(0)["certificateAndRule/v1"], expected);
    assert_eq!(
        fingerprints(0)["primaryLocationLineHash"],
        format!("{}:1", &expected[..16])
    );
    // The same certificate elsewhere is the same alert; any other is another.
    assert_eq!(fingerprints(2), fingerprints(3));
    let mut different: Vec<String> = (0..5).map(|n| fingerprints(n).to_string()).collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4);
}

#[test]
fn nothing_to_say_is_a_log_without_results() {
    let fleet = fleet();
    let (code, log) = fleet.run(&["certs/tv.cer", "--format", "sarif"]);
    assert_eq!(code, 0);
    let log: Value = serde_json::from_slice(&log).unwrap();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(
        log["runs"][0]["tool"]["driver"]["rules"],
        Value::Array(Vec::new())
    );
}
