//! The HTTP statuses of the provider API's answers. Which reasons come with each is [`crate::apple::reason`]'s.

use super::{Entry, Kind, entry, reasons};
use crate::apple::reason;

const NEXT: &str = "pushcert explain REASON    (the body of the answer names it)";
const LATER: &str = "try again after 15 minutes";

const fn status(
    code: &'static str,
    forms: &'static [&'static str],
    text: [&'static str; 3],
) -> Entry {
    entry(Kind::HttpStatus, reasons::SOURCE, code, forms, text)
}

pub(super) const ALL: &[Entry] = &[
    status(
        "HTTP status 200",
        &["200", "http 200", "http/2 200", "200 ok"],
        [
            "APNs took the notification",
            "the certificate and its topic were accepted",
            "nothing",
        ],
    ),
    status(
        "HTTP status 400",
        &["400", "http 400", "http/2 400", "400 bad request"],
        [
            "APNs does not take the request as it is",
            "its headers, topic, payload or device token",
            NEXT,
        ],
    ),
    status(
        "HTTP status 403",
        &["403", "http 403", "http/2 403", "403 forbidden"],
        [
            "APNs does not take the certificate or the provider token",
            "the certificate or the token, or neither was sent",
            NEXT,
        ],
    ),
    status(
        "HTTP status 404",
        &["404", "http 404", "http/2 404", "404 not found"],
        [
            "APNs has no such path",
            "the path of the request",
            "POST to /3/device/TOKEN",
        ],
    ),
    status(
        "HTTP status 405",
        &["405", "http 405", "http/2 405", "405 method not allowed"],
        [
            "APNs does not take the method",
            "the method of the request",
            "use POST",
        ],
    ),
    status(
        "HTTP status 410",
        &["410", "http 410", "http/2 410", "410 gone"],
        [
            "the certificate was accepted; the device token is no longer in use",
            "the app was removed, or the device got a newer token",
            "delete the token",
        ],
    ),
    status(
        "HTTP status 413",
        &[
            "413",
            "http 413",
            "http/2 413",
            "413 payload too large",
            "413 request entity too large",
        ],
        [
            "the payload is too large for APNs",
            "the payload",
            "shorten the payload",
        ],
    ),
    status(
        "HTTP status 429",
        &["429", "http 429", "http/2 429", "429 too many requests"],
        [
            "APNs is asked too often",
            "one device token, or renewals of the provider token",
            NEXT,
        ],
    ),
    status(
        "HTTP status 500",
        &["500", "http 500", "http/2 500", "500 internal server error"],
        [
            "a fault at Apple's side says nothing about the certificate",
            "APNs could not process the request",
            LATER,
        ],
    ),
    status(
        "HTTP status 503",
        &["503", "http 503", "http/2 503", "503 service unavailable"],
        [
            "APNs is not available; it says nothing about the certificate",
            "it is closing or busy",
            LATER,
        ],
    ),
];

/// The reasons that come with this status.
pub(super) fn reasons_of(status: &Entry) -> impl Iterator<Item = &'static Entry> {
    let number = status.forms.first().and_then(|form| form.parse().ok());
    let of_status = reason::ALL
        .iter()
        .filter(move |one| Some(one.status) == number);
    of_status.filter_map(|one| reasons::ALL.iter().find(|entry| entry.code == one.name))
}
