//! Whether operators of the space of trust may still be spoken to: their certificates by the authorities of the space, and what
//! those have taken back (requirements A.3).

use super::Relay;
use super::port::Pending;
use super::status::Questions;
use crate::base::limits::PATH_CERTIFICATES_MAX;
use crate::net::port::Standing;
use crate::pki::authority::Authority;
use crate::pki::path::{Purpose, validate};
use crate::pki::revocation::Status;
use crate::pki::{Certificate, Path, Trust};
use crate::text::{Explanation, net as words};

impl Standing for Relay {
    fn stands<'a>(&'a self, host: &'a str, shown: Vec<Vec<u8>>) -> Pending<'a, Result<(), Explanation>> {
        Box::pin(async move {
            // More than any way is long: among many of one name TLS finds the right one, and the search here gives up before.
            if shown.len() > PATH_CERTIFICATES_MAX {
                return Err(words::unfit(host));
            }
            // TLS has found a path already; where ours finds none there is nobody to ask.
            let Some(path) = self.operator_path(shown) else { return Ok(()) };
            let trust = self.trust().unwrap_or_default();
            match self.status_of(&path, &trust, &Questions::of_now()).await {
                Status::Revoked(_) => Err(words::revoked(host)),
                Status::Good(_) | Status::NotPublished => Ok(()),
                // Without it mail could neither be read nor sent while the authority's own server is away.
                Status::Unknown(_) => {
                    tracing::warn!(
                        code = "SP-OPERATOR-STATUS",
                        "whether the operator's certificate is revoked is not known"
                    );
                    Ok(())
                }
            }
        })
    }
}

impl Relay {
    /// The roots by which operators are known, in DER.
    pub fn operators(&self) -> Result<Vec<Vec<u8>>, Explanation> {
        self.authorities.of_operators(&self.config.mssante.authorities)
    }

    fn operator_path(&self, shown: Vec<Vec<u8>>) -> Option<Path> {
        let mut shown = shown.into_iter().filter_map(|der| Certificate::from_der(der).ok());
        let leaf = shown.next()?;
        let others: Vec<Certificate> = shown.collect();
        let authorities = self.operators().ok()?;
        let authorities = authorities.into_iter().filter_map(|der| Certificate::from_der(der).ok());
        let trust = Trust::among(authorities.map(Authority::of_user).collect(), self.config.trust.environment);
        validate(&leaf, &others, &trust, self.now(), Purpose::Any).ok()
    }
}
