//! Listeners on loopback.

use super::NetError;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Opens a listener; port 0 is any free one (see [`TcpListener::local_addr`]). Anything but loopback is refused here too,
/// whatever a configuration says.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, NetError> {
    if !address.ip().is_loopback() {
        return Err(NetError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        ErrorKind::AddrInUse => NetError::PortInUse(address),
        _ => NetError::Listen { address, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Explain;

    #[tokio::test]
    async fn loopback_only_and_a_taken_port_is_named() {
        let taken = bind("127.0.0.1:0".parse().unwrap()).await.unwrap().local_addr().unwrap();
        let _held = bind(taken).await.unwrap();
        let error = bind(taken).await.unwrap_err();
        assert!(error.explain().fr.what.contains(&taken.port().to_string()), "{error}");
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            assert!(
                matches!(bind(address.parse().unwrap()).await, Err(NetError::NotLoopback(_))),
                "{address}"
            );
        }
    }
}
