//! The statuses of the binary protocol's error packet.

use super::{Entry, Kind, entry};

const SOURCE: &str = "Apple's archived Binary Provider API";
const PASSED: &str = "the certificate was accepted";

const fn status(
    code: &'static str,
    forms: &'static [&'static str],
    text: [&'static str; 3],
) -> Entry {
    entry(Kind::Status, SOURCE, code, forms, text)
}

pub(super) const ALL: &[Entry] = &[
    status(
        "status 0",
        &["0"],
        [PASSED, "no errors encountered", "nothing"],
    ),
    status(
        "status 1",
        &["1"],
        [
            "a fault of the gateway; it says nothing about the certificate",
            "processing error",
            "try again later",
        ],
    ),
    status(
        "status 2",
        &["2"],
        [PASSED, "the frame has no device token", "correct the frame"],
    ),
    status(
        "status 3",
        &["3"],
        [PASSED, "the frame has no topic", "correct the frame"],
    ),
    status(
        "status 4",
        &["4"],
        [PASSED, "the frame has no payload", "correct the frame"],
    ),
    status(
        "status 5",
        &["5"],
        [
            PASSED,
            "the device token is not 32 bytes long",
            "correct the token",
        ],
    ),
    status(
        "status 6",
        &["6"],
        [PASSED, "the topic has a wrong length", "correct the frame"],
    ),
    status(
        "status 7",
        &["7"],
        [PASSED, "the payload is too large", "shorten the payload"],
    ),
    status(
        "status 8",
        &["8"],
        [
            PASSED,
            "the device token is not valid for this environment or app",
            "compare the build's aps-environment with the host: pushcert inspect PROFILE FILE",
        ],
    ),
    status(
        "status 10",
        &["10"],
        [
            "the gateway is closing; it says nothing about the certificate",
            "shutdown; the identifier names the last notification that was taken",
            "connect again and send the rest",
        ],
    ),
    status(
        "status 128",
        &["128"],
        [PASSED, "the frame could not be parsed", "correct the frame"],
    ),
    status(
        "status 255",
        &["255"],
        [
            "it says nothing about the certificate",
            "unknown",
            "try again later",
        ],
    ),
];
