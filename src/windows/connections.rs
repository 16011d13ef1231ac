//! The system's table of TCP connections, with the process that holds each.

use super::succeeded;
use std::io;
use windows_sys::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;
use windows_sys::Win32::NetworkManagement::IpHelper::{GetExtendedTcpTable, TCP_TABLE_OWNER_PID_CONNECTIONS};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

/// Over which protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Between the question for its size and the table itself others may connect.
const TRIES: usize = 8;

/// `MIB_TCPTABLE_OWNER_PID` or `MIB_TCP6TABLE_OWNER_PID` as words: their number, then the rows.
pub(crate) fn table(family: Family) -> io::Result<Vec<u32>> {
    let family = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let mut words = vec![0; 1024];
    for _ in 0..TRIES {
        let mut octets = u32::try_from(words.len() * 4).map_err(io::Error::other)?;
        let room = words.as_mut_ptr().cast();
        // SAFETY: `room` has `octets` octets, aligned for the table, whose every field is a word or octets; Windows writes no more.
        let said = unsafe { GetExtendedTcpTable(room, &mut octets, 0, u32::from(family), TCP_TABLE_OWNER_PID_CONNECTIONS, 0) };
        if said != ERROR_INSUFFICIENT_BUFFER {
            return succeeded(said).map(|()| words);
        }
        words.resize(octets as usize / 4 + 256, 0);
    }
    Err(io::ErrorKind::ResourceBusy.into())
}
