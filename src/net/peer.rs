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

/// Who looks at a connection: [`is_same_user`].
pub type Whose = fn(SocketAddr, SocketAddr) -> Peer;

/// Asks on a thread that serves nobody: the system's tables may be long, and on Windows they are read several times.
pub async fn ask(whose: Whose, local: SocketAddr, remote: SocketAddr) -> Peer {
    // A question that has failed is no answer.
    tokio::task::spawn_blocking(move || whose(local, remote))
        .await
        .unwrap_or(Peer::Gone)
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

/// Looks at the accepted connection whose own end is `local` and whose other end is `remote`.
#[cfg(windows)]
pub fn is_same_user(local: SocketAddr, remote: SocketAddr) -> Peer {
    use crate::windows::process::{Process, own_user};
    let Some(number) = known_holder(remote, local) else {
        return Peer::Gone;
    };
    // Whose process cannot be asked is not this user's.
    let Ok(process) = Process::open(number) else { return Peer::Other };
    // It is held now, so that its number is nobody else's: if it has the connection still, it had it before.
    if known_holder(remote, local) != Some(number) {
        return Peer::Gone;
    }
    match (process.user(), own_user()) {
        (Ok(theirs), Ok(ours)) if theirs == ours => Peer::Same,
        _ => Peer::Other,
    }
}

/// A connection may stand in the table a moment before its holder does: without one it is looked for again.
#[cfg(windows)]
fn known_holder(own: SocketAddr, other: SocketAddr) -> Option<u32> {
    const TRIES: usize = 8;
    const NOBODY: u32 = 0;
    (0..TRIES).find_map(|_| holder(own, other).filter(|number| *number != NOBODY))
}

/// The process that holds this end of a live connection.
#[cfg(windows)]
fn holder(own: SocketAddr, other: SocketAddr) -> Option<u32> {
    use crate::windows::connections::{Family, table};
    let of = |family, row| table(family).ok().and_then(|words| rows::process_of(&words, row, own, other));
    of(Family::V4, rows::V4).or_else(|| of(Family::V6, rows::V6))
}

/// Not implemented for this platform: every program of this computer is served. A password is still asked.
#[cfg(not(any(target_os = "linux", windows)))]
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

/// The tables of Windows, as words. Read on every platform, so that it is tested on every platform.
#[cfg(any(windows, test))]
mod rows {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

    /// Where the words of a row stand.
    #[derive(Clone, Copy)]
    pub(super) struct Row {
        words: usize,
        address_words: usize,
        state: usize,
        local: usize,
        local_port: usize,
        remote: usize,
        remote_port: usize,
        process: usize,
    }

    /// MIB_TCPROW_OWNER_PID.
    pub(super) const V4: Row = Row {
        words: 6,
        address_words: 1,
        state: 0,
        local: 1,
        local_port: 2,
        remote: 3,
        remote_port: 4,
        process: 5,
    };
    /// MIB_TCP6ROW_OWNER_PID.
    pub(super) const V6: Row = Row {
        words: 14,
        address_words: 4,
        state: 12,
        local: 0,
        local_port: 5,
        remote: 6,
        remote_port: 11,
        process: 13,
    };

    /// MIB_TCP_STATE_ESTAB, MIB_TCP_STATE_CLOSE_WAIT: a connection that waits for its end may be shown as nobody's.
    const LIVE: [u32; 2] = [5, 8];

    /// The process with the socket bound to `own` and connected to `other`, from the number of rows and the rows.
    pub(super) fn process_of(words: &[u32], row: Row, own: SocketAddr, other: SocketAddr) -> Option<u32> {
        let (count, rows) = words.split_first()?;
        let rows = rows.chunks_exact(row.words).take(*count as usize);
        let is = |words: &[u32], at, port: usize, address| end(words, row, at, port) == Some(address);
        let mut ours = rows.filter(|words| LIVE.contains(&words[row.state]));
        let own = (own.ip().to_canonical(), own.port());
        let other = (other.ip().to_canonical(), other.port());
        let found = ours.find(|words| is(words, row.local, row.local_port, own) && is(words, row.remote, row.remote_port, other));
        found.map(|words| words[row.process])
    }

    /// Addresses as octets in their order, ports as two octets at the beginning of their word.
    fn end(words: &[u32], row: Row, at: usize, port: usize) -> Option<(IpAddr, u16)> {
        let octets: Vec<u8> = words
            .get(at..at + row.address_words)?
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        let ip = match <[u8; 4]>::try_from(octets.as_slice()) {
            Ok(four) => IpAddr::from(Ipv4Addr::from(four)),
            Err(_) => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)).to_canonical(),
        };
        let [high, low, ..] = words.get(port)?.to_ne_bytes();
        Some((ip, u16::from_be_bytes([high, low])))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const STATE_LISTEN: u32 = 2;

        fn port(number: u16) -> u32 {
            let [high, low] = number.to_be_bytes();
            u32::from_ne_bytes([high, low, 0xaa, 0xbb])
        }

        fn v4(state: u32, local: u16, remote: u16, process: u32) -> [u32; 6] {
            let loopback = u32::from_ne_bytes([127, 0, 0, 1]);
            [state, loopback, port(local), loopback, port(remote), process]
        }

        fn v6(local: [u8; 16], remote: [u8; 16], process: u32) -> Vec<u32> {
            let words = |octets: [u8; 16]| {
                octets
                    .as_chunks()
                    .0
                    .iter()
                    .map(|four| u32::from_ne_bytes(*four))
                    .collect::<Vec<_>>()
            };
            [words(local), vec![0, port(49_155)], words(remote), vec![0, port(2587), 5, process]].concat()
        }

        #[test]
        fn the_client_s_row_is_the_one_that_counts() {
            let rows = [
                v4(STATE_LISTEN, 2587, 0, 4),
                v4(5, 49_153, 2587, 7),
                v4(5, 2587, 49_153, 4),
                v4(8, 49_154, 2587, 8),
                v4(11, 49_156, 2587, 9),
                v4(5, 49_157, 2587, 10),
            ];
            // The last row is behind the end: what is left in the buffer.
            let words: Vec<u32> = [5].into_iter().chain(rows.concat()).collect();
            let of = |own: &str, other: &str| process_of(&words, V4, own.parse().unwrap(), other.parse().unwrap());
            assert_eq!(of("127.0.0.1:49153", "127.0.0.1:2587"), Some(7));
            assert_eq!(of("[::ffff:127.0.0.1]:49153", "127.0.0.1:2587"), Some(7));
            assert_eq!(of("127.0.0.1:2587", "127.0.0.1:49153"), Some(4));
            assert_eq!(of("127.0.0.1:49154", "127.0.0.1:2587"), Some(8));
            for none in ["127.0.0.1:49156", "127.0.0.1:49157", "127.0.0.2:49153", "[::1]:49153"] {
                assert_eq!(of(none, "127.0.0.1:2587"), None, "{none}");
            }
            assert_eq!(
                process_of(&[], V4, "127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()),
                None
            );
        }

        #[test]
        fn addresses_of_the_other_family_are_read() {
            let one = Ipv6Addr::LOCALHOST.octets();
            let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
            let words: Vec<u32> = [vec![2], v6(one, one, 11), v6(mapped, mapped, 12)].concat();
            let of = |own: &str, other: &str| process_of(&words, V6, own.parse().unwrap(), other.parse().unwrap());
            assert_eq!(of("[::1]:49155", "[::1]:2587"), Some(11));
            assert_eq!(of("127.0.0.1:49155", "127.0.0.1:2587"), Some(12));
            assert_eq!(of("[::1]:2587", "[::1]:49155"), None);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

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
}

#[cfg(all(test, any(target_os = "linux", windows)))]
mod own_tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

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
