//! `html`: one file that needs nothing, driven in a browser as a person would.

use super::{Fleet, column, fleet, sha256};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// What `drive.mjs` saw of a page.
pub(super) fn drive(page: &[u8], how: &str) -> Value {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let browser = names.iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    let browser = browser.expect("chromium is needed");
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/expiry_formats");
    let output = Command::new("node")
        .arg(here.join("drive.mjs"))
        .args([browser.as_ref(), file.as_path(), folder.path()])
        .arg(how)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What was seen of the page about [`fleet`], and the SHA-256 of `certs/app.cer` in it.
fn seen() -> &'static (Value, String) {
    static SEEN: OnceLock<(Value, String)> = OnceLock::new();
    SEEN.get_or_init(|| {
        let fleet = fleet();
        (
            drive(&page_of(&fleet), "all"),
            sha256(&fleet, "certs/app.cer"),
        )
    })
}

pub(super) fn page_of(fleet: &Fleet) -> Vec<u8> {
    fleet.run(&["certs", "--format", "html"]).1
}

#[test]
fn it_is_one_file_with_its_data_in_it() {
    let fleet = fleet();
    let found = fleet.read("html");
    let title = "Push certificates: 3 of 4 certificates need action, 1 file could not be told";
    assert_eq!(found["title"], title);
    let rows = &found["data"]["rows"];
    assert_eq!(
        column(rows, "path"),
        [
            "certs/app.cer",
            "certs/broken.cer",
            "certs/news.cer",
            "certs/old copies/news, 100%.cer",
            "certs/pay.cer",
            "certs/tv.cer",
        ]
    );
    assert_eq!(rows[4]["when"], "12 days ago");
    assert_eq!(rows[4]["issuer"], "Apple Push Services: com.example.pay");
    assert_eq!(found["data"]["warn"], json!({ "days": 30.0 }));
}

#[test]
fn a_browser_shows_sorts_filters_and_searches_it() {
    let (saw, _) = seen();
    assert_eq!(saw["console"], json!([]));
    assert_eq!(saw["requests"], json!(["file:"]));
    assert_eq!(
        saw["headline"],
        "critical 3 of 4 certificates need action, 1 file could not be told"
    );
    assert_eq!(saw["status"], "6 rows");
    let [app, news, pay, tv] = ["app", "news", "pay", "tv"].map(|app| format!("com.example.{app}"));
    let broken = "certs/broken.cer";
    assert_eq!(saw["rows"], json!([pay, app, news, news, broken, tv]));
    let words = [
        "critical", "critical", "warning", "warning", "unknown", "ok",
    ];
    assert_eq!(saw["words"], json!(words));

    let orders = json!([
        [["severity ascending"], [pay, app, news, news, broken, tv]],
        [
            ["certificate ascending"],
            [broken, app, news, news, pay, tv]
        ],
        [
            ["certificate descending"],
            [tv, pay, news, news, app, broken]
        ],
        [["ends ascending"], [pay, app, news, news, tv, broken]],
        [["path ascending"], [app, broken, news, news, pay, tv]],
    ]);
    assert_eq!(saw["sorted"], orders);

    let copies = ["certs/news.cer", "certs/old copies/news, 100%.cer"];
    let dated = [
        "certs/pay.cer",
        "certs/app.cer",
        copies[0],
        copies[1],
        "certs/tv.cer",
    ];
    let all = [
        "certs/pay.cer",
        "certs/app.cer",
        copies[0],
        copies[1],
        broken,
        "certs/tv.cer",
    ];
    let filtered = json!([
        [
            "5 of 6 rows",
            [
                "certs/pay.cer",
                "certs/app.cer",
                copies[0],
                copies[1],
                broken
            ]
        ],
        ["5 of 6 rows", dated],
        ["1 of 6 rows", [copies[1]]],
        ["2 of 6 rows", copies],
        ["0 of 6 rows", []],
        ["6 rows", all],
    ]);
    assert_eq!(saw["filtered"], filtered);
    assert_eq!(saw["empty"], true);
    assert_eq!(
        saw["lines_filtered"],
        json!([format!("{news}, sandbox + production")])
    );
}

