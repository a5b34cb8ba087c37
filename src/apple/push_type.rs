//! Push types, and what Apple asks of each. Source: Apple's "Sending notification requests to APNs".

/// The longest `apns-collapse-id`, in bytes.
pub const LONGEST_COLLAPSE_ID: usize = 64;
/// The longest payload of the binary protocol, in bytes.
pub const LONGEST_BINARY_PAYLOAD: usize = 2048;

/// What `apns-push-type` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PushType {
    Alert,
    Background,
    Complication,
    Controls,
    FileProvider,
    LiveActivity,
    Location,
    Mdm,
    PushToTalk,
    Voip,
    Widgets,
}

/// Each with its word, and what its topic ends with after the bundle id.
const ALL: [(PushType, &str, &str); 11] = [
    (PushType::Alert, "alert", ""),
    (PushType::Background, "background", ""),
    (PushType::Complication, "complication", ".complication"),
    (PushType::Controls, "controls", ".push-type.controls"),
    (
        PushType::FileProvider,
        "fileprovider",
        ".pushkit.fileprovider",
    ),
    (
        PushType::LiveActivity,
        "liveactivity",
        ".push-type.liveactivity",
    ),
    (PushType::Location, "location", ".location-query"),
    (PushType::Mdm, "mdm", ""),
    (PushType::PushToTalk, "pushtotalk", ".voip-ptt"),
    (PushType::Voip, "voip", ".voip"),
    (PushType::Widgets, "widgets", ".push-type.widgets"),
];

impl PushType {
    /// Reads the header's word.
    ///
    /// # Errors
    /// The words there are, for anything else.
    pub fn parse(text: &str) -> Result<PushType, String> {
        let found = ALL.iter().find(|(_, word, _)| *word == text);
        found.map(|(push_type, ..)| *push_type).ok_or_else(|| {
            let words: Vec<&str> = ALL.iter().map(|(_, word, _)| *word).collect();
            format!("none of {}", words.join(", "))
        })
    }

    /// The type whose topics end as this one does, if that ending belongs to a type.
    pub fn of_topic(topic: &str) -> Option<PushType> {
        ALL.iter()
            .find(|(.., suffix)| !suffix.is_empty() && topic.ends_with(suffix))
            .map(|(push_type, ..)| *push_type)
    }

    /// The header's word.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// What the topic ends with after the bundle id; often nothing.
    pub fn suffix(self) -> &'static str {
        self.row().2
    }

    /// The priority where none is wished for.
    pub fn priority(self) -> u8 {
        match self {
            PushType::Background => 5,
            _ => 10,
        }
    }

    /// The longest payload, in bytes.
    pub fn longest_payload(self) -> usize {
        match self {
            PushType::Voip => 5120,
            _ => 4096,
        }
    }

    fn row(self) -> &'static (PushType, &'static str, &'static str) {
        const ROWS: &[(PushType, &str, &str)] = &ALL;
        let found = ROWS.iter().find(|(push_type, ..)| *push_type == self);
        found.unwrap_or(&ROWS[0])
    }
}
