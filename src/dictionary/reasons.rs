//! The reasons of the HTTP/2 provider API. What each proves about a certificate is [`crate::apple::reason`]'s.

use super::{Entry, Kind, entry};

/// Apple's page of answers.
pub(super) const SOURCE: &str = "Apple, Handling notification responses from APNs";
/// Of a list that is not Apple's own.
const CHANNELS: &str = "a third party's list of the channel API's reasons";
const NO_FAULT: &str = "nothing is wrong with the certificate";

const fn reason(code: &'static str, text: [&'static str; 3]) -> Entry {
    entry(Kind::Reason, SOURCE, code, &[], text)
}

const fn channel(code: &'static str, text: [&'static str; 3]) -> Entry {
    entry(Kind::Reason, CHANNELS, code, &[], text)
}

pub(super) const ALL: &[Entry] = &[
    reason(
        "BadCertificate",
        [
            "Apple does not take the certificate",
            "it is no push certificate, was revoked, or its issuer is not known to APNs",
            "pushcert inspect FILE",
        ],
    ),
    reason(
        "BadCertificateEnvironment",
        [
            "the certificate is for the other environment",
            "a sandbox certificate at api.push.apple.com, or a production one at api.sandbox.push.apple.com",
            "pushcert inspect FILE    (says which environments it serves)",
        ],
    ),
    reason(
        "Forbidden",
        [
            "the certificate or token may not do this",
            "the credential is refused for this action",
            "pushcert check FILE",
        ],
    ),
    reason(
        "MissingProviderToken",
        [
            "no certificate reached APNs, and no token either",
            "the sender did not present its certificate: a library that drops it, a missing key, or a proxy in between",
            "pushcert check FILE    (shows whether it is asked for and sent)",
        ],
    ),
    reason(
        "BadDeviceToken",
        [
            "the certificate was accepted; the device token was not",
            "a malformed token, or one of the other environment",
            "compare the build's aps-environment with the host: pushcert inspect PROFILE FILE",
        ],
    ),
    reason(
        "DeviceTokenNotForTopic",
        [
            "the certificate was accepted; the token belongs to another app",
            "the token came from a build with another bundle id",
            "pushcert inspect FILE    (lists the topics)",
        ],
    ),
    reason(
        "Unregistered",
        [
            "the certificate was accepted; the device no longer takes pushes for the topic",
            "the app was removed, or the token was replaced",
            "delete the token",
        ],
    ),
    reason(
        "ExpiredToken",
        [
            "the certificate was accepted; the device token has expired",
            "the device got a newer token",
            "delete the token",
        ],
    ),
    reason(
        "TooManyRequests",
        [
            "the certificate was accepted; the device gets too many pushes",
            "many notifications for one token in a short time",
            "send less often to that token",
        ],
    ),
    reason(
        "TopicDisallowed",
        [
            "the certificate was recognised; it may not push to that topic",
            "apns-topic is none of the certificate's topics",
            "pushcert inspect FILE    (lists the topics)",
        ],
    ),
    reason(
        "BadTopic",
        [
            "the certificate was recognised; the topic is not valid",
            "a misspelt apns-topic",
            "pushcert inspect FILE    (lists the topics)",
        ],
    ),
    reason(
        "MissingTopic",
        [
            "the certificate was recognised; the request names no topic",
            "a certificate with several topics needs the header apns-topic",
            "send apns-topic; pushcert inspect FILE lists the topics",
        ],
    ),
    reason(
        "BadCollapseId",
        [
            NO_FAULT,
            "apns-collapse-id is longer than 64 bytes",
            "shorten it",
        ],
    ),
    reason(
        "BadExpirationDate",
        [
            NO_FAULT,
            "apns-expiration is not a time in seconds",
            "send a Unix time, or 0 for one attempt",
        ],
    ),
    reason(
        "BadMessageId",
        [
            NO_FAULT,
            "apns-id is no lowercase UUID",
            "send a UUID, or none",
        ],
    ),
    reason(
        "BadPriority",
        [
            NO_FAULT,
            "apns-priority is not 1, 5 or 10, or 10 was sent with a background push",
            "send 5 for background pushes",
        ],
    ),
    reason(
        "DuplicateHeaders",
        [NO_FAULT, "a header was sent twice", "send each header once"],
    ),
    reason(
        "IdleTimeout",
        [
            NO_FAULT,
            "the connection was idle for too long",
            "connect again",
        ],
    ),
    reason(
        "InvalidPushType",
        [
            NO_FAULT,
            "apns-push-type is none that APNs knows for the topic",
            "send alert, background, voip or another documented type",
        ],
    ),
    reason(
        "MissingDeviceToken",
        [
            NO_FAULT,
            "the path has no device token",
            "POST to /3/device/TOKEN",
        ],
    ),
    reason(
        "PayloadEmpty",
        [
            NO_FAULT,
            "the request has no body",
            "send a JSON object with aps",
        ],
    ),
    reason(
        "PayloadTooLarge",
        [
            NO_FAULT,
            "more than 4096 bytes, or 5120 for VoIP",
            "shorten the payload",
        ],
    ),
    reason(
        "BadPath",
        [
            NO_FAULT,
            "the path is not /3/device/TOKEN",
            "correct the path",
        ],
    ),
    reason(
        "MethodNotAllowed",
        [NO_FAULT, "the request is not a POST", "use POST"],
    ),
    reason(
        "TooManyProviderTokenUpdates",
        [
            "about token authentication; a certificate has no part in it",
            "the token was renewed more than once in 20 minutes",
            "keep a token for 20 to 60 minutes",
        ],
    ),
    reason(
        "ExpiredProviderToken",
        [
            "about token authentication; a certificate has no part in it",
            "the token is older than an hour",
            "sign a new token",
        ],
    ),
    reason(
        "InvalidProviderToken",
        [
            "about token authentication; a certificate has no part in it",
            "the token's signature, key id or team id is wrong",
            "check the key id and the team id",
        ],
    ),
    reason(
        "UnrelatedKeyIdInToken",
        [
            "about token authentication; a certificate has no part in it",
            "the key of the token is not for this team or topic",
            "use the key of the team",
        ],
    ),
    reason(
        "BadEnvironmentKeyIdInToken",
        [
            "about token authentication; a certificate has no part in it",
            "the key of the token is for the other environment",
            "use a key for this environment",
        ],
    ),
    reason(
        "BadEnvironmentKeyInToken",
        [
            "about token authentication; a certificate has no part in it",
            "the key of the token is for the other environment (seen on the wire in this spelling)",
            "use a key for this environment",
        ],
    ),
    reason(
        "InternalServerError",
        [
            "a fault at Apple's side says nothing about the certificate",
            "APNs could not process the request",
            "try again after 15 minutes",
        ],
    ),
    reason(
        "ServiceUnavailable",
        [
            "a fault at Apple's side says nothing about the certificate",
            "APNs is not available",
            "try again after 15 minutes",
        ],
    ),
    reason(
        "Shutdown",
        [
            "the server is going away; it says nothing about the certificate",
            "APNs closes the connection",
            "connect again",
        ],
    ),
    channel(
        "MissingChannelId",
        [
            NO_FAULT,
            "a broadcast request without a channel",
            "name the channel",
        ],
    ),
    channel(
        "BadChannelId",
        [
            NO_FAULT,
            "the channel's id is not valid",
            "check the channel's id",
        ],
    ),
    channel(
        "ChannelNotRegistered",
        [
            NO_FAULT,
            "the channel does not exist",
            "create the channel first",
        ],
    ),
    channel(
        "CannotCreateChannelConfig",
        [
            NO_FAULT,
            "the channel could not be made",
            "check the request",
        ],
    ),
    channel(
        "FeatureNotEnabled",
        [
            NO_FAULT,
            "broadcast is not switched on for the App ID",
            "switch it on at the developer portal",
        ],
    ),
    channel(
        "MissingPushType",
        [
            NO_FAULT,
            "the request names no push type",
            "send apns-push-type",
        ],
    ),
];
