//! `--latest`: while an old certificate and its successor overlap, only the one that carries the pushes in the end is judged.

use super::row::{Dated, Role, Row};
use crate::apple::Environment;
use crate::validity::Expiry;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Takes out every push certificate that, for each of its topics and environments, another one outlives; returns how many. One that
/// is not valid yet outlives nothing, or an outage could hide behind it.
pub fn keep_latest(rows: &mut Vec<Row>) -> usize {
    let mut last: BTreeMap<(String, Environment), OffsetDateTime> = BTreeMap::new();
    for dated in rows.iter().filter_map(Row::dated).filter(takes_part) {
        if dated.expiry == Expiry::NotYetValid {
            continue;
        }
        for place in places(dated) {
            let end = last.entry(place).or_insert(dated.not_after);
            *end = dated.not_after.max(*end);
        }
    }
    let is_last = |dated: &Dated| {
        let outlives = |place| last.get(&place).is_none_or(|end| dated.not_after >= *end);
        !takes_part(&dated) || places(dated).any(outlives)
    };
    let before = rows.len();
    rows.retain(|row| row.dated().is_none_or(is_last));
    before - rows.len()
}

fn takes_part(dated: &&Dated) -> bool {
    dated.role == Role::Leaf && dated.is_push() && places(dated).next().is_some()
}

fn places(dated: &Dated) -> impl Iterator<Item = (String, Environment)> {
    dated.topics.iter().flat_map(|topic| {
        let of_topic = |environment: &Environment| (topic.clone(), *environment);
        dated.environments.iter().map(of_topic)
    })
}
