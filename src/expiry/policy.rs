//! By what rows are judged and which are wanted.

use super::row::{Dated, Role};
use crate::apple::Environment;
use crate::finding::Status;
use crate::validity::{Expiry, Threshold};
use time::OffsetDateTime;

/// By what every row is judged.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The moment.
    pub now: OffsetDateTime,
    /// Less life than this is a warning.
    pub warn: Threshold,
    /// Less life than this is critical.
    pub critical: Threshold,
    /// Which rows are wanted.
    pub filter: Filter,
    /// What holds for single apps instead.
    pub apps: Vec<App>,
}

/// Which rows are wanted; a file that could not be read always is.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only push certificates.
    pub only_push: bool,
    /// Only what speaks for this topic.
    pub topic: Option<String>,
    /// Only what serves this environment.
    pub environment: Option<Environment>,
}

/// What is different for one app.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// The topic that tells it.
    pub topic: String,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Its own threshold for a warning.
    pub warn: Option<Threshold>,
    /// Its own threshold that makes it critical.
    pub critical: Option<Threshold>,
}

impl Policy {
    pub(super) fn wants(&self, dated: &Dated) -> bool {
        let filter = &self.filter;
        let has_topic = |topic: &String| dated.topics.contains(topic);
        let serves = |environment| dated.environments.contains(environment);
        (!filter.only_push || dated.is_push())
            && filter.topic.as_ref().is_none_or(has_topic)
            && filter.environment.as_ref().is_none_or(serves)
    }

    pub(super) fn judge(&self, dated: &mut Dated) {
        let app = self
            .apps
            .iter()
            .find(|app| dated.topics.contains(&app.topic));
        dated.owner = app.and_then(|app| app.owner.clone());
        let warn = app.and_then(|app| app.warn).unwrap_or(self.warn);
        let critical = app.and_then(|app| app.critical).unwrap_or(self.critical);
        (dated.warn, dated.critical) = (warn, critical);
        dated.expiry = Expiry::within(
            dated.not_before,
            dated.not_after,
            self.now,
            Some(warn),
            Some(critical),
        );
        dated.status = match dated.expiry {
            Expiry::Valid => Status::Ok,
            Expiry::Expiring => Status::Warning,
            _ if dated.role == Role::Ca => Status::Warning,
            Expiry::Critical | Expiry::Expired | Expiry::NotYetValid => Status::Critical,
        };
    }
}
