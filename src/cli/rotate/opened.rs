//! Opens the live files with their bytes, asking for a passphrase where one is missing.

use super::super::open;
use super::super::passphrase::Passphrases;
use super::super::reply::Stop;
use crate::certificate::Certificate;
use crate::finding::{Finding, id};
use crate::inputs::{self, Input};
use crate::report::words;
use crate::rotation::{Live, Site};
use crate::secret::SecretBytes;

/// The live files, read once.
pub(super) struct Opened {
    pub bytes: Vec<SecretBytes>,
    pub inputs: Vec<Input>,
}

impl Opened {
    /// Reads and unlocks them, asking where need be. What stays locked or damaged stays a value.
    pub fn read(site: &Site, passphrases: &mut Passphrases) -> Result<Opened, Box<Stop>> {
        let mut opened = Opened::read_visible(site, passphrases)?;
        for input in &mut opened.inputs {
            open::unlock_one(input, passphrases)?;
        }
        Ok(opened)
    }

    /// Reads them and asks nobody: the certificate of a PEM file is visible beside a locked key.
    pub fn read_visible(site: &Site, passphrases: &mut Passphrases) -> Result<Opened, Box<Stop>> {
        let bytes = site.read()?;
        let candidates = passphrases.candidates()?;
        let files = site.files.iter().zip(&bytes);
        let inputs = files
            .map(|(path, bytes)| inputs::open_bytes(path, bytes, &candidates))
            .collect();
        Ok(Opened { bytes, inputs })
    }

    /// The certificate, if it can be seen.
    pub fn leaf(&self) -> Option<&Certificate> {
        let visible = self.inputs.iter().filter_map(Input::contents);
        visible.filter_map(|contents| contents.leaf()).next()
    }

    /// The one identity that is rotated.
    pub fn live(&self, site: &Site) -> Result<Live, Box<Stop>> {
        let hint = |findings: Vec<Finding>| {
            let lacks_key = findings.iter().any(|finding| finding.id == id::NO_KEY);
            let live = words::shell(&site.live().display().to_string());
            let hint = match lacks_key && site.live_key().is_none() {
                true => "--live-key FILE names the file with its key".to_string(),
                false => format!(
                    "pushcert merge {live} --topic TOPIC -o one.pem    (a file with one identity)"
                ),
            };
            Stop::no(findings).with_hint(hint)
        };
        Live::of(site, &self.inputs, &self.bytes)?.map_err(hint)
    }
}
