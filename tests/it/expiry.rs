//! The gate: which rows there are, how each is judged, what the exit code says of them, and what nothing may hide.

use assert_cmd::cargo::cargo_bin_cmd;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509NameBuilder};
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const NOW: &str = "2026-06-01T00:00:00Z";

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> &Folder {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// A push certificate with this common name and end, in DER.
    fn certificate(&self, name: &str, common_name: &str, not_after: &str) -> &Folder {
        self.write(name, &certificate(common_name, not_after).to_der().unwrap())
    }

    fn fixture(&self, fixture: &str, name: &str) -> &Folder {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        self.write(name, &std::fs::read(from.join(fixture)).unwrap())
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn run_with(&self, line: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = cargo_bin_cmd!("pushcert");
        for name in [
            "PUSHCERT_PASSIN",
            "PEM_P12_PASSWORD",
            "APN_CERTIFICATE_PASSPHRASE",
            "CI",
            "GITHUB_ACTIONS",
            "GITHUB_STEP_SUMMARY",
            "GITHUB_OUTPUT",
        ] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied());
        command.current_dir(self.0.path()).arg("expiry");
        let output = command.args(line.split(' ')).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Judged at [`NOW`].
    fn run(&self, line: &str) -> (i32, String, String) {
        self.run_with(&format!("{line} --at {NOW}"), &[])
    }

    fn json(&self, line: &str) -> Value {
        let (code, stdout, _) = self.run(&format!("{line} --json"));
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["exit_code"], code);
        document
    }
}

fn key() -> &'static PKey<Private> {
    static KEY: std::sync::OnceLock<PKey<Private>> = std::sync::OnceLock::new();
    KEY.get_or_init(|| {
        let group = openssl::ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        PKey::from_ec_key(openssl::ec::EcKey::generate(&group).unwrap()).unwrap()
    })
}

fn certificate(common_name: &str, not_after: &str) -> X509 {
    let mut name = X509NameBuilder::new().unwrap();
    if let Some((_, topic)) = common_name.split_once(": ") {
        let user_id = Nid::USERID;
        name.append_entry_by_nid(user_id, topic).unwrap();
    }
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)
        .unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(key()).unwrap();
    let start = Asn1Time::from_str("20250601000000Z").unwrap();
    builder.set_not_before(&start).unwrap();
    builder
        .set_not_after(&Asn1Time::from_str(not_after).unwrap())
        .unwrap();
    builder.sign(key(), MessageDigest::sha256()).unwrap();
    builder.build()
}

const SANDBOX: &str = "Apple Development IOS Push Services: com.example.";
const BOTH: &str = "Apple Push Services: com.example.";

/// `path severity` of each row.
fn rows(document: &Value) -> Vec<String> {
    let row = |row: &Value| {
        let word = |key: &str| row[key].as_str().unwrap().to_string();
        format!("{} {}", word("path"), word("severity"))
    };
    document["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect()
}

fn fleet() -> Folder {
    let folder = Folder::new();
    folder
        .certificate("certs/app.cer", &format!("{SANDBOX}app"), "20260604000000Z")
        .certificate("certs/news.cer", &format!("{BOTH}news"), "20260622000000Z")
        .certificate("certs/pay.cer", &format!("{BOTH}pay"), "20260520000000Z")
        .certificate("certs/tv.cer", &format!("{BOTH}tv"), "20260716000000Z")
        .certificate("certs/web.cer", &format!("{BOTH}web"), "20261001000000Z")
        .write("certs/notes.txt", b"nothing of interest");
    folder
}

#[test]
fn a_person_sees_the_answer_then_what_is_most_urgent() {
    let (code, stdout, stderr) = fleet().run("certs");
    let expected = "\
critical   3 of 5 certificates need action

  critical   12 days ago  com.example.pay   sandbox + production  certs/pay.cer
  critical   in 3 days    com.example.app   sandbox               certs/app.cer
  warning    in 21 days   com.example.news  sandbox + production  certs/news.cer
  ok         2 more, the next in 45 days (com.example.tv, 2026-07-16)

next  pushcert csr --out-key NewKey.pem --out-csr new.certSigningRequest    (the first step of renewing it)
";
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (2, expected, ""));
}

