//! The deploy examples of the expiry gate are tried: scripts run, rules, units and manifests are given to their own checker.

use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/deploy/expiry")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(example(name)).unwrap()
}

/// A folder with fixtures in `certs`: `good.cer` and, if wanted, `expired.cer`.
fn folder(fixtures: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (fixture, name) in fixtures {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(from.join(fixture), path).unwrap();
    }
    folder
}

/// Runs a program in a folder, with pushcert where it looks for programs.
fn run(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_pushcert")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(words[0]);
    for name in [
        "CI",
        "GITHUB_ACTIONS",
        "PUSHCERT_PASSIN",
        "GIT_DIR",
        "GIT_INDEX_FILE",
    ] {
        command.env_remove(name);
    }
    command
        .args(&words[1..])
        .current_dir(folder)
        .env("PATH", path)
        .envs(environment.iter().copied())
        .output()
        .unwrap_or_else(|error| panic!("{} is needed: {error}", words[0]))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn all(output: &Output) -> String {
    format!(
        "{}{}",
        stdout(output),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A YAML file as JSON, by a parser that is not ours.
fn yaml(name: &str) -> Value {
    let program =
        "import json, sys, yaml; print(json.dumps(yaml.load(open(sys.argv[1]), yaml.BaseLoader)))";
    let path = example(name).display().to_string();
    let output = run(
        Path::new("/"),
        &["/usr/bin/python3", "-c", program, &path],
        &[],
    );
    assert!(output.status.success(), "{}", all(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_alerts_fire_when_they_have_to() {
    let folder = example("");
    let output = run(
        &folder,
        &["promtool", "test", "rules", "alerts-test.yml"],
        &[],
    );
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let rules = yaml("alerts.yml");
    let names: Vec<&str> = rules["groups"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["alert"].as_str().unwrap())
        .collect();
    let tested = text("alerts-test.yml");
    for name in names {
        assert!(
            tested.contains(&format!("alertname: {name}\n")),
            "{name} is not tested"
        );
    }
}

#[test]
fn the_script_of_the_textfile_collector_writes_metrics_that_the_rules_and_the_dashboard_name() {
    let folder = folder(&[
        ("aps.cer", "certs/good.cer"),
        ("expired.cer", "certs/old.cer"),
    ]);
    let environment = [("CERTS", "certs"), ("TEXTFILES", ".")];
    let script = example("expiry-textfile.sh").display().to_string();
    let output = run(folder.path(), &["sh", &script], &environment);
    assert_eq!(
        (output.status.code(), all(&output)),
        (Some(2), String::new())
    );
    let metrics = std::fs::read_to_string(folder.path().join("pushcert.prom")).unwrap();
    let check = run(
        folder.path(),
        &["sh", "-c", "promtool check metrics < pushcert.prom"],
        &[],
    );
    assert_eq!((check.status.code(), all(&check)), (Some(0), String::new()));
    let named = text("alerts.yml") + &text("dashboard.json");
    let is_name = |word: &&str| word.starts_with("pushcert_");
    let words = named.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: std::collections::BTreeSet<&str> = words.filter(is_name).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    for name in names {
        assert!(
            metrics.contains(&format!("# TYPE {name} gauge\n")),
            "{name}"
        );
    }
    // The line of cron: 2 is for the alerts, 3 is for a mail.
    let cron = text("expiry.cron").replace("/usr/local/bin/expiry-textfile.sh", &script);
    let line = cron.lines().last().unwrap().split_once("root ").unwrap().1;
    assert_eq!(
        run(folder.path(), &["sh", "-c", line], &environment)
            .status
            .code(),
        Some(0)
    );
    std::fs::write(folder.path().join("certs/cut.cer"), b"\x30\x82\x01\x00").unwrap();
    std::fs::remove_file(folder.path().join("certs/old.cer")).unwrap();
    assert_eq!(
        run(folder.path(), &["sh", "-c", line], &environment)
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn the_dashboard_asks_what_prometheus_understands() {
    let dashboard: Value = serde_json::from_str(&text("dashboard.json")).unwrap();
    let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
    let mut count = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            rules.push_str(&format!(
                "      - record: panel:{count}\n        expr: {query}\n"
            ));
            count += 1;
        }
    }
    assert_eq!(count, 4);
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
    let output = run(
        folder.path(),
        &["promtool", "check", "rules", "rules.yml"],
        &[],
    );
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
}

#[test]
fn systemd_takes_the_units() {
    let folder = TempDir::new().unwrap();
    let script = example("expiry-textfile.sh").display().to_string();
    for name in ["pushcert-expiry.service", "pushcert-expiry.timer"] {
        let unit = text(name).replace("/usr/local/bin/expiry-textfile.sh", &script);
        let unit = unit.replace("Documentation=man:pushcert(1)\n", "");
        std::fs::write(folder.path().join(name), unit).unwrap();
        let path = folder.path().join(name).display().to_string();
        let output = run(
            folder.path(),
            &["systemd-analyze", "verify", "--man=no", &path],
            &[],
        );
        let about_it: Vec<String> = all(&output)
            .lines()
            .filter(|line| line.contains("pushcert"))
            .map(str::to_string)
            .collect();
        assert_eq!((output.status.code(), about_it), (Some(0), Vec::new()));
    }
    let calendar = run(
        folder.path(),
        &["systemd-analyze", "calendar", "hourly"],
        &[],
    );
    assert_eq!(calendar.status.code(), Some(0));
}

#[test]
fn the_cron_job_reads_secrets_as_they_are_mounted() {
    let job = yaml("cronjob.yaml");
    assert_eq!(
        (&job["apiVersion"], &job["kind"]),
        (&"batch/v1".into(), &"CronJob".into())
    );
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    let volumes = pod["volumes"].as_array().unwrap();
    let names = |list: &[Value]| {
        list.iter()
            .map(|one| one["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(mounts), names(volumes));
    // A mounted Secret is links into a hidden folder that is swapped whole.
    let folder = folder(&[
        ("ck.pem", "app/..2026_01/tls.crt"),
        ("expired.cer", "pay/..2026_01/tls.crt"),
    ]);
    for name in ["app", "pay"] {
        symlink("..2026_01", folder.path().join(name).join("..data")).unwrap();
        symlink("..data/tls.crt", folder.path().join(name).join("tls.crt")).unwrap();
    }
    let root = folder.path().display().to_string();
    let words: Vec<String> = pod["containers"][0]["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().replace("/secrets", &root))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = run(folder.path(), &words, &[]);
    let text = stdout(&output);
    assert_eq!(
        (output.status.code(), text.lines().next().unwrap()),
        (Some(2), "critical   1 of 2 certificates needs action")
    );
}

#[test]
fn kubernetes_takes_the_manifest() {
    let Some(library) = crate::lab::clients::peer("kubernetes") else {
        return;
    };
    let library = library.display().to_string();
    let manifest = example("cronjob.yaml").display().to_string();
    for version in ["1.25", "1.33"] {
        let words = [
            "/usr/bin/python3",
            "-m",
            "kubernetes_validate",
            "--strict",
            "-k",
            version,
            &manifest,
        ];
        let output = run(Path::new("/"), &words, &[("PYTHONPATH", &library)]);
        assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    }
}

#[test]
fn the_step_of_actions_runs_as_the_runner_runs_it() {
    let workflow = yaml("github-actions.yml");
    let steps = workflow["jobs"]["expiry"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == "expiry").unwrap();
    let folder = folder(&[
        ("aps.cer", "certs/good.cer"),
        ("modern.p12", "certs/app.p12"),
    ]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (summary, output) = (at("summary"), at("output"));
    let environment = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("GITHUB_OUTPUT", output.as_str()),
        ("P12_PASSPHRASE", "hello123"),
    ];
    let script = step["run"].as_str().unwrap();
    let ran = run(folder.path(), &["bash", "-e", "-c", script], &environment);
    let log = all(&ran);
    assert_eq!(ran.status.code(), Some(0), "{log}");
    // The answer, and no annotation.
    assert!(log.starts_with("ok         2 certificates, "), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    let outputs = std::fs::read_to_string(folder.path().join("output")).unwrap();
    assert_eq!(outputs.lines().next().unwrap(), "status=ok");
    assert!(folder.path().join("expiry.csv").exists());
}

#[test]
fn the_script_of_gitlab_leaves_its_artifacts() {
    let pipeline = yaml("gitlab-ci.yml");
    let job = &pipeline["push certificates"];
    let folder = folder(&[("expired.cer", "certs/old.cer")]);
    let script = job["script"][0].as_str().unwrap();
    let environment = [("CI", "true"), ("P12_PASSPHRASE", "x")];
    let ran = run(folder.path(), &["sh", "-c", script], &environment);
    assert_eq!(ran.status.code(), Some(2), "{}", all(&ran));
    for artifact in [
        &job["artifacts"]["reports"]["junit"],
        &job["artifacts"]["paths"][0],
    ] {
        assert!(
            folder.path().join(artifact.as_str().unwrap()).exists(),
            "{artifact}"
        );
    }
}

#[test]
fn the_hook_of_git_judges_what_is_staged() {
    let folder = folder(&[("aps.cer", "certs/good.cer"), ("expired.cer", "old.cer")]);
    let git = |words: &[&str]| {
        let mut all = vec!["git", "-c", "user.name=x", "-c", "user.email=x@example.com"];
        all.extend(words);
        run(folder.path(), &all, &[])
    };
    assert!(git(&["init", "-q"]).status.success());
    let hook = folder.path().join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::copy(example("pre-commit"), hook).unwrap();
    git(&["add", "certs"]);
    let good = git(&["commit", "-qm", "a good one"]);
    assert_eq!(good.status.code(), Some(0), "{}", all(&good));
    std::fs::write(folder.path().join("readme.txt"), "x").unwrap();
    git(&["add", "readme.txt"]);
    assert_eq!(
        git(&["commit", "-qm", "no certificate"]).status.code(),
        Some(0)
    );
    git(&["add", "old.cer"]);
    // What lies in the folder meanwhile is not what is committed.
    std::fs::copy(
        folder.path().join("certs/good.cer"),
        folder.path().join("old.cer"),
    )
    .unwrap();
    let refused = git(&["commit", "-qm", "an expired one"]);
    assert_eq!(refused.status.code(), Some(1), "{}", all(&refused));
    assert!(
        all(&refused).contains("critical   1 of 1 certificate needs action"),
        "{}",
        all(&refused)
    );
}
