//! The authorities of a home: those that come with Souspli, those of newer bundle files, those that the user has added.

use crate::base::Realm;
use crate::config::load::machine_folder;
use crate::net::tls;
use crate::pki::authority::{Authority, Origin, Profile, Standing, bundle};
use crate::pki::{Certificate, Trust};
use crate::store::{BundleFile, BundleFolders, BundlesStamp, CertificateFolder, FolderStamp, Home, StoreError};
use crate::text::{Explain, Explanation, trust as words};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the authorities of a home stand, and what was read of them last.
#[derive(Debug)]
pub struct Authorities {
    user: CertificateFolder,
    bundles: BundleFolders,
    realm: Realm,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    user: FolderStamp,
    bundles: BundlesStamp,
    trust: Arc<Trust>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Known {
    /// Every authority of either realm.
    pub authorities: Vec<Authority>,
    /// Bundle files that do not count, and why.
    pub left_out: Vec<(PathBuf, Explanation)>,
}

impl Authorities {
    /// Those of `home`, of which the ones of `realm` count.
    pub fn of(home: &Home, realm: Realm) -> Self {
        let machine = machine_folder().map(|folder| folder.join("authorities"));
        Self {
            user: CertificateFolder::new(home.trust()),
            bundles: BundleFolders::new(machine.into_iter().chain([home.authorities()]).collect()),
            realm,
            held: Mutex::default(),
        }
    }

    /// Those that count, read again when something has changed: one that is added or removed counts at once, or no more.
    pub fn trust(&self) -> Result<Arc<Trust>, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.user.is_unchanged(&held.user) || !held.bundles.still_holds() {
            let (user, bundles) = (self.user.stamp(), self.bundles.stamp());
            let known = self.list()?;
            for (path, why) in &known.left_out {
                tracing::warn!(path = %path.display(), code = why.code, "a file of authorities does not count");
            }
            let trust = Arc::new(Trust::among(known.authorities, self.realm));
            *held = Held { user, bundles, trust };
        }
        Ok(Arc::clone(&held.trust))
    }

    /// All of them as they are now.
    pub fn list(&self) -> Result<Known, StoreError> {
        let mut known = Known::default();
        let mut bundles = bundle::built_in();
        for file in self.bundles.files() {
            match read(&file) {
                Ok(bundle) => bundles.push(bundle),
                Err(why) => known.left_out.push((file.path, why)),
            }
        }
        known.authorities = bundle::newest(bundles);
        known.authorities.extend(self.of_user()?);
        Ok(known)
    }

    /// The roots by which operators of the space of trust are known, in DER: those of the configuration, else those of IGC-Santé
    /// that come with Souspli or from a newer bundle. What the user trusts for mail does not count here (requirements A.3).
    pub fn of_operators(&self, configured: &[PathBuf]) -> Result<Vec<Vec<u8>>, Explanation> {
        if !configured.is_empty() {
            return tls::authorities(configured).map_err(|e| e.explain());
        }
        let known = self.list().map_err(|e| e.explain())?.authorities.into_iter();
        let of_space = |a: &Authority| a.profile == Profile::IgcSante && a.realm == self.realm && a.origin != Origin::User;
        let anchors = known.filter(|a| of_space(a) && a.standing == Standing::Anchor);
        Ok(anchors.map(|a| a.certificate.der().to_vec()).collect())
    }

    fn of_user(&self) -> Result<Vec<Authority>, StoreError> {
        let stored = self.user.list()?;
        let read = stored.into_iter().filter_map(|stored| {
            let authority = Authority::of_user(Certificate::from_der(stored.der).ok()?);
            Some(match self.user.note(&stored.fingerprint) {
                Some(note) => authority.noted(&note),
                None => authority,
            })
        });
        Ok(read.collect())
    }
}

fn read(file: &BundleFile) -> Result<bundle::Bundle, Explanation> {
    let text = file.text.as_ref().map_err(|error| match error {
        StoreError::Read { source, .. } => words::bundle_unreadable(&source.into()),
        StoreError::TooLarge(_) => words::bundle_too_large(),
        other => other.explain(),
    })?;
    bundle::parse(&file.name, text).map_err(|error| error.explain())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const ROOT: &str = include_str!("../../config/authorities/igc-sante.toml");

    #[test]
    fn a_newer_file_counts_at_once_and_a_broken_one_never() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        let authorities = Authorities::of(&home, Realm::Production);
        let count = || authorities.trust().unwrap().authorities().count();
        assert_eq!(count(), 1);
        fs::create_dir_all(home.authorities()).unwrap();
        let file = home.authorities().join("igc-sante.toml");
        fs::write(&file, "version = ").unwrap();
        assert_eq!((count(), authorities.list().unwrap().left_out.len()), (1, 1));
        fs::write(&file, "version = 9").unwrap();
        assert_eq!((count(), authorities.list().unwrap().left_out.len()), (0, 0));
        fs::write(home.authorities().join("others.toml"), ROOT).unwrap();
        assert_eq!(count(), 1);
        fs::remove_file(&file).unwrap();
        assert_eq!(count(), 2);
    }

    #[test]
    fn operators_are_known_by_igc_sante_unless_the_configuration_says_otherwise() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        for (realm, name) in [
            (Realm::Production, "AC RACINE IGC-SANTE ELEMENTAIRE"),
            (Realm::Test, "TEST AC RACINE IGC-SANTE ELEMENTAIRE"),
        ] {
            let found = Authorities::of(&home, realm).of_operators(&[]).unwrap();
            let names: Vec<String> = found.into_iter().map(|der| Certificate::from_der(der).unwrap().holder()).collect();
            assert_eq!(names, [name]);
        }
        let absent = Authorities::of(&home, Realm::Production).of_operators(&[guard.path().join("absent.pem")]);
        assert!(absent.is_err());
    }

    #[test]
    fn each_realm_has_its_own() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        let tests = Authorities::of(&home, Realm::Test).trust().unwrap();
        assert!(tests.authorities().count() == 2 && tests.authorities().all(|a| a.realm == Realm::Test));
    }
}
