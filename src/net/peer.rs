//! Whether the program at the other end of a loopback connection belongs to the user this relay belongs to. Loopback is
//! shared by all sessions of a computer; without this, another user could offer his password to somebody else's keys.

use std::net::SocketAddr;

/// Whose the other end is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// This user.
    Same,
    /// Another user.
    Other,
    /// The connection is not in the system's tables: already closed.
    Gone,
    /// This platform does not say (see README, not yet shown).
    Unknown,
}

impl Peer {
    /// Served: this user, and whom the platform cannot tell from him.
    pub fn is_served(self) -> bool {
        match self {
            Peer::Same | Peer::Unknown => true,
            Peer::Other | Peer::Gone => false,
        }
    }
}

/// Looks at the accepted connection whose own end is `local` and whose other end is `remote`. Root is served by root only.
#[cfg(target_os = "linux")]
pub fn is_same_user(local: SocketAddr, remote: SocketAddr) -> Peer {
    let us = crate::store::owner::effective_uid();
    let found = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .find_map(|table| linux::uid_of(&std::fs::read_to_string(table).unwrap_or_default(), remote, local));
    match found {
        Some(uid) if uid == us => Peer::Same,
        Some(_) => Peer::Other,
        None => Peer::Gone,
    }
}

/// Not implemented for this platform: every program of this computer is served. A password is still asked.
#[cfg(not(target_os = "linux"))]
pub fn is_same_user(_local: SocketAddr, _remote: SocketAddr) -> Peer {
    Peer::Unknown
}

#[cfg(target_os = "linux")]
mod linux {
    use std::net::{IpAddr, Ipv6Addr, SocketAddr};

    const ESTABLISHED: &str = "01";
    const CLOSE_WAIT: &str = "08";

    /// Owner of the socket bound to `own` and connected to `other`, from a table of proc(5) `/proc/net/tcp`. Only live
    /// states are looked at: the kernel shows a socket that waits for its end as root's.
    pub(super) fn uid_of(table: &str, own: SocketAddr, other: SocketAddr) -> Option<u32> {
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let (local, remote, state) = (fields.next()?, fields.next()?, fields.next()?);
            let uid = fields.nth(3)?;
            let live = state == ESTABLISHED || state == CLOSE_WAIT;
            (live && is(local, own) && is(remote, other)).then(|| uid.parse().ok())?
        })
    }

    fn is(text: &str, address: SocketAddr) -> bool {
        parse(text).is_some_and(|(ip, port)| port == address.port() && ip == address.ip().to_canonical())
    }

    /// `0100007F:0A1B`: 32-bit words of the address in the machine's own order, port in hexadecimal.
    fn parse(text: &str) -> Option<(IpAddr, u16)> {
        let (address, port) = text.split_once(':')?;
        let word = |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
        let ip = match address.len() {
            8 => IpAddr::from(word(0)?),
            32 => {
                let words = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
                let octets: [u8; 16] = words.try_into().ok()?;
                IpAddr::from(Ipv6Addr::from(octets)).to_canonical()
            }
            _ => return None,
        };
        Some((ip, u16::from_str_radix(port, 16).ok()?))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

    #[cfg(target_endian = "little")]
    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0A1B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0100007F:C001 0100007F:0A1B 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0 100 0 0 10 0
   2: 0100007F:0A1B 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 100 0 0 10 0
   3: 0100007F:C002 0100007F:0A1B 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0
   4: 0000000000000000FFFF00000100007F:C003 0000000000000000FFFF00000100007F:0A1B 01 00000000:00000000 00:00000000 00000000  1003 0 4
   5: 00000000000000000000000001000000:C004 00000000000000000000000001000000:0A1B 08 00000000:00000000 00:00000000 00000000  1004 0 5
   6: garbage
";

    #[cfg(target_endian = "little")]
    #[test]
    fn the_client_s_row_is_the_one_that_counts() {
        let rows = [
            ("127.0.0.1:49153", "127.0.0.1:2587", Some(1001)),
            ("127.0.0.1:2587", "127.0.0.1:49153", Some(1000)),
            ("127.0.0.1:49154", "127.0.0.1:2587", None),
            ("127.0.0.1:49155", "127.0.0.1:2587", Some(1003)),
            ("[::ffff:127.0.0.1]:49155", "127.0.0.1:2587", Some(1003)),
            ("[::1]:49156", "[::1]:2587", Some(1004)),
            ("127.0.0.2:49153", "127.0.0.1:2587", None),
        ];
        for (own, other, uid) in rows {
            assert_eq!(linux::uid_of(TABLE, own.parse().unwrap(), other.parse().unwrap()), uid, "{own}");
        }
    }

    #[tokio::test]
    async fn a_connection_of_our_own_is_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, remote) = listener.accept().await.unwrap();
            assert_eq!(is_same_user(server.local_addr().unwrap(), remote), Peer::Same);
            let nobody = SocketAddr::new(remote.ip(), 1);
            assert_eq!(is_same_user(server.local_addr().unwrap(), nobody), Peer::Gone);
        }
    }
}