#[test]
fn the_first_line_counts_certificates_and_apart_from_them_what_could_not_be_told() {
    let folder = fleet();
    for (paths, first, distinct) in [
        (
            "certs nowhere",
            "critical   3 of 5 certificates need action, 1 file could not be told",
            5,
        ),
        (
            "certs/tv.cer certs/web.cer nowhere nothing",
            "unknown    none of 2 certificates needs action, 2 files could not be told",
            2,
        ),
        (
            "certs/tv.cer nowhere",
            "unknown    1 certificate needs no action, 1 file could not be told",
            1,
        ),
        ("nowhere", "unknown    no certificate could be told", 0),
    ] {
        let (_, stdout, _) = folder.run(paths);
        assert_eq!(stdout.lines().next(), Some(first));
        assert_eq!(folder.json(paths)["summary"]["distinct"], distinct);
    }
}

#[test]
fn where_all_is_good_one_line_says_what_ends_next() {
    let (code, stdout, _) = fleet().run("certs/tv.cer certs/web.cer");
    assert_eq!(
        (code, stdout.as_str()),
        (
            0,
            "ok         2 certificates, the next ends in 45 days (com.example.tv, 2026-07-16)\n"
        )
    );
}

#[test]
fn json_has_the_rows_in_the_order_of_the_walk_and_their_figures() {
    let document = fleet().json("certs");
    let expected = [
        "certs/app.cer critical",
        "certs/news.cer warning",
        "certs/pay.cer critical",
        "certs/tv.cer ok",
        "certs/web.cer ok",
    ];
    assert_eq!(rows(&document), expected);
    assert_eq!(
        document["summary"],
        serde_json::json!({"total": 5, "ok": 2, "warning": 1, "critical": 2, "unknown": 0, "skipped": 1, "superseded": 0, "distinct": 5})
    );
    let pay = &document["results"][2];
    assert_eq!(pay["days_remaining"], -12);
    assert_eq!(pay["not_after"], "2026-05-20T00:00:00Z");
    assert_eq!(pay["topics"], serde_json::json!(["com.example.pay"]));
    assert_eq!(pay["bundle_id"], "com.example.pay");
    assert_eq!(document["status"], "critical");
    let ids: Vec<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["expiring", "expiring", "expired"]);
}

#[test]
fn thresholds_are_inclusive_and_may_be_a_share_of_the_lifetime() {
    let folder = Folder::new();
    folder.certificate("a.cer", &format!("{BOTH}a"), "20260701000000Z");
    // 30 days are left of 395.
    for (flags, code) in [
        ("", 1),
        (" --warn 720h", 1),
        (" --warn 29d", 0),
        (" --warn 5d", 64),
        (" --crit 30d", 2),
        (" --warn 7% --crit 1d", 0),
        (" --warn 8% --crit 1%", 1),
        (" --warn 50% --crit 8%", 2),
    ] {
        let line = format!("a.cer{flags}");
        assert_eq!(folder.run(&line).0, code, "{line}");
    }
    let (code, _, stderr) = folder.run("a.cer --warn 5d --crit 6d");
    assert_eq!(
        (code, stderr.as_str()),
        (64, "error: --crit is above --warn\n")
    );
}

#[test]
fn fail_on_lowers_what_is_below_it_and_never_what_could_not_be_told() {
    let folder = fleet();
    folder.write("broken.cer", b"\x30\x82\x01\x00");
    for (line, code) in [
        ("certs --fail-on critical", 2),
        ("certs --fail-on never", 0),
        ("certs/news.cer --fail-on critical", 0),
        ("certs/news.cer --fail-on warning", 1),
        ("certs broken.cer --fail-on never", 3),
        ("certs broken.cer", 2),
        ("certs/news.cer broken.cer", 3),
    ] {
        assert_eq!(folder.run(line).0, code, "{line}");
    }
    let document = folder.json("certs --fail-on never");
    assert_eq!(document["status"], "critical");
}

