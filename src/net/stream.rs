//! A connection, whatever carries it.

use tokio::io::{AsyncRead, AsyncWrite, BufReader};

/// Both directions of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// TCP or TLS, either side.
pub type BoxedStream = Box<dyn Stream>;

/// Octets of TLS records that are taken from a socket at once.
const RECORDS: usize = 32 * 1024;

/// What lies under TLS: rustls takes 4 KiB at a time, and each would be a call to the system.
pub(super) fn beneath_tls(stream: BoxedStream) -> BufReader<BoxedStream> {
    BufReader::with_capacity(RECORDS, stream)
}
