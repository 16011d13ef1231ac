//! Certificate revocation lists as they came (RFC 5280 §5): what a list says of itself is read at once, its entries one by one.
//!
//! Whether a list may speak of a certificate is another matter: `pki::revocation`.

mod entry;
mod head;
pub mod scope;
mod signer;

pub use entry::{Entries, Entry, Listed, Reason};
pub(crate) use head::each;
pub use head::{Head, Number};
pub use scope::{Only, Point, Reasons, Scope};
pub use signer::{ListError, signer};

use crate::pki::algorithm::{AlgorithmId, Digest, KeyKind, Scheme, SignatureError};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::cert::Certificate;
use crate::pki::der;
use std::fmt;
use std::ops::Range;

/// A list. Its bytes are kept as received.
pub struct Crl {
    der: Vec<u8>,
    head: Head,
    tbs: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    /// Content of the TBSCertList.
    content: Range<usize>,
    /// revokedCertificates in it, with its head; empty where it is left out.
    list: Range<usize>,
    entries: Range<usize>,
}

impl Crl {
    /// Reads a list in DER; its entries are not looked at yet.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, BerError> {
        let der = der.into();
        let mut whole = Reader::new(&der);
        let mut outer = whole.sequence()?;
        whole.end()?;
        let tbs = outer.expect(tag::SEQUENCE)?;
        let algorithm = outer.expect(tag::SEQUENCE)?;
        let signature = outer.expect(tag::BIT_STRING)?.bits()?;
        outer.end()?;
        let mut inner = tbs.inside();
        let version = inner.optional(tag::INTEGER)?.map(|v| v.small()).transpose()?;
        if version.is_some_and(|v| v != 1) || inner.expect(tag::SEQUENCE)?.raw != algorithm.raw {
            return Err(BerError::Malformed);
        }
        let (head, list) = head::read(&mut inner)?;
        let at = |part: &[u8]| span(&der, part);
        let content = at(tbs.content);
        let (list, entries) = match list {
            Some(list) => (at(list.raw), at(list.content)),
            None => (content.end..content.end, 0..0),
        };
        let (tbs, algorithm, signature) = (at(tbs.raw), at(algorithm.raw), at(signature));
        Ok(Self {
            head,
            tbs,
            algorithm,
            signature,
            content,
            list,
            entries,
            der,
        })
    }

    /// What it says of itself.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What it says of certificates, in its own order.
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(Reader::new(&self.der[self.entries.clone()]), &self.head.issuer)
    }

    /// The same list with no entries, to be kept beside them in another form; nobody signed that.
    pub fn without_entries(&self) -> Vec<u8> {
        let algorithm = &self.der[self.algorithm.clone()];
        let before = &self.der[self.content.start..self.list.start];
        let after = &self.der[self.list.end..self.content.end];
        der::sequence(&[&der::sequence(&[before, after]), algorithm, &der::bits(&[])])
    }

    /// Whether the key of `issuer` signed it, by no algorithm below the floor that paths have.
    pub fn is_signed_by(&self, issuer: &Certificate) -> Result<(), ListError> {
        let algorithm = Value::only(&self.der[self.algorithm.clone()]).and_then(AlgorithmId::from_value);
        let algorithm = algorithm.map_err(|_| ListError::Unsupported)?;
        let signed = &self.der[self.tbs.clone()];
        holds(&algorithm, issuer, signed, &self.der[self.signature.clone()])
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl").field("head", &self.head).finish_non_exhaustive()
    }
}

/// The signature of an authority over `signed`; SHA-1 and short keys prove nothing.
pub(crate) fn holds(algorithm: &AlgorithmId<'_>, issuer: &Certificate, signed: &[u8], signature: &[u8]) -> Result<(), ListError> {
    let scheme = Scheme::read(algorithm, None).map_err(|_| ListError::Unsupported)?;
    let key = issuer.public_key();
    let short = matches!(key.kind, KeyKind::Rsa { bits } if bits < 2048);
    if scheme.digest() == Some(Digest::Sha1) || short {
        return Err(ListError::Obsolete);
    }
    scheme.verify(&key, signed, signature).map_err(|error| match error {
        SignatureError::Unsupported => ListError::Unsupported,
        SignatureError::Wrong => ListError::BadSignature,
    })
}

/// Where a slice of `whole` stands in it.
fn span(whole: &[u8], part: &[u8]) -> Range<usize> {
    match part.is_empty() {
        true => 0..0,
        false => {
            let start = part.as_ptr() as usize - whole.as_ptr() as usize;
            start..start + part.len()
        }
    }
}