#[test]
fn nothing_that_could_not_be_told_is_silent() {
    let folder = Folder::new();
    folder
        .fixture("modern.p12", "certs/locked.p12")
        .fixture("push.key.pem", "certs/key.pem")
        .write(
            "certs/cut.cer",
            &certificate("x", "20300101000000Z").to_der().unwrap()[..200],
        )
        .write("certs/empty.pem", b"");
    symlink("nowhere", folder.0.path().join("certs/gone.pem")).unwrap();
    std::fs::create_dir(folder.0.path().join("hollow")).unwrap();
    let document = folder.json("certs hollow none.cer certs/key.pem");
    let reasons: Vec<String> = document["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["severity"], "unknown");
            format!(
                "{} {}",
                row["path"].as_str().unwrap(),
                row["reason"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "certs/cut.cer damaged",
        "certs/empty.pem empty",
        "certs/gone.pem not-found",
        "certs/locked.p12 locked",
        "none.cer not-found",
        "certs/key.pem wrong-kind",
        "hollow no-input-found",
    ];
    assert_eq!(reasons, expected);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(document["summary"]["unknown"], 7);
}

#[test]
fn a_locked_file_is_opened_by_any_of_the_passphrases() {
    let folder = Folder::new();
    folder.fixture("modern.p12", "certs/modern.p12");
    let (code, stdout, _) = folder.run("certs --passin pass:wrong --json");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, &document["results"][0]["reason"]),
        (3, &"wrong-passphrase".into())
    );
    let document = folder.json("certs --passin pass:wrong --passin pass:hello123");
    assert_eq!(
        rows(&document),
        ["certs/modern.p12 ok", "certs/modern.p12 ok"]
    );
    assert_eq!(document["results"][0]["role"], "leaf");
    assert_eq!(document["results"][1]["role"], "ca");
}

#[test]
fn where_nothing_is_left_it_is_3() {
    let folder = fleet();
    let (code, stdout, stderr) = folder.run("certs --topic com.example.other");
    assert_eq!(
        (code, stdout.as_str(), stderr.lines().next().unwrap()),
        (
            3,
            "",
            "error: no certificate that the flags let through was found"
        )
    );
}

#[test]
fn the_flags_narrow_what_is_judged() {
    let folder = fleet();
    folder
        .fixture("ios_development.cer", "certs/sign.cer")
        .fixture("ca.pem", "certs/ca.pem");
    let document = folder.json("certs --only push");
    assert_eq!(rows(&document).len(), 5);
    let document = folder.json("certs --topic com.example.app");
    assert_eq!(rows(&document), ["certs/app.cer critical"]);
    let document = folder.json("certs --env production --only push");
    let expected = [
        "certs/news.cer warning",
        "certs/pay.cer critical",
        "certs/tv.cer ok",
        "certs/web.cer ok",
    ];
    assert_eq!(rows(&document), expected);
}

#[test]
fn latest_judges_only_what_carries_the_pushes_in_the_end() {
    let folder = Folder::new();
    folder
        .certificate("old.cer", &format!("{BOTH}app"), "20260603000000Z")
        .certificate("sandbox.cer", &format!("{SANDBOX}app"), "20270501000000Z")
        .certificate("other.cer", &format!("{BOTH}other"), "20260604000000Z");
    let document = folder.json("old.cer sandbox.cer other.cer --latest");
    let expected = ["old.cer critical", "sandbox.cer ok", "other.cer critical"];
    assert_eq!(
        rows(&document),
        expected,
        "old.cer is the last for production"
    );
    folder.certificate("new.cer", &format!("{BOTH}app"), "20270601000000Z");
    let document = folder.json("old.cer new.cer sandbox.cer other.cer --latest");
    assert_eq!(rows(&document), ["new.cer ok", "other.cer critical"]);
    assert_eq!(document["summary"]["superseded"], 2);
}

#[test]
fn latest_does_not_trust_a_certificate_that_is_not_valid_yet() {
    let folder = Folder::new();
    folder
        .certificate("old.cer", &format!("{BOTH}app"), "20250603000000Z")
        .certificate("new.cer", &format!("{BOTH}app"), "20270601000000Z");
    let (_, stdout, _) = folder.run_with(
        "old.cer new.cer --latest --json --at 2025-05-31T23:00:00Z",
        &[],
    );
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(rows(&document), ["old.cer critical", "new.cer critical"]);
    let ids: Vec<&Value> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["id"])
        .collect();
    assert_eq!(ids, ["not-yet-valid", "not-yet-valid"]);
}

#[test]
fn a_ca_certificate_raises_a_warning_at_most() {
    let folder = Folder::new();
    folder.fixture("ca.pem", "ca.pem");
    let (code, stdout, _) = folder.run_with("ca.pem --json --at 2050-01-01", &[]);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, rows(&document)),
        (1, vec!["ca.pem warning".to_string()])
    );
    assert_eq!(document["results"][0]["role"], "ca");
}