#[test]
fn the_timeline_tells_by_shape_and_word_and_groups() {
    let (saw, _) = seen();
    let line = |app: &str| format!("com.example.{app}, sandbox + production");
    // A certificate in two places is one mark.
    let marks = json!([
        "#shape-critical critical: com.example.pay (sandbox + production), 2026-05-20, 12 days ago",
        "#shape-critical critical: com.example.app (sandbox + production), 2026-06-04, in 3 days",
        "#shape-warning warning: com.example.news (sandbox + production), 2026-06-22, in 21 days",
        "#shape-ok ok: com.example.tv (sandbox + production), 2026-10-01, in 122 days",
    ]);
    let all = saw["marks"].as_array().unwrap();
    assert_eq!(json!(all[..4]), marks);
    let unknown = "#shape-unknown unknown: certs/broken.cer, ";
    assert!(all[4].as_str().unwrap().starts_with(unknown), "{}", all[4]);
    assert_eq!(all.len(), 5);
    // Today is at 7 percent and 400 days later at 95.
    let place = |days: f64| 7.0 + 88.0 * days / 400.0;
    for (mark, days) in [(1, 3.5), (2, 21.0), (3, 122.0)] {
        let seen = saw["places"][mark].as_f64().unwrap();
        assert!((seen - place(days)).abs() < 0.001, "{seen} for {days} days");
    }
    assert!(saw["places"][0].as_f64().unwrap() < 7.0);

    let headings = json!([
        "no team 4 certificates, 3 to look at",
        "not readable 1 file, 1 to look at"
    ]);
    assert_eq!(saw["headings"], headings);
    let each = [
        line("pay"),
        line("app"),
        line("news"),
        line("tv"),
        "certs/broken.cer".to_string(),
    ];
    assert_eq!(saw["groups"]["all"], json!(each));
    assert_eq!(saw["groups"]["team"], json!(["no team", "not readable"]));
    assert_eq!(
        saw["groups"]["environment"],
        json!(["sandbox + production", "not readable"])
    );
    let topics = [
        "com.example.pay",
        "com.example.app",
        "com.example.news",
        "certs/broken.cer",
        "com.example.tv",
    ];
    assert_eq!(saw["groups"]["topic"], json!(topics));
}

#[test]
fn the_keyboard_reaches_everything() {
    let (saw, app) = seen();
    // Table: Tab goes in once, arrows move, Enter opens, Escape goes back, Tab leaves.
    let keys = json!([
        "com.example.pay",
        "com.example.news",
        "com.example.tv",
        true
    ]);
    assert_eq!(saw["keys"], keys);
    assert_eq!(
        saw["open"],
        json!([true, "close", false, "com.example.app"])
    );
    let details = json!({
        "severity": "critical",
        "ends": "2026-06-04 12:00:00 UTC (in 3 days)",
        "begins": "2025-06-01 00:00:00 UTC",
        "kind": "apns-universal",
        "environments": "sandbox + production",
        "topics": ["com.example.app"],
        "subject": saw["details"]["subject"],
        "issuer": "Apple Push Services: com.example.app",
        "serial": "07",
        "sha256": app,
        "path": ["certs/app.cer"],
        "next": "pushcert csr --out-key NewKey.pem --out-csr new.certSigningRequest    (the first step of renewing it)",
    });
    assert_eq!(saw["details"], details);
    // Timeline: the same, in two directions.
    let along = |mark: usize| {
        let label = saw["marks"][mark].as_str().unwrap();
        label.split_once(' ').unwrap().1
    };
    for (seen, mark) in [(0, 0), (1, 1), (2, 2), (3, 0)] {
        assert_eq!(saw["along"][seen], along(mark));
    }
    assert_eq!(
        saw["along"][4]["ends"],
        "2026-05-20 00:00:00 UTC (12 days ago)"
    );
    assert_eq!(saw["clicked"], json!([true, false]));
}

#[test]
fn it_is_dark_in_the_dark_and_fits_paper_and_telephones() {
    let (saw, _) = seen();
    assert_eq!(
        saw["colours"],
        json!(["rgb(251, 251, 250)", "rgb(20, 23, 26)"])
    );
    // On paper there are no controls.
    assert_eq!(saw["paper"], json!([false, false, true, true]));
    assert_eq!(saw["narrow"], true);
    // No word of the timeline's axis runs into another.
    assert_eq!(saw["axis"], json!([[], true]));
    assert_eq!(saw["wideAxis"], json!([[], true]));
}

#[test]
fn five_thousand_rows_are_all_there() {
    use openssl::nid::Nid;
    let mut pem = Vec::new();
    for number in 0..5000 {
        let topic = format!("com.example.app{number:04}");
        let common_name = format!("Apple Push Services: {topic}");
        let names = [
            (Nid::USERID, topic.as_str()),
            (Nid::COMMONNAME, &common_name),
        ];
        let end = format!("2027{:02}{:02}000000Z", 1 + number % 6, 1 + number % 28);
        pem.extend(super::certificate(&names, &end).to_pem().unwrap());
    }
    let fleet = Fleet::new();
    fleet.write("certs/all.pem", &pem);
    fleet.push("certs/zoo.cer", "com.example.zoo", "20270101000000Z");
    let saw = drive(&page_of(&fleet), "large");
    assert_eq!(saw["console"], json!([]));
    assert_eq!(saw["status"], "5,001 rows");
    // Five thousand, and the one more that a button shows.
    assert_eq!(saw["rows"], 5000);
    assert_eq!(saw["more"], 5001);
    assert_eq!(saw["first"], "com.example.zoo");
    assert_eq!(
        saw["found"],
        json!(["1 of 5,001 rows", ["com.example.app0042"]])
    );
    // The team's line counts them: marks with numbers in place of marks on top of each other.
    let marks = saw["heaps"].as_array().unwrap();
    let sum: u64 = marks.iter().map(|mark| mark.as_u64().unwrap()).sum();
    assert_eq!(sum, 5001);
    assert!(marks.len() < 30, "{} marks", marks.len());
}
