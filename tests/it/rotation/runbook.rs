//! docs/rotation.md and docs/deploy: the blocks of the runbook are run, the examples are judged by tools that are not ours and
//! run as hooks, with stand-ins of the programs that they call.

use super::Place;
use assert_cmd::cargo::cargo_bin;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Dates and days apart, which move.
fn settled(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
        let is_date = digits.len() == 10 && digits.chars().filter(|c| *c == '-').count() == 2;
        words.push(match is_date {
            true => word.replace(digits, "DATE"),
            false => word.to_string(),
        });
    }
    words.join(" ")
}

#[test]
fn the_blocks_of_the_runbook_are_what_the_commands_say() {
    let place = Place::started();
    std::fs::create_dir(place.path("downloads")).unwrap();
    std::fs::rename(place.path("new.cer"), place.path("downloads/new.cer")).unwrap();
    let bin = cargo_bin("pushcert");
    let path = format!(
        "{}:/bin:{}",
        bin.parent().unwrap().display(),
        place.path("bin").display()
    );
    std::fs::create_dir(place.path("bin")).unwrap();
    place.write("bin/systemctl", "#!/bin/sh\n");
    place.chmod("bin/systemctl", 0o755);
    let page = std::fs::read_to_string(docs().join("rotation.md")).unwrap();
    let mut ran = 0;
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let (line, expected) = block.split_once('\n').unwrap();
        let line = line.strip_prefix("$ ").unwrap();
        let fresh = Place::new();
        // What comes before the finish is told of a file that was not started yet.
        let at = match line.starts_with("pushcert rotate start")
            || line.starts_with("pushcert rotate status")
        {
            true => &fresh,
            false => &place,
        };
        let output = Command::new("sh")
            .args(["-c", &format!("{line} 2>&1")])
            .current_dir(at.0.path())
            .env("PATH", &path)
            .env("CI", "true")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(settled(&said), settled(expected), "{line}");
        ran += 1;
    }
    assert_eq!(ran, 6);
}

/// Runs a tool over files of docs/deploy and shows what it says if it is not content.
fn content(program: &str, arguments: &[&str], files: &[PathBuf]) {
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("the tests need {program}: {error}"));
    let said = |output: &Output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(output.status.success(), "{program}: {}", said(&output));
}

