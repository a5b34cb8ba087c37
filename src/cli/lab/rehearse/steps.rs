//! The steps of the rehearsal: each command, what it replaces, and what its result has to be.

use super::super::super::Cli;
use super::super::super::reply::{Reply, Stop};
use crate::error::Error;
use crate::files::{self, Output};
use crate::lab::gateway::{Gateway, Running};
use crate::lab::settings::{Settings, Tls};
use clap::Parser;
use serde_json::Value;
use std::path::Path;
use time::OffsetDateTime;

/// A step, the click or command that it replaces, and what was verified.
pub(super) struct Step {
    pub(super) step: &'static str,
    pub(super) replaces: &'static str,
    pub(super) ok: bool,
    pub(super) detail: String,
}

const TOPIC: &str = "com.example.app";
const REQUEST: &str = "CertificateSigningRequest.certSigningRequest";
/// What the tutorial has people type.
const PASSPHRASE: &[u8] = b"hello123\n";

/// Goes the whole way in the folder. Fails where a command does; a result that is not what it has to be is a step that is not ok.
pub(super) fn rehearse(folder: &Path) -> Result<Vec<Step>, Box<Stop>> {
    let place = Place(folder);
    let mut steps = Vec::new();

    place.run("csr -o @ --email dev@example.com --no-passphrase")?;
    let key = place.seen("PushKey.pem", "/keys/0/spki_sha256")?;
    let request = place.seen(REQUEST, "/requests/0")?;
    steps.push(Step {
        step: "pushcert csr --email dev@example.com",
        replaces: "Keychain Access, Certificate Assistant, Request a Certificate from a Certificate Authority",
        ok: request["signature_valid"] == true && request["spki_sha256"] == key,
        detail: format!(
            "a request for the new {}-{} key, its signature valid",
            word(&request["key"]["algorithm"]),
            request["key"]["bits"]
        ),
    });

    place.run("lab init --lab @/lab")?;
    place.run(&format!(
        "lab issue @/{REQUEST} --topic {TOPIC} --lab @/lab -o @/aps_development.cer"
    ))?;
    let leaf = place.seen("aps_development.cer", "/certificates/0")?;
    steps.push(Step {
        step: "pushcert lab issue (in place of the developer portal)",
        replaces: "developer.apple.com: upload the request, download aps_development.cer",
        ok: leaf["spki_sha256"] == key && leaf["topics"][0]["topic"] == TOPIC,
        detail: format!(
            "a certificate for {TOPIC}, {}, until {}",
            word(&leaf["environments"][0]),
            word(&leaf["not_after"])
                .split('T')
                .next()
                .unwrap_or_default()
        ),
    });

    place.run("convert @/aps_development.cer -o @/PushChatCert.pem")?;
    let converted = place.seen("PushChatCert.pem", "/certificates/0/sha256")?;
    steps.push(Step {
        step: "pushcert convert aps_development.cer -o PushChatCert.pem",
        replaces: "openssl x509 -in aps_development.cer -inform der -out PushChatCert.pem",
        ok: converted == leaf["sha256"],
        detail: "the DER is unchanged: the same SHA-256".to_string(),
    });

    place.write("passphrase", PASSPHRASE)?;
    place.run("convert @/PushKey.pem @/aps_development.cer --to keychain -o @/testPush.p12 --passout file:@/passphrase")?;
    place.run("convert @/testPush.p12 --only key -o @/PushChatKey.pem --passin file:@/passphrase --no-passphrase")?;
    let exported = place.seen("PushChatKey.pem", "/keys/0/spki_sha256")?;
    steps.push(Step {
        step: "pushcert convert testPush.p12 --only key -o PushChatKey.pem",
        replaces: "openssl pkcs12 -nocerts -out PushChatKey.pem -in testPush.p12 (on OpenSSL 3 it cannot read Keychain's own files)",
        ok: exported == key,
        detail: "the key of the PKCS#12 is the key of the request".to_string(),
    });

    place.run("merge @/PushChatCert.pem @/PushChatKey.pem -o @/ck.pem")?;
    let identity = place.seen("ck.pem", "/identities/0")?;
    steps.push(Step {
        step: "pushcert merge PushChatCert.pem PushChatKey.pem -o ck.pem",
        replaces: "cat PushChatCert.pem PushChatKey.pem > ck.pem",
        ok: identity["certificate"] == leaf["sha256"] && identity["key"] == key,
        detail: "read back, the key fits the certificate that was issued".to_string(),
    });

    let accepted = place.check("ck.pem", Tls::Any)?;
    steps.push(Step {
        step: "pushcert check ck.pem --gateway HOST:PORT --ca-file lab/ca.pem",
        replaces: "telnet gateway.sandbox.push.apple.com 2195; openssl s_client -connect gateway.sandbox.push.apple.com:2195",
        ok: accepted["verdict"] == "accepted" && accepted["proof"] == "probe",
        detail: told(&accepted, &word(&accepted["explanation"])),
    });

    place.run(&format!(
        "lab issue @/{REQUEST} --topic {TOPIC} --days -12 --lab @/lab -o @/expired.cer"
    ))?;
    place.run("merge @/expired.cer @/PushChatKey.pem -o @/expired.pem")?;
    let rejected = place.check("expired.pem", Tls::Tls13)?;
    let alert = &rejected["alert"];
    steps.push(Step {
        step: "pushcert check expired.pem --gateway HOST:PORT --ca-file lab/ca.pem (TLS 1.3)",
        replaces: "openssl s_client, which may exit 0 here: the rejection comes after its handshake has ended",
        ok: rejected["verdict"] == "rejected" && alert["number"] == 45 && rejected["tls"]["version"] == "TLSv1.3",
        detail: told(&rejected, &format!("alert {} {}", alert["number"], word(&alert["name"]))),
    });
    Ok(steps)
}

