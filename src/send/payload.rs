//! The JSON that is sent. Its bytes go out as they came in; what APNs makes of them is told by its answer.

use serde_json::{Map, Value, json};

/// A JSON object, and what of it bears on the headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    bytes: Vec<u8>,
    silent: bool,
}

impl Payload {
    /// The payload that shows a text.
    pub fn alert(text: &str) -> Payload {
        Payload {
            bytes: json!({ "aps": { "alert": text } }).to_string().into_bytes(),
            silent: false,
        }
    }

    /// Reads a file: a JSON object in UTF-8, white space around it and a byte order mark aside.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with the payload.
    pub fn parse(bytes: &[u8]) -> Result<Payload, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Err("is empty".to_owned());
        }
        if std::str::from_utf8(bytes).is_err() {
            return Err("is no UTF-8, in which JSON is sent".to_owned());
        }
        let object: Map<String, Value> = match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => object,
            Ok(other) => return Err(format!("is {}, not a JSON object", named(&other))),
            Err(error) => return Err(format!("is no JSON: {error}")),
        };
        let shows = |aps: &Value| {
            ["alert", "badge", "sound"]
                .iter()
                .any(|key| aps.get(key).is_some())
        };
        Ok(Payload {
            silent: !object.get("aps").is_some_and(shows),
            bytes: bytes.to_vec(),
        })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it shows nothing, plays nothing and sets no badge.
    pub fn is_silent(&self) -> bool {
        self.silent
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        Value::String(_) => "a string",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
        Value::Object(_) => "an object",
    }
}
