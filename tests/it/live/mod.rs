//! Handshakes with real servers: what they prove, and that they end whatever a peer does.

mod binary;
mod cells;
mod endings;
mod floods;
mod http2;
mod reach;
mod requests;
pub mod servers;
pub mod world;
