//! The flags that narrow the choice of an identity: `--topic`, `--env`, `--cert`.

use crate::apple::Environment;
use clap::{Args, ValueEnum};

// Flags that narrow the choice of an identity.
#[derive(Args, Clone, Debug)]
pub(super) struct WishFlags {
    /// Only what may push to this topic
    #[arg(long, value_name = "T")]
    pub topic: Option<String>,
    /// Only what serves this environment
    #[arg(long, value_enum, value_name = "E")]
    pub env: Option<Env>,
}

/// `--env`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Env {
    #[value(alias = "development")]
    Sandbox,
    Production,
}

impl From<Env> for Environment {
    fn from(env: Env) -> Environment {
        match env {
            Env::Sandbox => Environment::Sandbox,
            Env::Production => Environment::Production,
        }
    }
}

/// The beginning of a SHA-256 in hex, with or without colons.
pub(super) fn parse_fingerprint(text: &str) -> Result<String, String> {
    let digits = text.replace(':', "").to_lowercase();
    let is_prefix =
        (4..=64).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_prefix
        .then_some(digits)
        .ok_or_else(|| "not 4 to 64 hex digits of a SHA-256".to_string())
}