fn examples(extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(docs().join("deploy")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    files
}

#[test]
fn the_examples_satisfy_tools_that_are_not_ours() {
    let scripts = examples("sh");
    assert_eq!(scripts.len(), 3);
    for script in &scripts {
        assert_ne!(
            std::fs::metadata(script).unwrap().permissions().mode() & 0o111,
            0,
            "{script:?}"
        );
    }
    content("shellcheck", &["-s", "sh"], &scripts);
    content(
        "ansible-playbook",
        &["--syntax-check", "-i", "localhost,"],
        &examples("yml"),
    );
    // systemd wants the programs to be there.
    let units = tempfile::tempdir().unwrap();
    let mut copies = Vec::new();
    for unit in [examples("service"), examples("timer")].concat() {
        let text = std::fs::read_to_string(&unit).unwrap();
        let text = text
            .replace("/usr/local/bin/push-sender", "/bin/true")
            .replace("/usr/local/bin/pushcert", "/bin/true");
        let copy = units.path().join(unit.file_name().unwrap());
        std::fs::write(&copy, text).unwrap();
        copies.push(copy);
    }
    assert_eq!(copies.len(), 3);
    content("systemd-analyze", &["verify"], &copies);
}

/// A place with stand-ins in `bin` and a finish whose hook is this line of docs/deploy.
struct Deployed {
    place: Place,
    path: String,
}

impl Deployed {
    fn new(stand_ins: &[(&str, &str)]) -> Deployed {
        let place = Place::started();
        std::fs::create_dir(place.path("bin")).unwrap();
        for (name, script) in stand_ins {
            let file = format!("bin/{name}");
            place.write(&file, format!("#!/bin/sh\n{script}\n"));
            place.chmod(&file, 0o755);
        }
        let bin = cargo_bin("pushcert");
        let path = format!(
            "{}:{}:{}",
            place.path("bin").display(),
            bin.parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        Deployed { place, path }
    }

    fn finish(&self, hook: &[&str]) -> super::Ran {
        let mut words: Vec<&str> = "rotate finish ck.pem new.cer --no-check --"
            .split(' ')
            .collect();
        words.extend(hook);
        self.place.run_words(&words, &[("PATH", &self.path)])
    }

    fn example(&self, name: &str) -> String {
        docs().join("deploy").join(name).display().to_string()
    }
}

#[test]
fn the_secret_of_kubernetes_holds_the_pair_and_a_rollout_that_fails_brings_the_old_one_back() {
    let kubectl = "echo \"$@\" >> calls; case \"$*\" in *apply*) cat > applied.yaml;; *status*) test ! -e broken;; esac";
    let deployed = Deployed::new(&[("kubectl", kubectl)]);
    let (place, script) = (&deployed.place, deployed.example("kubernetes-secret.sh"));
    let old = place.read("ck.pem");
    place.write("broken", "");
    let ran = deployed.finish(&[&script, "push", "apns", "sender"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(place.read("ck.pem"), old);
    assert_eq!(
        place
            .text("calls")
            .lines()
            .filter(|line| line.ends_with("apply -f -"))
            .count(),
        2
    );
    std::fs::remove_file(place.path("broken")).unwrap();
    let ran = deployed.finish(&[&script, "push", "apns", "sender"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let calls: Vec<String> = place
        .text("calls")
        .lines()
        .skip(6)
        .map(str::to_string)
        .collect();
    assert_eq!(
        calls,
        [
            "--namespace push apply -f -",
            "--namespace push rollout restart deployment/sender",
            "--namespace push rollout status deployment/sender --timeout=120s",
        ]
    );
    let read = "import base64, sys, yaml\n\
        secret = yaml.safe_load(open('applied.yaml'))\n\
        assert secret['kind'] == 'Secret' and secret['type'] == 'kubernetes.io/tls', secret\n\
        assert secret['metadata']['name'] == 'apns', secret\n\
        for name in ('tls.crt', 'tls.key'): open(name, 'wb').write(base64.b64decode(secret['data'][name]))\n";
    let python = Command::new("/usr/bin/python3")
        .args(["-c", read])
        .current_dir(place.0.path())
        .status()
        .unwrap();
    assert!(python.success());
    let of = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(place.0.path())
            .output()
            .unwrap();
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(
        of(&["x509", "-in", "tls.crt", "-noout", "-pubkey"]),
        of(&["pkey", "-in", "tls.key", "-pubout"])
    );
    assert_eq!(
        of(&["x509", "-in", "tls.crt", "-outform", "der"]),
        place.read("new.cer")
    );
}

#[test]
fn a_bucket_gets_the_file_before_the_name() {
    let aws = "echo \"$@\" >> calls; case \"$3\" in -) cat > current;; esac";
    let deployed = Deployed::new(&[("aws", aws)]);
    let place = &deployed.place;
    let ran = deployed.finish(&[&deployed.example("object-store.sh"), "bucket", "push"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let new: String = openssl::sha::sha256(&place.read("new.cer"))
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(place.text("current"), format!("{new}\n"));
    assert_eq!(
        place.text("calls").lines().collect::<Vec<_>>(),
        [
            format!(
                "s3 cp {} s3://bucket/push/{new}.pem --sse aws:kms --only-show-errors",
                place.path("ck.pem").display()
            ),
            "s3 cp - s3://bucket/push/current --sse aws:kms --only-show-errors".to_string(),
        ]
    );
}

#[test]
fn of_several_hosts_one_that_fails_brings_the_old_file_back_to_all() {
    // Each host is a folder; the stand-in of systemctl there says whether the sender came back.
    let ssh = "host=$3; cd \"hosts/$host\" && PATH=\"$PWD:$PATH\" sh -c \"$4\"";
    let deployed = Deployed::new(&[("ssh", ssh)]);
    let place = &deployed.place;
    for host in ["one", "two", "three"] {
        std::fs::create_dir_all(place.path(&format!("hosts/{host}"))).unwrap();
        let systemctl = format!("hosts/{host}/systemctl");
        place.write(
            &systemctl,
            "#!/bin/sh\necho \"$@\" >> calls; test ! -e broken\n",
        );
        place.chmod(&systemctl, 0o755);
    }
    let old = place.read("ck.pem");
    let script = deployed.example("several-hosts.sh");
    let hook = [script.as_str(), "ck.pem", "one", "two", "three"];
    place.write("hosts/two/broken", "");
    let ran = deployed.finish(&hook);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    for host in ["one", "two", "three"] {
        assert_eq!(place.read(&format!("hosts/{host}/ck.pem")), old, "{host}");
    }
    std::fs::remove_file(place.path("hosts/two/broken")).unwrap();
    let ran = deployed.finish(&hook);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for host in ["one", "two", "three"] {
        assert_eq!(
            place.read(&format!("hosts/{host}/ck.pem")),
            place.read("ck.pem"),
            "{host}"
        );
        assert_eq!(place.mode(&format!("hosts/{host}/ck.pem")), 0o600);
        assert_eq!(
            place.text(&format!("hosts/{host}/calls")).lines().last(),
            Some("reload push-sender.service")
        );
    }
}

#[test]
fn the_playbook_brings_the_file_to_a_host_and_reloads_it() {
    let deployed = Deployed::new(&[]);
    let place = &deployed.place;
    let (playbook, destination) = (deployed.example("ansible.yml"), place.path("remote.pem"));
    let owner = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let variables = format!(
        "push_hosts=localhost push_file={} push_owner={} push_reload='touch {}'",
        destination.display(),
        owner.trim(),
        place.path("reloaded").display()
    );
    let hook = [
        "ansible-playbook",
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        "ansible_python_interpreter=/usr/bin/python3",
        "-e",
        &variables,
        &playbook,
    ];
    let ran = deployed.finish(&hook);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(place.read("remote.pem"), place.read("ck.pem"));
    assert_eq!(place.mode("remote.pem"), 0o600);
    assert!(place.path("reloaded").exists());
    assert!(!ran.stderr.contains("PRIVATE KEY"));
}
