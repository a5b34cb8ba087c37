//! PEM as it is written: strict (LF, 64 columns, no attributes).

use super::super::pbe;
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::private_key::PrivateKey;
use crate::secret::{Passphrase, SecretBytes};
use ::pem::{EncodeConfig, LineEnding, Pem};
use zeroize::Zeroizing;

/// The syntax of an unencrypted key in PEM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyForm {
    /// `PRIVATE KEY`, any algorithm.
    #[default]
    Pkcs8,
    /// `RSA PRIVATE KEY`.
    Pkcs1,
}

/// A certificate as a strict PEM block: LF, 64 columns, no attributes.
pub fn encode_certificate(certificate: &Certificate) -> String {
    encode("CERTIFICATE", &certificate.der).to_string()
}

/// A request as a strict PEM block.
pub fn encode_request(der: &[u8]) -> String {
    encode("CERTIFICATE REQUEST", der).to_string()
}

/// A key as a strict PEM block; with a passphrase as encrypted PKCS#8.
///
/// # Errors
/// `usage` for PKCS#1 of a key that is not RSA, or encrypted.
pub fn encode_key(
    key: &PrivateKey,
    form: KeyForm,
    passphrase: Option<&Passphrase>,
) -> Result<SecretBytes> {
    let usage = |reason: &str| Error::Usage {
        reason: reason.to_string(),
    };
    let text = match (form, passphrase) {
        (KeyForm::Pkcs8, None) => encode("PRIVATE KEY", key.pkcs8().expose_secret()),
        (KeyForm::Pkcs8, Some(passphrase)) => encode(
            "ENCRYPTED PRIVATE KEY",
            &pbe::encrypt_private_key_info(key.pkcs8(), passphrase)?,
        ),
        (KeyForm::Pkcs1, None) => {
            let der = key
                .pkcs1()
                .ok_or_else(|| usage("--key-format pkcs1 is for RSA keys"))?;
            encode("RSA PRIVATE KEY", der.expose_secret())
        }
        (KeyForm::Pkcs1, Some(_)) => {
            return Err(usage(
                "--key-format pkcs1 has no encrypted form here; leave it out or add --no-passphrase",
            ));
        }
    };
    Ok(SecretBytes::new(text.as_bytes().to_vec()))
}

fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let block = Pem::new(label, der.to_vec());
    let text = Zeroizing::new(::pem::encode_config(&block, config));
    // The crate does not wipe its copy, which may be a private key.
    drop(Zeroizing::new(block.into_contents()));
    text
}
