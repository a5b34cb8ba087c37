//! `pushcert lab rehearse`: the whole way from nothing to a proven ck.pem, in a folder of its own, on loopback. Every step is verified.

use super::lab::write_lab;
use super::reply::{Reply, Stop};
use super::{Common, moment};
use crate::assembly::{self, Assembly, Chain, Choice, Wishes};
use crate::certificate::Certificate;
use crate::container::pem::{self, KeyForm};
use crate::conversion::{self, Only, To};
use crate::error::Result as Could;
use crate::files::{self, Output};
use crate::finding::{Finding, Severity, Status};
use crate::inputs::{self, Input, Inputs};
use crate::lab::authority::{Authority, CA_FILE};
use crate::lab::gateway::{Gateway, Settings, Tls};
use crate::lab::issue::{self, LeafKind};
use crate::live::{
    self, Credentials, Handshake, Patience, Push, Query, Roots, Route, Target, Verdict,
};
use crate::private_key::PrivateKey;
use crate::report::{escape, json};
use crate::request::{self, Request, Subject};
use crate::secret::{Passphrase, SecretBytes};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

/// Go the whole way on loopback: key, request, certificate, ck.pem, an accepted and a rejected handshake
#[derive(Args)]
pub(super) struct Rehearse {
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

const TOPIC: &str = "com.example.app";
/// How long the gateway may think before and after the probe.
const WAIT: Duration = Duration::from_secs(2);
/// How long a handshake may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A step, the click or command that it replaces, and what was verified.
struct Step {
    step: &'static str,
    replaces: &'static str,
    ok: bool,
    detail: String,
}

impl Rehearse {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let temporary = match &self.keep {
            Some(folder) => {
                files::make_folder(folder)?;
                None
            }
            None => Some(files::temporary_folder()?),
        };
        let folder = match (&self.keep, &temporary) {
            (Some(kept), _) => kept.as_path(),
            (None, Some(temporary)) => temporary.path(),
            (None, None) => Path::new("."),
        };
        let steps = rehearse(folder)?;
        let failed = steps.iter().any(|step| !step.ok);
        let kept = match &self.keep {
            Some(kept) => format!("\nkept  {}\n", escape::text(&kept.display().to_string())),
            None => String::new(),
        };
        let documents: Vec<_> = steps
            .iter()
            .map(|s| json!({ "step": s.step, "replaces": s.replaces, "ok": s.ok, "detail": s.detail }))
            .collect();
        let findings = steps.iter().filter(|step| !step.ok).map(|step| {
            Finding::new(
                "not-verified",
                Severity::Critical,
                format!("{}: {}", step.step, step.detail),
            )
        });
        Ok(Reply {
            status: if failed { Status::Critical } else { Status::Ok },
            findings: findings.collect(),
            stdout: text(&steps, failed) + &kept,
            own: json::part("steps", json!(documents)),
            ..Reply::default()
        })
    }
}

fn text(steps: &[Step], failed: bool) -> String {
    let mut text = match failed {
        false => {
            "ok   every step from an empty folder to a proven ck.pem was verified\n".to_string()
        }
        true => "critical   a step was not verified\n".to_string(),
    };
    for (number, step) in steps.iter().enumerate() {
        let state = if step.ok { "ok" } else { "critical" };
        text.push_str(&format!(
            "\n  {}  {}\n     replaces  {}\n     {state:<8}  {}\n",
            number + 1,
            step.step,
            step.replaces,
            escape::text(&step.detail)
        ));
    }
    text
}

