//! What Apple decided, as data: kinds of certificates, OIDs, endpoints, statuses, CA certificates. No logic beyond looking things up.

pub mod alert;
pub mod authorities;
pub mod endpoint;
pub mod gateway;
pub mod kind;
pub mod push_type;
pub mod reason;

pub use endpoint::Service;
pub use kind::{Environment, Kind};
pub use push_type::PushType;
