//! The steps of the rehearsal: each command, what it replaces, and what its result has to be.

use super::super::super::reply::Stop;
use super::super::super::status_line::StatusLine;
use super::place::{ALERT, Place, TOKEN};
use crate::lab::settings::{Protocol, Tls};
use serde_json::Value;
use std::path::Path;

/// A step, the click or command that it replaces, and what was verified.
pub(super) struct Step {
    pub(super) step: &'static str,
    pub(super) replaces: &'static str,
    pub(super) ok: bool,
    pub(super) detail: String,
}

const TOPIC: &str = "com.example.app";
const REQUEST: &str = "CertificateSigningRequest.certSigningRequest";
/// What a gateway is to speak, and how `check` calls it.
const PROTOCOLS: [(Protocol, &str); 2] = [(Protocol::Auto, "http2"), (Protocol::Legacy, "binary")];
/// How many there are.
const STEPS: usize = 9;
/// What the tutorial has people type.
const PASSPHRASE: &[u8] = b"hello123\n";

/// Goes the whole way in the folder. Fails where a command does; a result that is not what it has to be is a step that is not ok.
pub(super) fn rehearse(folder: &Path, line: StatusLine) -> Result<Vec<Step>, Box<Stop>> {
    let place = Place(folder);
    let mut steps = Steps {
        done: Vec::new(),
        line,
    };

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

    let replaces = [
        "openssl s_client -connect api.sandbox.push.apple.com:443, which cannot tell: the certificate is judged with a request",
        "telnet gateway.sandbox.push.apple.com 2195; openssl s_client -connect gateway.sandbox.push.apple.com:2195",
    ];
    for ((protocol, name), replaces) in PROTOCOLS.into_iter().zip(replaces) {
        let accepted = place.check("ck.pem", Tls::Any, protocol)?;
        steps.push(Step {
            step: match protocol {
                Protocol::Legacy => {
                    "pushcert check ck.pem --gateway HOST:PORT --ca-file lab/ca.pem (binary protocol)"
                }
                _ => "pushcert check ck.pem --gateway HOST:PORT --ca-file lab/ca.pem (HTTP/2)",
            },
            replaces,
            ok: accepted["verdict"] == "accepted"
                && accepted["proof"] == "probe"
                && accepted["protocol"] == name,
            detail: told(&accepted, &word(&accepted["explanation"])),
        });
    }

    let over_http2 = place.send("ck.pem", Protocol::Auto, "api")?;
    let over_binary = place.send("ck.pem", Protocol::Legacy, "legacy")?;
    let arrived = |told: &Value, status: u16| {
        told["status"] == status
            && told["token"] == TOKEN
            && told["topic"] == TOPIC
            && told["payload"]["aps"]["alert"] == ALERT
    };
    steps.push(Step {
        step: "pushcert send ck.pem --token HEX --alert Hello --gateway HOST:PORT --ca-file lab/ca.pem (both protocols)",
        replaces: "the PHP script of the tutorial, which sends over the binary protocol",
        ok: arrived(&over_http2, 200) && arrived(&over_binary, 0),
        detail: format!(
            "\"{}\" reached the gateway over HTTP/2, with status {}, and over the binary protocol",
            word(&over_http2["payload"]["aps"]["alert"]),
            over_http2["status"]
        ),
    });

    place.run(&format!(
        "lab issue @/{REQUEST} --topic {TOPIC} --days -12 --lab @/lab -o @/expired.cer"
    ))?;
    place.run("merge @/expired.cer @/PushChatKey.pem -o @/expired.pem")?;
    let mut rejected = Vec::new();
    for (protocol, _) in PROTOCOLS {
        rejected.push(place.check("expired.pem", Tls::Tls13, protocol)?);
    }
    let is_late = |endpoint: &Value| {
        endpoint["verdict"] == "rejected"
            && endpoint["alert"]["number"] == 45
            && endpoint["tls"]["version"] == "TLSv1.3"
    };
    let first = &rejected[0];
    let alert = &first["alert"];
    steps.push(Step {
        step: "pushcert check expired.pem --gateway HOST:PORT --ca-file lab/ca.pem (both protocols, TLS 1.3)",
        replaces: "openssl s_client, which may exit 0 here: the rejection comes after its handshake has ended",
        ok: rejected.iter().all(is_late),
        detail: told(first, &format!("alert {} {}", alert["number"], word(&alert["name"]))),
    });
    Ok(steps.done)
}

/// The steps so far, and the line on the terminal that counts them.
struct Steps {
    done: Vec<Step>,
    line: StatusLine,
}

impl Steps {
    fn push(&mut self, step: Step) {
        self.done.push(step);
        let count = self.done.len();
        self.line.tell(|| format!("{count} of {STEPS} steps"));
    }
}

fn told(endpoint: &Value, why: &str) -> String {
    let (verdict, host) = (word(&endpoint["verdict"]), word(&endpoint["host"]));
    format!("{verdict} by {host}:{}: {why}", endpoint["port"])
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_string()
}
