//! The home: one folder with all state. Two homes on one machine never meet.

use super::StoreError;
use super::owner::{Access, access, create_private_folder};
use crate::base::limits::HOME_TRIED_BY;
use crate::text::{Explanation, store as words};
use std::env;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

/// A home that exists and is ours.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
    access: Access,
}

const MASTER: &str = "master.json";

/// Holds off other processes that change the same home; released when dropped.
#[derive(Debug)]
pub struct HomeLock(#[allow(dead_code)] File);

impl Home {
    /// Opens the home at [`Home::place`]; makes it the first time.
    pub fn locate(chosen: Option<&Path>) -> Result<Self, StoreError> {
        Self::open(&Self::place(chosen)?)
    }

    /// Where the home is, or would be: the folder given (`--home`), else `SOUSPLI_HOME`, else the platform's.
    pub fn place(chosen: Option<&Path>) -> Result<PathBuf, StoreError> {
        let named = || env::var_os("SOUSPLI_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = chosen.map(Path::to_owned).or_else(named) {
            return std::path::absolute(&path).map_err(StoreError::read(&path));
        }
        let dirs = directories::ProjectDirs::from("fr", "Souspli", "Souspli").ok_or(StoreError::NoHome)?;
        Ok(dirs.data_local_dir().to_owned())
    }

    /// Whether a home at `root` has been used: only then is there anything in it, and looking makes none.
    pub fn is_in_use(root: &Path) -> bool {
        root.join(MASTER).is_file()
    }

    /// Opens or makes a home at `root`.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let root = std::path::absolute(root).map_err(StoreError::read(root))?;
        create_private_folder(&root).map_err(|source| StoreError::NotMade {
            path: root.clone(),
            source,
        })?;
        let access = access(&root).map_err(StoreError::read(&root))?;
        if access == Access::Foreign {
            return Err(StoreError::NotOurs(root));
        }
        let home = Self { root, access };
        for folder in [home.keys(), home.certificates(), home.trust(), home.tls(), home.passwords()] {
            create_private_folder(&folder).map_err(StoreError::write(&folder))?;
        }
        Ok(home)
    }

    /// To be said at the start: others may look into this home. Its files stay closed to them.
    pub fn warning(&self) -> Option<Explanation> {
        (self.access == Access::Open).then(|| words::open_home(&self.root.display().to_string()))
    }

    /// The folder itself; `souspli.toml` may stand in it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Sealed private keys.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Own keys for several persons, and what is known of them.
    pub fn held(&self) -> PathBuf {
        self.root.join("held")
    }

    /// Correspondents' certificates.
    pub fn certificates(&self) -> PathBuf {
        self.root.join("certificates")
    }

    /// Authorities for signatures and certificates.
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust")
    }

    /// Bundles of authorities that are newer than the executable's.
    pub fn authorities(&self) -> PathBuf {
        self.root.join("authorities")
    }

    /// Revocation lists, OCSP answers.
    pub fn lists(&self) -> PathBuf {
        self.root.join("lists")
    }

    /// The local TLS certificate and its key.
    pub fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }

    /// Passwords: sealed those that Souspli gives, stretched those that it is given.
    pub fn passwords(&self) -> PathBuf {
        self.root.join("passwords")
    }

    /// Where the master key is, or the master key under a passphrase.
    pub fn master(&self) -> PathBuf {
        self.root.join(MASTER)
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.sqlite")
    }

    /// How far the journal has come, sealed.
    pub fn journal_head(&self) -> PathBuf {
        self.root.join("journal.head")
    }

    /// Room for its entries on a full disk.
    pub fn journal_reserve(&self) -> PathBuf {
        self.root.join("journal.reserve")
    }

    /// Held by whoever writes there.
    pub fn journal_reserve_lock(&self) -> PathBuf {
        self.root.join("journal.reserve.lock")
    }

    /// Held by the relay that runs, for as long as it does.
    pub fn running(&self) -> PathBuf {
        self.root.join("running.lock")
    }

    /// Where the dashboard is, and a link into it.
    pub fn dashboard(&self) -> PathBuf {
        self.root.join("dashboard.json")
    }

    /// How far the assistant has come.
    pub fn assistant(&self) -> PathBuf {
        self.root.join("assistant.json")
    }

    /// What was changed in profiles of Thunderbird.
    pub fn thunderbird(&self) -> PathBuf {
        self.root.join("thunderbird.json")
    }

    /// The local certificate that Windows was told to trust, in DER.
    pub fn trusted_by_windows(&self) -> PathBuf {
        self.root.join("trusted-by-windows.der")
    }

    /// What sealed letters were like.
    pub fn letters(&self) -> PathBuf {
        self.root.join("letters")
    }

    /// Secure threads.
    pub fn threads(&self) -> PathBuf {
        self.root.join("threads")
    }

    /// True sizes.
    pub fn marks(&self) -> PathBuf {
        self.root.join("marks")
    }

    /// Protected fields of opened messages, sealed.
    pub fn fields(&self) -> PathBuf {
        self.root.join("fields")
    }

    /// Content keys that cards have unwrapped, sealed.
    pub fn content_keys(&self) -> PathBuf {
        self.root.join("content-keys")
    }

    /// Texts that are searched, sealed.
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// The liste blanche.
    pub fn whitelist(&self) -> PathBuf {
        self.root.join("whitelist.json")
    }

    /// Whether it takes a small file, on the disk; nothing of it is left.
    pub fn takes_a_file(&self) -> Result<(), StoreError> {
        let path = self.root.join(format!(".try-{}", std::process::id()));
        // Of one that was ended in the midst of it.
        let _ = fs::remove_file(&path);
        super::atomic::create(&path, &[b'\n'; HOME_TRIED_BY]).map_err(StoreError::write(&path))?;
        fs::remove_file(&path).map_err(StoreError::write(&path))
    }

    /// Waits for its turn among the processes that change this home. Never held across a wait for the network or a user.
    pub fn lock(&self) -> Result<HomeLock, StoreError> {
        let path = self.root.join("lock");
        let mut options = OpenOptions::new();
        let file = super::owner::private(options.read(true).write(true).create(true))
            .open(&path)
            .map_err(StoreError::write(&path))?;
        file.lock().map_err(StoreError::write(&path))?;
        Ok(HomeLock(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_made_with_its_folders_and_is_private() {
        let parent = tempfile::tempdir().unwrap();
        let home = Home::open(&parent.path().join("a/b")).unwrap();
        assert!(home.keys().is_dir() && home.trust().is_dir());
        assert_eq!(home.warning(), None);
        assert!(Home::open(home.root()).is_ok(), "opened again");
    }

    #[cfg(unix)]
    #[test]
    fn a_home_that_others_may_enter_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let home = Home::open(folder.path()).unwrap();
        assert_eq!(home.warning().map(|said| said.code), Some("SP-HOME-OPEN"));
        let mode = fs::metadata(home.keys()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_its_place_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("home");
        fs::write(&file, "x").unwrap();
        assert!(matches!(Home::open(&file), Err(StoreError::NotMade { .. })));
    }
}
