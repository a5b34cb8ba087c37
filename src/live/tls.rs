//! What is presented and trusted in a handshake. Sends nothing by itself; what the server shows is read in `facts`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::pkey::PKey;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslRef, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509VerifyResult};
use tokio::sync::Notify;

use super::{Credentials, Offer, Roots, Target, Terms};
use crate::error::{Error, Result};
use crate::ffi;

/// What OpenSSL reports while a connection lives.
#[derive(Clone, Default)]
pub(super) struct Signals {
    /// A CertificateRequest arrived.
    pub(super) asked: Arc<AtomicBool>,
    /// A session ticket of TLS 1.3 arrived.
    pub(super) ticket: Arc<AtomicBool>,
    /// Wakes whoever waits for the ticket.
    pub(super) ticket_arrived: Arc<Notify>,
    /// The first error in the server's chain.
    server_error: Arc<OnceLock<ServerError>>,
}

/// What is wrong with a server's chain.
pub(super) struct ServerError {
    /// In OpenSSL's words.
    pub(super) reason: String,
    /// It leads to no root that is trusted; otherwise it has expired, names another host, or the like.
    pub(super) untrusted: bool,
}

impl ServerError {
    fn new(result: X509VerifyResult) -> ServerError {
        // X509_V_ERR_: no issuer (2, 20), self-signed (18, 19), no signature verified (21), no trust (27), rejected (28).
        ServerError {
            reason: result.error_string().to_owned(),
            untrusted: matches!(result.as_raw(), 2 | 18..=21 | 27 | 28),
        }
    }
}

impl Signals {
    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// The certificate was asked for and sent. Asked for alone is not enough: before 1.3 a server says more after its
    /// request, and our certificate leaves together with our Finished.
    pub(super) fn presented(&self, ssl: &SslRef) -> bool {
        self.asked() && ffi::signature_settled(ssl) && ssl.finished(&mut []) > 0
    }

    /// The first error in the server's chain, if there is one.
    pub(super) fn server_error(&self) -> Option<&ServerError> {
        self.server_error.get()
    }

    pub(super) fn ticket(&self) -> bool {
        self.ticket.load(Ordering::SeqCst)
    }
}

/// A context that trusts these roots and presents nothing yet: one for many connections, since reading the system's
/// store takes longer than a handshake. `None` if there is nothing to trust.
pub(super) fn context(roots: &Roots) -> Result<Option<SslContext>> {
    let mut context = SslContextBuilder::new(SslMethod::tls_client()).map_err(setup)?;
    if !trust(&mut context, roots)? {
        return Ok(None);
    }
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    context
        .set_alpn_protos(b"\x02h2\x08http/1.1")
        .map_err(setup)?;
    context.set_session_cache_mode(
        SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL_STORE,
    );
    let index = signals_index().map_err(setup)?;
    context.set_new_session_callback(move |ssl, _session| {
        // Before 1.3 the session is a part of the handshake, which proves no more than the handshake itself.
        if ssl.version2() == Some(SslVersion::TLS1_3)
            && let Some(signals) = ssl.ex_data(index)
        {
            signals.ticket.store(true, Ordering::SeqCst);
            signals.ticket_arrived.notify_one();
        }
    });
    Ok(Some(context.build()))
}

/// A connection that asks for and checks the target's name and presents exactly these certificates, and its signals.
pub(super) fn connection(
    context: &SslContext,
    target: &Target,
    credentials: &Credentials,
    terms: Terms,
) -> Result<(Ssl, Signals)> {
    // An old certificate (SHA-1, 1024 bits) is below OpenSSL's usual level; whether it is refused is for the server to say.
    let mut ssl = presenting(context, credentials, None)
        .or_else(|_| presenting(context, credentials, Some(0)))?;
    match target.address() {
        Some(address) => ssl.param_mut().set_ip(address).map_err(setup)?,
        None => {
            let name = target.host().trim_end_matches('.');
            ssl.set_hostname(name).map_err(setup)?;
            ssl.param_mut().set_host(name).map_err(setup)?;
        }
    }
    if terms.offer == Offer::Binary {
        ssl.set_alpn_protos(&[]).map_err(setup)?;
    }
    let signals = Signals::default();
    ffi::on_certificate_request(&mut ssl, signals.asked.clone()).map_err(setup)?;
    ssl.set_ex_data(signals_index().map_err(setup)?, signals.clone());
    let first_error = signals.server_error.clone();
    ssl.set_verify_callback(SslVerifyMode::PEER, move |verified, store| {
        if !verified {
            let _ = first_error.set(ServerError::new(store.error()));
        }
        // Where the question is about the client's certificate the handshake goes on, and what was found is reported.
        verified || !terms.verified
    });
    Ok((ssl, signals))
}

