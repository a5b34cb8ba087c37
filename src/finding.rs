//! What is wrong, or worth knowing, about a file that could be read; and the arithmetic from findings to an exit code.

use crate::error::Error;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Good, but needs attention.
    Warning,
    /// The answer is no.
    Critical,
    /// Could not tell.
    Unknown,
}

impl Severity {
    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
            Severity::Unknown => "unknown",
        }
    }
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name, of [`id`] or of [`Error::id`].
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file it is about, as the user named it.
    pub path: Option<String>,
    /// SHA-256 of the certificate it is about, lowercase hex.
    pub identity: Option<String>,
}

impl Finding {
    /// A finding with a sentence, about nothing in particular yet.
    pub fn new(id: &'static str, severity: Severity, message: impl Into<String>) -> Finding {
        Finding {
            id,
            severity,
            message: message.into(),
            hint: None,
            path: None,
            identity: None,
        }
    }

    /// The same, with what to do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    /// The same, naming its file.
    pub fn in_path(mut self, path: impl Into<String>) -> Finding {
        self.path = Some(path.into());
        self
    }

    /// What a file that could not be read looks like beside others that could.
    pub fn unreadable(error: &Error) -> Finding {
        Finding {
            path: error.path().map(|path| path.display().to_string()),
            ..Finding::new(error.id(), Severity::Unknown, error.cause().to_string())
        }
    }
}

/// The answer of a command, or of one of its items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Exit 0.
    #[default]
    Ok,
    /// Exit 1.
    Warning,
    /// Exit 2.
    Critical,
    /// Exit 3.
    Unknown,
}

impl Status {
    /// What the findings amount to.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Status {
        findings
            .into_iter()
            .map(|finding| match finding.severity {
                Severity::Info => Status::Ok,
                Severity::Warning => Status::Warning,
                Severity::Critical => Status::Critical,
                Severity::Unknown => Status::Unknown,
            })
            .fold(Status::Ok, Status::worst)
    }

    /// The worse of the two, in the order critical, unknown, warning, ok.
    pub fn worst(self, other: Status) -> Status {
        let rank = |status| match status {
            Status::Ok => 0,
            Status::Warning => 1,
            Status::Unknown => 2,
            Status::Critical => 3,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }

    /// The exit code of this answer.
    pub fn exit_code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::Warning => 1,
            Status::Critical => 2,
            Status::Unknown => 3,
        }
    }

    /// The word that text and JSON show.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Critical => "critical",
            Status::Unknown => "unknown",
        }
    }
}

