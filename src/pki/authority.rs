//! Authorities: whose word on certificates counts, in which realm, by which rules, and where they publish what they take back.
//!
//! They are data: those of a bundle ([`bundle`]) come with the executable or from a newer file, the others the user has added.

pub mod bundle;

pub use crate::base::Realm;
use crate::base::addr::fold;
use crate::pki::Certificate;
use crate::pki::oid::{self, Oid};

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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
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
    const ALL: [Profile; 3] = [Profile::Mail, Profile::WebSmime, Profile::IgcSante];

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
}