fn rehearse(folder: &Path) -> Result<Vec<Step>, Box<Stop>> {
    let now = moment::now(None);
    let at = |name: &str| folder.join(name);
    let mut steps = Vec::new();

    let key = PrivateKey::generate_rsa_2048()?;
    let subject = Subject {
        email: Some("dev@example.com".to_string()),
        common_name: "Push".to_string(),
        country: None,
    };
    let csr = request::create(&key, &subject)?;
    write(
        &at("PushKey.pem"),
        pem::encode_key(&key, KeyForm::Pkcs8, None)?.expose_secret(),
        true,
    )?;
    write(
        &at("CertificateSigningRequest.certSigningRequest"),
        pem::encode_request(&csr).as_bytes(),
        false,
    )?;
    let (request, _) = Request::parse(&csr)?;
    steps.push(Step {
        step: "pushcert csr",
        replaces: "Keychain Access, Certificate Assistant, Request a Certificate from a Certificate Authority",
        ok: request.signature_valid && request.version == 0 && request.public_key == *key.public_key(),
        detail: format!("a request of version 0 for an {} key, its signature valid", request.public_key.describe()),
    });

    let authority = Authority::create(now)?;
    write_lab(&authority, &at("lab"), false)?;
    let cer = issue::issue(
        &authority,
        &request.spki_der,
        TOPIC,
        LeafKind::Sandbox,
        365,
        now,
    )?;
    write(&at("aps_development.cer"), &cer, false)?;
    let (leaf, _) = Certificate::parse(&cer)?;
    steps.push(Step {
        step: "pushcert lab issue (in place of the developer portal)",
        replaces: "developer.apple.com: upload the request, download aps_development.cer",
        ok: leaf.public_key == *key.public_key() && leaf.topic_names() == [TOPIC],
        detail: format!(
            "a certificate for {TOPIC}, sandbox, until {}",
            leaf.not_after.date()
        ),
    });

    let converted = convert(
        &at("aps_development.cer"),
        None,
        To::Pem(KeyForm::Pkcs8),
        &[],
    )?;
    write(&at("PushChatCert.pem"), converted.expose_secret(), false)?;
    let same = read_back(&at("PushChatCert.pem"), &[])?
        .files
        .iter()
        .filter_map(Input::contents)
        .any(|c| c.leaf().is_some_and(|l| l.der == cer));
    steps.push(Step {
        step: "pushcert convert aps_development.cer -o PushChatCert.pem",
        replaces: "openssl x509 -in aps_development.cer -inform der -out PushChatCert.pem",
        ok: same,
        detail: "the DER is unchanged, byte for byte".to_string(),
    });

    let passphrase = Passphrase::new(b"hello123".to_vec()).unwrap_or(Passphrase::empty());
    let unlock = std::slice::from_ref(&passphrase);
    let inputs = read_back(&at("PushKey.pem"), &[])?
        .files
        .into_iter()
        .chain(read_back(&at("aps_development.cer"), &[])?.files)
        .collect::<Vec<_>>();
    let p12 = conversion::convert(
        &inputs,
        To::Pkcs12 {
            keychain: true,
            name: Some("Push"),
        },
        None,
        Some(&passphrase),
    )?
    .map_err(Stop::no)?;
    write(&at("testPush.p12"), p12.bytes.expose_secret(), true)?;
    let exported = convert(
        &at("testPush.p12"),
        Some(Only::Key),
        To::Pem(KeyForm::Pkcs8),
        unlock,
    )?;
    write(&at("PushChatKey.pem"), exported.expose_secret(), true)?;
    let back = read_back(&at("PushChatKey.pem"), &[])?;
    let fits = back.files.iter().filter_map(Input::contents).any(|c| {
        c.keys
            .iter()
            .any(|part| part.key.public_key() == key.public_key())
    });
    steps.push(Step {
        step: "pushcert convert testPush.p12 --only key -o PushChatKey.pem",
        replaces: "openssl pkcs12 -nocerts -out PushChatKey.pem -in testPush.p12 (on OpenSSL 3 it cannot read Keychain's own files)",
        ok: fits,
        detail: "the key of the PKCS#12 is the key of the request".to_string(),
    });

    let choice = merge(&[at("PushChatCert.pem"), at("PushChatKey.pem")])?;
    write(&at("ck.pem"), joined(&choice)?.expose_secret(), true)?;
    let back = merge(&[at("ck.pem")])?;
    steps.push(Step {
        step: "pushcert merge PushChatCert.pem PushChatKey.pem -o ck.pem",
        replaces: "cat PushChatCert.pem PushChatKey.pem > ck.pem",
        ok: *back.identity.leaf() == leaf,
        detail: "read back, the key fits the certificate that was issued".to_string(),
    });

    let good = handshake(&authority, folder, &at("ck.pem"), Tls::Any)?;
    steps.push(Step {
        step: "pushcert check ck.pem --gateway HOST:PORT --ca-file lab/ca.pem",
        replaces: "telnet gateway.sandbox.push.apple.com 2195; openssl s_client -connect gateway.sandbox.push.apple.com:2195",
        ok: good.1.verdict == Verdict::Accepted,
        detail: format!("{} by {}: {}", good.1.verdict.as_str(), good.0, good.1.explanation()),
    });

    let expired = issue::issue(
        &authority,
        &request.spki_der,
        TOPIC,
        LeafKind::Sandbox,
        -12,
        now,
    )?;
    write(&at("expired.cer"), &expired, false)?;
    let choice = merge(&[at("expired.cer"), at("PushChatKey.pem")])?;
    write(&at("expired.pem"), joined(&choice)?.expose_secret(), true)?;
    let bad = handshake(&authority, folder, &at("expired.pem"), Tls::Tls13)?;
    let alert = bad
        .1
        .alert
        .as_ref()
        .map_or("no alert".to_string(), |alert| {
            format!("alert {} {}", alert.number, alert.name)
        });
    steps.push(Step {
        step: "pushcert check expired.pem --gateway HOST:PORT --ca-file lab/ca.pem (TLS 1.3)",
        replaces: "openssl s_client, which may exit 0 here: the rejection comes after its handshake has ended",
        ok: bad.1.verdict == Verdict::Rejected && bad.1.alert.as_ref().is_some_and(|alert| alert.number == 45),
        detail: format!("{} by {}: {alert}", bad.1.verdict.as_str(), bad.0),
    });
    Ok(steps)
}

