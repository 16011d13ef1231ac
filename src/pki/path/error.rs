//! Why there is no way to an authority.

use crate::base::{Realm, UnixTime};
use crate::text::{Explain, Explanation};

/// Why there is no way; when several were tried, the one nearest to a way. Later variants are nearer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum PathError {
    /// No configured authority issued it, nor issued who issued it.
    #[error("no configured authority stands behind it")]
    UnknownAuthority {
        /// Common name of the issuer at the end of the way.
        issuer: String,
    },
    /// The issuer's signature on a certificate does not hold.
    #[error("the issuer did not sign it")]
    BadSignature,
    /// More would have to be looked at than the budget allows.
    #[error("too many certificates to try")]
    TooComplex,
    /// An algorithm that cannot be checked here.
    #[error("its algorithm is not supported")]
    Unsupported,
    /// Signed with SHA-1.
    #[error("it is signed with an obsolete algorithm")]
    Obsolete,
    /// RSA below 2048 bits.
    #[error("its key is too short")]
    WeakKey,
    /// An issuer that is no authority, or too long a chain.
    #[error("an issuer is not allowed to issue it")]
    NotAnAuthority,
    /// What it says of itself cannot all be true.
    #[error("it contradicts itself")]
    Contradictory,
    /// A critical extension that is not understood.
    #[error("it has a critical extension that is not understood")]
    UnknownExtension,
    /// A name that its authority may not certify.
    #[error("its authority may not certify its name")]
    NameNotPermitted,
    /// An authority on the way demands a policy that is not followed, or the one that is asked for is not.
    #[error("it does not follow a policy that is demanded")]
    PolicyNotMet,
    /// It leads to a known authority, which counts in the other realm.
    #[error("its authority is one for {}", realm.as_str())]
    OtherRealm {
        /// The realm of that authority.
        realm: Realm,
    },
    /// An authority on the way is not valid at that moment.
    #[error("an authority on the way is not valid at that moment")]
    AuthorityExpired,
    /// The certificate is for another use.
    #[error("it is made for another use")]
    WrongUsage,
    /// Not valid yet.
    #[error("it is not valid yet")]
    NotYetValid {
        /// notBefore.
        from: UnixTime,
    },
    /// Not valid any more.
    #[error("it has expired")]
    Expired {
        /// notAfter.
        until: UnixTime,
    },
}

impl Explain for PathError {
    fn explain(&self) -> Explanation {
        use crate::text::verdict as said;
        match self {
            Self::UnknownAuthority { issuer } => said::unknown_authority(issuer),
            Self::BadSignature => said::bad_chain_signature(),
            Self::TooComplex => said::chain_too_complex(),
            Self::Unsupported => said::chain_unsupported(),
            Self::Obsolete => said::chain_obsolete(),
            Self::WeakKey => said::weak_key(),
            Self::NotAnAuthority => said::not_an_authority(),
            Self::Contradictory => said::contradictory(),
            Self::UnknownExtension => said::unknown_extension(),
            Self::NameNotPermitted => said::name_not_permitted(),
            Self::PolicyNotMet => said::policy_not_met(),
            Self::OtherRealm { realm: Realm::Test } => said::test_authority(),
            Self::OtherRealm { realm: Realm::Production } => said::authority_not_for_tests(),
            Self::AuthorityExpired => said::authority_expired(),
            Self::WrongUsage => said::wrong_usage(),
            Self::NotYetValid { from } => said::not_yet_valid(*from),
            Self::Expired { until } => said::expired(*until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_errors_win() {
        let far = PathError::UnknownAuthority { issuer: "z".to_owned() };
        assert!(far < PathError::BadSignature);
        assert!(PathError::BadSignature < PathError::Expired { until: UnixTime(0) });
    }
}
