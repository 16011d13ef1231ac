//! What a revocation list says of one certificate, in 32 octets: issuer, serial number, reason, date. Records are sorted, so that
//! one block of them answers.

use crate::base::UnixTime;
use crate::pki::crl::{Entry, Reason};
use aws_lc_rs::digest;

/// Octets of what a record is found by.
pub(super) const KEY: usize = 23;
/// Octets of a record.
pub(super) const RECORD: usize = 32;
/// Records of a block, which is read at once.
pub(super) const BLOCK: usize = 128;
/// Octets of a serial number that are kept as they are (RFC 5280 §4.1.2.2 allows no more).
const SERIAL: usize = 20;
/// In place of the length of a serial number: its digest follows.
const DIGESTED: u8 = 0xff;

/// By which a record is found.
pub(super) type Key = [u8; KEY];
/// A record.
pub(super) type Record = [u8; RECORD];

/// `issuer`: its place among the issuers of the list; `serial`: the content octets of the number.
pub(super) fn key(issuer: u16, serial: &[u8]) -> Key {
    let serial = minimal(serial);
    let mut key = [0; KEY];
    key[..2].copy_from_slice(&issuer.to_be_bytes());
    match u8::try_from(serial.len()).ok().filter(|n| usize::from(*n) <= SERIAL) {
        Some(length) => {
            key[2] = length;
            key[3..3 + serial.len()].copy_from_slice(serial);
        }
        None => {
            key[2] = DIGESTED;
            key[3..].copy_from_slice(&digest::digest(&digest::SHA256, serial).as_ref()[..SERIAL]);
        }
    }
    key
}

pub(super) fn record(key: &Key, entry: Entry) -> Record {
    let mut record = [0; RECORD];
    record[..KEY].copy_from_slice(key);
    record[KEY] = entry.reason as u8;
    record[KEY + 1..].copy_from_slice(&entry.since.0.to_be_bytes());
    record
}

/// The key of a record.
pub(super) fn key_of(record: &Record) -> &[u8] {
    &record[..KEY]
}

/// What a record says.
pub(super) fn entry(record: &Record) -> Entry {
    let mut since = [0; 8];
    since.copy_from_slice(&record[KEY + 1..]);
    Entry {
        since: UnixTime(i64::from_be_bytes(since)),
        reason: Reason::of(record[KEY]),
    }
}

/// Without octets that only repeat the sign: some write 00 7F for 7F.
fn minimal(mut serial: &[u8]) -> &[u8] {
    while let [sign, next, ..] = serial {
        if !matches!((sign, next & 0x80), (0, 0) | (0xff, 0x80)) {
            break;
        }
        serial = &serial[1..];
    }
    serial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_one_key_and_another_another() {
        assert_eq!(key(0, &[0, 0x7f]), key(0, &[0x7f]));
        assert_eq!(key(0, &[0xff, 0x80]), key(0, &[0x80]));
        let long = [1; 30];
        let mut longer = long;
        longer[29] = 2;
        let keys = [
            key(0, &[1]),
            key(1, &[1]),
            key(0, &[1, 0]),
            key(0, &[0x80]),
            key(0, &[0, 0x80]),
            key(0, &long),
            key(0, &longer),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[at + 1..].iter().all(|other| other != one), "{at}");
        }
    }

    #[test]
    fn a_record_says_what_was_put_in() {
        let said = Entry {
            since: UnixTime(-5),
            reason: Reason::Hold,
        };
        let record = record(&key(3, &[9]), said);
        assert_eq!(entry(&record), said);
        assert_eq!(key_of(&record), key(3, &[9]));
    }
}
