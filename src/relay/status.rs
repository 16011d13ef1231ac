//! Whether a certificate that is to be used still stands.

use super::Relay;
use crate::pki::Certificate;
use crate::pki::name::DistinguishedName;
use crate::pki::path::Path;
use crate::pki::revocation::{Held, List, Rules, Status, status};
use std::sync::Arc;

/// Nothing has been fetched.
struct Nothing;

impl Held for Nothing {
    fn lists(&self, _issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        Vec::new()
    }

    fn answers(&self, _certificate: &Certificate, _issuer: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

impl Relay {
    /// What is known of the certificates of this path.
    pub(super) async fn status_of(&self, path: &Path) -> Status {
        status(path, self.now(), &Nothing, &Rules::default())
    }
}
