//! The Secret of Kubernetes that `convert` writes, as an independent reader of YAML sees it.

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// Exit code and stderr of `convert` in the folder.
fn convert(folder: &Path, line: &str) -> (i32, String) {
    let ran = cargo_bin_cmd!("pushcert")
        .arg("convert")
        .args(line.split(' '))
        .current_dir(folder)
        .env("CI", "true")
        .output()
        .unwrap();
    (
        ran.status.code().unwrap(),
        String::from_utf8(ran.stderr).unwrap(),
    )
}

/// The document as PyYAML reads it, the data decoded.
fn read_yaml(path: &Path) -> Value {
    let program = "import sys, json, yaml, base64\n\
        d = yaml.safe_load(open(sys.argv[1]))\n\
        d['data'] = {k: base64.b64decode(v, validate=True).decode() for k, v in d['data'].items()}\n\
        print(json.dumps(d))";
    let ran = Command::new("/usr/bin/python3")
        .args(["-c", program])
        .arg(path)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "python3-yaml is needed: {error}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn a_secret_holds_certificate_and_plain_key_for_its_owner_only() {
    let place = TempDir::new().unwrap();
    let line = format!(
        "{FIXTURES}/aps_development.cer {FIXTURES}/push.key.pem --to k8s-secret -o secret.yaml"
    );
    let (code, stderr) = convert(place.path(), &line);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        stderr,
        "wrote secret.yaml   Secret com.example.app of Kubernetes, com.example.app and its plain key, 0600\n"
    );
    let path = place.path().join("secret.yaml");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let ck = std::fs::read_to_string(format!("{FIXTURES}/ck.pem")).unwrap();
    let (certificate, key) = ck.split_at(ck.find("-----BEGIN PRIVATE KEY").unwrap());
    let expected = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": "com.example.app" },
        "type": "kubernetes.io/tls",
        "data": { "tls.crt": certificate, "tls.key": key },
    });
    assert_eq!(read_yaml(&path), expected);
}

#[test]
fn the_key_of_a_secret_is_plain_only_where_that_is_said() {
    let place = TempDir::new().unwrap();
    let parts = format!(
        "{FIXTURES}/aps_development.cer {FIXTURES}/push.encrypted.pem --to k8s-secret -o secret.yaml --passin pass:hello123 -q"
    );
    let refused = "error: a Secret of Kubernetes holds a plain key: add --no-passphrase\n";
    assert_eq!(convert(place.path(), &parts), (64, refused.to_string()));
    let (code, stderr) = convert(
        place.path(),
        &format!("{parts} --no-passphrase --name push"),
    );
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(
        read_yaml(&place.path().join("secret.yaml"))["metadata"]["name"],
        "push"
    );
}

#[test]
fn the_name_of_a_secret_is_one_that_kubernetes_takes() {
    let place = TempDir::new().unwrap();
    let parts = format!(
        "{FIXTURES}/aps_development.cer {FIXTURES}/push.key.pem --to k8s-secret -o secret.yaml"
    );
    for name in ["Push", "a_b", "-a", "a..b", "a-.b"] {
        let (code, stderr) = convert(place.path(), &format!("{parts} --name={name}"));
        assert_eq!(code, 64, "{name}: {stderr}");
        assert_eq!(
            stderr,
            "error: --name is no name of a Kubernetes object: lowercase letters, digits, dots and hyphens, a letter or digit at both ends\n"
        );
    }
}
