//! TLS alerts, as a push gateway sends them. Numbers and names: RFC 8446 section 6, RFC 5246 section 7.2.

use super::{Entry, Kind, entry};

const RFC: &str = "RFC 8446 section 6";
const SEEN: &str = "RFC 8446 section 6; published reports of push gateways";

const fn seen(
    code: &'static str,
    forms: &'static [&'static str],
    text: [&'static str; 3],
) -> Entry {
    entry(Kind::Alert, SEEN, code, forms, text)
}

const fn plain(
    code: &'static str,
    forms: &'static [&'static str],
    meaning: &'static str,
    cause: &'static str,
) -> Entry {
    entry(
        Kind::Alert,
        RFC,
        code,
        forms,
        [
            meaning,
            cause,
            "pushcert check FILE -v    (shows each stage)",
        ],
    )
}

const NOT_JUDGED: &str = "the handshake failed before the certificate was judged";

pub(super) const ALL: &[Entry] = &[
    seen(
        "certificate_expired",
        &[
            "45",
            "alert 45",
            "alert number 45",
            "alert certificate expired",
            "CertificateExpired",
            "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        ],
        [
            "the server refuses the certificate: its validity is over",
            "a push certificate lives for a year or 13 months",
            "pushcert inspect FILE    (then renew it: pushcert csr)",
        ],
    ),
    seen(
        "certificate_revoked",
        &[
            "44",
            "alert 44",
            "alert number 44",
            "alert certificate revoked",
            "CertificateRevoked",
        ],
        [
            "the server refuses the certificate: it was revoked",
            "someone revoked it at the developer portal, perhaps while making another",
            "pushcert csr    (and a new certificate at the portal)",
        ],
    ),
    seen(
        "certificate_unknown",
        &[
            "46",
            "alert 46",
            "alert number 46",
            "alert certificate unknown",
            "CertificateUnknown",
        ],
        [
            "the server refuses the certificate without saying why",
            "on the binary gateways most often a certificate of the other environment, or none for push",
            "pushcert inspect FILE    (says what it is for)",
        ],
    ),
    seen(
        "unknown_ca",
        &[
            "48",
            "alert 48",
            "alert number 48",
            "alert unknown ca",
            "UnknownCA",
            "CA is unknown",
        ],
        [
            "the server does not know the CA that issued the certificate",
            "a certificate that is not from Apple's developer portal, or a gateway with other CAs",
            "pushcert inspect FILE    (names the issuer)",
        ],
    ),
    seen(
        "bad_certificate",
        &["42", "alert 42", "alert number 42", "alert bad certificate"],
        [
            "the server refuses the certificate: it is broken, or its signature does not verify",
            "a damaged file, or a chain that does not belong to it",
            "pushcert inspect FILE",
        ],
    ),
    seen(
        "unsupported_certificate",
        &[
            "43",
            "alert 43",
            "alert number 43",
            "alert unsupported certificate",
        ],
        [
            "the server does not take certificates of this kind",
            "a key or use that it does not allow",
            "pushcert inspect FILE",
        ],
    ),
    seen(
        "handshake_failure",
        &[
            "40",
            "alert 40",
            "alert number 40",
            "alert handshake failure",
            "sslv3 alert handshake failure",
        ],
        [
            "no agreement; on TLS 1.2 also what a server says to a client without a certificate",
            "the certificate was not sent, or no cipher is common",
            "pushcert check FILE    (shows whether it is asked for and sent)",
        ],
    ),
    seen(
        "certificate_required",
        &[
            "116",
            "alert 116",
            "alert number 116",
            "alert certificate required",
            "tlsv13 alert certificate required",
        ],
        [
            "the server wanted a certificate and got none",
            "the sender does not present it: no key, or a library that drops it",
            "pushcert check FILE",
        ],
    ),
    seen(
        "access_denied",
        &["49", "alert 49", "alert number 49", "alert access denied"],
        [
            "the certificate is valid, and its holder may not come in",
            "the gateway's own rules",
            "pushcert inspect FILE",
        ],
    ),
    seen(
        "decrypt_error",
        &["51", "alert 51", "alert number 51", "alert decrypt error"],
        [
            "a signature in the handshake did not verify",
            "the private key does not fit the certificate",
            "pushcert inspect FILE    (says whether key and certificate fit)",
        ],
    ),
    seen(
        "internal_error",
        &["80", "alert 80", "alert number 80", "alert internal error"],
        [
            "the server gives no reason; push gateways have said so to expired and unusable certificates",
            "often an expired certificate",
            "pushcert inspect FILE",
        ],
    ),
    plain(
        "close_notify",
        &["alert 0", "alert number 0", "0"],
        "the server closed the connection in the regular way",
        "nothing by itself",
    ),
    plain(
        "unexpected_message",
        &[
            "alert 10",
            "alert number 10",
            "alert unexpected message",
            "10",
        ],
        NOT_JUDGED,
        "a peer that does not speak TLS as expected",
    ),
    plain(
        "bad_record_mac",
        &["20", "alert 20", "alert number 20", "alert bad record mac"],
        NOT_JUDGED,
        "damaged data on the way",
    ),
    plain(
        "decryption_failed",
        &["21", "alert 21", "alert number 21"],
        NOT_JUDGED,
        "damaged data on the way",
    ),
    plain(
        "record_overflow",
        &["22", "alert 22", "alert number 22", "alert record overflow"],
        NOT_JUDGED,
        "a peer that does not speak TLS",
    ),
    plain(
        "decompression_failure",
        &["30", "alert 30", "alert number 30"],
        NOT_JUDGED,
        "an old peer",
    ),
    plain(
        "no_certificate",
        &["41", "alert 41", "alert number 41", "alert no certificate"],
        "an old way to say that there is no certificate",
        "SSL 3.0",
    ),
    plain(
        "illegal_parameter",
        &[
            "47",
            "alert 47",
            "alert number 47",
            "alert illegal parameter",
        ],
        NOT_JUDGED,
        "a peer with other ideas of TLS",
    ),
    plain(
        "decode_error",
        &["50", "alert 50", "alert number 50", "alert decode error"],
        NOT_JUDGED,
        "a message that could not be read",
    ),
    plain(
        "export_restriction",
        &["60", "alert 60", "alert number 60"],
        NOT_JUDGED,
        "a very old peer",
    ),
    plain(
        "protocol_version",
        &[
            "70",
            "alert 70",
            "alert number 70",
            "alert protocol version",
        ],
        NOT_JUDGED,
        "no TLS version in common; the HTTP/2 API wants TLS 1.2 or later",
    ),
    plain(
        "insufficient_security",
        &["71", "alert 71", "alert number 71"],
        NOT_JUDGED,
        "the server wants stronger ciphers",
    ),
    plain(
        "inappropriate_fallback",
        &["86", "alert 86", "alert number 86"],
        NOT_JUDGED,
        "a client that tried an older version",
    ),
    plain(
        "user_canceled",
        &["90", "alert 90", "alert number 90"],
        NOT_JUDGED,
        "the peer gave up",
    ),
    plain(
        "no_renegotiation",
        &["100", "alert 100", "alert number 100"],
        "the peer does not negotiate again",
        "an old way of asking for certificates late",
    ),
    plain(
        "missing_extension",
        &["109", "alert 109", "alert number 109"],
        NOT_JUDGED,
        "an extension that TLS 1.3 needs is missing",
    ),
    plain(
        "unsupported_extension",
        &["110", "alert 110", "alert number 110"],
        NOT_JUDGED,
        "an extension that was not offered",
    ),
    plain(
        "certificate_unobtainable",
        &["111", "alert 111", "alert number 111"],
        NOT_JUDGED,
        "a certificate by reference, which nobody uses",
    ),
    plain(
        "unrecognized_name",
        &[
            "112",
            "alert 112",
            "alert number 112",
            "alert unrecognized name",
        ],
        "the server does not serve the host name that was asked for",
        "a wrong host, or an address in place of a name",
    ),
    plain(
        "bad_certificate_status_response",
        &["113", "alert 113", "alert number 113"],
        NOT_JUDGED,
        "a stapled status that does not verify",
    ),
    plain(
        "bad_certificate_hash_value",
        &["114", "alert 114", "alert number 114"],
        NOT_JUDGED,
        "a certificate by reference, which nobody uses",
    ),
    plain(
        "unknown_psk_identity",
        &["115", "alert 115", "alert number 115"],
        NOT_JUDGED,
        "a session that the server has forgotten",
    ),
    plain(
        "no_application_protocol",
        &[
            "120",
            "alert 120",
            "alert number 120",
            "alert no application protocol",
        ],
        "the server speaks none of the protocols that were offered",
        "a server that is no push gateway",
    ),
    plain(
        "ech_required",
        &["121", "alert 121", "alert number 121"],
        NOT_JUDGED,
        "a server behind encrypted client hello",
    ),
];
