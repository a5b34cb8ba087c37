//! The command line: flags, passphrases, prompts. The only part that talks to the user.

pub mod passphrase;
pub mod terminal;
