//! Authorities: whose word on certificates counts, in which realm, by which rules, and where they publish what they take back.
//!
//! They are data: those of a bundle ([`bundle`]) come with the executable or from a newer file, the others the user has added.

pub mod bundle;

pub use crate::base::Realm;
use crate::base::addr::fold;
use crate::pki::Certificate;
use crate::pki::oid::{self, Oid};
use serde::Deserialize;

/// What a certificate's own names say of its realm, whoever vouches for it: IGC-Santé marks its trials there and nowhere else.
pub fn realm_in_names(certificate: &Certificate) -> Realm {
    let mut named = certificate.subject_attributes().iter().chain(certificate.issuer_attributes());
    match named.any(|(kind, value)| is_trial(*kind, value)) {
        true => Realm::Test,
        false => Realm::Production,
    }
}

/// Organisations and units under which the health PKIs certify for trials (IGC-Santé; GIP-CPS before it).
const TRIALS: [&str; 2] = ["igc-sante test", "gip-cps-test"];

fn is_trial(kind: Oid, value: &str) -> bool {
    matches!(kind, oid::ORGANIZATION | oid::ORGANIZATIONAL_UNIT) && TRIALS.contains(&fold(value.trim()).as_str())
}

/// The rules that an authority's certificates follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// RFC 8550: what a certificate does not say is allowed.
    #[default]
    Mail,
    /// CA/Browser Forum, S/MIME Baseline Requirements: the use for mail must be said.
    WebSmime,
    /// IGC-Santé: no extended use in intermediates; the holder may be named by a national number and no address.
    IgcSante,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 3] = [Profile::Mail, Profile::WebSmime, Profile::IgcSante];

    /// The word used in bundles and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Mail => "mail",
            Profile::WebSmime => "web-smime",
            Profile::IgcSante => "igc-sante",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == word)
    }
}

/// Where an authority says itself what it has taken back, beside what its certificates say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// Addresses of revocation lists (`http:`, `https:`, `ldap:`), the same list at each.
    pub lists: Vec<String>,
    /// Address of an OCSP responder.
    pub responder: Option<String>,
}

/// Who brought an authority.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// A bundle of the executable, by its name.
    BuiltIn(String),
    /// A bundle file that is newer than the executable's, or stands for itself.
    Bundle(String),
    /// The user.
    User,
}

/// What an authority is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Paths may end here.
    Anchor,
    /// Known, so that paths are found whose sender left it out; believed only by way of an anchor.
    Intermediate,
}

/// An authority as it is configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authority {
    /// Its certificate.
    pub certificate: Certificate,
    /// Whether what it certifies is meant.
    pub realm: Realm,
    /// The rules that its certificates follow.
    pub profile: Profile,
    /// Where it publishes.
    pub published: Published,
    /// Who brought it.
    pub origin: Origin,
    /// What it is good for.
    pub standing: Standing,
}

impl Authority {
    /// One that a user has added, in the realm that its names tell.
    pub fn of_user(certificate: Certificate) -> Self {
        Self {
            realm: realm_in_names(&certificate),
            profile: Profile::default(),
            published: Published::default(),
            origin: Origin::User,
            standing: Standing::Anchor,
            certificate,
        }
    }

    /// The same with what its user has said of it. A note that cannot be read might have said TEST.
    pub fn noted(self, note: &str) -> Self {
        let written: Written = toml::from_str(note).unwrap_or(Written {
            realm: Realm::Test,
            profile: Profile::default(),
        });
        Self {
            realm: self.realm.max(written.realm),
            profile: written.profile,
            ..self
        }
    }
}

/// What a user says of an authority when he adds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    realm: Realm,
    #[serde(default)]
    profile: Profile,
}

/// The note beside an authority of the user's; `None`: nothing is to be said.
pub fn note(realm: Realm, profile: Profile) -> Option<String> {
    let usual = (realm, profile) == (Realm::default(), Profile::default());
    (!usual).then(|| format!("realm = \"{}\"\nprofile = \"{}\"\n", realm.as_str(), profile.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_makes_a_trial_and_nothing_unmakes_it() {
        let root = |name: &str| {
            let bundle = bundle::built_in().into_iter().find(|b| b.name == name).unwrap();
            Authority::of_user(bundle.authorities[0].certificate.clone())
        };
        assert_eq!(note(Realm::Production, Profile::Mail), None);
        let trial = note(Realm::Test, Profile::WebSmime).unwrap();
        let noted = root("igc-sante").noted(&trial);
        assert_eq!((noted.realm, noted.profile), (Realm::Test, Profile::WebSmime));
        assert_eq!(root("igc-sante").noted("").realm, Realm::Production);
        assert_eq!(root("igc-sante").noted("realm = ").realm, Realm::Test);
        let meant = note(Realm::Production, Profile::IgcSante).unwrap();
        assert_eq!(root("igc-sante-test").noted(&meant).realm, Realm::Test);
    }
}
