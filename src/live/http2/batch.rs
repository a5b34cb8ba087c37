//! Many requests over one connection, as many at a time as the server allows. Says of each what came of it, in whatever order.

use tokio::task::{JoinError, JoinSet};

use super::{Answer, Broken, Connection, Letter, Notes, broken};

/// Requests at a time, whatever more a server allows: each holds memory until it is answered.
const MOST: usize = 1000;

/// A connection, what is sent over it, and the requests that wait for their answers.
pub struct Batch {
    connection: Connection,
    letter: Letter,
    waiting: JoinSet<Settled>,
}

/// What came of a request, under the number that the caller gave it.
pub type Settled = (usize, Result<Answer, Lost>);

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Why there is none.
    pub why: Broken,
    /// The server has said that it did not look at the request, or cannot have seen it: it can be sent again.
    pub untouched: bool,
}

impl Lost {
    pub(super) fn new(error: &h2::Error, stream: u32, notes: &Notes) -> Lost {
        let taken_back = error.is_reset()
            && error.is_remote()
            && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        // What a GOAWAY names is taken, or may be (RFC 9113 section 6.8).
        let beyond = notes.goaway().is_some_and(|goaway| stream > goaway.last);
        Lost {
            why: broken(notes, error),
            untouched: taken_back || beyond,
        }
    }
}

impl Batch {
    /// Nothing is sent yet.
    pub fn new(connection: Connection, letter: Letter) -> Batch {
        Batch {
            connection,
            letter,
            waiting: JoinSet::new(),
        }
    }

    /// Waits until the server has said how many requests it takes at a time, or the connection has ended.
    pub async fn opened(&self) {
        self.connection.notes.settings().await;
    }

    /// Whether another request may be sent now.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < self.connection.limit().clamp(1, MOST)
    }

    /// How many requests wait for their answers.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the server takes no more requests on this connection.
    pub fn is_ending(&self) -> bool {
        self.connection.notes.goaway().is_some() || self.connection.notes.end().is_some()
    }

    /// Sends a request to a path, under a number.
    ///
    /// # Errors
    /// Why nothing was sent.
    pub fn send(&mut self, number: usize, path: &str) -> Result<(), Broken> {
        let pending = self.connection.post(&self.letter, path)?;
        self.waiting
            .spawn(async move { (number, pending.settled().await) });
        Ok(())
    }

    /// The next that is settled; `None` if nothing is waited for.
    pub async fn settled(&mut self) -> Option<Settled> {
        self.waiting.join_next().await.and_then(told)
    }

    /// One that is settled already.
    pub fn settled_already(&mut self) -> Option<Settled> {
        self.waiting.try_join_next().and_then(told)
    }

    /// What is known of the end of the connection.
    pub fn why(&self) -> Broken {
        self.connection.why()
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// A task that waits neither panics nor is cancelled before its batch is gone.
fn told(joined: Result<Settled, JoinError>) -> Option<Settled> {
    joined.ok()
}