fn told(endpoint: &Value, why: &str) -> String {
    let (verdict, host) = (word(&endpoint["verdict"]), word(&endpoint["host"]));
    format!("{verdict} by {host}:{}: {why}", endpoint["port"])
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_string()
}

/// The folder in which all happens.
struct Place<'a>(&'a Path);

impl Place<'_> {
    /// Runs a command line, in which `@` is the folder; quietly and without asking.
    fn run(&self, line: &str) -> Result<Reply, Box<Stop>> {
        let folder = self.0.as_os_str();
        let words = line.split(' ').map(|word| match word.split_once('@') {
            // An e-mail address has its own.
            Some((before, after)) if after.is_empty() || after.starts_with('/') => {
                let mut path = std::ffi::OsString::from(before);
                path.push(folder);
                path.push(after);
                path
            }
            _ => word.into(),
        });
        let words = ["pushcert".into()]
            .into_iter()
            .chain(words)
            .chain(["-q".into(), "--no-input".into()]);
        let cli = Cli::try_parse_from(words).map_err(|error| Stop::usage(error.to_string()))?;
        cli.command.run()
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), Box<Stop>> {
        let path = &self.0.join(name);
        let file = Output {
            path,
            contents,
            holds_key: true,
        };
        Ok(files::create(&[file], false)?)
    }

    /// What `inspect --json` says of a file, at a place of its entry.
    fn seen(&self, name: &str, pointer: &str) -> Result<Value, Box<Stop>> {
        let reply = self.run(&format!("inspect @/{name} --json"))?;
        let entry = reply.own.get("files").and_then(|files| files.get(0));
        Ok(entry
            .and_then(|entry| entry.pointer(pointer))
            .cloned()
            .unwrap_or_default())
    }

    /// What `check --json` says of a file at a gateway of the lab: its only endpoint.
    fn check(&self, name: &str, tls: Tls) -> Result<Value, Box<Stop>> {
        let gateway = self.gateway(tls)?;
        let address = gateway.address();
        let reply = self.run(&format!(
            "check @/{name} --gateway {address} --ca-file @/lab/ca.pem --json"
        ))?;
        let result = reply
            .own
            .get("results")
            .and_then(|results| results.pointer("/0/endpoints/0"));
        result.cloned().ok_or_else(|| {
            Error::Network {
                reason: "no gateway was asked".to_string(),
            }
            .into()
        })
    }

    /// A gateway of the lab, on port 2195 if that is free.
    fn gateway(&self, tls: Tls) -> Result<Running, Box<Stop>> {
        let authority = super::super::load(&self.0.join("lab"))?;
        let settings = || Settings {
            tls,
            ..Settings::new(OffsetDateTime::now_utc)
        };
        let gateway = Gateway::bind("127.0.0.1:2195", &authority, settings())
            .or_else(|_| Gateway::bind("127.0.0.1:0", &authority, settings()))?;
        Ok(gateway.run_in_thread(|_| {})?)
    }
}
