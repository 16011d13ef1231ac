//! Bundles of authorities as files: `<name>.toml` in the home's folder and in the machine's. What they say is read by `pki`.

use super::folder::FolderStamp;
use super::owner::binds;
use super::{StoreError, atomic};
use crate::base::limits::{BUNDLE_FILE_MAX, BUNDLES_MAX};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of bundle files, the first before the others. A folder that is not there has none.
#[derive(Clone, Debug)]
pub struct BundleFolders {
    folders: Vec<PathBuf>,
}

/// A bundle file as it was found.
#[derive(Debug)]
pub struct BundleFile {
    /// Where.
    pub path: PathBuf,
    /// What it is called, without the end.
    pub name: String,
    /// What it says.
    pub text: Result<String, StoreError>,
}

/// When the folders and the files in them were last changed: a file may be written over where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BundlesStamp(Vec<(PathBuf, FolderStamp)>);

impl BundleFolders {
    /// These folders.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// The files, in the order of the folders and of their names.
    pub fn files(&self) -> Vec<BundleFile> {
        self.paths().into_iter().filter_map(read).collect()
    }

    /// To know later, cheaply, whether [`BundleFolders::files`] would answer otherwise; taken before they are read.
    pub fn stamp(&self) -> BundlesStamp {
        let places = self.folders.iter().cloned().chain(self.paths());
        BundlesStamp(
            places
                .map(|path| (FolderStamp::of(&path), path))
                .map(|(stamp, path)| (path, stamp))
                .collect(),
        )
    }

    fn paths(&self) -> Vec<PathBuf> {
        self.folders.iter().flat_map(|folder| toml_files(folder)).collect()
    }
}

impl BundlesStamp {
    /// True when nothing has changed since.
    pub fn still_holds(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(path, stamp)| stamp.still_holds(path))
    }
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"));
    let mut found: Vec<PathBuf> = named.take(BUNDLES_MAX).collect();
    found.sort();
    found
}

/// `None`: gone meanwhile, or without a name that can be said.
fn read(path: PathBuf) -> Option<BundleFile> {
    let name = path.file_stem()?.to_str()?.to_owned();
    let text = match atomic::read(&path, BUNDLE_FILE_MAX).transpose()? {
        // What anybody could have put there is no authority.
        Ok(_) if !is_ours(&path) => Err(StoreError::Changeable(path.clone())),
        Ok(octets) => String::from_utf8(octets).map_err(|_| StoreError::Damaged(path.clone())),
        Err(error) => Err(error),
    };
    Some(BundleFile { path, name, text })
}

fn is_ours(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new(""));
    [folder, path].iter().all(|each| binds(each).unwrap_or(false))
}

// Only a file's time can be set by the standard library on Windows.
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn files_of_every_folder_are_found_and_their_changes_seen() {
        let guard = tempfile::tempdir().unwrap();
        let (home, machine) = (guard.path().join("home"), guard.path().join("machine"));
        let folders = BundleFolders::new(vec![home.clone(), machine.clone()]);
        assert!(folders.files().is_empty() && folders.stamp().still_holds());
        let before = folders.stamp();
        fs::create_dir(&machine).unwrap();
        assert!(!before.still_holds());
        let file = machine.join("one.toml");
        fs::write(&file, "a").unwrap();
        fs::write(machine.join("notes.txt"), "a").unwrap();
        let found = folders.files();
        assert_eq!(
            (found.len(), found[0].name.as_str(), found[0].text.as_deref().unwrap()),
            (1, "one", "a")
        );
        // An hour later, and then written over where it stands.
        let old = SystemTime::now() - Duration::from_secs(3600);
        for path in [&file, &machine] {
            fs::File::open(path).unwrap().set_modified(old).unwrap();
        }
        let settled = folders.stamp();
        assert!(settled.still_holds());
        fs::write(&file, "b").unwrap();
        assert!(!settled.still_holds());
    }
}
