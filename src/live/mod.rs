//! The only outgoing sockets: the handshake that proves a certificate.

pub mod ffi;
