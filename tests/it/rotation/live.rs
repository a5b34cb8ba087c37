//! The gateway's word before the swap: accepted, rejected, could not tell.

use super::{Place, TOPIC};
use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A `lab gateway` of the place's own lab, for as long as the value lives.
struct Gateway {
    address: String,
    child: Child,
    events: BufReader<ChildStdout>,
}

impl Gateway {
    fn new(place: &Place, arguments: &[&str]) -> Gateway {
        let mut child = Command::new(cargo_bin("pushcert"))
            .args(["lab", "gateway", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(place.0.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut gateway = Gateway {
            address: String::new(),
            events: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        let listening = gateway.event();
        let port = listening["address"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap()
            .to_string();
        gateway.address = format!("localhost:{port}");
        gateway
    }

    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.events.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The command with its flags for this gateway.
    fn finish(&self, new: &str) -> String {
        format!(
            "rotate finish ck.pem {new} --gateway {} --ca-file lab/ca.pem --wait 300ms --json",
            self.address
        )
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_accepted_certificate_takes_its_place() {
    let place = Place::started();
    let mut gateway = Gateway::new(&place, &[]);
    let ran = place.ok(&gateway.finish("new.cer"));
    assert_eq!(ran.json()["plan"]["outcome"], "done");
    assert!(
        ran.stderr
            .contains(&format!("\n  checked    accepted by {}\n", gateway.address)),
        "{}",
        ran.stderr
    );
    let handshake = gateway.event();
    let sha256 = ran.json()["plan"]["new"]["sha256"].clone();
    assert_eq!(
        (&handshake["event"], &handshake["certificate"]["sha256"]),
        (&"handshake".into(), &sha256)
    );
}

#[test]
fn a_rejected_one_leaves_everything_as_it_was() {
    for tls in ["1.2", "1.3"] {
        let place = Place::started();
        let gateway = Gateway::new(&place, &["--revoke", "new.cer", "--tls", tls]);
        let before = place.read("ck.pem");
        let ran = place.run(&gateway.finish("new.cer"));
        assert_eq!(
            (ran.code, ran.ids()),
            (2, vec!["rejected".to_string()]),
            "{tls}"
        );
        assert_eq!(ran.json()["plan"]["outcome"], "refused");
        assert_eq!(
            ran.json()["findings"][0]["hint"],
            "the live file is untouched; --allow rejected overrides this"
        );
        assert_eq!(place.read("ck.pem"), before);
        assert!(!place.state()["pending"].is_null());
        assert_eq!(place.state()["versions"], serde_json::json!([]));
    }
}

#[test]
fn no_answer_is_no_acceptance() {
    let place = Place::started();
    let before = place.read("ck.pem");
    let silent = Gateway::new(&place, &["--no-client-auth"]);
    let ran = place.run(&silent.finish("new.cer"));
    assert_eq!(
        (ran.code, ran.ids()),
        (3, vec!["not-requested".to_string()])
    );
    let closing = Gateway::new(&place, &["--close-at", "tcp"]);
    let ran = place.run(&closing.finish("new.cer"));
    assert_eq!((ran.code, ran.ids()), (3, vec!["unreachable".to_string()]));
    let stranger = Gateway::new(&place, &["--server-cert", "expired"]);
    let ran = place.run(&stranger.finish("new.cer"));
    assert_eq!(
        (ran.code, ran.ids()),
        (2, vec!["server-not-verified".to_string()])
    );
    assert_eq!(place.read("ck.pem"), before);
}

#[test]
fn what_the_gateway_says_can_be_overridden_by_name() {
    let place = Place::started();
    let gateway = Gateway::new(&place, &["--revoke", "new.cer"]);
    let ran = place.run(&(gateway.finish("new.cer") + " --allow unreachable"));
    assert_eq!(ran.code, 2);
    let ran = place.ok(&(gateway.finish("new.cer") + " --allow rejected"));
    assert_eq!(
        ran.json()["plan"]["allowed"],
        serde_json::json!(["rejected"])
    );
    assert_eq!(
        place.state()["history"][1]["allowed"],
        serde_json::json!(["rejected"])
    );
}

#[test]
fn what_is_refused_offline_is_never_presented() {
    let place = Place::started();
    place.issue(
        "ck.certSigningRequest",
        "other.cer",
        "sandbox",
        "com.example.other",
        395,
    );
    let mut gateway = Gateway::new(&place, &[]);
    let ran = place.run(&gateway.finish("other.cer"));
    assert_eq!((ran.code, ran.ids()), (2, vec!["topic-lost".to_string()]));
    // The next connection is the first that the gateway sees.
    place.ok(&gateway.finish("new.cer"));
    assert_eq!(gateway.event()["certificate"]["topics"][0], TOPIC);
}

#[test]
fn an_encrypted_file_is_proven_with_its_key() {
    let place = Place::new();
    place.write("word", "hello\n");
    place.ok("merge ck.pem -o ck.pem --force --passout file:word");
    place.ok("rotate start ck.pem --passin file:word");
    place.issue("ck.certSigningRequest", "new.cer", "sandbox", TOPIC, 365);
    let gateway = Gateway::new(&place, &[]);
    place.ok(&(gateway.finish("new.cer") + " --passin file:word"));
    assert!(place.text("ck.pem").contains("BEGIN ENCRYPTED PRIVATE KEY"));
}
