//! The few calls into OpenSSL that the openssl crate does not wrap. The only `unsafe` of the program.

use foreign_types::ForeignTypeRef;
use libc::{c_int, c_void};
use openssl::ssl::{SslContextBuilder, SslRef};
use openssl::x509::{X509NameRef, X509VerifyResult};
use openssl_sys as sys;
use std::sync::atomic::{AtomicBool, Ordering};

type CertificateCallback = extern "C" fn(*mut sys::SSL, *mut c_void) -> c_int;

unsafe extern "C" {
    fn SSL_CTX_set_cert_cb(
        context: *mut sys::SSL_CTX,
        callback: CertificateCallback,
        argument: *mut c_void,
    );
    fn SSL_get0_peer_CA_list(ssl: *const sys::SSL) -> *const sys::OPENSSL_STACK;
}

/// The verify result with a number of OpenSSL's `x509_vfy.h` (23: revoked).
pub fn verify_result(code: i32) -> X509VerifyResult {
    // SAFETY: the type is a plain wrapper of the number; it is unsafe only because OpenSSL might not know the number,
    // and OpenSSL answers unknown ones with "error number N" instead of failing.
    unsafe { X509VerifyResult::from_raw(code) }
}

/// A flag that is set when a CertificateRequest arrives, also one that names no CAs, which leaves no other trace.
pub(super) fn on_certificate_request(context: &mut SslContextBuilder) -> &'static AtomicBool {
    extern "C" fn set(_: *mut sys::SSL, flag: *mut c_void) -> c_int {
        // SAFETY: the argument is the leaked AtomicBool registered below, valid for the rest of the process.
        let flag = unsafe { &*flag.cast::<AtomicBool>() };
        flag.store(true, Ordering::SeqCst);
        1
    }
    // Leaked on purpose, a byte for each handshake: OpenSSL may call as long as any copy of the context lives.
    let flag: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let argument = std::ptr::from_ref(flag).cast_mut().cast::<c_void>();
    // SAFETY: the context is alive for the call, the callback has the signature of SSL_CTX_set_cert_cb(3) and never
    // unwinds, and the argument outlives everything.
    unsafe { SSL_CTX_set_cert_cb(context.as_ptr(), set, argument) };
    flag
}

/// The names of the CAs that the server's CertificateRequest lists.
pub(super) fn acceptable_cas(ssl: &SslRef) -> Vec<String> {
    // SAFETY: the list belongs to the SSL, which is borrowed for this whole function; it may be NULL, and its
    // elements are X509_NAMEs (SSL_get0_peer_CA_list(3)), read here by reference only.
    unsafe {
        let list = SSL_get0_peer_CA_list(ssl.as_ptr());
        if list.is_null() {
            return Vec::new();
        }
        (0..sys::OPENSSL_sk_num(list))
            .map(|index| sys::OPENSSL_sk_value(list, index).cast::<sys::X509_NAME>())
            .filter(|name| !name.is_null())
            .map(|name| super::tls::name_text(X509NameRef::from_ptr(name)))
            .collect()
    }
}
