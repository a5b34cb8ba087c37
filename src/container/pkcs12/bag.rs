//! SafeContents: the bags of one part of a file, as the file has them, before any is decrypted.

use super::WHAT;
use crate::container::ber::{self, Node, tag};
use crate::container::pbe::Pbe;
use crate::error::Result;
use crate::secret::SecretBytes;
use zeroize::Zeroizing;

const MAX_BAGS: usize = 10_000;
const MAX_DEPTH: usize = 8;

/// One bag with its attributes.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// What a bag holds.
#[derive(Debug)]
pub(super) enum Kind {
    /// DER of an X.509 certificate.
    Certificate(Vec<u8>),
    /// A PKCS#8 key in the clear.
    Key(SecretBytes),
    /// A PKCS#8 key under a passphrase.
    Shrouded { pbe: Pbe, data: Vec<u8> },
    /// Something else, by its name.
    Other(String),
}

/// The bags of a SafeContents, nested ones in place. `seen` counts them over the whole file.
pub(super) fn parse(bytes: &[u8], seen: &mut usize) -> Result<Vec<Item>> {
    let node = ber::parse_whole(bytes, WHAT)?;
    let mut items = Vec::new();
    safe_contents(&node, 0, seen, &mut items)?;
    Ok(items)
}

fn safe_contents(
    node: &Node<'_>,
    depth: usize,
    seen: &mut usize,
    items: &mut Vec<Item>,
) -> Result<()> {
    for bag in node.fields(tag::SEQUENCE, "a list of bags")? {
        *seen += 1;
        if *seen > MAX_BAGS || depth > MAX_DEPTH {
            return Err(node.damaged(format!(
                "more than {MAX_BAGS} bags, or bags nested deeper than {MAX_DEPTH}"
            )));
        }
        let mut fields = bag.fields(tag::SEQUENCE, "a bag")?;
        let oid = fields.required("the type of a bag")?.oid()?;
        let value = fields
            .required("the content of a bag")?
            .fields(tag::CONTEXT_0, "the content of a bag")?
            .required("the content of a bag")?;
        let kind = match oid.as_str() {
            "1.2.840.113549.1.12.10.1.6" => {
                safe_contents(value, depth + 1, seen, items)?;
                continue;
            }
            "1.2.840.113549.1.12.10.1.1" => Kind::Key(SecretBytes::from(value.to_der())),
            "1.2.840.113549.1.12.10.1.2" => shrouded(value)?,
            "1.2.840.113549.1.12.10.1.3" => certificate(value)?,
            "1.2.840.113549.1.12.10.1.4" => Kind::Other("certificate revocation list".to_owned()),
            "1.2.840.113549.1.12.10.1.5" => Kind::Other("secret".to_owned()),
            other => Kind::Other(format!("bag of type {other}")),
        };
        let mut item = Item {
            kind,
            friendly_name: None,
            local_key_id: None,
        };
        if let Some(set) = fields.optional(tag::SET) {
            attributes(set, &mut item)?;
        }
        items.push(item);
    }
    Ok(())
}

fn shrouded(node: &Node<'_>) -> Result<Kind> {
    let mut fields = node.fields(tag::SEQUENCE, "an encrypted key")?;
    let pbe = Pbe::parse(fields.required("the key's encryption")?, "key encryption")?;
    let data = fields
        .required("the encrypted key")?
        .octet_string("the encrypted key")?;
    Ok(Kind::Shrouded {
        pbe,
        data: data.to_vec(),
    })
}

fn certificate(node: &Node<'_>) -> Result<Kind> {
    let mut fields = node.fields(tag::SEQUENCE, "a certificate bag")?;
    let oid = fields.required("the type of a certificate")?.oid()?;
    let value = fields
        .required("a certificate")?
        .fields(tag::CONTEXT_0, "a certificate")?
        .required("a certificate")?;
    Ok(match oid.as_str() {
        "1.2.840.113549.1.9.22.1" => {
            Kind::Certificate(value.octet_string("a certificate")?.to_vec())
        }
        "1.2.840.113549.1.9.22.2" => Kind::Other("SDSI certificate".to_owned()),
        other => Kind::Other(format!("certificate of type {other}")),
    })
}

fn attributes(set: &Node<'_>, item: &mut Item) -> Result<()> {
    for attribute in set.fields(tag::SET, "attributes")? {
        let mut fields = attribute.fields(tag::SEQUENCE, "an attribute")?;
        let oid = fields.required("an attribute's identifier")?.oid()?;
        let value = fields
            .required("an attribute's values")?
            .fields(tag::SET, "an attribute's values")?
            .next();
        match (oid.as_str(), value) {
            ("1.2.840.113549.1.9.20", Some(value)) => item.friendly_name = text(value),
            ("1.2.840.113549.1.9.21", Some(value)) => {
                item.local_key_id = Some(value.octet_string("a local key id")?.to_vec());
            }
            _ => {}
        }
    }
    Ok(())
}

/// A name as people read it; Keychain ends some with U+0000.
fn text(node: &Node<'_>) -> Option<String> {
    let bytes: Zeroizing<Vec<u8>> = node.octets();
    let mut text = match node.tag {
        tag::BMP_STRING => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        tag::UTF8_STRING => String::from_utf8_lossy(&bytes).into_owned(),
        _ => return None,
    };
    text.truncate(text.trim_end_matches('\0').len());
    Some(text)
}
