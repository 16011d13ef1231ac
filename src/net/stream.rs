//! A connection, whatever carries it.

use tokio::io::{AsyncRead, AsyncWrite};

/// Both directions of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// TCP or TLS, either side.
pub type BoxedStream = Box<dyn Stream>;
