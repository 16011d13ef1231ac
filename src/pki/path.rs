//! From a certificate to a configured authority (RFC 5280 §6, policies as RFC 9618 computes them), for mail (RFC 8550). Pure:
//! the moment comes in. Revocation is another matter.
//!
//! It is our own, for none of the validators that exist does what mail needs: rustls-webpki ignores keyUsage and refuses every
//! constraint on addresses, others are not finished. NIST PKITS and x509-limbo judge it (docs/paths.md).
//!
//! `search` climbs from issuer to issuer, checks each signature before it goes on, and spends a budget; a way that arrives is
//! judged whole: `fit` each certificate and its use, `constraints` the names, `policy` the policies.

mod constraints;
mod error;
mod fit;
mod policy;
mod search;
mod trust;

pub use error::PathError;
pub use policy::{Policies, Rule};
pub use trust::Trust;

use crate::base::{Realm, UnixTime};
use crate::pki::authority::Profile;
use crate::pki::cert::Certificate;

/// What a certificate is to be used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Its holder signed a message.
    Sign,
    /// A message is encrypted to its holder.
    Encrypt,
    /// It signs revocation lists.
    SignLists,
    /// Whoever asks looks at the use himself.
    Any,
}

/// A way to an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The certificate first, the configured one last (the same one when it is itself configured).
    pub certificates: Vec<Certificate>,
    /// The realm of that authority.
    pub realm: Realm,
    /// The rules of that authority.
    pub profile: Profile,
}

/// What is asked of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The moment at which it must hold.
    pub at: UnixTime,
    /// The use of its first certificate.
    pub purpose: Purpose,
    /// The policies that will do.
    pub policies: Policies,
}

/// Looks for a way from `leaf` to an authority of `trust` that holds at `at`, under whatever policies.
pub fn validate(
    leaf: &Certificate,
    intermediates: &[Certificate],
    trust: &Trust,
    at: UnixTime,
    purpose: Purpose,
) -> Result<Path, PathError> {
    let policies = Policies::default();
    answer(leaf, intermediates, trust, &Question { at, purpose, policies })
}

/// Looks for a way from `leaf` to an authority of `trust` that holds as asked.
pub fn answer(leaf: &Certificate, intermediates: &[Certificate], trust: &Trust, question: &Question) -> Result<Path, PathError> {
    search::Search::new(intermediates, trust, question).from(leaf)
}
