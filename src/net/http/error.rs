//! What can go wrong with a server of an authority.

use crate::text::{Explain, Explanation, http as say};

/// Why nothing, or not all, came.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No connection.
    #[error("{}", .0.en.what)]
    NotReached(Explanation),
    /// A host that may not be contacted, named by a redirect or by whoever asks.
    #[error("{host}: not a host that may be contacted")]
    NotAllowed {
        /// The host.
        host: String,
    },
    /// One redirect after the other, or one that leads nowhere.
    #[error("{host}: redirects")]
    Redirects {
        /// The host that was asked.
        host: String,
    },
    /// Another status than was asked for.
    #[error("{host}: status {status}")]
    Status {
        /// The host.
        host: String,
        /// Status code.
        status: u16,
    },
    /// More than is taken.
    #[error("{host}: too large")]
    TooLarge {
        /// The host.
        host: String,
    },
    /// No HTTP, or cut in the middle.
    #[error("{host}: broken off")]
    Broken {
        /// The host.
        host: String,
    },
    /// No answer in time.
    #[error("{host}: no answer in time")]
    Silent {
        /// The host.
        host: String,
    },
}

impl Explain for HttpError {
    fn explain(&self) -> Explanation {
        match self {
            HttpError::NotReached(why) => why.clone(),
            HttpError::NotAllowed { host } => say::not_allowed(host),
            HttpError::Redirects { host } => say::redirects(host),
            HttpError::Status { host, status } => say::status(host, *status),
            HttpError::TooLarge { host } => say::too_large(host),
            HttpError::Broken { host } => say::broken(host),
            HttpError::Silent { host } => say::silent(host),
        }
    }
}
