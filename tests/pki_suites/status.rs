//! The revocation lists of a suite, by which a path that was found is judged as well.

use souspli::base::UnixTime;
use souspli::pki::crl::{Crl, signer};
use souspli::pki::name::DistinguishedName;
use souspli::pki::revocation::{Held, List, Loaded, Rules, Status, status};
use souspli::pki::{Certificate, Path, PathError, Trust};
use std::sync::Arc;

/// Lists whose signers are known.
#[derive(Default)]
pub struct Lists(Vec<Arc<dyn List>>);

impl Held for Lists {
    fn lists(&self, issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        self.0.iter().filter(|l| l.head().issuer == *issuer).cloned().collect()
    }

    fn answers(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

impl Lists {
    /// Those of `ders` that can be read and that one of these certificates signed.
    pub fn of(ders: impl IntoIterator<Item = Vec<u8>>, certificates: &[Certificate], trust: &Trust, at: UnixTime) -> Self {
        let load = |der| {
            let crl = Crl::from_der(der).ok()?;
            let signer = signer(&crl, certificates, trust, at).ok()?;
            Some(Arc::new(Loaded::of(&crl, signer).ok()?) as Arc<dyn List>)
        };
        Self(ders.into_iter().filter_map(load).collect())
    }

    /// What a path is worth by them: unknown is not good.
    pub fn judge(&self, found: Result<Path, PathError>, at: UnixTime) -> Result<(), String> {
        let path = found.map_err(|error| error.to_string())?;
        match status(&path, at, self, &Rules::default()) {
            Status::Good(_) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }
}
