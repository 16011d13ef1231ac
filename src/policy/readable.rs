//! Whether a header can be cut into what stays outside of an envelope and what goes in.
//!
//! A line that is no field belongs to nobody: left outside it might be the letter itself (a program that forgot the empty
//! line), left out it would be lost. Such a message is refused, never repaired.

use crate::base::limits::HEADER_MAX;
use crate::mime::header::Header;

/// Why a header cannot be cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderFault {
    /// Longer than is looked at: what stands behind the limit, a Subject perhaps, was not seen.
    TooLong,
    /// A line in it is no field.
    NotAField,
    /// There is no From: this is no header at all, or nobody has signed it.
    NoFrom,
}

/// What is wrong with the header of a message that is to be sealed.
pub fn fault(message: &[u8]) -> Option<HeaderFault> {
    let (header, _) = Header::parse(message);
    if is_too_long(message) {
        Some(HeaderFault::TooLong)
    } else if header.fields().iter().any(|field| field.name.is_empty()) {
        Some(HeaderFault::NotAField)
    } else if header.first("From").is_none() {
        Some(HeaderFault::NoFrom)
    } else {
        None
    }
}

/// True when the header was not read to its end, so that no decision can rest on it.
pub fn is_too_long(message: &[u8]) -> bool {
    Header::parse(message).1 > HEADER_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_header_is_said() {
        for (message, wanted) in [
            ("From: a@b\r\nX-Odd : 1\r\n folded\r\n\r\nbody", None),
            ("From: a@b\r\n", None),
            ("From: a@b\r\nno field\r\n\r\nbody", Some(HeaderFault::NotAField)),
            (" folded nothing\r\nFrom: a@b\r\n\r\n", Some(HeaderFault::NotAField)),
            ("From: a@b\r\nX Y: 1\r\n\r\n", Some(HeaderFault::NotAField)),
            ("Cher confrere,\r\n\r\nM. Dupont\r\n", Some(HeaderFault::NotAField)),
            ("Patient: M. Dupont\r\n\r\n", Some(HeaderFault::NoFrom)),
            ("\r\nbody", Some(HeaderFault::NoFrom)),
        ] {
            assert_eq!(fault(message.as_bytes()), wanted, "{message:?}");
        }
        let long = format!("From: a@b\r\nX: {}\r\nSubject: #med# x\r\n\r\n", "x".repeat(HEADER_MAX));
        assert_eq!(fault(long.as_bytes()), Some(HeaderFault::TooLong));
    }
}
