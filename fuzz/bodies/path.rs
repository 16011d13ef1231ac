//! Any certificates, the first to be judged, the last trusted: a way is found or not, within the budget, and never another one than
//! from the first to the last.

use souspli::base::{Realm, UnixTime};
use souspli::pki::authority::{Authority, Profile};
use souspli::pki::path::{Policies, Purpose, Question, Rule, answer};
use souspli::pki::{Trust, certificates_in, oid};

/// One input.
pub fn run(bytes: &[u8]) {
    let certificates = certificates_in(bytes);
    let [leaf, between @ .., anchor] = certificates.as_slice() else {
        return;
    };
    for (profile, purpose) in [
        (Profile::Mail, Purpose::Sign),
        (Profile::WebSmime, Purpose::Encrypt),
        (Profile::IgcSante, Purpose::Any),
    ] {
        let authority = Authority {
            profile,
            realm: Realm::Production,
            ..Authority::of_user(anchor.clone())
        };
        let trust = Trust::among(vec![authority], Realm::Production);
        let policies = Policies {
            acceptable: vec![oid::ANY_POLICY],
            explicit: if bytes.len().is_multiple_of(2) { Rule::On } else { Rule::Off },
            ..Policies::default()
        };
        let at = UnixTime(1_795_400_000);
        if let Ok(path) = answer(leaf, between, &trust, &Question { at, purpose, policies }) {
            assert_eq!(path.certificates.first(), Some(leaf));
            assert_eq!(path.certificates.last(), Some(anchor));
        }
    }
}
