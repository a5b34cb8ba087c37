//! The kinds of certificates and how they are told apart: the marker OIDs first, the common name only as fallback.
//! The names and OIDs were read off published certificates; Apple documents the OIDs in its own assignments list.

use x509_parser::asn1_rs::{Oid, oid};

/// "May use the development push service" (sandbox).
pub const OID_SANDBOX: Oid<'static> = oid!(1.2.840.113635.100.6.3.1);
/// "May use the production push service".
pub const OID_PRODUCTION: Oid<'static> = oid!(1.2.840.113635.100.6.3.2);
/// The list of topics and their kinds.
pub const OID_TOPICS: Oid<'static> = oid!(1.2.840.113635.100.6.3.6);
/// Seen on VoIP certificates; what each means is not documented, but that the second can list topics too.
pub const OIDS_UNEXPLAINED: [Oid<'static>; 3] = [
    oid!(1.2.840.113635.100.6.3.3),
    oid!(1.2.840.113635.100.6.3.4),
    oid!(1.2.840.113635.100.6.3.5),
];
/// Marker of an intermediate of Worldwide Developer Relations.
pub const OID_WWDR: Oid<'static> = oid!(1.2.840.113635.100.6.2.1);
/// How the user id of a certificate for device management begins; the whole of it is the topic.
pub const MDM_USER_ID: &str = "com.apple.mgmt";

/// Which of the two push services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// Builds signed for development.
    Sandbox,
    /// Builds from the App Store, TestFlight, ad hoc and enterprise.
    Production,
}

impl Environment {
    /// The word that flags, text and JSON use.
    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Sandbox => "sandbox",
            Environment::Production => "production",
        }
    }
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    ApnsSandbox,
    ApnsProduction,
    ApnsUniversal,
    MacSandbox,
    MacProduction,
    Voip,
    Watchkit,
    Website,
    Pass,
    Mdm,
    AppleIntermediate,
    AppleRoot,
    Signing,
    Other,
}

impl Kind {
    /// The word that JSON uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::ApnsSandbox => "apns-sandbox",
            Kind::ApnsProduction => "apns-production",
            Kind::ApnsUniversal => "apns-universal",
            Kind::MacSandbox => "mac-sandbox",
            Kind::MacProduction => "mac-production",
            Kind::Voip => "voip",
            Kind::Watchkit => "watchkit",
            Kind::Website => "website",
            Kind::Pass => "pass",
            Kind::Mdm => "mdm",
            Kind::AppleIntermediate => "apple-intermediate",
            Kind::AppleRoot => "apple-root",
            Kind::Signing => "signing",
            Kind::Other => "other",
        }
    }

    /// What it is, in words, with its article.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::ApnsSandbox => "a push certificate for the sandbox",
            Kind::ApnsProduction => "a push certificate for production",
            Kind::ApnsUniversal => "a push certificate for sandbox and production",
            Kind::MacSandbox => "a Mac push certificate for the sandbox",
            Kind::MacProduction => "a Mac push certificate for production",
            Kind::Voip => "a VoIP push certificate",
            Kind::Watchkit => "a WatchKit push certificate",
            Kind::Website => "a Website Push ID certificate",
            Kind::Pass => "a Pass Type ID certificate",
            Kind::Mdm => "a push certificate for device management (MDM)",
            Kind::AppleIntermediate => "an intermediate CA of Apple's",
            Kind::AppleRoot => "a root CA of Apple's",
            Kind::Signing => "a signing certificate, not for push",
            Kind::Other => "not a push certificate",
        }
    }

    /// Whether a push service takes it as a client certificate.
    pub fn is_push(self) -> bool {
        !matches!(
            self,
            Kind::AppleIntermediate | Kind::AppleRoot | Kind::Signing | Kind::Other
        )
    }
}

