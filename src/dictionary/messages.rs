//! What other programs print about push certificates, and what it means. From threads in which people paste these lines, and from runs of the programs.

use super::{Entry, Kind, entry};

const OPENSSL: &str = "openssl 3, seen";
const KEYCHAIN: &str = "reports of macOS Keychain and security import";
const THREADS: &str = "published threads";
const PAIRS: &str = "pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)";

const fn message(
    source: &'static str,
    code: &'static str,
    forms: &'static [&'static str],
    text: [&'static str; 3],
) -> Entry {
    entry(Kind::Message, source, code, forms, text)
}

pub(super) const ALL: &[Entry] = &[
    message(
        OPENSSL,
        "openssl: RC2-40-CBC unsupported",
        &[
            "0308010c",
            "rc2-40-cbc",
            "inner_evp_generic_fetch",
            "digital envelope routines+unsupported",
        ],
        [
            "OpenSSL 3 cannot read Keychain's .p12 without its legacy provider; the passphrase was right",
            "Keychain encrypts with RC2-40",
            "pushcert convert FILE.p12 -o ck.pem",
        ],
    ),
    message(
        OPENSSL,
        "openssl: Mac verify error",
        &[
            "mac verify error",
            "mac verify failure",
            "invalid password?",
        ],
        [
            "the passphrase does not open the PKCS#12",
            "a wrong one, or the empty one in the other of its two encodings",
            "pushcert inspect FILE.p12    (tries both encodings of the empty passphrase)",
        ],
    ),
    message(
        KEYCHAIN,
        "Keychain: MAC verification failed during PKCS12 import",
        &[
            "mac verification failed during pkcs12 import",
            "mac verification failed+wrong password?",
            "errsecpkcs12verifyfailure",
            "-25264",
        ],
        [
            "the passphrase may be right: this macOS does not read the file's encryption",
            "OpenSSL 3 writes AES-256 and SHA-256, which older importers refuse; an empty passphrase is read in another way too",
            "pushcert convert FILE.p12 --to keychain -o import.p12",
        ],
    ),
    message(
        KEYCHAIN,
        "OSStatus -25293",
        &["-25293", "errsecauthfailed"],
        [
            "macOS could not open the file with this passphrase",
            "the passphrase, or an encryption that this macOS does not read",
            "pushcert convert FILE.p12 --to keychain -o import.p12",
        ],
    ),
    message(
        THREADS,
        "PEM: no start line",
        &["no start line", "pem routines+no start line"],
        [
            "the file holds no PEM block of the wanted kind at the beginning of a line",
            "DER, a PKCS#12, UTF-16, literal \\n, or a key where a certificate is wanted",
            "pushcert inspect FILE    (says what it is)",
        ],
    ),
    message(
        THREADS,
        "PEM: bad end line",
        &["bad end line"],
        [
            "an END line is not alone on its line",
            "files joined with cat, the first without a final newline",
            "pushcert convert FILE -o clean.pem",
        ],
    ),
    message(
        THREADS,
        "PEM: bad base64 decode",
        &["bad base64 decode"],
        [
            "a PEM block holds something that is no base64",
            "a damaged copy",
            "pushcert inspect FILE",
        ],
    ),
    message(
        THREADS,
        "key values mismatch",
        &["key values mismatch", "x509_check_private_key"],
        [
            "the private key does not belong to the certificate",
            "the key of another request",
            PAIRS,
        ],
    ),
    message(
        THREADS,
        "unable to get local issuer certificate",
        &[
            "unable to get local issuer certificate",
            "unable to verify the first certificate",
            "self-signed certificate in certificate chain",
            "self signed certificate in certificate chain",
            "unable_to_get_issuer_cert_locally",
        ],
        [
            "the server's chain could not be verified; this is not about your certificate",
            "an old CA store: api.push.apple.com changed to USERTrust RSA Certification Authority in 2025",
            "apt-get install ca-certificates    (or pushcert check FILE --ca-file ROOTS.pem)",
        ],
    ),
    message(
        THREADS,
        "certificate has expired",
        &[
            "certificate has expired",
            "certificate is expired",
            "certificate expired",
        ],
        [
            "a certificate is past its end",
            "the push certificate, or the server's in an old CA store",
            "pushcert inspect FILE    (shows the dates)",
        ],
    ),
    message(
        THREADS,
        "CSR algorithm/size incorrect. Expected: RSA(2048)",
        &["csr algorithm/size incorrect", "expected: rsa(2048)"],
        [
            "the portal takes requests for RSA keys of 2048 bits only",
            "an EC key, or RSA of another size",
            "pushcert csr",
        ],
    ),
    message(
        THREADS,
        "fastlane: You already have a current certificate",
        &[
            "you already have a current",
            "already have a current+pending certificate request",
            "active for more than",
        ],
        [
            "Apple allows two active push certificates per App ID and kind",
            "two are active",
            "revoke the one that expires first at the portal, after the senders use the other",
        ],
    ),
    message(
        THREADS,
        "Enter PEM pass phrase",
        &["enter pem pass phrase"],
        [
            "the private key in the file is encrypted, and the program asks for its passphrase",
            "a server that starts without a terminal cannot answer",
            "pushcert merge FILE -o ck-plain.pem --no-passphrase",
        ],
    ),
    message(
        OPENSSL,
        "openssl s_client: Verify return code: 0 (ok)",
        &["verify return code: 0", "verify return code+(ok)"],
        [
            "the server's chain verifies; it says nothing about your certificate",
            "under TLS 1.3 a rejection comes after the handshake, and s_client may still exit 0",
            "pushcert check FILE",
        ],
    ),
    message(
        THREADS,
        "gateway.push.apple.com:2195",
        &[
            "gateway.push.apple.com",
            "gateway.sandbox.push.apple.com",
            "feedback.push.apple.com",
            "feedback.sandbox.push.apple.com",
        ],
        [
            "Apple turned the binary gateways off on 2021-03-31; a failure here says nothing about a certificate",
            "a tutorial or library from before",
            "pushcert check FILE    (asks the HTTP/2 API)",
        ],
    ),
    message(
        THREADS,
        "wrong version number",
        &["wrong version number", "ssl3_get_record"],
        [
            "what answered does not speak TLS",
            "plain HTTP on the port, or a proxy that was not told",
            "pushcert check FILE --gateway HOST:PORT",
        ],
    ),
    message(
        THREADS,
        "Connection refused",
        &["connection refused", "econnrefused"],
        [
            "nothing listens on the port",
            "a wrong port, or a firewall that says no",
            "pushcert check FILE -v",
        ],
    ),
    message(
        THREADS,
        "Connection timed out",
        &["connection timed out", "etimedout", "operation timed out"],
        [
            "nothing answered in time; it says nothing about the certificate",
            "a firewall that swallows packets; 2197 is an alternative to 443",
            "pushcert check FILE -v",
        ],
    ),
    message(
        THREADS,
        "Connection reset by peer",
        &["connection reset by peer", "econnreset"],
        [
            "the server closed without a word",
            "on the binary gateways a refused certificate looks so; else a proxy",
            "pushcert check FILE",
        ],
    ),
    message(
        OPENSSL,
        "curl: check password",
        &[
            "could not parse pkcs12 file, check password",
            "check password+pkcs12",
            "check password+p12",
        ],
        [
            "curl says this of a .p12 under old encryption as well",
            "Keychain's RC2-40, which OpenSSL 3 does not read",
            "pushcert convert FILE.p12 -o ck.pem",
        ],
    ),
    message(
        OPENSSL,
        "openssl: mac absent",
        &["mac absent"],
        [
            "the PKCS#12 has no MAC, which OpenSSL 3.0 refuses",
            "a writer that leaves it out",
            "pushcert convert FILE.p12 -o ck.pem",
        ],
    ),
    message(
        OPENSSL,
        "openssl: unhandled critical extension",
        &["unhandled critical extension"],
        [
            "a critical extension that the program does not know",
            "on a lab's or proxy's certificate; Apple's own are not critical",
            "pushcert inspect FILE",
        ],
    ),
    message(
        THREADS,
        "openssl: maybe wrong password",
        &["maybe wrong password", "bad decrypt"],
        [
            "the passphrase does not open the key",
            "a wrong one; for DES keys also OpenSSL's missing legacy provider",
            "pushcert inspect FILE    (tells the two apart)",
        ],
    ),
    message(
        OPENSSL,
        "openssl: unknown option -legacy",
        &["unknown option+legacy", "unrecognized flag legacy"],
        [
            "this openssl is LibreSSL, which has no -legacy",
            "macOS and its runners ship it",
            "pushcert convert FILE.p12 -o ck.pem",
        ],
    ),
    message(
        THREADS,
        "node-apn: certificate does not support configured environment",
        &["does not support configured environment"],
        [
            "the certificate does not serve the environment of the sender",
            "production: true with a sandbox certificate, or the reverse",
            "pushcert inspect FILE",
        ],
    ),
    message(
        THREADS,
        "tlsv13 alert / sslv3 alert",
        &["sslv3_alert", "tlsv1_alert", "tlsv13_alert"],
        [
            "the server sent a TLS alert; its name follows",
            "the name says which",
            "pushcert explain \"alert NUMBER\"",
        ],
    ),
];
