//! What the protocol drivers ask of the network, as traits, so that a driver can be run against a recorded one.

use super::BoxedStream;
use super::tls::ClientIdentity;
use crate::base::Address;
use crate::config::Server;
use crate::relay::port::Pending;
use crate::text::Explanation;
use std::io;
use std::path::Path;

/// Connections to providers.
pub trait Upstreams: Send + Sync {
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
    /// The key and certificates of that PKCS#12 file of an account.
    fn identity(&self, account: &Address, file: &Path) -> Result<ClientIdentity, Explanation>;
}

/// TLS with the mail program.
pub trait Acceptor: Send + Sync {
    /// Begins TLS as the server.
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>>;
}