/// Common-name prefixes, each followed by the bundle id; the environments are those of a certificate without marker OIDs.
const PREFIXES: [(&str, Kind, &[Environment]); 11] = {
    use Environment::{Production as P, Sandbox as S};
    [
        (
            "Apple Development IOS Push Services: ",
            Kind::ApnsSandbox,
            &[S],
        ),
        (
            "Apple Production IOS Push Services: ",
            Kind::ApnsProduction,
            &[P],
        ),
        (
            "Apple Development Mac Push Services: ",
            Kind::MacSandbox,
            &[S],
        ),
        (
            "Apple Production Mac Push Services: ",
            Kind::MacProduction,
            &[P],
        ),
        ("Apple Development Push Services: ", Kind::ApnsSandbox, &[S]),
        ("Apple Push Services: ", Kind::ApnsUniversal, &[S, P]),
        ("VoIP Services: ", Kind::Voip, &[S, P]),
        ("WatchKit Services: ", Kind::Watchkit, &[S, P]),
        ("Website Push ID: ", Kind::Website, &[P]),
        ("Pass Type ID: ", Kind::Pass, &[P]),
        ("APSP:", Kind::Mdm, &[P]),
    ]
};

/// Common-name prefixes of code-signing certificates that people mistake for push certificates.
const SIGNING: [&str; 8] = [
    "iPhone Developer: ",
    "iPhone Distribution: ",
    "iOS Development: ",
    "Apple Development: ",
    "Apple Distribution: ",
    "Mac Developer: ",
    "Developer ID Application: ",
    "Developer ID Installer: ",
];

/// What tells a leaf's kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks<'a> {
    /// Carries [`OID_SANDBOX`].
    pub sandbox: bool,
    /// Carries [`OID_PRODUCTION`].
    pub production: bool,
    /// Subject common name.
    pub common_name: &'a str,
    /// Subject user id.
    pub user_id: &'a str,
}

/// The kind of a leaf, and the environments it serves.
pub fn classify(marks: Marks) -> (Kind, Vec<Environment>) {
    use Environment::{Production, Sandbox};
    let named = PREFIXES
        .iter()
        .find(|(prefix, ..)| marks.common_name.starts_with(prefix));
    let by_oid = match (marks.sandbox, marks.production) {
        (true, true) => Some((Kind::ApnsUniversal, vec![Sandbox, Production])),
        (true, false) => Some((Kind::ApnsSandbox, vec![Sandbox])),
        (false, true) => Some((Kind::ApnsProduction, vec![Production])),
        (false, false) => None,
    };
    let is_mdm = marks.user_id.starts_with(MDM_USER_ID);
    match (by_oid, named) {
        // The OIDs say where it may go; the name only adds which of the services it is for.
        (Some((kind, environments)), named) => {
            let kind = match named.map(|(_, kind, _)| *kind) {
                _ if is_mdm => Kind::Mdm,
                Some(
                    named @ (Kind::Voip
                    | Kind::Watchkit
                    | Kind::Website
                    | Kind::Pass
                    | Kind::Mdm
                    | Kind::MacSandbox
                    | Kind::MacProduction),
                ) => named,
                _ => kind,
            };
            (kind, environments)
        }
        (None, _) if is_mdm => (Kind::Mdm, vec![Production]),
        (None, Some((_, kind, environments))) => (*kind, environments.to_vec()),
        (None, None) if SIGNING.iter().any(|p| marks.common_name.starts_with(p)) => {
            (Kind::Signing, Vec::new())
        }
        (None, None) => (Kind::Other, Vec::new()),
    }
}

/// The environments that a common name tells by itself, for the services that have a name for each; `None` for the others.
pub fn environments_of_common_name(common_name: &str) -> Option<&'static [Environment]> {
    const TOLD: [Kind; 5] = [
        Kind::ApnsSandbox,
        Kind::ApnsProduction,
        Kind::ApnsUniversal,
        Kind::MacSandbox,
        Kind::MacProduction,
    ];
    PREFIXES
        .iter()
        .find(|(prefix, kind, _)| common_name.starts_with(prefix) && TOLD.contains(kind))
        .map(|(_, _, environments)| *environments)
}

/// The bundle id that a common name of a push certificate ends with.
pub fn topic_of_common_name(common_name: &str) -> Option<&str> {
    PREFIXES
        .iter()
        .find_map(|(prefix, ..)| common_name.strip_prefix(prefix))
        .filter(|topic| !topic.is_empty())
}
