//! `pushcert rotate start`: a new key in the live file's form, and the request for it.

use super::super::reply::{Reply, Stop};
use super::super::{Common, PassIn, moment};
use super::Held;
use super::opened::Opened;
use crate::container::pem::{self, KeyForm};
use crate::error::Error;
use crate::files::{self, Output};
use crate::finding::{Finding, Severity, id};
use crate::private_key::PrivateKey;
use crate::public_key::Fingerprint;
use crate::report::rotate::{Started, document};
use crate::request::{self, Subject};
use crate::rotation::store::{self, PENDING_REQUEST};
use crate::rotation::{Entry, Facts, Found, Live, Pending};
use crate::secret::SecretBytes;
use clap::Args;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

#[derive(Args)]
#[command(after_help = after_help!("  pushcert rotate start live/ck.pem
  pushcert rotate start live/ck.pem --reuse-key -o request/", "0 written, or pending already · 2 a file is there already · 3 cannot be read or written"))]
pub(super) struct Start {
    /// The file that is to be renewed
    #[arg(value_name = "LIVE")]
    live: PathBuf,
    /// Folder for the request, made if need be
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// The file with the key, where LIVE holds the certificate alone
    #[arg(long, value_name = "FILE")]
    live_key: Option<PathBuf>,
    /// Make the request for the live file's own key
    #[arg(long)]
    reuse_key: bool,
    /// E-mail address in the request (Apple replaces the subject)
    #[arg(long, value_name = "E")]
    email: Option<String>,
    /// Common name in the request
    #[arg(long, value_name = "N", default_value = "Push")]
    common_name: String,
    /// Country in the request, two letters
    #[arg(long, value_name = "CC")]
    country: Option<String>,
    /// Overwrite an existing request
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    passin: PassIn,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Start {
    pub(super) fn run(self) -> Result<Reply, Box<Stop>> {
        let now = moment::now(None);
        let subject = Subject {
            email: self.email.clone(),
            common_name: self.common_name.clone(),
            country: self.country.as_ref().map(|country| country.to_uppercase()),
        };
        request::check_subject(&subject)?;
        let mut passphrases = super::super::passphrases(&self.passin, None, &self.common, &[])?;
        let mut held = Held::open(&self.live, self.live_key.as_deref(), Some("start"), now)?;
        let warning = held.warning();
        if held.found == Found::Made {
            held.settle(now)?;
        }
        let live = Opened::read(&held.site, &mut passphrases)?.live(&held.site)?;
        if let Some(pending) = held.state.pending.clone() {
            self.restore_request(&held, &pending)?;
            return Ok(self.reply(&held, &live, &pending, false, warning, now));
        }
        let key = self.key(&live)?;
        let csr = pem::encode_request(&request::create(&key, &subject)?);
        let path = self.request_path()?;
        self.refuse_existing(&held, &path)?;
        let pending = Pending {
            started: now,
            spki_sha256: key.public_key().spki_sha256.to_string(),
            reuses_key: self.reuse_key,
            request: std::path::absolute(&path).unwrap_or_else(|_| path.clone()),
        };
        held.state.live_key = held.site.recorded_key();
        held.state.last_request = Some((pending.request.clone(), Fingerprint::of(csr.as_bytes())));
        held.state.pending = Some(pending.clone());
        held.state.note(Entry {
            what: "started".to_string(),
            at: now,
            old_sha256: Some(live.leaf.sha256.to_string()),
            new_sha256: None,
            allowed: Vec::new(),
        });
        let passphrase = live.form.key_passphrase();
        let key = match self.reuse_key {
            true => None,
            false => Some(pem::encode_key(&key, KeyForm::Pkcs8, passphrase.as_ref())?),
        };
        // Remembered before anyone can upload the request: no other key fits what the portal will issue for it.
        store::promise(&held.site, &held.state, key.as_ref(), &csr)?;
        self.write_request(&path, csr.as_bytes())?;
        Ok(self.reply(&held, &live, &pending, true, warning, now))
    }

    fn key(&self, live: &Live) -> Result<PrivateKey, Box<Stop>> {
        if !self.reuse_key {
            return Ok(PrivateKey::generate_rsa_2048()?);
        }
        let no = |id, message: String| {
            let finding = Finding::new(id, Severity::Critical, message);
            Stop::no(vec![finding.in_path(self.live.display().to_string())])
        };
        let Some(key) = &live.key else {
            return Err(no(
                id::KEY_MISMATCH,
                "its key does not fit its certificate".to_string(),
            ));
        };
        match key.public_key().is_rsa_2048() {
            true => Ok(key.clone()),
            false => Err(no(
                id::KEY_NOT_ACCEPTED,
                format!(
                    "its key is {}; Apple's portal takes requests for RSA keys of 2048 bits only",
                    key.public_key().describe()
                ),
            )),
        }
    }

    /// Named as the live file is, so that several may be renewed at once.
    fn request_path(&self) -> Result<PathBuf, Box<Stop>> {
        files::make_folder(&self.output)?;
        let stem = self.live.file_stem().unwrap_or_default();
        let name = Path::new(stem).with_extension("certSigningRequest");
        Ok(match self.output.as_os_str() == "." {
            true => name,
            false => self.output.join(name),
        })
    }

    /// The request of the start before may be replaced; anything else only with `--force`.
    fn refuse_existing(&self, held: &Held, path: &Path) -> Result<(), Box<Stop>> {
        if self.force {
            return Ok(());
        }
        let digest = files::read(path).map(|bytes| Fingerprint::of(bytes.expose_secret()));
        let own = held.state.last_request.as_ref().map(|(_, digest)| *digest);
        if digest.is_ok_and(|digest| Some(digest) == own) {
            return Ok(());
        }
        files::refuse_existing(path, false).map_err(|error| {
            Box::<Stop>::from(error)
                .with_hint("-o DIR writes the request into another folder; --force replaces it")
        })
    }

    fn write_request(&self, path: &Path, csr: &[u8]) -> Result<(), Box<Stop>> {
        let file = Output {
            path,
            contents: csr,
            holds_key: false,
        };
        Ok(files::create(&[file], true)?)
    }

    /// The request of a start that was killed before it was written, or that was deleted since.
    fn restore_request(&self, held: &Held, pending: &Pending) -> Result<(), Box<Stop>> {
        if files::refuse_existing(&pending.request, false).is_err() {
            return Ok(());
        }
        let kept = held.site.store.join(PENDING_REQUEST);
        let csr: SecretBytes = match files::read(&kept) {
            Err(error) if matches!(error.cause(), Error::NotFound) => return Ok(()),
            read => read?,
        };
        if let Some(folder) = pending.request.parent() {
            files::make_folder(folder)?;
        }
        self.write_request(&pending.request, csr.expose_secret())
    }

    fn reply(
        &self,
        held: &Held,
        live: &Live,
        pending: &Pending,
        is_new: bool,
        warning: String,
        now: OffsetDateTime,
    ) -> Reply {
        let here = std::path::absolute(".").unwrap_or_default();
        let request = pending
            .request
            .strip_prefix(&here)
            .unwrap_or(&pending.request);
        let started = Started {
            site: &held.site,
            live: &live.leaf,
            pending,
            request: request.display().to_string(),
            is_new,
            encrypted: live.form.key_passphrase().is_some(),
        };
        let old = Facts::of(&live.leaf);
        let plan = document::Plan {
            event: "start",
            site: &held.site,
            old: &old,
            new: None,
            overridden: &[],
            outcome: if is_new { "done" } else { "nothing-to-do" },
            hook: None,
        };
        let state = document::state(&held.site, &held.state, Found::Nothing, now);
        Reply {
            stderr: warning + &started.text(now),
            own: document::parts(Some(plan.value(now)), state),
            ..Reply::default()
        }
    }
}
