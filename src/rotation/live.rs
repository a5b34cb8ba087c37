//! What the live files hold: the one identity that is rotated, and the form that it has there.

use super::form::Form;
use super::site::Site;
use crate::assembly::Parts;
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, id};
use crate::inputs::{Input, State};
use crate::private_key::PrivateKey;
use crate::secret::SecretBytes;

/// What stands at the live path.
#[derive(Clone, Debug)]
pub struct Live {
    /// The certificate that is rotated.
    pub leaf: Certificate,
    /// Its key, where it is there and fits.
    pub key: Option<PrivateKey>,
    /// How the files are written.
    pub form: Form,
}

/// What stands there, or why it cannot be rotated.
pub type Answer = std::result::Result<Live, Vec<Finding>>;

impl Live {
    /// Reads it off the opened files of a site and their bytes.
    ///
    /// # Errors
    /// A file that could not be read, and a form that cannot be kept.
    pub fn of(site: &Site, inputs: &[Input], bytes: &[SecretBytes]) -> Result<Answer> {
        let mut files = Vec::new();
        for (input, bytes) in inputs.iter().zip(bytes) {
            if let Some(error) = input.trouble() {
                return Err(error);
            }
            if let State::Open(contents) = &input.state {
                files.push((bytes, contents));
            }
        }
        let path = site.live().display().to_string();
        let no = |id, message: &str| {
            Ok(Err(vec![
                Finding::new(id, Severity::Critical, message).in_path(&*path),
            ]))
        };
        let parts = Parts::of(inputs);
        let mut leaves: Vec<&Certificate> =
            parts.leaves.iter().map(|part| &part.certificate).collect();
        if leaves.iter().any(|leaf| parts.key_for(leaf).is_some()) {
            leaves.retain(|leaf| parts.key_for(leaf).is_some());
        }
        let leaf = match leaves.as_slice() {
            [leaf] => (*leaf).clone(),
            [] => {
                let missing = Error::NoInputFound {
                    wanted: "certificate",
                };
                return Err(missing.in_file(site.live()));
            }
            _ => {
                let message = "holds several identities, and a rotation replaces a file with one";
                return no(id::SEVERAL_IDENTITIES, message);
            }
        };
        if parts.keys.len() > 1 {
            return no(
                id::SEVERAL_KEYS,
                "holds several private keys, and a rotation replaces a file with one",
            );
        }
        if parts.keys.is_empty() {
            let message = "holds no private key, and neither file of a pair is replaced alone";
            return no(id::NO_KEY, message);
        }
        let key = parts.key_for(&leaf).map(|part| part.key.clone());
        Form::of(&files)
            .map(|form| Ok(Live { leaf, key, form }))
            .map_err(|error| error.in_file(site.live()))
    }
}
