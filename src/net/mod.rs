//! Sockets and TLS: loopback listeners towards the mail program, verified TLS towards the providers.

pub mod dns;
#[cfg(any(windows, test))]
mod either;
pub mod error;
pub mod http;
pub mod identity;
pub mod listen;
pub mod local;
pub mod peer;
pub mod port;
pub mod provider;
pub mod reached;
pub mod stream;
pub mod tls;
pub mod upstream;

pub use error::NetError;
pub use stream::BoxedStream;
