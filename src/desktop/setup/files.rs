//! The files of a profile, while no Thunderbird can open it.

use super::Profile;
use super::profiles::ProfileLock;
use crate::base::UnixTime;
use crate::base::limits::PREFS_FILE_MAX;
use crate::store::{StoreError, atomic};
use crate::text::{Explain, Explanation, setup as say};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Its settings.
pub(super) const PREFS: &str = "prefs.js";
/// The certificates that it takes although no authority vouches for them.
pub(super) const OVERRIDES: &str = "cert_override.txt";

/// A profile that is ours until this goes.
pub(super) struct Files<'a> {
    folder: &'a Path,
    _lock: ProfileLock,
}

impl<'a> Files<'a> {
    /// Refused while a Thunderbird has it open; one that begins meanwhile says that it is in use. Only under the lock of the home: a process has
    /// one such lock on a file, however often it takes it, and loses it with the first that it lets go.
    pub(super) fn hold(profile: &'a Profile) -> Result<Self, Explanation> {
        Ok(Self {
            _lock: profile.lock()?,
            folder: &profile.folder,
        })
    }

    /// A file; empty where there is none.
    pub(super) fn text(&self, name: &str) -> Result<String, Explanation> {
        read(self.folder, name)
    }

    /// Replaces what was read, if it still stands there.
    pub(super) fn replace(&self, name: &str, before: &str, after: &str) -> Result<(), Explanation> {
        if before == after {
            return Ok(());
        }
        if self.text(name)? != before {
            return Err(say::thunderbird_runs());
        }
        let file = self.folder.join(name);
        // One that is kept elsewhere is replaced there, the link stays.
        let file = fs::canonicalize(&file).unwrap_or(file);
        atomic::write(&file, after.as_bytes()).map_err(|error| error.explain())
    }

    /// The settings as they are, kept beside them under a name of their own.
    pub(super) fn copied(&self, text: &str, now: UnixTime) -> Result<PathBuf, Explanation> {
        let day = now.rfc3339().replace([':', '-'], "");
        let first = self.folder.join(format!("prefs.js.souspli-{day}"));
        let more = (2..).map(|n| self.folder.join(format!("prefs.js.souspli-{day}-{n}")));
        for copy in std::iter::once(first).chain(more) {
            match atomic::create(&copy, text.as_bytes()) {
                Ok(()) => return Ok(copy),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(StoreError::write(&copy)(error).explain()),
            }
        }
        Err(say::unreadable_settings(&self.folder.display().to_string()))
    }
}

/// A file of a profile; empty where there is none.
pub(super) fn read(folder: &Path, name: &str) -> Result<String, Explanation> {
    let file = folder.join(name);
    let octets = atomic::read(&file, PREFS_FILE_MAX).map_err(|error| error.explain())?;
    String::from_utf8(octets.unwrap_or_default()).map_err(|_| say::unreadable_settings(&file.display().to_string()))
}
