//! The parameters that the schemes share: PBKDF2's (RFC 8018, A.2), salts and iteration counts within reason.

use super::kdf::Hash;
use crate::container::ber::{Fields, Node, tag};
use crate::error::{Error, Result};

const MAX_SALT: usize = 1024;

/// The parameters of PBKDF2.
#[derive(Debug)]
pub(crate) struct Pbkdf2 {
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u64,
    pub(crate) length: Option<u64>,
    pub(crate) prf: Hash,
}

impl Pbkdf2 {
    /// From an AlgorithmIdentifier; `named` makes the error about what is not PBKDF2 or has an unknown PRF.
    pub(crate) fn parse(node: &Node<'_>, named: &dyn Fn(&str) -> Error) -> Result<Pbkdf2> {
        let mut fields = node.fields(tag::SEQUENCE, "the key derivation")?;
        match fields
            .required("the key derivation's identifier")?
            .oid()?
            .as_str()
        {
            "1.2.840.113549.1.5.12" => {}
            "1.3.6.1.4.1.11591.4.11" => return Err(named("scrypt")),
            other => return Err(named(other)),
        }
        let mut fields = fields
            .required("the parameters")?
            .fields(tag::SEQUENCE, "PBKDF2's parameters")?;
        let (salt, iterations) = salt_and_iterations(&mut fields)?;
        let length = match fields.optional(tag::INTEGER) {
            Some(length) => Some(length.unsigned("the key length")?),
            None => None,
        };
        let prf = match fields.optional(tag::SEQUENCE) {
            None => Hash::Sha1,
            Some(prf) => {
                let oid = prf
                    .fields(tag::SEQUENCE, "the PRF")?
                    .required("the PRF's identifier")?
                    .oid()?;
                Hash::from_hmac_oid(&oid).ok_or_else(|| named(&format!("PBKDF2 with PRF {oid}")))?
            }
        };
        Ok(Pbkdf2 {
            salt,
            iterations,
            length,
            prf,
        })
    }
}

/// How the parameters of every scheme begin.
pub(super) fn salt_and_iterations(fields: &mut Fields<'_, '_>) -> Result<(Vec<u8>, u64)> {
    let salt = checked_salt(fields.required("the salt")?)?;
    Ok((
        salt,
        checked_iterations(fields.required("the iteration count")?)?,
    ))
}

/// A salt of a length that somebody could have meant.
pub(crate) fn checked_salt(node: &Node<'_>) -> Result<Vec<u8>> {
    let salt = node.octet_string("the salt")?.to_vec();
    if salt.len() > MAX_SALT {
        return Err(node.damaged(format!("a salt of {} bytes", salt.len())));
    }
    Ok(salt)
}

/// An iteration count of at least 1.
pub(crate) fn checked_iterations(node: &Node<'_>) -> Result<u64> {
    match node.unsigned("the iteration count")? {
        0 => Err(node.damaged("an iteration count of 0")),
        iterations => Ok(iterations),
    }
}
