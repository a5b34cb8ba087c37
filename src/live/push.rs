//! The notification that a probe sends: one that can reach nobody, and asks for the topic that the certificate is for.

use crate::apple::Kind;
use crate::certificate::Certificate;

/// What a probe over HTTP/2 says of itself. The binary protocol's names no topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// `apns-topic`; none where the certificate names none.
    pub topic: Option<String>,
    /// `apns-push-type`.
    pub push_type: &'static str,
}

impl Push {
    /// The probe for a certificate: its first `app` topic, else its user id.
    pub fn of(leaf: &Certificate) -> Push {
        let app = leaf
            .topics
            .iter()
            .find(|topic| topic.kinds.iter().any(|kind| kind == "app"));
        let topic = app
            .map(|topic| topic.name.clone())
            .or_else(|| leaf.subject.user_id.clone());
        let is_voip = topic.as_ref().is_some_and(|topic| topic.ends_with(".voip"));
        let push_type = match leaf.kind {
            Kind::Mdm => "mdm",
            _ if is_voip => "voip",
            _ => "background",
        };
        Push { topic, push_type }
    }
}