#[test]
fn a_certificate_in_several_places_is_a_row_each_and_counted_once() {
    let folder = Folder::new();
    folder
        .certificate("a.cer", &format!("{BOTH}app"), "20260603000000Z")
        .write(
            "b/b.cer",
            &std::fs::read(folder.0.path().join("a.cer")).unwrap(),
        );
    let document = folder.json("a.cer b");
    assert_eq!(rows(&document), ["a.cer critical", "b/b.cer critical"]);
    assert_eq!(document["summary"]["distinct"], 1);
    let (_, stdout, _) = folder.run("a.cer b");
    assert_eq!(
        stdout.lines().next().unwrap(),
        "critical   1 of 1 certificate needs action"
    );
}

#[test]
fn a_folder_of_a_thousand_is_in_the_order_of_the_walk() {
    let folder = Folder::new();
    let der = certificate(&format!("{BOTH}app"), "20300101000000Z")
        .to_der()
        .unwrap();
    let pem = certificate(&format!("{BOTH}app"), "20300101000000Z")
        .to_pem()
        .unwrap();
    let mut expected = Vec::new();
    for number in 0..1000 {
        let (name, bytes) = match number % 2 {
            0 => (format!("{:02}/{number:04}.cer", number / 40), &der),
            _ => (format!("{:02}/{number:04}.pem", number / 40), &pem),
        };
        folder.write(&format!("certs/{name}"), bytes);
        expected.push(format!("certs/{name} ok"));
    }
    let document = folder.json("certs");
    assert_eq!(rows(&document), expected);
    let (code, stdout, _) = folder.run("certs --format csv");
    let paths: Vec<&str> = stdout
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    let expected: Vec<&str> = expected
        .iter()
        .map(|row| row.trim_end_matches(" ok"))
        .collect();
    assert_eq!((code, paths), (0, expected));
}

#[test]
fn a_report_replaces_a_report_and_never_a_certificate() {
    let folder = fleet();
    folder.write("report.txt", b"an older report");
    let (code, stdout, _) =
        folder.run("certs/tv.cer -o report.txt --report csv=table.csv --report nagios=line");
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert_eq!(folder.text("report.txt").split(' ').next().unwrap(), "ok");
    assert_eq!(folder.text("table.csv").lines().count(), 2);
    assert_eq!(
        folder.text("line").split(':').next().unwrap(),
        "APNS_CERT OK"
    );
    for victim in ["certs/tv.cer", "key.pem", "locked.p12", "cut.cer"] {
        folder
            .fixture("push.key.pem", "key.pem")
            .fixture("modern.p12", "locked.p12")
            .write("cut.cer", b"\x30\x82\x01\x00");
        let before = std::fs::read(folder.0.path().join(victim)).unwrap();
        let (code, _, stderr) = folder.run(&format!("certs -o {victim}"));
        let expected = format!(
            "error: {victim} holds a certificate, key or request; a report never replaces one\nhint: -o NAME writes another file\n"
        );
        assert_eq!((code, stderr), (2, expected));
        assert_eq!(std::fs::read(folder.0.path().join(victim)).unwrap(), before);
    }
    let (code, ..) = folder.run("certs/tv.cer -o none/report.txt");
    assert_eq!(code, 3);
}

#[test]
fn a_report_that_finds_no_room_leaves_the_older_one_whole() {
    let folder = fleet();
    folder.write("report.txt", b"an older report");
    let script = format!(
        "trap '' XFSZ; ulimit -f 0; exec {} expiry certs -o report.txt --at {NOW}",
        env!("CARGO_BIN_EXE_pushcert")
    );
    let ran = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert_eq!(
        String::from_utf8(ran.stderr).unwrap(),
        "error: report.txt: cannot be written: file too large\n"
    );
    assert_eq!(folder.text("report.txt"), "an older report");
    let entries = std::fs::read_dir(folder.0.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["certs", "report.txt"]);
}

