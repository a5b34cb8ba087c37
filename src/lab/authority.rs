//! The stand-in CA: a root, an intermediate like Worldwide Developer Relations, and the certificate of the gateway.
//! It does not touch files: the caller stores what [`Authority::files`] lists and hands it back to [`Authority::load`].

use super::settings::ServerCertificate;
use super::template::{
    DER_NULL, beginning, end, key_identifiers, name, private_extension, unsigned,
};
use super::{crypto, server};
use crate::apple::kind::OID_WWDR;
use crate::error::{Error, Result};
use crate::secret::SecretBytes;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage};
use openssl::x509::{X509, X509Builder, X509NameRef};
use time::OffsetDateTime;

/// Root and intermediate certificate, for a client's CA file.
pub const CA_FILE: &str = "ca.pem";
/// The private key that issues leaves.
pub const INTERMEDIATE_KEY_FILE: &str = "intermediate.key.pem";
/// The gateway's certificate and the intermediate.
pub const SERVER_FILE: &str = "server.pem";
/// The gateway's private key.
pub const SERVER_KEY_FILE: &str = "server.key.pem";

/// A stand-in CA. One that exists has keys that fit its certificates.
pub struct Authority {
    pub(super) root: X509,
    pub(super) intermediate: X509,
    pub(super) intermediate_key: PKey<Private>,
    pub(super) server: X509,
    pub(super) server_key: PKey<Private>,
}

/// One file of a lab.
#[derive(Debug)]
pub struct LabFile {
    /// Its name in the lab's folder.
    pub name: &'static str,
    /// PEM.
    pub contents: SecretBytes,
    /// Whether a private key is in it.
    pub holds_key: bool,
}

impl Authority {
    /// A new one, valid around `now`. The root's key is thrown away: nothing but the intermediate is ever signed by it.
    pub fn create(now: OffsetDateTime) -> Result<Authority> {
        Authority::make(now).map_err(crypto("making the lab's certificates"))
    }

    fn make(now: OffsetDateTime) -> std::result::Result<Authority, ErrorStack> {
        let root_key = rsa_2048()?;
        let root_name = name("pushcert lab Root CA")?;
        let mut root = certificate(&root_name, &root_name, &root_key, now)?;
        authority_extensions(&mut root, None, None)?;
        root.sign(&root_key, MessageDigest::sha256())?;
        let root = root.build();

        let intermediate_key = rsa_2048()?;
        let intermediate_name = name("pushcert lab Worldwide Developer Relations CA")?;
        let mut intermediate = certificate(&intermediate_name, &root_name, &intermediate_key, now)?;
        authority_extensions(&mut intermediate, Some(&root), Some(0))?;
        intermediate.append_extension(private_extension(&OID_WWDR, &DER_NULL)?)?;
        intermediate.sign(&root_key, MessageDigest::sha256())?;
        let intermediate = intermediate.build();

        let server_key = rsa_2048()?;
        let good = ServerCertificate::Good;
        Ok(Authority {
            server: server::certificate(good, &server_key, &intermediate, &intermediate_key, now)?,
            root,
            intermediate,
            intermediate_key,
            server_key,
        })
    }

    /// Everything that [`Authority::load`] will ask for.
    pub fn files(&self) -> Result<Vec<LabFile>> {
        let encode = || -> std::result::Result<Vec<LabFile>, ErrorStack> {
            let chain = |first: &X509, second: &X509| {
                Ok::<_, ErrorStack>([first.to_pem()?, second.to_pem()?].concat())
            };
            Ok(vec![
                file(CA_FILE, chain(&self.root, &self.intermediate)?, false),
                file(
                    INTERMEDIATE_KEY_FILE,
                    self.intermediate_key.private_key_to_pem_pkcs8()?,
                    true,
                ),
                file(SERVER_FILE, chain(&self.server, &self.intermediate)?, false),
                file(
                    SERVER_KEY_FILE,
                    self.server_key.private_key_to_pem_pkcs8()?,
                    true,
                ),
            ])
        };
        encode().map_err(crypto("encoding the lab's files"))
    }

    /// The one that [`Authority::files`] listed; `read` returns a file's contents. What does not fit together is [`Error::Damaged`].
    pub fn load(read: impl Fn(&'static str) -> Result<Vec<u8>>) -> Result<Authority> {
        let [root, intermediate] = certificates(CA_FILE, &read(CA_FILE)?)?;
        let [server, _] = certificates(SERVER_FILE, &read(SERVER_FILE)?)?;
        let intermediate_key = key(
            INTERMEDIATE_KEY_FILE,
            SecretBytes::new(read(INTERMEDIATE_KEY_FILE)?),
        )?;
        let server_key = key(SERVER_KEY_FILE, SecretBytes::new(read(SERVER_KEY_FILE)?))?;
        for (leaf, key, name) in [
            (&intermediate, &intermediate_key, INTERMEDIATE_KEY_FILE),
            (&server, &server_key, SERVER_KEY_FILE),
        ] {
            let fits = leaf.public_key().is_ok_and(|public| public.public_eq(key));
            if !fits {
                return Err(damaged(
                    name,
                    "the private key fits none of the certificates",
                ));
            }
        }
        Ok(Authority {
            root,
            intermediate,
            intermediate_key,
            server,
            server_key,
        })
    }
}

fn certificate(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PKeyRef<Private>,
    now: OffsetDateTime,
) -> std::result::Result<X509Builder, ErrorStack> {
    unsigned(subject, issuer, key, (beginning(now), end(now)))
}

fn authority_extensions(
    builder: &mut X509Builder,
    issuer: Option<&X509>,
    path_length: Option<u32>,
) -> std::result::Result<(), ErrorStack> {
    let mut constraints = BasicConstraints::new();
    constraints.critical().ca();
    if let Some(length) = path_length {
        constraints.pathlen(length);
    }
    builder.append_extension(constraints.build()?)?;
    let usage = KeyUsage::new()
        .critical()
        .key_cert_sign()
        .crl_sign()
        .build()?;
    builder.append_extension(usage)?;
    key_identifiers(builder, issuer)
}

fn rsa_2048() -> std::result::Result<PKey<Private>, ErrorStack> {
    PKey::from_rsa(Rsa::generate(2048)?)
}

fn file(name: &'static str, contents: Vec<u8>, holds_key: bool) -> LabFile {
    LabFile {
        name,
        contents: SecretBytes::new(contents),
        holds_key,
    }
}

fn certificates(name: &'static str, pem: &[u8]) -> Result<[X509; 2]> {
    X509::stack_from_pem(pem)
        .ok()
        .and_then(|all| all.try_into().ok())
        .ok_or_else(|| damaged(name, "not the two certificates that lab init wrote"))
}

fn key(name: &'static str, pem: SecretBytes) -> Result<PKey<Private>> {
    // The callback keeps OpenSSL from asking for a passphrase on the terminal.
    PKey::private_key_from_pem_callback(pem.expose_secret(), |_| Ok(0))
        .map_err(|_| damaged(name, "not the private key that lab init wrote"))
}

fn damaged(name: &str, reason: &str) -> Error {
    Error::Damaged {
        what: "lab",
        reason: format!("{name}: {reason}"),
    }
}
