//! What `csr` says of the files it wrote, and what to do with them at the portal.

use super::{escape, words};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// The files of a request.
pub struct Requested {
    /// The path of a key that was made, and whether it is encrypted.
    pub new_key: Option<(String, bool)>,
    /// The path of the request.
    pub request: String,
    /// The path of the key that the request is for.
    pub key: String,
}

impl Requested {
    /// The lines after the files were written.
    pub fn text(&self) -> String {
        let mut rows = Vec::new();
        if let Some((path, encrypted)) = &self.new_key {
            let how = if *encrypted { "encrypted" } else { "plain" };
            rows.push((path, format!("private key, RSA-2048, {how}, 0600")));
        }
        rows.push((&self.request, "the request for it".to_string()));
        let width = rows
            .iter()
            .map(|(path, _)| escape::text(path).width())
            .max()
            .unwrap_or(0);
        let wrote: String = rows
            .iter()
            .map(|(path, what)| {
                format!(
                    "wrote {}  {what}\n",
                    words::padded(&escape::text(path), width)
                )
            })
            .collect();
        let steps = format!(
            "\nnext  1  open https://developer.apple.com/account/resources/certificates/add\n\
             \x20     2  choose \"Apple Push Notification service SSL (Sandbox & Production)\", then the App ID\n\
             \x20     3  upload {} and download the certificate\n\
             \x20     4  pushcert merge {} ~/Downloads -o ck.pem\n",
            escape::text(&self.request),
            escape::text(&words::shell(&self.key))
        );
        wrote + &steps
    }

    /// The `written[]` of JSON.
    pub fn written(&self) -> Value {
        let key = self
            .new_key
            .iter()
            .map(|(path, _)| json!({ "path": path, "contents": ["key"] }));
        let request = json!({ "path": self.request, "contents": ["request"] });
        key.chain([request]).collect()
    }
}
