//! The calls of OpenSSL that the `openssl` crate does not offer. The only file with `unsafe`.

use std::ffi::{c_int, c_long, c_uchar, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslRef, SslVersion};
use openssl::x509::{X509NameRef, X509VerifyResult};

unsafe extern "C" {
    fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> c_int;
    fn SSL_set_cert_cb(
        ssl: *mut openssl_sys::SSL,
        callback: Option<extern "C" fn(*mut openssl_sys::SSL, *mut c_void) -> c_int>,
        argument: *mut c_void,
    );
    fn SSL_get_signature_type_nid(ssl: *const openssl_sys::SSL, nid: *mut c_int) -> c_int;
    fn SSL_get0_peer_CA_list(ssl: *const openssl_sys::SSL) -> *const openssl_sys::OPENSSL_STACK;
    fn ASN1_item_d2i(
        value: *mut *mut c_void,
        input: *mut *const c_uchar,
        length: c_long,
        item: *const c_void,
    ) -> *mut c_void;
    fn ASN1_item_free(value: *mut c_void, item: *const c_void);
    fn ASN1_BIT_STRING_it() -> *const c_void;
    fn ASN1_INTEGER_it() -> *const c_void;
    fn X509_ALGOR_it() -> *const c_void;
    fn X509_EXTENSIONS_it() -> *const c_void;
    fn X509_NAME_it() -> *const c_void;
    fn X509_VAL_it() -> *const c_void;
}

/// Prepares OpenSSL, once, before its first use. The one that is built in looks for no configuration file: it has none of its
/// own, and what lies where one might be is not ours; the system's keeps the system's policy. Neither tidies up at the end
/// of the process, which does so itself.
pub fn prepare_openssl() {
    const NO_LOAD_CONFIG: u64 = 0x80;
    const NO_ATEXIT: u64 = 0x8_0000;
    let options = match cfg!(feature = "vendored") {
        true => NO_LOAD_CONFIG | NO_ATEXIT,
        false => NO_ATEXIT,
    };
    // SAFETY: settings may be null; the call may be made at any time, from any thread, and more than once.
    unsafe { OPENSSL_init_crypto(options, ptr::null()) };
}

/// A part of a certificate that OpenSSL decodes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Item {
    Algorithm,
    BitString,
    Extensions,
    Integer,
    Name,
    Validity,
}

/// Whether OpenSSL decodes the bytes as this item, and nothing is left of them.
pub fn decodes(item: Item, der: &[u8]) -> bool {
    // SAFETY: each of these has no argument and returns a pointer to a constant of OpenSSL's.
    let item = unsafe {
        match item {
            Item::Algorithm => X509_ALGOR_it(),
            Item::BitString => ASN1_BIT_STRING_it(),
            Item::Extensions => X509_EXTENSIONS_it(),
            Item::Integer => ASN1_INTEGER_it(),
            Item::Name => X509_NAME_it(),
            Item::Validity => X509_VAL_it(),
        }
    };
    let Ok(length) = c_long::try_from(der.len()) else {
        return false;
    };
    let mut rest = der.as_ptr();
    // SAFETY: pointer and length are those of the slice, which outlives the call; with null for the value a new one is made.
    let value = unsafe { ASN1_item_d2i(ptr::null_mut(), &mut rest, length, item) };
    if value.is_null() {
        // What stays in the queue would be taken for the reason of a later failure.
        drop(ErrorStack::get());
        return false;
    }
    // SAFETY: the value is ours, of this item, and freed once.
    unsafe { ASN1_item_free(value, item) };
    rest == der.as_ptr_range().end
}

/// Sets the flag when a CertificateRequest arrives on this connection, whether or not it names CAs.
///
/// # Errors
/// When OpenSSL has no room to keep the flag beside the connection.
pub fn on_certificate_request(ssl: &mut SslRef, asked: Arc<AtomicBool>) -> Result<(), ErrorStack> {
    let index = flag_index()?;
    let argument = Arc::as_ptr(&asked).cast_mut().cast::<c_void>();
    // The connection owns the Arc from here on and frees it with itself, so the flag outlives every callback.
    ssl.set_ex_data(index, asked);
    // SAFETY: the SSL pointer is valid, the callback never unwinds, and the argument points into the Arc that the
    // connection keeps.
    unsafe { SSL_set_cert_cb(ssl.as_ptr(), Some(certificate_requested), argument) };
    Ok(())
}

extern "C" fn certificate_requested(_ssl: *mut openssl_sys::SSL, argument: *mut c_void) -> c_int {
    // SAFETY: the argument is the AtomicBool given to SSL_set_cert_cb above, alive as long as the connection, and
    // only shared references to it exist.
    let asked = unsafe { &*argument.cast::<AtomicBool>().cast_const() };
    asked.store(true, Ordering::SeqCst);
    1
}

/// One index for the whole process: OpenSSL never gives one back.
fn flag_index() -> Result<Index<Ssl, Arc<AtomicBool>>, ErrorStack> {
    static INDEX: OnceLock<Index<Ssl, Arc<AtomicBool>>> = OnceLock::new();
    if let Some(index) = INDEX.get() {
        return Ok(*index);
    }
    let fresh = Ssl::new_ex_index()?;
    Ok(*INDEX.get_or_init(|| fresh))
}

/// Whether a signature with the client's key was settled: OpenSSL sends no certificate if the server allows none that the
/// key can make. Before TLS 1.2 signatures are not negotiated, and it always sends it.
pub fn signature_settled(ssl: &SslRef) -> bool {
    let mut kind: c_int = 0;
    // SAFETY: the SSL pointer is valid and only read; the number is written before the call returns.
    let signed = unsafe { SSL_get_signature_type_nid(ssl.as_ptr(), &mut kind) } == 1;
    signed || matches!(ssl.version2(), Some(SslVersion::TLS1 | SslVersion::TLS1_1))
}

/// The names (DER) of the CAs from which the server wants a certificate, as it lists them; empty if it names none.
pub fn acceptable_cas(ssl: &SslRef) -> Vec<Vec<u8>> {
    // SAFETY: the SSL pointer is valid; the list belongs to the connection, which is borrowed until it is read.
    let list = unsafe { SSL_get0_peer_CA_list(ssl.as_ptr()) };
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: the list is not null and unchanged while the connection is borrowed.
    let count = unsafe { openssl_sys::OPENSSL_sk_num(list) };
    (0..count)
        .filter_map(|position| {
            // SAFETY: the position is below the count; the elements of this list are X509_NAME.
            let name = unsafe { openssl_sys::OPENSSL_sk_value(list, position) };
            // SAFETY: a name that is not null is valid as long as the list is, and read before this closure ends.
            (!name.is_null()).then(|| unsafe { X509NameRef::from_ptr(name.cast()) })
        })
        // OpenSSL writes back every name that it has read.
        .filter_map(|name| name.to_der().ok())
        .collect()
}

/// The verification result of a code (`X509_V_ERR_...`), for verify callbacks that choose the alert they cause.
pub fn verify_result(code: i32) -> X509VerifyResult {
    // SAFETY: the type is a plain number; OpenSSL has a text for every value, known or not.
    unsafe { X509VerifyResult::from_raw(code) }
}
