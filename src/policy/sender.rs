//! Whom a signature may speak for: a letter signed by one person under another's name misleads whoever trusts it.

use crate::base::Address;
use crate::mime::header::{Field, Header};
use std::collections::BTreeSet;

/// Whose name a message goes under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Under {
    /// Only addresses that the key covers.
    Own,
    /// Also, or only, these.
    Others(BTreeSet<Address>),
    /// Nobody's that can be read.
    Nobody,
}

/// Compares every mailbox of every From field (RFC 5322 §3.6.2, RFC 8550 §3) with what the key covers.
pub fn under(message: &[u8], covered: impl Fn(&Address) -> bool) -> Under {
    let header = Header::parse(message).0;
    let named: Vec<Vec<_>> = header.all("From").map(Field::addresses).collect();
    if named.is_empty() || named.iter().any(Vec::is_empty) {
        return Under::Nobody;
    }
    let all = named.into_iter().flatten().map(|(_, address)| address);
    let others: BTreeSet<Address> = all.filter(|address| !covered(address)).collect();
    if others.is_empty() { Under::Own } else { Under::Others(others) }
}

/// Every address of the From fields.
pub fn addresses(message: &[u8]) -> BTreeSet<Address> {
    super::visible::addresses(message, &["From"])
}

/// Every address that a message goes under in any field: also of who sends it for another, or once more (RFC 5322 §3.6.2, §3.6.6).
pub fn named(message: &[u8]) -> BTreeSet<Address> {
    super::visible::addresses(message, &["From", "Sender", "Resent-From", "Resent-Sender"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_for_another_or_once_more_is_named() {
        let message =
            b"From: a@x.fr\r\nSender: b@x.fr\r\nResent-From: c@x.fr\r\nresent-sender: D <d@x.fr>\r\nTo: e@x.fr\r\n\r\nFrom: f@x.fr\r\n";
        let found: Vec<_> = named(message).iter().map(|a| a.as_str().to_owned()).collect();
        assert_eq!(found, ["a@x.fr", "b@x.fr", "c@x.fr", "d@x.fr"]);
    }

    #[test]
    fn every_name_counts() {
        let own = |address: &Address| {
            ["dr@lab.test", "cabinet@lab.test"]
                .iter()
                .any(|o| *address == Address::parse(o).unwrap())
        };
        let others = |list: &[&str]| Under::Others(list.iter().map(|a| Address::parse(a).unwrap()).collect());
        for (fields, wanted) in [
            ("From: Dr <DR@Lab.test>", Under::Own),
            ("From: dr@lab.test, Cabinet <cabinet@lab.test>", Under::Own),
            ("From: Dr <eve@lab.test>", others(&["eve@lab.test"])),
            ("From: dr@lab.test, eve@lab.test", others(&["eve@lab.test"])),
            ("From: dr@lab.test\r\nfrom : Chef <eve@lab.test>", others(&["eve@lab.test"])),
            ("From: g: dr@lab.test, eve@lab.test;", others(&["eve@lab.test"])),
            ("From: \"dr@lab.test\" <eve@lab.test>", others(&["eve@lab.test"])),
            ("From: Dr Martin", Under::Nobody),
            ("From:", Under::Nobody),
            ("From: dr@lab.test\r\nFrom: Chef", Under::Nobody),
            ("Subject: x", Under::Nobody),
        ] {
            let message = format!("{fields}\r\nSender: dr@lab.test\r\n\r\nFrom: eve@lab.test\r\n");
            assert_eq!(under(message.as_bytes(), own), wanted, "{fields}");
        }
    }
}