/// The ids of findings (those of errors are [`Error::id`]).
pub mod id {
    /// A leaf whose key is not there.
    pub const NO_KEY: &str = "no-key";
    /// A key that does not fit the leaf beside it.
    pub const KEY_MISMATCH: &str = "key-mismatch";
    /// A key whose certificate is not there.
    pub const NO_CERTIFICATE: &str = "no-certificate";
    /// A named file that adds nothing to the result.
    pub const UNUSED_INPUT: &str = "unused-input";
    /// A file of a folder that is not in the result.
    pub const LEFT_OUT: &str = "left-out";
    /// An identity that the flags rule out.
    pub const NOT_WANTED: &str = "not-wanted";
    /// Nothing of what is to be written is in the input.
    pub const NOTHING_TO_CONVERT: &str = "nothing-to-convert";
    /// More parts than the form can hold.
    pub const SEVERAL_PARTS: &str = "several-parts";
    /// More than one private key where one is wanted.
    pub const SEVERAL_KEYS: &str = "several-keys";
    /// A key that Apple's portal takes no request for.
    pub const KEY_NOT_ACCEPTED: &str = "key-not-accepted";
    /// A private key would go to a terminal.
    pub const KEY_TO_TERMINAL: &str = "key-to-terminal";
    /// A step of the rehearsal that did not end as it has to.
    pub const NOT_VERIFIED: &str = "not-verified";
    /// A code that the dictionary does not have.
    pub const UNKNOWN_CODE: &str = "unknown-code";
    /// Several identities, and nothing says which.
    pub const AMBIGUOUS: &str = "ambiguous";
    /// The validity is over.
    pub const EXPIRED: &str = "expired";
    /// The validity ends within the threshold.
    pub const EXPIRING: &str = "expiring";
    /// The validity has not begun.
    pub const NOT_YET_VALID: &str = "not-yet-valid";
    /// OIDs, common name and user id all say that it is not for push.
    pub const NOT_A_PUSH_CERTIFICATE: &str = "not-a-push-certificate";
    /// It does not serve the environment that is asked.
    pub const WRONG_ENVIRONMENT: &str = "wrong-environment";
    /// The common name tells other environments than the OIDs.
    pub const NAME_DISAGREES: &str = "name-disagrees";
    /// A key of less than 2048 bits.
    pub const WEAK_KEY: &str = "weak-key";
    /// A key that is not RSA with 2048 bits.
    pub const UNUSUAL_KEY: &str = "unusual-key";
    /// Signed with SHA-1 or an older hash.
    pub const SHA1_SIGNATURE: &str = "sha1-signature";
    /// Another certificate has the same key.
    pub const SAME_KEY_AS: &str = "same-key-as";
    /// The same certificate stands elsewhere too.
    pub const DUPLICATE_CERTIFICATE: &str = "duplicate-certificate";
    /// A key of the kind that signs tokens.
    pub const TOKEN_KEY: &str = "token-key";
    /// The issuer is none of Apple's.
    pub const ISSUER_UNKNOWN: &str = "issuer-unknown";
    /// Apple's issuer has expired itself.
    pub const ISSUER_EXPIRED: &str = "issuer-expired";
    /// Bytes after the DER.
    pub const TRAILING_BYTES: &str = "trailing-bytes";
    /// A PKCS#12 that OpenSSL 3 reads only with its legacy provider.
    pub const LEGACY_ENCRYPTION: &str = "legacy-encryption";
    /// A PEM file that OpenSSL's loader does not read.
    pub const NOT_SERVER_READABLE: &str = "not-server-readable";
    /// A server would load another certificate than the leaf.
    pub const LEAF_NOT_FIRST: &str = "leaf-not-first";
    /// The key file is readable by others.
    pub const KEY_WORLD_READABLE: &str = "key-world-readable";
    /// More than one identity in the file.
    pub const SEVERAL_IDENTITIES: &str = "several-identities";
    /// Something was put right while reading.
    pub const REPAIRED_INPUT: &str = "repaired-input";
    /// A block or bag that could not be read beside good ones, or is not of a kind read here.
    pub const SKIPPED: &str = "skipped";
    /// The signature of a profile does not hold, or is not Apple's.
    pub const PROFILE_SIGNATURE: &str = "profile-signature";
    /// A profile without push notifications.
    pub const PROFILE_WITHOUT_PUSH: &str = "profile-without-push";
    /// A profile for a pattern of apps.
    pub const PROFILE_WILDCARD: &str = "profile-wildcard";
    /// Profile and certificate are for different apps.
    pub const PROFILE_TOPIC_MISMATCH: &str = "profile-topic-mismatch";
    /// Profile and certificate are of different teams.
    pub const PROFILE_TEAM_MISMATCH: &str = "profile-team-mismatch";
    /// The device tokens of a profile's builds are of an environment that the certificate does not serve.
    pub const PROFILE_ENVIRONMENT: &str = "profile-environment";
    /// Profile and certificate can work together.
    pub const PROFILE_FITS: &str = "profile-fits";
    /// The live answer refuses the certificate.
    pub const REJECTED: &str = "rejected";
    /// Nothing proved the certificate.
    pub const UNPROVEN: &str = "unproven";
    /// What answers is no push gateway.
    pub const NOT_A_GATEWAY: &str = "not-a-gateway";
    /// The server closed without a word after the probe.
    pub const CLOSED_EARLY: &str = "closed-early";
    /// The machine has no CA store.
    pub const NO_ROOTS: &str = "no-roots";
    /// The server's chain does not verify.
    pub const SERVER_NOT_VERIFIED: &str = "server-not-verified";
    /// The endpoint could not be asked.
    pub const UNREACHABLE: &str = "unreachable";
    /// The server did not ask for a certificate.
    pub const NOT_REQUESTED: &str = "not-requested";
    /// The endpoint accepts the certificate and refuses its topic.
    pub const TOPIC_REFUSED: &str = "topic-refused";
    /// What should be a device token is none.
    pub const BAD_TOKEN: &str = "bad-token";
    /// What should be sent is no payload, or too long for one.
    pub const BAD_PAYLOAD: &str = "bad-payload";
    /// A device token that stands in the file twice.
    pub const DUPLICATE_TOKEN: &str = "duplicate-token";
    /// The binary protocol has no place for something that was wished for.
    pub const NOT_IN_BINARY: &str = "not-in-binary";
    /// A notification was refused.
    pub const NOTIFICATION_REFUSED: &str = "notification-refused";
    /// A notification was not taken now.
    pub const NOTIFICATION_DEFERRED: &str = "notification-deferred";
    /// A notification is not known to be sent.
    pub const NOT_KNOWN_SENT: &str = "not-known-sent";
    /// A topic of the live file is not in the new certificate.
    pub const TOPIC_LOST: &str = "topic-lost";
    /// An environment of the live file is not served by the new certificate.
    pub const ENVIRONMENT_LOST: &str = "environment-lost";
    /// The new certificate is of another team.
    pub const TEAM_CHANGED: &str = "team-changed";
    /// The new certificate of device management has another topic.
    pub const MDM_TOPIC_CHANGED: &str = "mdm-topic-changed";
    /// The new certificate ends no later than the live one.
    pub const NOT_LATER: &str = "not-later";
    /// The hook of a rotation did not end with 0.
    pub const HOOK_FAILED: &str = "hook-failed";
    /// After the hook the live file is not what was written.
    pub const POST_CHECK_FAILED: &str = "post-check-failed";
    /// A swap was begun and is not known to have ended.
    pub const ROTATION_UNFINISHED: &str = "rotation-unfinished";
    /// There is no earlier version to bring back.
    pub const NO_PREVIOUS_VERSION: &str = "no-previous-version";
    /// A new key waits for its certificate.
    pub const ROTATION_PENDING: &str = "rotation-pending";
}
