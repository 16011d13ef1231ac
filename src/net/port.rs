//! What the protocol drivers ask of the network, as traits, so that a driver can be run against a recorded one.

use super::BoxedStream;
use super::identity::ClientIdentity;
use crate::base::Address;
use crate::config::{ClientCertificate, Server};
use crate::relay::port::{Asker, Pending};
use crate::text::Explanation;
use std::io;
use std::time::Duration;

/// Connections to providers.
pub trait Upstreams: Send + Sync {
    /// Waits, before anything is said to that server, for what TLS with it needs of its user: a card, its PIN. No longer than that.
    fn ready<'a>(&'a self, _server: &'a Server, _asker: Asker, _patience: Duration) -> Pending<'a, Result<(), Explanation>> {
        Box::pin(async { Ok(()) })
    }
    /// Connects; with TLS from the first octet when the server's configuration says so, in clear otherwise.
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>>;
    /// Begins TLS on a connection in clear that has agreed to it; the certificate must carry the server's name.
    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>>;
}

/// Whether the certificate of an operator of the space of trust still stands.
pub trait Standing: Send + Sync {
    /// Of a server that has shown these certificates, its own first, in DER. `Err`: it is not to be spoken to.
    fn stands<'a>(&'a self, host: &'a str, shown: Vec<Vec<u8>>) -> Pending<'a, Result<(), Explanation>>;
}

/// What our side of TLS with a provider is known by.
pub trait ClientIdentities: Send + Sync {
    /// Waits for its user where its key is closed, no longer than that.
    fn ready<'a>(
        &'a self,
        account: &'a Address,
        shown: &'a ClientCertificate,
        asker: Asker,
        patience: Duration,
    ) -> Pending<'a, Result<(), Explanation>>;
    /// The key and certificates of an account, for one handshake that follows at once; nobody is asked for anything. Blocks.
    fn identity(&self, account: &Address, shown: &ClientCertificate) -> Result<ClientIdentity, Explanation>;
}

/// TLS with the mail program.
pub trait Acceptor: Send + Sync {
    /// Begins TLS as the server.
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>>;
}
