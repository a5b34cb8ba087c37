//! The reasons with which the HTTP/2 provider API answers, and what each proves about the certificate that asked.
//! Source: Apple's "Handling notification responses from APNs"; what a reason proves is inferred from its documented order of checks.

/// What an answer says about the client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The certificate and its topic passed; what is refused is the notification.
    Accepted,
    /// The certificate passed, and the topic did not.
    TopicRefused,
    /// The certificate is refused, or none was seen.
    Rejected,
    /// It says nothing about the certificate.
    Nothing,
}

/// One reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// As it stands in the answer's JSON.
    pub name: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What it proves.
    pub judgement: Judgement,
}

const fn reason(status: u16, name: &'static str, judgement: Judgement) -> Reason {
    Reason {
        name,
        status,
        judgement,
    }
}

/// Every reason that is documented for pushes, the one that the wire spells differently, and those reported of channels.
pub const ALL: [Reason; 39] = {
    use Judgement::{Accepted, Nothing, Rejected, TopicRefused};
    [
        reason(400, "BadCollapseId", Nothing),
        reason(400, "BadDeviceToken", Accepted),
        reason(400, "BadExpirationDate", Nothing),
        reason(400, "BadMessageId", Nothing),
        reason(400, "BadPriority", Nothing),
        reason(400, "BadTopic", TopicRefused),
        reason(400, "DeviceTokenNotForTopic", Accepted),
        reason(400, "DuplicateHeaders", Nothing),
        reason(400, "IdleTimeout", Nothing),
        reason(400, "InvalidPushType", Nothing),
        reason(400, "MissingDeviceToken", Nothing),
        reason(400, "MissingTopic", TopicRefused),
        reason(400, "PayloadEmpty", Nothing),
        reason(400, "TopicDisallowed", TopicRefused),
        reason(403, "BadCertificate", Rejected),
        reason(403, "BadCertificateEnvironment", Rejected),
        reason(403, "ExpiredProviderToken", Nothing),
        reason(403, "Forbidden", Rejected),
        reason(403, "InvalidProviderToken", Nothing),
        reason(403, "MissingProviderToken", Rejected),
        reason(403, "UnrelatedKeyIdInToken", Nothing),
        reason(403, "BadEnvironmentKeyIdInToken", Nothing),
        // The wire has been seen to spell the one above so.
        reason(403, "BadEnvironmentKeyInToken", Nothing),
        reason(404, "BadPath", Nothing),
        reason(405, "MethodNotAllowed", Nothing),
        reason(410, "ExpiredToken", Accepted),
        reason(410, "Unregistered", Accepted),
        reason(413, "PayloadTooLarge", Nothing),
        reason(429, "TooManyProviderTokenUpdates", Nothing),
        reason(429, "TooManyRequests", Accepted),
        reason(500, "InternalServerError", Nothing),
        reason(503, "ServiceUnavailable", Nothing),
        reason(503, "Shutdown", Nothing),
        // Of the channel API, known from one list that is not Apple's.
        reason(400, "MissingChannelId", Nothing),
        reason(400, "BadChannelId", Nothing),
        reason(400, "ChannelNotRegistered", Nothing),
        reason(400, "CannotCreateChannelConfig", Nothing),
        reason(400, "FeatureNotEnabled", Nothing),
        reason(400, "MissingPushType", Nothing),
    ]
};

/// The reason of this name, in Apple's spelling.
pub fn find(name: &str) -> Option<&'static Reason> {
    const KNOWN: &[Reason] = &ALL;
    KNOWN.iter().find(|reason| reason.name == name)
}
