//! TLS with a client certificate. The server's chain is always judged; what is wrong with it is reported and does not hide the
//! verdict on the client's certificate, because nothing but a probe that can reach nobody is ever sent.

use super::{Credentials, Target, ffi};
use crate::error::Result;
use crate::private_key::crypto;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslRef, SslSessionCacheMode,
    SslVerifyMode,
};
use openssl::x509::{X509, X509NameRef, X509Ref};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;

/// What the server's chain is verified against.
#[derive(Clone, Debug)]
pub enum Roots {
    /// The system's CA store.
    System,
    /// These certificates, DER.
    Given(Vec<Vec<u8>>),
}

/// A certificate that the server sent.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ServerCertificate {
    pub subject: String,
    pub issuer: String,
    /// Lowercase hex.
    pub sha256: String,
    pub not_after: OffsetDateTime,
}

/// What is known of a TLS connection.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TlsFacts {
    pub version: String,
    pub cipher: String,
    /// What the server picked of `h2` and `http/1.1`.
    pub alpn: Option<String>,
    pub server_verified: bool,
    pub server_verify_error: Option<String>,
    pub server_chain: Vec<ServerCertificate>,
    pub client_certificate_requested: bool,
    /// The CAs that the server names in its request.
    pub acceptable_cas: Vec<String>,
}

/// A connection to be, with what it will notice.
pub(super) struct Client {
    pub(super) ssl: Ssl,
    requested: &'static AtomicBool,
    ticket: Arc<AtomicBool>,
    verify_error: Arc<Mutex<Option<String>>>,
}

impl Client {
    /// `None` where the system has no CA store.
    pub(super) fn new(
        target: &Target,
        credentials: &Credentials,
        roots: &Roots,
    ) -> Result<Option<Client>> {
        let failed = |e: ErrorStack| crypto("loading the certificate and key into TLS", &e);
        let mut context = SslContext::builder(SslMethod::tls_client()).map_err(failed)?;
        if !trust(&mut context, roots).map_err(failed)? {
            return Ok(None);
        }
        present(&mut context, credentials).map_err(failed)?;
        context
            .set_alpn_protos(b"\x02h2\x08http/1.1")
            .map_err(failed)?;
        let verify_error = Arc::new(Mutex::new(None));
        let first = Arc::clone(&verify_error);
        context.set_verify_callback(SslVerifyMode::PEER, move |ok, store| {
            if !ok && let Ok(mut first) = first.lock() {
                first.get_or_insert_with(|| store.error().error_string().to_string());
            }
            // The verdict on the client's certificate is wanted whatever the server's chain is; the error is a finding of its own.
            true
        });
        let ticket = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ticket);
        context
            .set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        context.set_new_session_callback(move |_, _| seen.store(true, Ordering::SeqCst));
        let requested = ffi::on_certificate_request(&mut context);
        let mut ssl = Ssl::new(&context.build()).map_err(failed)?;
        name_server(&mut ssl, &target.host).map_err(failed)?;
        Ok(Some(Client {
            ssl,
            requested,
            ticket,
            verify_error,
        }))
    }

    /// What the connection will notice, apart from the connection itself.
    pub(super) fn split(self) -> (Ssl, Notices) {
        let notices = Notices {
            requested: self.requested,
            ticket: self.ticket,
            verify_error: self.verify_error,
        };
        (self.ssl, notices)
    }
}

/// What callbacks have noticed.
pub(super) struct Notices {
    requested: &'static AtomicBool,
    ticket: Arc<AtomicBool>,
    verify_error: Arc<Mutex<Option<String>>>,
}

impl Notices {
    /// Whether a CertificateRequest has arrived.
    pub(super) fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Whether a session ticket has arrived.
    pub(super) fn ticket(&self) -> bool {
        self.ticket.load(Ordering::SeqCst)
    }

    /// The facts of a connection, finished or not.
    pub(super) fn facts(&self, ssl: &SslRef) -> TlsFacts {
        let error = self
            .verify_error
            .lock()
            .ok()
            .and_then(|error| error.clone());
        let chain = ssl.peer_cert_chain();
        let server_chain: Vec<ServerCertificate> = chain
            .into_iter()
            .flatten()
            .filter_map(server_certificate)
            .collect();
        TlsFacts {
            version: ssl.version_str().to_string(),
            cipher: ssl
                .current_cipher()
                .map_or(String::new(), |cipher| cipher.name().to_string()),
            alpn: ssl
                .selected_alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            server_verified: error.is_none() && !server_chain.is_empty(),
            server_verify_error: error,
            server_chain,
            client_certificate_requested: self.requested(),
            acceptable_cas: ffi::acceptable_cas(ssl),
        }
    }
}

/// Loads the roots. `false` where there are none at all.
fn trust(context: &mut SslContextBuilder, roots: &Roots) -> std::result::Result<bool, ErrorStack> {
    match roots {
        Roots::Given(certificates) => {
            for der in certificates {
                context.cert_store_mut().add_cert(X509::from_der(der)?)?;
            }
            Ok(!certificates.is_empty())
        }
        Roots::System => {
            // A vendored OpenSSL looks under /usr/local, where no system keeps its store.
            let places = openssl_probe::probe();
            let folder = places.cert_dir.first();
            if places.cert_file.is_none() && folder.is_none() {
                return Ok(false);
            }
            context.load_verify_locations(
                places.cert_file.as_deref(),
                folder.map(|folder| folder.as_path()),
            )?;
            Ok(true)
        }
    }
}

fn present(
    context: &mut SslContextBuilder,
    credentials: &Credentials,
) -> std::result::Result<(), ErrorStack> {
    // Green here has to be green on the server: no intermediate is added from the trust store.
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    for (position, der) in credentials.certificates.iter().enumerate() {
        let certificate = X509::from_der(der)?;
        match position {
            0 => context.set_certificate(&certificate)?,
            _ => context.add_extra_chain_cert(certificate)?,
        }
    }
    let key = PKey::private_key_from_pkcs8(credentials.key.expose_secret())?;
    context.set_private_key(&key)?;
    context.check_private_key()
}

/// SNI is for names only; the name or address is what the server's certificate has to hold.
fn name_server(ssl: &mut Ssl, host: &str) -> std::result::Result<(), ErrorStack> {
    match host.parse::<IpAddr>() {
        Ok(address) => ssl.param_mut().set_ip(address),
        Err(_) => {
            ssl.set_hostname(host)?;
            ssl.param_mut().set_host(host)
        }
    }
}

fn server_certificate(certificate: &X509Ref) -> Option<ServerCertificate> {
    let der = certificate.to_der().ok()?;
    let (parsed, _) = crate::certificate::Certificate::parse(&der).ok()?;
    Some(ServerCertificate {
        subject: parsed.subject.text,
        issuer: parsed.issuer.text,
        sha256: parsed.sha256.to_string(),
        not_after: parsed.not_after,
    })
}

/// A name as text, in the order of the certificate.
pub(super) fn name_text(name: &X509NameRef) -> String {
    let entries = name.entries().map(|entry| {
        let label = entry.object().nid().short_name().unwrap_or("?");
        let value = entry.data().to_string().unwrap_or_default();
        format!("{label}={value}")
    });
    entries.collect::<Vec<_>>().join(", ")
}
