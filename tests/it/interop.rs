//! Facts from outside: nginx as a server that asks for certificates and is no push gateway, and the digests of Apple's CA files.

use assert_cmd::cargo::cargo_bin_cmd;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

fn pushcert(folder: &Path, line: &str) -> (i32, String) {
    let mut command = cargo_bin_cmd!("pushcert");
    for name in ["PUSHCERT_PASSIN", "PUSHCERT_PASSOUT", "CI"] {
        command.env_remove(name);
    }
    let output = command
        .current_dir(folder)
        .args(line.split(' '))
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), stdout)
}

/// A folder with two labs and a certificate of each for the same key: `good.pem` and `stranger.pem`.
fn labs() -> TempDir {
    let folder = TempDir::new().unwrap();
    for line in [
        "csr --no-passphrase --out-key key.pem --out-csr request",
        "lab init",
        "lab init --lab foreign",
        "lab issue request --topic com.example.app -o good.cer",
        "lab issue request --topic com.example.app -o stranger.cer --lab foreign",
        "merge good.cer key.pem -o good.pem",
        "merge stranger.cer key.pem -o stranger.pem",
    ] {
        assert_eq!(pushcert(folder.path(), line).0, 0, "{line}");
    }
    folder
}

/// nginx that lives as long as the value. It inherits a socket that listens already, so nobody has to wait for it.
pub struct Nginx {
    child: Child,
    pub address: String,
}

/// The files of a server: its certificate, its key, and the CA of its clients, as paths below its folder.
pub type Files = [&'static str; 3];

const LAB: Files = ["lab/server.pem", "lab/server.key.pem", "lab/ca.pem"];

impl Nginx {
    pub fn start(folder: &Path, http2: bool, [certificate, key, ca]: Files) -> Nginx {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let http2 = if http2 { " http2" } else { "" };
        let configuration = format!(
            "daemon off;
worker_processes 1;
pid {address}.pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {address} ssl{http2};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        ssl_verify_depth 2;
    }}
}}
"
        );
        let name = format!("nginx-{}.conf", listener.local_addr().unwrap().port());
        std::fs::write(folder.join(&name), configuration).unwrap();
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-c"])
            .arg(folder.join(&name))
            .arg("-p")
            .arg(folder)
            .env("NGINX", "0;")
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Nginx { child, address }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed outright, it would leave its worker behind.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

#[test]
fn nginx_judges_in_http_and_only_the_probe_shows_it() {
    let folder = labs();
    for (http2, file, probe, verdict, answer, finding, code) in [
        (
            false,
            "good.pem",
            "",
            "not-rejected",
            None,
            "not-a-gateway",
            3,
        ),
        (
            false,
            "good.pem",
            " --no-probe",
            "not-rejected",
            None,
            "not-a-gateway",
            3,
        ),
        (
            false,
            "stranger.pem",
            "",
            "not-rejected",
            None,
            "not-a-gateway",
            3,
        ),
        (
            true,
            "good.pem",
            "",
            "not-rejected",
            Some((404, None)),
            "unproven",
            3,
        ),
        (
            true,
            "good.pem",
            " --no-probe",
            "not-rejected",
            None,
            "unproven",
            3,
        ),
        (
            true,
            "stranger.pem",
            " --no-probe",
            "not-rejected",
            None,
            "unproven",
            3,
        ),
        (
            true,
            "stranger.pem",
            "",
            "rejected",
            Some((400, Some("The SSL certificate error"))),
            "rejected",
            2,
        ),
    ] {
        let nginx = Nginx::start(folder.path(), http2, LAB);
        let line = format!(
            "check {file} --gateway {} --ca-file lab/ca.pem --wait 300ms --json{probe}",
            nginx.address
        );
        let (ended, stdout) = pushcert(folder.path(), &line);
        let case = format!("{file}, http2 {http2}{probe}: {stdout}");
        let document: Value = serde_json::from_str(&stdout).unwrap();
        let endpoint = &document["results"][0]["endpoints"][0];
        assert_eq!(endpoint["verdict"], verdict, "{case}");
        assert_eq!(endpoint["proof"], Value::Null, "{case}");
        let protocol = if http2 { "http2" } else { "unknown" };
        assert_eq!(endpoint["protocol"], protocol, "{case}");
        let sent = answer.map_or(
            json!({ "sent": false, "status": null }),
            |answer| match answer {
                (status, None) => json!({ "sent": true, "status": status }),
                (status, Some(reason)) => {
                    json!({ "sent": true, "status": status, "reason": reason })
                }
            },
        );
        assert_eq!(endpoint["probe"], sent, "{case}");
        assert_eq!(endpoint["tls"]["client_certificate_requested"], true);
        assert_eq!(endpoint["tls"]["server_verified"], true);
        let ids: Vec<&str> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["issuer-unknown", finding], "{case}");
        assert_eq!(
            (ended, &document["exit_code"]),
            (code, &Value::from(code)),
            "{case}"
        );
    }
}

#[test]
fn apples_authorities_are_the_files_with_their_digests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/apple/authorities");
    let mut embedded = Vec::new();
    for authority in pushcert::apple::authorities::ALL {
        let digest: String = openssl::sha::sha256(authority.der)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(digest, authority.sha256, "{}", authority.id);
        let certificate = openssl::x509::X509::from_der(authority.der).unwrap();
        assert_eq!(
            certificate.to_der().unwrap(),
            authority.der,
            "{}",
            authority.id
        );
        embedded.push(authority.der.to_vec());
    }
    let mut files: Vec<Vec<u8>> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    embedded.sort();
    files.sort();
    assert_eq!(files, embedded);
}
