//! Bundles: authorities as TOML, in the executable or in a newer file of the same name, so that a root can come or go without a
//! release. What is built in is never removed, but for a bundle of its name with a higher version.

use super::{Authority, Origin, Profile, Published, Realm, Standing, realm_in_names};
use crate::base::limits::BUNDLE_AUTHORITIES_MAX;
use crate::pki::certificates_in;
use crate::text::{Explain, Explanation, trust as words};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Authorities that come together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bundle {
    /// What its file is called, without the end.
    pub name: String,
    /// The highest one of a name counts.
    pub version: u32,
    /// Who is in it.
    pub authorities: Vec<Authority>,
}

/// Why a file is no bundle.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BundleError {
    /// Not TOML, or not with these keys.
    #[error("{0}")]
    Syntax(String),
    /// A `certificate` that is not exactly one.
    #[error("authority {0}: no certificate, or several")]
    Certificate(usize),
    /// Declared as meant, and called a trial by its own names.
    #[error("authority {0}: a trial authority declared as production")]
    Trial(usize),
    /// More authorities than a bundle may have.
    #[error("too many authorities")]
    TooMany,
}

impl Explain for BundleError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Syntax(message) => words::bundle_syntax(message),
            Self::Certificate(number) => words::bundle_certificate(*number),
            Self::Trial(number) => words::bundle_trial(*number),
            Self::TooMany => words::bundle_too_large(),
        }
    }
}

/// A bundle as its file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    authority: Vec<WrittenAuthority>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAuthority {
    realm: Realm,
    profile: Profile,
    #[serde(default)]
    lists: Vec<String>,
    responder: Option<String>,
    certificate: String,
}

/// Reads a bundle file of that name.
pub fn parse(name: &str, text: &str) -> Result<Bundle, BundleError> {
    read(text, name, &Origin::Bundle(name.to_owned()))
}

/// The bundles of the executable.
pub fn built_in() -> Vec<Bundle> {
    let files = [
        ("igc-sante", include_str!("../../../config/authorities/igc-sante.toml")),
        ("igc-sante-test", include_str!("../../../config/authorities/igc-sante-test.toml")),
    ];
    let read = |(name, text): (&str, &str)| read(text, name, &Origin::BuiltIn(name.to_owned())).ok();
    files.into_iter().filter_map(read).collect()
}

/// Of each name the bundle of the highest version; between two of the same, the one that comes first.
pub fn newest(bundles: impl IntoIterator<Item = Bundle>) -> Vec<Authority> {
    let mut of_name: BTreeMap<String, Bundle> = BTreeMap::new();
    for bundle in bundles {
        match of_name.get(&bundle.name) {
            Some(held) if held.version >= bundle.version => {}
            _ => drop(of_name.insert(bundle.name.clone(), bundle)),
        }
    }
    of_name.into_values().flat_map(|bundle| bundle.authorities).collect()
}

fn read(text: &str, name: &str, origin: &Origin) -> Result<Bundle, BundleError> {
    let written: Written = toml::from_str(text).map_err(|error| BundleError::Syntax(error.message().to_owned()))?;
    if written.authority.len() > BUNDLE_AUTHORITIES_MAX {
        return Err(BundleError::TooMany);
    }
    let numbered = (1..).zip(written.authority);
    let authorities = numbered.map(|(number, written)| authority(number, written, origin));
    Ok(Bundle {
        name: name.to_owned(),
        version: written.version,
        authorities: authorities.collect::<Result<_, _>>()?,
    })
}

fn authority(number: usize, written: WrittenAuthority, origin: &Origin) -> Result<Authority, BundleError> {
    let certificates = certificates_in(written.certificate.trim().as_bytes());
    let [certificate] = certificates.as_slice() else {
        return Err(BundleError::Certificate(number));
    };
    if written.realm == Realm::Production && realm_in_names(certificate) == Realm::Test {
        return Err(BundleError::Trial(number));
    }
    Ok(Authority {
        realm: written.realm,
        profile: written.profile,
        published: Published {
            lists: written.lists,
            responder: written.responder,
        },
        origin: origin.clone(),
        standing: match certificate.is_self_issued() {
            true => Standing::Anchor,
            false => Standing::Intermediate,
        },
        certificate: certificate.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = include_str!("../../../config/authorities/igc-sante.toml");
    const TEST: &str = include_str!("../../../config/authorities/igc-sante-test.toml");

    #[test]
    fn what_is_built_in_is_what_the_health_agency_publishes() {
        let found: Vec<(Realm, Standing, String)> = built_in()
            .into_iter()
            .flat_map(|bundle| bundle.authorities)
            .map(|a| {
                (
                    a.realm,
                    a.standing,
                    a.certificate.fingerprint()[..4].iter().map(|b| format!("{b:02x}")).collect(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (Realm::Production, Standing::Anchor, "2d9e22ca".to_owned()),
                (Realm::Test, Standing::Anchor, "01325aeb".to_owned()),
                (Realm::Test, Standing::Intermediate, "dc528e37".to_owned()),
            ]
        );
    }

    #[test]
    fn a_newer_file_of_the_same_name_takes_the_place() {
        let with = |text: &str| newest(built_in().into_iter().chain([parse("igc-sante", text).unwrap()]));
        let roots = |authorities: &[Authority]| authorities.iter().filter(|a| a.realm == Realm::Production).count();
        assert_eq!(with(&ROOT.replace("version = 1", "version = 2")).len(), 3);
        // One that takes the root back; an older one, or one of the same version, takes nothing.
        assert_eq!(roots(&with("version = 2")), 0);
        assert_eq!(roots(&with("version = 1")), 1);
        assert_eq!(roots(&with("version = 0")), 1);
        let newer = with(&ROOT.replace("version = 1", "version = 2"));
        assert_eq!(newer[0].origin, Origin::Bundle("igc-sante".to_owned()));
    }

    #[test]
    fn what_is_no_bundle_is_said() {
        let fault = |text: &str| parse("x", text).unwrap_err();
        assert!(matches!(fault("version = \"1\""), BundleError::Syntax(_)));
        assert!(matches!(fault("version = 1\nverison = 2"), BundleError::Syntax(_)));
        assert!(matches!(fault(&ROOT.replace("igc-sante\"", "else\"")), BundleError::Syntax(_)));
        assert_eq!(fault(&ROOT.replace("MII", "???")), BundleError::Certificate(1));
        assert_eq!(fault(&TEST.replace("\"test\"\n", "\"production\"\n")), BundleError::Trial(1));
    }
}
