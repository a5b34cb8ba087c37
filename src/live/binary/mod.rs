//! The binary protocol: its frames, the probe that `check` sends, and the wire of a sender.
//! Source: Apple's archived "Binary Provider API".

mod frame;
mod probe;
mod wire;

pub use frame::{ErrorPacket, Frame};
pub use wire::{Said, Wire};

pub(super) use probe::{AFTER_TICKET, Conversation, converse};