#[test]
fn one_document_at_a_time_goes_to_stdout() {
    let folder = fleet();
    for line in [
        "certs --json -o -",
        "certs --json --format csv",
        "certs --report csv",
        "certs --report xml=a",
        "certs --report csv=-",
    ] {
        assert_eq!(folder.run(line).0, 64, "{line}");
    }
    let (code, stdout, _) = folder.run("none --format json --topic x --only push");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &document["command"]), (3, &"expiry".into()));
}

#[test]
fn the_line_of_a_monitor() {
    let (code, stdout, _) = fleet().run("certs --format nagios");
    let expected = "APNS_CERT CRITICAL: 3 of 5 certificates need action; \
com.example.pay (sandbox + production) expired 12 days ago, certs/pay.cer; \
com.example.app (sandbox) expires in 3 days, certs/app.cer; \
com.example.news (sandbox + production) expires in 21 days, certs/news.cer \
| days=-12;30:;7: certificates=5;;;0 ok=2;;;0 warning=1;;;0 critical=2;;;0 unknown=0;;;0\n";
    assert_eq!((code, stdout.as_str()), (2, expected));
}

#[test]
fn a_step_of_actions_gets_annotations_a_summary_and_outputs() {
    let folder = fleet();
    let at = |name: &str| folder.0.path().join(name).display().to_string();
    let (summary, output) = (at("summary.md"), at("output"));
    folder.write("summary.md", b"before\n");
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("GITHUB_OUTPUT", output.as_str()),
    ];
    let line = format!("certs --format github --at {NOW}");
    let (code, stdout, _) = folder.run_with(&line, &environment);
    let (answer, stdout) = stdout.split_once('\n').unwrap();
    assert_eq!(answer, "critical   3 of 5 certificates need action");
    let expected = "\
::error file=certs/pay.cer,title=com.example.pay::com.example.pay (sandbox + production) expired 12 days ago
::error file=certs/app.cer,title=com.example.app::com.example.app (sandbox) expires in 3 days
::warning file=certs/news.cer,title=com.example.news::com.example.news (sandbox + production) expires in 21 days
";
    assert_eq!((code, stdout), (2, expected));
    let summary = folder.text("summary.md");
    assert_eq!(summary.lines().next().unwrap(), "before");
    assert!(
        summary.contains("\n### Push certificates: critical\n"),
        "{summary}"
    );
    assert_eq!(
        folder.text("output"),
        "status=critical\ntotal=5\nok=2\nwarning=1\ncritical=2\nunknown=0\nmin_days=-12\n"
    );
    // As text the annotations follow by themselves, and no file is touched.
    let (_, stdout, _) = folder.run_with(&format!("certs --at {NOW}"), &environment);
    assert!(stdout.ends_with(expected), "{stdout}");
    assert_eq!(folder.text("summary.md"), summary);
}

#[test]
fn more_than_ten_annotations_of_a_kind_are_counted_instead() {
    let folder = Folder::new();
    for number in 0..12 {
        folder.certificate(
            &format!("c/{number:02}.cer"),
            &format!("{BOTH}n{number}"),
            "20260520000000Z",
        );
    }
    let (_, stdout, _) = folder.run("c --format github");
    assert_eq!(stdout.lines().count(), 11);
    assert_eq!(
        stdout.lines().last().unwrap(),
        "::error title=pushcert expiry::3 more; pushcert expiry lists all of them"
    );
}

const FLEET: &str = r#"# the fleet
paths = ["certs", "keys/modern.p12"]
warn = "45d"
only = "push"
passin = ["env:FLEET"]

[[app]]
topic = "com.example.app"
owner = "mobile, 2nd floor"
crit = "2d"

[[file]]
path = "keys/modern.p12"
passin = "env:MODERN"
"#;

#[test]
fn a_configuration_names_paths_thresholds_owners_and_passphrases() {
    let folder = fleet();
    folder
        .fixture("modern.p12", "keys/modern.p12")
        .write("pushcert.toml", FLEET.as_bytes());
    let line = format!("--config pushcert.toml --json --at {NOW}");
    let (code, stdout, stderr) = folder.run_with(&line, &[("MODERN", "hello123"), ("FLEET", "x")]);
    assert_eq!((code, stderr.as_str()), (2, ""));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let expected = [
        "certs/app.cer warning",
        "certs/news.cer warning",
        "certs/pay.cer critical",
        "certs/tv.cer warning",
        "certs/web.cer ok",
        "keys/modern.p12 ok",
    ];
    assert_eq!(rows(&document), expected);
    assert_eq!(document["results"][0]["owner"], "mobile, 2nd floor");
    let line = format!("--config pushcert.toml certs/app.cer --crit 3d --at {NOW}");
    let (_, stdout, _) = folder.run_with(&line, &[("MODERN", "x"), ("FLEET", "x")]);
    let row = stdout.lines().nth(2).unwrap();
    assert_eq!(
        row,
        "  warning    in 3 days  com.example.app  sandbox  certs/app.cer, owner mobile, 2nd floor"
    );
}

