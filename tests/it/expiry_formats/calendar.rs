//! `ics`: an event per certificate, alarms at the thresholds, and no event twice when the calendar is read again.

use super::{Fleet, column, fleet, read, sha256};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

#[test]
fn an_event_where_each_certificate_ends() {
    let fleet = fleet();
    let events = fleet.read("ics");
    assert_eq!(
        column(&events, "summary"),
        [
            "com.example.pay (sandbox + production) expires",
            "com.example.app (sandbox + production) expires",
            "com.example.news (sandbox + production) expires",
            "com.example.tv (sandbox + production) expires",
            "1 file could not be told by pushcert expiry",
        ]
    );
    assert_eq!(
        column(&events, "start"),
        [
            "2026-05-20T00:00:00+00:00",
            "2026-06-04T12:00:00+00:00",
            "2026-06-22T00:00:00+00:00",
            "2026-10-01T00:00:00+00:00",
            "2026-06-01",
        ]
    );
    for (event, file) in [(0, "pay"), (1, "app"), (2, "news"), (3, "tv")] {
        let sha256 = sha256(&fleet, &format!("certs/{file}.cer"));
        assert_eq!(events[event]["uid"], format!("{sha256}@pushcert"));
        assert_eq!(events[event]["alarms"], json!([-30 * DAY, -7 * DAY]));
        assert_eq!(events[event]["stamp"], "2026-06-01T00:00:00+00:00");
    }
    // The same certificate in two places is one event that names both.
    let news = sha256(&fleet, "certs/news.cer");
    assert_eq!(
        events[2]["description"],
        json!([
            "ends 2026-06-22 00:00:00 UTC",
            "kind apns-universal",
            "issuer Apple Push Services: com.example.news",
            format!("sha256 {news}"),
            "in certs/news.cer",
            "in certs/old copies/news, 100%.cer",
        ])
    );
    // What could not be told is an event of the day, under an id that stays.
    assert_eq!(events[4]["uid"], "unknown@pushcert");
    let lines = events[4]["description"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].as_str().unwrap().starts_with("certs/broken.cer"));
}

#[test]
fn alarms_are_at_the_thresholds() {
    let fleet = Fleet::new();
    // Valid for 365 days from 2025-06-01.
    fleet.push("a.cer", "com.example.app", "20260601000000Z");
    let alarms = |flags: &[&str]| -> Value {
        let arguments = [&["a.cer"], flags].concat();
        fleet.read_with("ics", &arguments)[0]["alarms"].clone()
    };
    assert_eq!(
        alarms(&["--warn", "45d", "--crit", "36h"]),
        json!([-45 * DAY, -36 * 3600])
    );
    assert_eq!(
        alarms(&["--warn", "20%", "--crit", "10%"]),
        json!([-73 * DAY, -36 * DAY - DAY / 2])
    );
    assert_eq!(alarms(&["--warn", "7d"]), json!([-7 * DAY]));
    assert_eq!(alarms(&["--warn", "1d", "--crit", "0d"]), json!([-DAY, 0]));
}

#[test]
fn an_app_has_alarms_of_its_own_and_an_owner() {
    let fleet = fleet();
    let config = "[[app]]\ntopic = \"com.example.tv\"\nowner = \"the TV team\"\nwarn = \"60d\"\ncrit = \"14d\"\n";
    fleet.write("pushcert.toml", config.as_bytes());
    let events = fleet.read_with("ics", &["certs", "--config", "pushcert.toml"]);
    assert_eq!(events[2]["alarms"], json!([-30 * DAY, -7 * DAY]));
    assert_eq!(events[3]["alarms"], json!([-60 * DAY, -14 * DAY]));
    assert_eq!(events[3]["description"][2], "owner the TV team");
}

#[test]
fn read_again_tomorrow_no_event_is_another() {
    let fleet = fleet();
    let events = |day: &str| {
        let (_, report) = fleet.run(&["certs", "--format", "ics", "--at", day]);
        let mut events = read("ics", &report);
        let events = events.as_array_mut().unwrap();
        // The one about files that could not be told moves along.
        let last = events.pop().unwrap();
        for event in events.iter_mut() {
            event.as_object_mut().unwrap().remove("stamp");
        }
        (events.clone(), last["uid"].clone())
    };
    assert_eq!(events("2026-06-01"), events("2026-06-30"));
}

#[test]
fn long_lines_are_folded_between_characters() {
    let fleet = Fleet::new();
    let path = format!("{}/{}.cer", "ключи".repeat(20), "証明書".repeat(25));
    fleet.push(&path, "com.example.app", "20270101000000Z");
    let events = fleet.read_with("ics", &[&path]);
    let lines = events[0]["description"].as_array().unwrap();
    assert_eq!(lines.last().unwrap(), &json!(format!("in {path}")));
}
