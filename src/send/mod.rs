//! Notifications to answers: what is sent is validated before anything leaves, and of every token there is to be known what
//! became of it. Prints nothing; where a connection is to be opened is given by `live`.

mod delivery;
mod destination;
mod fate;
mod ledger;
mod notification;
mod payload;
mod tally;
mod token;
mod tokens;

pub use delivery::{Delivery, Settled};
pub use destination::{Destination, Via};
pub use fate::{Fate, State};
pub use ledger::{Counts, Ledger};
pub use notification::{Notification, Wishes};
pub use payload::Payload;
pub use tally::{Group, Tally};
pub use token::Token;
pub use tokens::{Listed, Repeated, Tokens};
