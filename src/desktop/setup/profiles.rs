//! Where Thunderbird keeps its profiles, and whether it runs with one of them.

use crate::base::limits::{PROFILES_FILE_MAX, PROFILES_MAX};
use crate::store::{StoreError, atomic};
use crate::text::{Explain, Explanation, setup as say};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A profile of this user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// As Thunderbird names it.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// Those that Thunderbird's own lists name and that are there.
pub fn found() -> Vec<Profile> {
    let roots = directories::BaseDirs::new()
        .map(|dirs| roots(dirs.home_dir(), dirs.config_dir()))
        .unwrap_or_default();
    let mut all: Vec<Profile> = Vec::new();
    for profile in roots.iter().flat_map(|root| listed(root)) {
        if !all.contains(&profile) && all.len() < PROFILES_MAX {
            all.push(profile);
        }
    }
    all
}

/// Of a package, a snap and a flatpak; of Windows; of macOS.
fn roots(home: &Path, settings: &Path) -> Vec<PathBuf> {
    if cfg!(windows) {
        vec![settings.join("Thunderbird")]
    } else if cfg!(target_os = "macos") {
        vec![home.join("Library/Thunderbird")]
    } else {
        let places = [
            ".thunderbird",
            "snap/thunderbird/common/.thunderbird",
            ".var/app/org.mozilla.Thunderbird/.thunderbird",
        ];
        places.iter().map(|place| home.join(place)).collect()
    }
}

fn listed(root: &Path) -> Vec<Profile> {
    let octets = atomic::read(&root.join("profiles.ini"), PROFILES_FILE_MAX)
        .ok()
        .flatten()
        .unwrap_or_default();
    let profiles = parse(&String::from_utf8_lossy(&octets), root);
    profiles
        .into_iter()
        .filter(|profile| profile.folder.join("prefs.js").is_file())
        .collect()
}

/// `[ProfileN]` with Name, Path, IsRelative.
fn parse(text: &str, root: &Path) -> Vec<Profile> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let sections = text.split("\n[").map(|section| section.trim_start_matches('['));
    let profiles = sections.filter(|section| section.starts_with("Profile"));
    profiles
        .filter_map(|section| {
            let value = |key: &str| {
                let pairs = section.lines().filter_map(|line| line.trim().split_once('='));
                pairs.into_iter().find(|(known, _)| *known == key).map(|(_, value)| value)
            };
            let path = value("Path").filter(|path| !path.is_empty())?;
            let folder = match value("IsRelative") {
                Some("0") => PathBuf::from(path),
                _ => root.join(path),
            };
            Some(Profile {
                name: value("Name").unwrap_or(path).to_owned(),
                folder,
            })
        })
        .collect()
}

/// Thunderbird's own lock of a profile, ours until this goes.
pub(super) struct ProfileLock {
    _file: File,
}

impl Profile {
    /// Takes it. Refused while a Thunderbird has it: then its settings are its own, and it would write over ours. Where nobody can tell it counts
    /// as open.
    pub(super) fn lock(&self) -> Result<ProfileLock, Explanation> {
        let file = self.folder.join(LOCK);
        let taken = take(&file).map_err(|error| StoreError::write(&file)(error).explain())?;
        taken.map(|file| ProfileLock { _file: file }).ok_or_else(say::thunderbird_runs)
    }
}

/// As Mozilla's `nsProfileLock` names it.
const LOCK: &str = if cfg!(windows) { "parent.lock" } else { ".parentlock" };

/// `None`: somebody else has it.
#[cfg(unix)]
fn take(file: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(file)?;
    Ok(fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_ok().then_some(file))
}

/// The same: it is kept open and shared with nobody.
#[cfg(windows)]
fn take(file: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    const SHARING_VIOLATION: i32 = 32;
    let mut options = OpenOptions::new();
    match options.read(true).write(true).create(true).truncate(false).share_mode(0).open(file) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_thunderbird_lists_them() {
        let text = "[Install4F96D1932A9F858E]\r\nDefault=abc.default\r\n\r\n[Profile1]\r\nName=é\r\nIsRelative=1\r\nPath=Profiles/abc.default\r\n\r\n[Profile0]\r\nName=other\r\nIsRelative=0\r\nPath=/x/y\r\nDefault=1\r\n\r\n[General]\r\nVersion=2\r\n[Profile2]\r\nName=none\r\n";
        let found = parse(text, Path::new("/root"));
        let seen: Vec<(&str, &Path)> = found.iter().map(|p| (p.name.as_str(), p.folder.as_path())).collect();
        assert_eq!(seen, [("é", Path::new("/root/Profiles/abc.default")), ("other", Path::new("/x/y"))]);
    }

    #[test]
    fn nobody_opens_what_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile {
            name: "x".to_owned(),
            folder: folder.path().to_owned(),
        };
        let held = profile.lock().unwrap();
        assert!(!is_free_for_another(&folder.path().join(LOCK)));
        drop(held);
        assert!(is_free_for_another(&folder.path().join(LOCK)));
        assert!(profile.lock().is_ok());
    }

    /// Asked by another process, as Thunderbird would be one.
    #[cfg(unix)]
    fn is_free_for_another(file: &Path) -> bool {
        let asked = "import fcntl,sys; fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)";
        let mut python = std::process::Command::new("python3");
        python
            .args(["-c", asked])
            .arg(file)
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    #[cfg(windows)]
    fn is_free_for_another(file: &Path) -> bool {
        take(file).unwrap().is_some()
    }
}
