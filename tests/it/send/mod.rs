//! `send`: what goes over the wire, what is said of the answers, and what is refused before anything is sent.

mod api;
mod apple;
mod ends;
mod hostile;
mod lab;
mod legacy;
mod limits;
mod peers;
mod streams;
mod usage;
