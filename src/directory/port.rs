//! What is asked of a directory.

use crate::base::Address;
use crate::relay::port::Pending;
use crate::text::Explanation;

/// Certificates by address.
pub trait Directory: Send + Sync {
    /// Every certificate known for this address, good or not: which one serves is decided by `pki::select`.
    fn find<'a>(&'a self, address: &'a Address) -> Pending<'a, Lookup>;
}

/// What a directory answers. `NotFound` is final; `Unavailable` may be otherwise later, and is never taken for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// Certificates in DER, at least one.
    Found(Vec<Vec<u8>>),
    /// The directory answered, and has none.
    NotFound,
    /// The directory could not be asked.
    Unavailable(Explanation),
}
