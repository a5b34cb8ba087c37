//! The few calls into OpenSSL that the openssl crate does not wrap.

use openssl::x509::X509VerifyResult;

/// The verify result with a number of OpenSSL's `x509_vfy.h` (23: revoked).
pub fn verify_result(code: i32) -> X509VerifyResult {
    // SAFETY: the type is a plain wrapper of the number; it is unsafe only because OpenSSL might not know the number,
    // and OpenSSL answers unknown ones with "error number N" instead of failing.
    unsafe { X509VerifyResult::from_raw(code) }
}
