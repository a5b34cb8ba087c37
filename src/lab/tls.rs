//! The gateway's side of TLS: what it offers, when it asks for a certificate, and which alert it refused with.

use super::authority::Authority;
use super::client::alert_of;
use super::conversation::Rules;
use super::server;
use super::settings::{Faults, Protocol, ServerCertificate, Settings, Tls};
use openssl::error::ErrorStack;
use openssl::ssl::{
    AlpnError, Ssl, SslAcceptor, SslContext, SslMethod, SslOptions, SslRef, SslSessionCacheMode,
    SslVerifyMode, SslVersion, select_next_proto,
};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509StoreContext, X509VerifyResult};
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;

/// The only name in ALPN's wire form.
const H2: &[u8] = b"\x02h2";

/// What every connection begins with.
pub(super) fn context(
    authority: &Authority,
    settings: &Settings,
) -> std::result::Result<SslContext, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let only = match settings.tls {
        Tls::Any => None,
        Tls::Tls12 => Some(SslVersion::TLS1_2),
        Tls::Tls13 => Some(SslVersion::TLS1_3),
    };
    builder.set_min_proto_version(only.or(Some(SslVersion::TLS1_2)))?;
    builder.set_max_proto_version(only)?;
    let now = (settings.clock)();
    let own = own_certificate(authority, settings.faults.server_certificate, now)?;
    builder.set_certificate(&own)?;
    builder.add_extra_chain_cert(authority.intermediate.clone())?;
    builder.set_private_key(&authority.server_key)?;
    // Clients send the leaf alone, as they do to Apple, so the intermediate has to be known here.
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(authority.root.clone())?;
    store.add_cert(authority.intermediate.clone())?;
    builder.set_cert_store(store.build());
    builder.add_client_ca(&authority.intermediate)?;
    builder.add_client_ca(&authority.root)?;
    // Without it OpenSSL refuses to resume a session that holds a client certificate.
    builder.set_session_id_context(b"pushcert lab")?;
    if settings.faults.lenient {
        // What was wrong with a certificate is not in the session, so none is resumed.
        builder.set_session_cache_mode(SslSessionCacheMode::OFF);
        builder.set_options(SslOptions::NO_TICKET);
    }
    if settings.protocol != Protocol::Legacy {
        let mode = mode(&settings.faults, true);
        builder.set_alpn_select_callback(move |ssl, offered| {
            let chosen = select_next_proto(H2, offered).ok_or(AlpnError::ALERT_FATAL)?;
            ssl.set_verify(mode);
            Ok(chosen)
        });
    }
    Ok(builder.build().into_context())
}

/// What a gateway presents: the certificate in the lab's folder, or a new one for the same key.
fn own_certificate(
    authority: &Authority,
    kind: ServerCertificate,
    now: OffsetDateTime,
) -> std::result::Result<X509, ErrorStack> {
    match kind {
        ServerCertificate::Good => Ok(authority.server.clone()),
        odd => server::certificate(
            odd,
            &authority.server_key,
            &authority.intermediate,
            &authority.intermediate_key,
            now,
        ),
    }
}

/// How a client is asked for its certificate. Under HTTP/2, whoever has none has a token, as far as TLS can know.
fn mode(faults: &Faults, http2: bool) -> SslVerifyMode {
    if faults.no_client_auth {
        SslVerifyMode::NONE
    } else if http2 || faults.lenient {
        SslVerifyMode::PEER
    } else {
        SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT
    }
}

/// One connection, and the place where the leaf is noted: a refused certificate is not in the session, and the verify callback
/// is the only one to see it.
pub(super) fn session(
    context: &SslContext,
    now: OffsetDateTime,
    rules: Arc<Rules>,
) -> std::result::Result<(Ssl, Notes), ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    ssl.param_mut().set_time(now.unix_timestamp());
    let notes = Notes::default();
    let noted = notes.clone();
    let connection = X509StoreContext::ssl_idx()?;
    let always = rules.protocol == Protocol::Http2;
    ssl.set_verify_callback(mode(&rules.faults, always), move |good, chain| {
        let leaf = chain.chain().and_then(|chain| chain.get(0)?.to_der().ok());
        let http2 = always || chain.ex_data(connection).is_some_and(chose_h2);
        let passes = rules.policy.verify(good, chain, http2);
        let mut noted = noted.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.leaf = leaf;
        noted.refused |= !passes;
        if !passes && rules.faults.lenient {
            chain.set_error(X509VerifyResult::OK);
            return true;
        }
        passes
    });
    Ok((ssl, notes))
}

/// What the verify callback saw.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    leaf: Option<Vec<u8>>,
    refused: bool,
}

impl Notes {
    /// The client's certificate in DER, judged now or in the session that it resumes.
    pub(super) fn leaf(&self, ssl: &SslRef) -> Option<Vec<u8>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let leaf = seen.leaf.clone();
        leaf.or_else(|| ssl.peer_certificate()?.to_der().ok())
    }

    /// Whether it is one that is refused, be it let in or not.
    pub(super) fn refused(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .refused
    }
}

/// Whether ALPN has chosen HTTP/2.
pub(super) fn chose_h2(ssl: &SslRef) -> bool {
    ssl.selected_alpn_protocol() == Some(b"h2")
}

const PROTOCOL_VERSION: u8 = 70;

/// The version that was agreed on. Before there is one, OpenSSL names the highest that it would speak.
pub(super) fn version(ssl: &SslRef, alert: Option<u8>) -> Option<String> {
    let mut random = [0; 32];
    ssl.client_random(&mut random);
    let agreed = random != [0; 32] && alert != Some(PROTOCOL_VERSION);
    agreed.then(|| ssl.version_str().to_string())
}

/// The alert that the gateway refused with, as far as OpenSSL's reasons tell.
pub(super) fn alert(ssl: &SslRef, error: &openssl::ssl::Error) -> Option<u8> {
    const NO_SHARED_CIPHER: i32 = 193;
    const NO_CERTIFICATE: i32 = 199;
    const VERIFY_FAILED: i32 = 134;
    const UNSUPPORTED_PROTOCOL: i32 = 258;
    const NO_APPLICATION_PROTOCOL: i32 = 235;
    let stack = error.ssl_error()?;
    stack.errors().iter().find_map(|error| {
        Some(match error.reason_code() {
            VERIFY_FAILED => alert_of(ssl.verify_result()),
            NO_CERTIFICATE if ssl.version_str() == "TLSv1.3" => 116,
            NO_CERTIFICATE | NO_SHARED_CIPHER => 40,
            UNSUPPORTED_PROTOCOL => PROTOCOL_VERSION,
            NO_APPLICATION_PROTOCOL => 120,
            _ => return None,
        })
    })
}
