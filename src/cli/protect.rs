//! How a key that is written is protected: `--passout`, `--no-passphrase`, what it had before, or an answer typed on the terminal.

use super::PassOut;
use super::passphrase::{NewPassphrase, Passphrases};
use super::reply::Stop;
use crate::container::Protection;
use crate::container::pem::KeyForm;
use crate::secret::Passphrase;
use clap::ValueEnum;

/// `--key-format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KeyFormat {
    Pkcs8,
    Pkcs1,
}

impl From<KeyFormat> for KeyForm {
    fn from(format: KeyFormat) -> KeyForm {
        match format {
            KeyFormat::Pkcs8 => KeyForm::Pkcs8,
            KeyFormat::Pkcs1 => KeyForm::Pkcs1,
        }
    }
}

/// The passphrase to encrypt a key with; `None` is plain. `before` is how the key was kept, if it was.
pub(super) fn choose(
    flags: &PassOut,
    passphrases: &mut Passphrases,
    before: Option<&Protection>,
    what: &str,
) -> Result<Option<Passphrase>, Box<Stop>> {
    if flags.no_passphrase {
        return Ok(None);
    }
    if let Some(passphrase) = passphrases.passout()? {
        return Ok(Some(passphrase));
    }
    match before {
        Some(Protection::Plain) => return Ok(None),
        Some(Protection::Encrypted(passphrase)) => return Ok(Some(passphrase.clone())),
        Some(Protection::Pkcs12) | None => {}
    }
    match passphrases.ask_new(what)? {
        Some(NewPassphrase::Plain) => Ok(None),
        Some(NewPassphrase::Protected(passphrase)) => Ok(Some(passphrase)),
        None => Err(Stop::usage(
            "say how the key that is written is protected: --passout SRC or --no-passphrase",
        )),
    }
}
