//! Whose card it is that names no address: by the user's own word, who has bound one to the sender's address before.

use super::Relay;
use crate::base::Address;
use crate::directory::kept::How;
use crate::pki::Certificate;
use crate::smime::open::Opened;

impl Relay {
    /// Marks the signers whose certificate, or another one of the same professional's, is bound to the sender's address. True
    /// where there is one.
    pub(super) fn say_bound(&self, opened: &mut Opened, sender: &Address) -> bool {
        let kept = match self.directory.kept().of(sender) {
            Ok(kept) => kept.map(|kept| kept.certificates).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "what was confirmed could not be read");
                return false;
            }
        };
        let confirmed = kept.into_iter().filter(|kept| kept.how == How::Confirmed);
        let confirmed: Vec<Certificate> = confirmed.filter_map(|kept| Certificate::from_der(kept.held.der).ok()).collect();
        let mut any = false;
        for signer in opened.signers_mut() {
            let Some(certificate) = &signer.certificate else { continue };
            signer.is_bound = confirmed.iter().any(|known| is_of_same(known, certificate));
            any |= signer.is_bound;
        }
        any
    }
}

/// A card that is renewed has other certificates and the same number. Only under rules that know professionals by it does that
/// count (`pki::identity`).
fn is_of_same(known: &Certificate, other: &Certificate) -> bool {
    known == other || (known.emails().is_empty() && known.rpps().is_some() && known.rpps() == other.rpps())
}
