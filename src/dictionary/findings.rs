//! pushcert's own words: findings, why something could not be done, and the verdicts of `check`.

use super::{Entry, Kind, entry};
use crate::finding::id;

/// In place of a source these say which severity they have, and when.
const fn finding(severity: &'static str, code: &'static str, text: [&'static str; 3]) -> Entry {
    entry(Kind::Finding, severity, code, &[], text)
}

const fn verdict(code: &'static str, text: [&'static str; 3]) -> Entry {
    entry(Kind::Verdict, "pushcert check", code, &[], text)
}

const CRITICAL: &str = "critical";
const WARNING: &str = "warning";
const INFO: &str = "info";
const UNKNOWN: &str = "unknown";
const LIVE: &str = "unknown (live)";
const COULD_NOT: &str = "unknown: ends the command with 3";
const PAIRS: &str = "pushcert merge DIR -o ck.pem    (finds the pair that fits in a folder)";
const RENEW: &str = "pushcert rotate start FILE";
const LOOK: &str = "pushcert inspect FILE";

pub(super) const ALL: &[Entry] = &[
    finding(
        CRITICAL,
        id::NO_KEY,
        [
            "the certificate's private key is not here",
            "only the .cer was copied; the key stays where the request was made",
            PAIRS,
        ],
    ),
    finding(
        CRITICAL,
        id::KEY_MISMATCH,
        [
            "the private key does not fit the certificate",
            "the key of another request",
            PAIRS,
        ],
    ),
    finding(
        CRITICAL,
        id::NO_CERTIFICATE,
        [
            "no certificate for the key is here",
            "the certificate was not downloaded yet",
            "download it at the developer portal",
        ],
    ),
    finding(
        CRITICAL,
        id::UNUSED_INPUT,
        [
            "a file that was named adds nothing to the result",
            "a wrong file on the command line",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::LEFT_OUT,
        [
            "a file of a folder is not in the result",
            "another certificate wins, or its counterpart is missing",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::NOT_WANTED,
        [
            "an identity is there, and the flags rule it out",
            "--topic, --env or --cert",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::NOTHING_TO_CONVERT,
        [
            "what is to be written is not in the file",
            "a key was asked of a file without one, or a certificate",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::SEVERAL_PARTS,
        [
            "more is in the file than the form can hold",
            "DER and PKCS#12 hold one thing",
            "pushcert convert FILE --only leaf",
        ],
    ),
    finding(
        CRITICAL,
        id::SEVERAL_KEYS,
        [
            "more than one private key is in the file",
            "a PKCS#12 with several identities",
            "give a file with one key",
        ],
    ),
    finding(
        CRITICAL,
        id::AMBIGUOUS,
        [
            "several identities fit",
            "certificates that differ in topics or environments",
            "pushcert merge DIR --topic TOPIC --env ENV -o ck.pem",
        ],
    ),
    finding(
        UNKNOWN,
        id::UNKNOWN_CODE,
        [
            "explain does not know the code",
            "a misspelt one, or one that is new",
            "pushcert explain NEAREST",
        ],
    ),
    finding(
        CRITICAL,
        id::KEY_NOT_ACCEPTED,
        [
            "the portal takes no request for this key",
            "it takes RSA with 2048 bits only",
            "pushcert csr    (makes one that it takes)",
        ],
    ),
    finding(
        CRITICAL,
        id::KEY_TO_TERMINAL,
        [
            "a private key is not written to a terminal",
            "-o - without a file or pipe behind it",
            "-o FILE",
        ],
    ),
    finding(
        CRITICAL,
        id::NOT_VERIFIED,
        [
            "a step of the rehearsal did not end as it has to",
            "something on this machine is in the way",
            "pushcert lab rehearse --keep DIR",
        ],
    ),
    finding(
        CRITICAL,
        id::EXPIRED,
        [
            "the validity is over",
            "a push certificate lives for a year or 13 months",
            RENEW,
        ],
    ),
    finding(
        "warning inside --warn, critical inside --crit",
        id::EXPIRING,
        [
            "the validity ends soon",
            "a push certificate lives for a year or 13 months",
            RENEW,
        ],
    ),
    finding(
        CRITICAL,
        id::NOT_YET_VALID,
        [
            "the validity has not begun",
            "the clock of this machine, or a certificate of the future",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::NOT_A_PUSH_CERTIFICATE,
        [
            "OIDs, common name and user id all say that it is not for push",
            "ios_development.cer and the like sign builds",
            "at the portal choose \"Apple Push Notification service SSL\"",
        ],
    ),
    finding(
        CRITICAL,
        id::WRONG_ENVIRONMENT,
        [
            "it does not serve the environment that is asked",
            "a sandbox certificate for production, or the reverse",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::NAME_DISAGREES,
        [
            "the common name tells other environments than the OIDs",
            "a renamed kind of certificate; the OIDs count",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::WEAK_KEY,
        [
            "the key has less than 2048 bits",
            "a very old request",
            RENEW,
        ],
    ),
    finding(
        INFO,
        id::UNUSUAL_KEY,
        [
            "the key is not RSA with 2048 bits, which the portal wants",
            "a certificate that is not from the portal",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::SHA1_SIGNATURE,
        [
            "the certificate is signed with SHA-1 or MD5",
            "issued before Apple changed to SHA-256",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::SAME_KEY_AS,
        [
            "another certificate has the same key",
            "it was renewed with the old request",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::DUPLICATE_CERTIFICATE,
        ["the same certificate is in another file", "a copy", LOOK],
    ),
    finding(
        INFO,
        id::TOKEN_KEY,
        [
            "a P-256 key alone, as Apple's .p8 files hold them",
            "token authentication needs no certificate and no ck.pem",
            "give the .p8 to the server together with its key id and the team id",
        ],
    ),
    finding(
        "warning where Apple's own endpoints are asked, else info",
        id::ISSUER_UNKNOWN,
        [
            "its issuer is none of Apple's",
            "a certificate of a lab or of another CA",
            LOOK,
        ],
    ),
    finding(
        "warning where Apple's own endpoints are asked, else info",
        id::ISSUER_EXPIRED,
        [
            "Apple's CA that issued it has expired",
            "a certificate from before 2022",
            RENEW,
        ],
    ),
    finding(
        INFO,
        id::TRAILING_BYTES,
        [
            "bytes follow the DER; they are ignored",
            "some files are published so",
            "pushcert convert FILE -o clean.pem",
        ],
    ),
    finding(
        INFO,
        id::LEGACY_ENCRYPTION,
        [
            "OpenSSL 3 reads the file only with its legacy provider",
            "Keychain writes RC2-40 and 3DES",
            "pushcert convert FILE --to p12 -o modern.p12",
        ],
    ),
    finding(
        WARNING,
        id::NOT_SERVER_READABLE,
        [
            "OpenSSL's loader, which servers use, does not read the file",
            "UTF-16, glued or indented blocks, base64 around it",
            "pushcert convert FILE -o clean.pem",
        ],
    ),
    finding(
        CRITICAL,
        id::LEAF_NOT_FIRST,
        [
            "a server would load another certificate than the leaf",
            "the chain stands before the leaf",
            "pushcert merge FILE -o ordered.pem",
        ],
    ),
    finding(
        WARNING,
        id::KEY_WORLD_READABLE,
        [
            "everyone on the machine can read the private key",
            "cat makes files of mode 0644",
            "chmod 600 FILE",
        ],
    ),
    finding(
        INFO,
        id::SEVERAL_IDENTITIES,
        [
            "more than one identity is in the file",
            "an export of several items",
            "pushcert merge FILE --topic TOPIC -o ck.pem",
        ],
    ),
    finding(
        INFO,
        id::REPAIRED_INPUT,
        [
            "something was put right while reading",
            "an editor's byte order mark",
            "pushcert convert FILE -o clean.pem",
        ],
    ),
    finding(
        INFO,
        id::SKIPPED,
        [
            "a part of the file is of no kind read here",
            "parameters, secrets or revocation lists beside the keys",
            LOOK,
        ],
    ),
    finding(
        "critical where it does not hold, warning where it is not Apple's",
        id::PROFILE_SIGNATURE,
        [
            "the profile's signature does not hold, or is not Apple's",
            "it was changed or signed again",
            "download the profile again",
        ],
    ),
    finding(
        "critical beside a certificate, else info",
        id::PROFILE_WITHOUT_PUSH,
        [
            "the profile has no aps-environment",
            "push notifications are not switched on for the App ID",
            "switch them on at the portal and make the profile anew",
        ],
    ),
    finding(
        "critical beside a certificate, else warning",
        id::PROFILE_WILDCARD,
        [
            "the profile is for a pattern of apps, and pushes need an explicit App ID",
            "a wildcard App ID",
            "make an explicit App ID and a profile for it",
        ],
    ),
    finding(
        CRITICAL,
        id::PROFILE_TOPIC_MISMATCH,
        [
            "profile and certificate are for different apps",
            "files of two apps",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::PROFILE_TEAM_MISMATCH,
        [
            "profile and certificate are of different teams",
            "files of two accounts",
            LOOK,
        ],
    ),
    finding(
        "critical beside a certificate, else warning",
        id::PROFILE_ENVIRONMENT,
        [
            "the device tokens of the profile's builds are of another environment",
            "a development profile needs the sandbox, a distribution profile production",
            LOOK,
        ],
    ),
    finding(
        INFO,
        id::PROFILE_FITS,
        [
            "profile and certificate can work together",
            "app, team and environment agree",
            "pushcert check FILE",
        ],
    ),
    finding(
        CRITICAL,
        id::REJECTED,
        [
            "the gateway refuses the certificate",
            "expired, revoked, or for another environment",
            "pushcert explain CODE    (of the alert or reason that it gave)",
        ],
    ),
    finding(
        LIVE,
        id::UNPROVEN,
        [
            "nothing proved the certificate",
            "no probe was sent, or it was not answered",
            "pushcert check FILE",
        ],
    ),
    finding(
        LIVE,
        id::NOT_A_GATEWAY,
        [
            "what answers is no push gateway",
            "another server, or a proxy in between",
            "pushcert check FILE --gateway HOST:PORT",
        ],
    ),
    finding(
        LIVE,
        id::CLOSED_EARLY,
        [
            "the server closed without an answer to the probe",
            "it may judge in its application, or be overloaded",
            "pushcert check FILE",
        ],
    ),
    finding(
        UNKNOWN,
        id::NO_ROOTS,
        [
            "the machine has no CA store to verify the server with",
            "a slim container",
            "apt-get install ca-certificates, or --ca-file FILE",
        ],
    ),
    finding(
        CRITICAL,
        id::SERVER_NOT_VERIFIED,
        [
            "the server's chain does not verify",
            "this is the server's chain, not your certificate: an old CA store, a private CA, TLS opened on the way, or one that has expired or names another host",
            "apt-get install ca-certificates, or --ca-file FILE; what has expired or names another host is replaced on the server",
        ],
    ),
    finding(
        "unknown, info where another endpoint settled the question",
        id::UNREACHABLE,
        [
            "the endpoint could not be asked",
            "a name that does not resolve, a firewall, a port that is off",
            "pushcert check FILE -v",
        ],
    ),
    finding(
        LIVE,
        id::NOT_REQUESTED,
        [
            "the server never asked for a certificate",
            "the handshake proves nothing about it",
            "pushcert check FILE --gateway HOST:PORT",
        ],
    ),
    finding(
        CRITICAL,
        id::TOPIC_REFUSED,
        [
            "the gateway takes the certificate and refuses its topic",
            "the topic is not among those of the certificate",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::BAD_TOKEN,
        [
            "what stands there is no device token; nothing was sent",
            "a line that was cut or belongs elsewhere, or a token in another form than hex",
            "print each byte of the token that the app receives as two hex digits",
        ],
    ),
    finding(
        CRITICAL,
        id::BAD_PAYLOAD,
        [
            "the payload cannot be sent; nothing was sent",
            "it is no JSON object, or longer than 4096 bytes (5120 for VoIP, 2048 over the binary protocol)",
            "pushcert send FILE --payload PAYLOAD --token HEX --dry-run",
        ],
    ),
    finding(
        INFO,
        id::DUPLICATE_TOKEN,
        [
            "a device token stands in the file twice; it is sent to once",
            "lists that were joined",
            "sort -u TOKENS",
        ],
    ),
    finding(
        CRITICAL,
        id::NOT_IN_BINARY,
        [
            "the binary protocol has no place for this; nothing was sent",
            "a header that only HTTP/2 has",
            "pushcert send FILE --via api --token HEX --alert TEXT",
        ],
    ),
    finding(
        CRITICAL,
        id::NOTIFICATION_REFUSED,
        [
            "the server refused a notification",
            "its reason stands beside it",
            "pushcert explain REASON",
        ],
    ),
    finding(
        UNKNOWN,
        id::NOTIFICATION_DEFERRED,
        [
            "the server did not take a notification now",
            "it has too much to do, or the device gets too many",
            "send it again later; after a 5xx Apple asks for 15 minutes",
        ],
    ),
    finding(
        UNKNOWN,
        id::NOT_KNOWN_SENT,
        [
            "a notification is not known to be sent",
            "the connection ended before its answer, or before it was sent",
            "send it again: the summary names the lines, --jsonl every token",
        ],
    ),
    finding(
        CRITICAL,
        id::TOPIC_LOST,
        [
            "the new certificate lacks a topic that the live file pushes to",
            "the certificate of another app, or of another kind",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::ENVIRONMENT_LOST,
        [
            "the new certificate does not serve an environment that the live file serves",
            "a sandbox certificate in place of one for both",
            "at the portal choose \"Apple Push Notification service SSL (Sandbox & Production)\"",
        ],
    ),
    finding(
        CRITICAL,
        id::TEAM_CHANGED,
        [
            "the new certificate is of another team",
            "it was made in another account at the portal",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::MDM_TOPIC_CHANGED,
        [
            "the new certificate of device management has another topic, and every device would have to enrol again",
            "it was created instead of renewed, or with another Apple Account",
            "at https://identity.apple.com/pushcert choose Renew beside the old certificate",
        ],
    ),
    finding(
        CRITICAL,
        id::NOT_LATER,
        [
            "the new certificate ends no later than the live one",
            "an older download",
            LOOK,
        ],
    ),
    finding(
        CRITICAL,
        id::HOOK_FAILED,
        [
            "the hook did not end with 0, and the version before it is back",
            "the hook's own output says why",
            "run the hook by hand, then the same command again",
        ],
    ),
    finding(
        CRITICAL,
        id::POST_CHECK_FAILED,
        [
            "after the hook the live file was not what had been written, and the version before it is back",
            "the hook or another program writes the same file",
            "find out which, then the same command again",
        ],
    ),
    finding(
        CRITICAL,
        id::ROTATION_UNFINISHED,
        [
            "a swap was begun and is not known to have ended",
            "the command was killed, or the machine went down",
            "pushcert rotate finish LIVE NEW    (the same command again)",
        ],
    ),
    finding(
        CRITICAL,
        id::NO_PREVIOUS_VERSION,
        [
            "no earlier version of the live file is kept",
            "it was never rotated, or with --keep 0",
            "pushcert rotate status LIVE",
        ],
    ),
    finding(
        INFO,
        id::ROTATION_PENDING,
        [
            "a new key waits for its certificate",
            "rotate start was run, and rotate finish not yet",
            "pushcert rotate finish LIVE NEW",
        ],
    ),
    finding(
        COULD_NOT,
        "busy",
        [
            "another rotation of the same file is running",
            "two schedules, or a hook that waits",
            "wait for it, or look at the process that it names",
        ],
    ),
    finding(
        COULD_NOT,
        "not-found",
        [
            "nothing stands at the path",
            "a misspelt path",
            "pushcert inspect .    (shows what is in this folder)",
        ],
    ),
    finding(
        COULD_NOT,
        "not-readable",
        [
            "the file cannot be read",
            "permissions, or it is no regular file",
            "ls -l FILE",
        ],
    ),
    finding(
        COULD_NOT,
        "empty",
        [
            "the file has no bytes",
            "a download or conversion that failed",
            "download it again",
        ],
    ),
    finding(
        COULD_NOT,
        "too-large",
        [
            "the file is larger than 16 MiB",
            "no certificate file is",
            LOOK,
        ],
    ),
    finding(
        COULD_NOT,
        "wrong-kind",
        [
            "the file is whole, and of another kind than what is wanted",
            "the wrong file",
            LOOK,
        ],
    ),
    finding(
        COULD_NOT,
        "damaged",
        [
            "the file is of the right kind and broken",
            "cut off, or changed by an editor",
            "export or download it again",
        ],
    ),
    finding(
        COULD_NOT,
        "locked",
        [
            "the file is encrypted, and no passphrase was given",
            "no terminal to ask on",
            "--passin env:NAME, or another source",
        ],
    ),
    finding(
        COULD_NOT,
        "wrong-passphrase",
        [
            "none of the passphrases opens the file",
            "it is the one typed when the file was exported",
            "--passin prompt",
        ],
    ),
    finding(
        COULD_NOT,
        "unsupported-algorithm",
        [
            "the file uses an algorithm that is not read here",
            "it is named beside it",
            "export it again with another tool or algorithm",
        ],
    ),
    finding(
        COULD_NOT,
        "over-budget",
        [
            "reading the file would cost more work than one file may",
            "an iteration count or size that no honest file has",
            LOOK,
        ],
    ),
    finding(
        "critical: ends the command with 2",
        "exists",
        [
            "the output exists; nothing was written",
            "a private key is never overwritten without --force",
            "-o NAME writes another file",
        ],
    ),
    finding(
        COULD_NOT,
        "not-writable",
        [
            "the output cannot be written",
            "permissions, a full disk, a file mounted by itself",
            "ls -ld FOLDER",
        ],
    ),
    finding(
        COULD_NOT,
        "no-input-found",
        [
            "nothing to work on is in the inputs",
            "an empty folder, or files of other kinds",
            "pushcert inspect DIR",
        ],
    ),
    finding(
        "unknown: ends the command with 64",
        "usage",
        [
            "the command line asks for something that cannot be",
            "a misspelt flag, or two that exclude each other",
            "pushcert COMMAND --help",
        ],
    ),
    finding(
        "unknown: ends the command with 130 or 143",
        "interrupted",
        [
            "a signal ended the command",
            "Ctrl-C, or a time limit of the CI",
            "nothing was left behind; start it again",
        ],
    ),
    finding(
        COULD_NOT,
        "network",
        [
            "a socket failed before there was anything to judge",
            "a port in use, a network that is down",
            "pushcert check FILE -v",
        ],
    ),
    finding(
        COULD_NOT,
        "crypto",
        [
            "OpenSSL refused something that it always grants",
            "a broken installation, or a policy of the system",
            "pushcert --version",
        ],
    ),
];

pub(super) const VERDICTS: &[Entry] = &[
    verdict(
        "accepted",
        [
            "the certificate was asked for, sent, and proved",
            "by an answer to the probe, a finished handshake or a session ticket",
            "nothing; restart the sender after a change, since it keeps the old certificate",
        ],
    ),
    verdict(
        "not-rejected",
        [
            "the certificate was asked for and sent; nothing refused it and nothing proved it",
            "a server that stays silent or judges elsewhere",
            "pushcert check FILE    (with its probe)",
        ],
    ),
    verdict(
        "not-requested",
        [
            "the server never asked for a certificate",
            "a server without client authentication; the handshake proves nothing",
            "pushcert check FILE --gateway HOST:PORT",
        ],
    ),
    verdict(
        "rejected",
        [
            "the certificate was sent and refused",
            "expired, revoked, for another environment, or not for push",
            "pushcert explain CODE    (of the alert or reason that it gave)",
        ],
    ),
    verdict(
        "unreachable",
        [
            "the connection failed before the certificate was judged",
            "dns, tcp, proxy or tls, as the stage says",
            "pushcert check FILE -v",
        ],
    ),
];
