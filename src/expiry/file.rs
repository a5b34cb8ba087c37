//! A file that was opened to its rows.

use super::policy::Policy;
use super::row::{Dated, Entry, Row};
use crate::container::Format;
use crate::error::Error;
use crate::finding::Finding;
use crate::inputs::Input;

/// Whether anything that ends can be read of it.
pub(super) fn has_dates(input: &Input) -> bool {
    input
        .contents()
        .is_some_and(|contents| !contents.certificates.is_empty() || contents.profile.is_some())
}

/// The rows of a file that was opened.
pub fn rows(mut input: Input, policy: &Policy) -> Vec<Row> {
    told(&mut input, policy).0
}

/// The rows that are wanted, and whether there were any at all. What they tell of certificates is taken out of the file.
pub(super) fn told(input: &mut Input, policy: &Policy) -> (Vec<Row>, bool) {
    let certificates = input.take_certificates();
    let trouble = |finding| Row::trouble(input, finding);
    let not_read = |error: Error| trouble(Finding::unreadable(&error));
    let Some(contents) = input.contents() else {
        return (input.trouble().map(not_read).into_iter().collect(), true);
    };
    let certificates = certificates.into_iter().map(|part| part.certificate);
    let (all, endless): (Vec<Dated>, bool) = match &contents.profile {
        Some(signed) => {
            let dated = Dated::of_profile(&signed.profile);
            let endless = dated.is_none();
            (dated.into_iter().collect(), endless)
        }
        None => (certificates.map(Dated::of_certificate).collect(), false),
    };
    let mut seen = !all.is_empty();
    let mut rows: Vec<Row> = Vec::with_capacity(all.len());
    for mut dated in all {
        dated.with_key = contents.encrypted || !contents.keys.is_empty();
        policy.judge(&mut dated);
        if policy.wants(&dated) {
            rows.push(Row {
                path: input.path.clone(),
                entry: Entry::Dated(Box::new(dated)),
            });
        }
    }
    if endless {
        rows.push(not_read(Error::Damaged {
            what: "provisioning profile",
            reason: "it does not say when it ends".to_string(),
        }));
    }
    rows.extend(input.broken_parts().into_iter().map(trouble));
    // What is locked in a PEM file is a key, which has no dates; in a PKCS#12 it may be anything.
    if contents.format == Format::Pkcs12 {
        rows.extend(input.trouble().map(not_read));
    }
    seen |= !rows.is_empty();
    if !seen && input.named {
        let found = format!("{} without a certificate", contents.description);
        let wanted = "a certificate";
        rows.push(not_read(Error::WrongKind { wanted, found }));
        seen = true;
    }
    (rows, seen)
}