#[test]
fn passphrases_of_flags_win_over_the_environment_and_those_over_the_file() {
    let folder = Folder::new();
    let config = "paths = [\"modern.p12\"]\npassin = [\"env:FILE\"]\n";
    folder
        .fixture("modern.p12", "modern.p12")
        .write("pushcert.toml", config.as_bytes());
    let line = format!("--config pushcert.toml --at {NOW}");
    let flag = format!("{line} --passin env:FLAG");
    let (right, wrong) = ("hello123", "wrong");
    for (line, file, environment, expected) in [
        (&line, right, None, 0),
        (&line, wrong, Some(right), 0),
        (&line, right, Some(wrong), 3),
        (&flag, wrong, Some(wrong), 0),
    ] {
        let mut variables = vec![("FLAG", right), ("FILE", file)];
        if let Some(passphrase) = environment {
            variables.push(("PUSHCERT_PASSIN", "env:ENVIRONMENT"));
            variables.push(("ENVIRONMENT", passphrase));
        }
        let (code, ..) = folder.run_with(line, &variables);
        assert_eq!(code, expected, "{line}, {variables:?}");
    }
}

#[test]
fn a_broken_configuration_is_told_by_line_and_key() {
    let folder = fleet();
    for (text, reason) in [
        (
            "paths = [\"certs\"]\nwran = \"5d\"\n",
            "line 2: unknown field `wran`, expected one of `paths`, `warn`, `crit`, `only`, `latest`, `passin`, `app`, `file`",
        ),
        (
            "warn = \"soon\"\n",
            "line 1: warn: not a duration such as 500ms, 10s, 5m, 12h, 30d or 2w",
        ),
        (
            "\n\n[[app]]\ntopic = \"a\"\ncrit = \"101%\"\n",
            "line 5: crit: a percentage is between 0 and 100",
        ),
        (
            "passin = [\"pass:secret\"]\n",
            "line 1: passin: takes env:NAME and file:PATH here",
        ),
        ("only = \"all\"\n", "line 1: only: knows push alone"),
        ("[[file]]\npath = \"a\"\n", "line 1: missing field `passin`"),
    ] {
        folder.write("pushcert.toml", text.as_bytes());
        let (code, _, stderr) = folder.run("certs --config pushcert.toml");
        let expected = format!("error: pushcert.toml: {reason}\n");
        assert_eq!((code, stderr), (64, expected));
    }
    for (line, expected) in [
        (
            "certs --config none.toml",
            "none.toml: no such configuration file",
        ),
        ("certs --passin file:none", "none: no such passphrase file"),
    ] {
        let (code, _, stderr) = folder.run(line);
        assert_eq!((code, stderr), (3, format!("error: {expected}\n")));
    }
    folder.write("pushcert.toml", b"warn = \"5d\"\n");
    assert_eq!(folder.run("--config pushcert.toml").0, 64);
}

#[test]
fn what_to_do_next_fits_what_the_file_holds() {
    let folder = Folder::new();
    folder
        .fixture("ck.pem", "it's.pem")
        .fixture("aps.cer", "aps.cer")
        .fixture("modern.p12", "x.p12");
    let next = |line: &str| {
        let (_, stdout, _) = folder.run_with(line, &[]);
        stdout.lines().last().unwrap().to_string()
    };
    assert_eq!(
        next("it's.pem --at 2045-12-20"),
        "next  pushcert rotate start 'it'\\''s.pem'"
    );
    assert_eq!(
        next("aps.cer --at 2045-12-20"),
        "next  pushcert csr --out-key NewKey.pem --out-csr new.certSigningRequest    (the first step of renewing it)"
    );
    assert_eq!(next("x.p12"), "next  pushcert expiry x.p12 --passin prompt");
}
