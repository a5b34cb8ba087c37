//! In which order a PEM file has its parts, and in which syntax its key: what another file needs to be like it.

use super::block::blocks;
use super::{KeyForm, Text};
use crate::secret::SecretBytes;

/// A part of a file with an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The first certificate.
    Leaf,
    /// The certificates after it.
    Chain,
    /// The private key.
    Key,
}

/// How a PEM file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its parts, each once, in the order in which they begin.
    pub order: Vec<Section>,
    /// The syntax of its key, if that is not encrypted.
    pub key_form: KeyForm,
}

/// The layout of PEM bytes. Blocks that are neither certificate nor key are passed over.
pub fn layout(bytes: &SecretBytes) -> Layout {
    let text = Text::read(bytes.expose_secret());
    let mut order: Vec<Section> = Vec::new();
    let mut key_form = KeyForm::Pkcs8;
    for block in blocks(&text.text).flatten() {
        let section = match block.label {
            label if label.ends_with("PRIVATE KEY") => {
                if label == "RSA PRIVATE KEY" && block.header("DEK-Info").is_none() {
                    key_form = KeyForm::Pkcs1;
                }
                Section::Key
            }
            label if label.ends_with("CERTIFICATE") && order.contains(&Section::Leaf) => {
                Section::Chain
            }
            label if label.ends_with("CERTIFICATE") => Section::Leaf,
            _ => continue,
        };
        if !order.contains(&section) {
            order.push(section);
        }
    }
    Layout { order, key_form }
}