fn write(path: &Path, contents: &[u8], holds_key: bool) -> Could<()> {
    files::create(
        &[Output {
            path,
            contents,
            holds_key,
        }],
        false,
    )
}

fn read_back(path: &Path, passphrases: &[Passphrase]) -> Result<Inputs, Box<Stop>> {
    let inputs = inputs::open(&[path.to_path_buf()], passphrases)?;
    super::open::demand_named(&inputs)?;
    Ok(inputs)
}

fn convert(
    path: &Path,
    only: Option<Only>,
    to: To,
    passphrases: &[Passphrase],
) -> Result<SecretBytes, Box<Stop>> {
    let inputs = read_back(path, passphrases)?;
    let piece = conversion::convert(&inputs.files, to, only, None)?.map_err(Stop::no)?;
    Ok(piece.bytes)
}

fn merge(paths: &[PathBuf]) -> Result<Choice, Box<Stop>> {
    let inputs = inputs::open(paths, &[])?;
    super::open::demand_named(&inputs)?;
    match assembly::assemble(&inputs.files, &Wishes::default(), Chain::Named) {
        Assembly::Chosen(choice) => Ok(*choice),
        Assembly::Refused(findings) => Err(Stop::no(findings)),
        Assembly::Ambiguous(_) => Err(Stop::no(Vec::new())),
    }
}

fn joined(choice: &Choice) -> Could<SecretBytes> {
    let key = pem::encode_key(choice.identity.key(), KeyForm::Pkcs8, None)?;
    Ok(conversion::join(&choice.identity, &key, false))
}

/// A gateway on port 2195 if that is free, and one handshake with it.
fn handshake(
    authority: &Authority,
    folder: &Path,
    identity: &Path,
    tls: Tls,
) -> Result<(String, Handshake), Box<Stop>> {
    let settings = || Settings {
        environment: None,
        revoked: Vec::new(),
        tls,
        clock: OffsetDateTime::now_utc,
    };
    let gateway = Gateway::bind("127.0.0.1:2195", authority, settings())
        .or_else(|_| Gateway::bind("127.0.0.1:0", authority, settings()))?;
    let running = gateway.run_in_thread(|_| {})?;
    let target = Target::new("127.0.0.1", running.address().port());
    let roots = read_back(&folder.join("lab").join(CA_FILE), &[])?;
    let roots: Vec<Vec<u8>> = roots
        .files
        .iter()
        .filter_map(Input::contents)
        .flat_map(|c| &c.certificates)
        .map(|part| part.certificate.der.clone())
        .collect();
    let choice = merge(&[identity.to_path_buf()])?;
    let leaf = choice.identity.leaf();
    let query = Query {
        route: Route::direct(target.clone()),
        credentials: Credentials::new(std::slice::from_ref(leaf), choice.identity.key()),
        probe: Some(Push::of(leaf)),
        apple: false,
    };
    let patience = Patience {
        timeout: TIMEOUT,
        wait: WAIT,
    };
    let handshake = live::ask(&query, &Roots::Certificates(roots), &patience)?;
    Ok((target.to_string(), handshake))
}