/// One index for the whole process: OpenSSL never gives one back.
fn signals_index() -> std::result::Result<Index<Ssl, Signals>, ErrorStack> {
    static INDEX: OnceLock<Index<Ssl, Signals>> = OnceLock::new();
    if let Some(index) = INDEX.get() {
        return Ok(*index);
    }
    let fresh = Ssl::new_ex_index()?;
    Ok(*INDEX.get_or_init(|| fresh))
}

fn presenting(context: &SslContext, credentials: &Credentials, level: Option<u32>) -> Result<Ssl> {
    let mut ssl = Ssl::new(context).map_err(setup)?;
    if let Some(level) = level {
        ssl.set_security_level(level);
    }
    let refused = |what| move |errors: ErrorStack| crypto(what, &errors);
    let key = PKey::private_key_from_pkcs8(credentials.key.expose_secret())
        .map_err(refused("loading the private key"))?;
    let mut certificates = credentials.certificates.iter();
    let leaf = certificates.next().ok_or(Error::NoInputFound {
        wanted: "certificate",
    })?;
    let damaged = |errors: ErrorStack| Error::Damaged {
        what: "certificate",
        reason: text(&errors),
    };
    let leaf = X509::from_der(leaf).map_err(damaged)?;
    ssl.set_certificate(&leaf)
        .map_err(refused("presenting the certificate"))?;
    // OpenSSL compares the two only where they are of one kind.
    if !leaf.public_key().map_err(damaged)?.public_eq(&key) {
        return Err(Error::Crypto {
            what: "pairing the certificate and the private key",
            reason: "key values mismatch".to_owned(),
        });
    }
    ssl.set_private_key(&key)
        .map_err(refused("pairing the certificate and the private key"))?;
    for certificate in certificates {
        ssl.add_chain_cert(X509::from_der(certificate).map_err(damaged)?)
            .map_err(refused("presenting the chain"))?;
    }
    Ok(ssl)
}

/// Sets what a server's chain may end in. False if there is nothing.
pub(super) fn trust(context: &mut SslContextBuilder, roots: &Roots) -> Result<bool> {
    match roots {
        Roots::Certificates(roots) => {
            let mut store = X509StoreBuilder::new().map_err(setup)?;
            for root in roots {
                let root = X509::from_der(root).map_err(|errors| Error::Damaged {
                    what: "CA certificate",
                    reason: text(&errors),
                })?;
                store.add_cert(root).map_err(setup)?;
            }
            // Whoever names an intermediate trusts it.
            store
                .set_flags(X509VerifyFlags::PARTIAL_CHAIN)
                .map_err(setup)?;
            context.set_cert_store(store.build());
            Ok(!roots.is_empty())
        }
        Roots::System { file, folders } => {
            let found = openssl_probe::probe();
            let mut any = false;
            if let Some(file) = file.as_ref().or(found.cert_file.as_ref()) {
                any |= context.load_verify_locations(Some(file), None).is_ok();
            }
            for folder in folders.as_ref().unwrap_or(&found.cert_dir) {
                // OpenSSL takes any folder and looks into it later; one without hashes is no store.
                any |= holds_hashes(folder)
                    && context.load_verify_locations(None, Some(folder)).is_ok();
            }
            Ok(any)
        }
    }
}

/// Whether a folder has a name such as `5ed36f99.0`, by which OpenSSL looks certificates up.
fn holds_hashes(folder: &Path) -> bool {
    let is_hash = |name: &str| {
        name.split_once('.').is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    folder.read_dir().is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_str().is_some_and(is_hash))
    })
}

/// The reasons in OpenSSL's errors.
pub(super) fn text(errors: &ErrorStack) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in errors.errors().iter().filter_map(|error| error.reason()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        return "OpenSSL gives no reason".to_owned();
    }
    reasons.join(": ")
}

fn setup(errors: ErrorStack) -> Error {
    crypto("preparing the handshake", &errors)
}

fn crypto(what: &'static str, errors: &ErrorStack) -> Error {
    Error::Crypto {
        what,
        reason: text(errors),
    }
}
