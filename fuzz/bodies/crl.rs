//! Any bytes as a revocation list.

use souspli::base::UnixTime;
use souspli::pki::Trust;
use souspli::pki::crl::{Crl, signer};

/// One input.
pub fn run(bytes: &[u8]) {
    let Ok(crl) = Crl::from_der(bytes) else { return };
    let mut failed = false;
    for entry in crl.entries() {
        assert!(!failed, "nothing follows an entry that cannot be read");
        failed = entry.is_err();
    }
    // What is kept beside the entries says the same of the list, and nobody takes it for signed.
    let kept = Crl::from_der(crl.without_entries()).expect("a list without its entries is one");
    assert_eq!(kept.head(), crl.head());
    assert_eq!(kept.entries().count(), 0);
    assert!(signer(&crl, &[], &Trust::default(), UnixTime(0)).is_err());
}
