//! What is presented and trusted in a handshake, and what it tells about the server. Sends nothing by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslRef, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509NameRef, X509Ref};
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use x509_parser::prelude::{FromDer, X509Name};

use super::dial::Target;
use super::{Credentials, Roots, ServerCertificate, TlsFacts};
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
    server_error: Arc<OnceLock<String>>,
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

    pub(super) fn ticket(&self) -> bool {
        self.ticket.load(Ordering::SeqCst)
    }
}

/// A context that presents exactly these certificates, and the signals of its one connection.
pub(super) fn context(credentials: &Credentials<'_>) -> Result<(SslContextBuilder, Signals)> {
    // An old certificate (SHA-1, 1024 bits) is below OpenSSL's usual level; whether it is refused is for the server
    // to say.
    let mut context =
        presenting(credentials, None).or_else(|_| presenting(credentials, Some(0)))?;
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    context
        .set_alpn_protos(b"\x02h2\x08http/1.1")
        .map_err(setup)?;

    let signals = Signals::default();
    ffi::on_certificate_request(&mut context, signals.asked.clone()).map_err(setup)?;
    context.set_session_cache_mode(
        SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL_STORE,
    );
    let (ticket, arrived) = (signals.ticket.clone(), signals.ticket_arrived.clone());
    context.set_new_session_callback(move |ssl, _session| {
        // Before 1.3 the session is a part of the handshake, which proves no more than the handshake itself.
        if ssl.version2() == Some(SslVersion::TLS1_3) {
            ticket.store(true, Ordering::SeqCst);
            arrived.notify_one();
        }
    });
    let first_error = signals.server_error.clone();
    context.set_verify_callback(SslVerifyMode::PEER, move |verified, store| {
        if !verified {
            let _ = first_error.set(store.error().error_string().to_owned());
        }
        // The handshake goes on, since the question is about the client's certificate; what was found is reported.
        true
    });
    Ok((context, signals))
}

fn presenting(credentials: &Credentials<'_>, level: Option<u32>) -> Result<SslContextBuilder> {
    let mut context = SslContextBuilder::new(SslMethod::tls_client()).map_err(setup)?;
    if let Some(level) = level {
        context.set_security_level(level);
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
    context
        .set_certificate(X509::from_der(leaf).map_err(damaged)?.as_ref())
        .map_err(refused("presenting the certificate"))?;
    context
        .set_private_key(&key)
        .and_then(|()| context.check_private_key())
        .map_err(refused("pairing the certificate and the private key"))?;
    for certificate in certificates {
        context
            .add_extra_chain_cert(X509::from_der(certificate).map_err(damaged)?)
            .map_err(refused("presenting the chain"))?;
    }
    Ok(context)
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
        Roots::System => {
            let found = openssl_probe::probe();
            let mut any = false;
            if let Some(file) = &found.cert_file {
                any |= context.load_verify_locations(Some(file), None).is_ok();
            }
            for folder in &found.cert_dir {
                // OpenSSL takes any folder and looks into it later; an empty one is no store.
                let filled = folder
                    .read_dir()
                    .is_ok_and(|mut entries| entries.next().is_some());
                any |= filled && context.load_verify_locations(None, Some(folder)).is_ok();
            }
            Ok(any)
        }
    }
}

/// A connection of the context that asks for and checks the target's name.
pub(super) fn connection(context: &SslContext, target: &Target) -> Result<Ssl> {
    let mut ssl = Ssl::new(context).map_err(setup)?;
    match target.address() {
        Some(address) => ssl.param_mut().set_ip(address).map_err(setup)?,
        None => {
            let name = target.host().trim_end_matches('.');
            ssl.set_hostname(name).map_err(setup)?;
            ssl.param_mut().set_host(name).map_err(setup)?;
        }
    }
    Ok(ssl)
}

/// What the connection tells. `None` as long as the server has shown nothing.
pub(super) fn facts(ssl: &SslRef, signals: &Signals) -> Option<TlsFacts> {
    let chain: Vec<ServerCertificate> = ssl
        .peer_cert_chain()
        .map(|chain| chain.iter().map(server_certificate).collect())
        .unwrap_or_default();
    if chain.is_empty() && !ssl.is_init_finished() {
        return None;
    }
    let error = signals.server_error.get().cloned();
    Some(TlsFacts {
        version: ssl.version_str().to_owned(),
        cipher: ssl.current_cipher().map(|cipher| cipher.name().to_owned()),
        alpn: alpn(ssl),
        server_verified: error.is_none() && !chain.is_empty(),
        server_verify_error: error,
        server_chain: chain,
        client_certificate_requested: signals.asked(),
        acceptable_cas: ffi::acceptable_cas(ssl)
            .iter()
            .map(|name| text_of(name))
            .collect(),
    })
}

/// The protocol that the server chose, if it chose one.
pub(super) fn alpn(ssl: &SslRef) -> Option<String> {
    ssl.selected_alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned())
}

fn server_certificate(certificate: &X509Ref) -> ServerCertificate {
    let sha256 = certificate
        .digest(MessageDigest::sha256())
        .map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect())
        .unwrap_or_default();
    ServerCertificate {
        subject: name_text(certificate.subject_name()),
        issuer: name_text(certificate.issuer_name()),
        sha256,
        not_after: instant(certificate.not_after()),
    }
}

fn instant(time: &Asn1TimeRef) -> Option<OffsetDateTime> {
    let since = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    OffsetDateTime::UNIX_EPOCH.checked_add(
        Duration::days(i64::from(since.days)) + Duration::seconds(i64::from(since.secs)),
    )
}

/// A name as text, its parts in the order of the certificate.
fn name_text(name: &X509NameRef) -> String {
    text_of(&name.to_der().unwrap_or_default())
}

fn text_of(name_der: &[u8]) -> String {
    match X509Name::from_der(name_der) {
        Ok((_, name)) => name.to_string(),
        // OpenSSL reads names that the parser refuses.
        Err(_) => "(unreadable name)".to_owned(),
    }
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
