//! Files that are there whole or not at all: written beside, synced, renamed, the folder synced.

use super::StoreError;
use super::look;
use super::owner::private;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Replaces `path` by these bytes, readable by this user only. On an error the old file is intact and nothing is left behind.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_with(path, |file| file.write_all(bytes)).map_err(StoreError::write(path))
}

/// The same for what can be had again: whole for every reader, but a power cut may leave the old file, or an empty one.
pub fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = beside(path);
    let written = || {
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&temporary)?;
        file.write_all(bytes)?;
        rename(&temporary, path)
    };
    let done = written();
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done.map_err(StoreError::write(path))
}

/// Makes a new file, readable by this user only. What stands there already is an error of `AlreadyExists`; on any other nothing is
/// left behind. Not by a rename: it would replace, and a memory stick knows no hard links.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    look::forget();
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    written
}

/// Reads a file of at most `max` octets; `None` where there is none.
pub fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::read(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(StoreError::read(path))?;
    if bytes.len() as u64 > max {
        return Err(StoreError::TooLarge(path.to_owned()));
    }
    Ok(Some(bytes))
}

/// Removes a file for good; `Absent` where there was none.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = fs::remove_file(path);
    look::forget();
    match removed {
        Ok(()) => sync_folder(path).map_err(StoreError::write(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Absent),
        Err(error) => Err(StoreError::write(path)(error)),
    }
}

/// The same of what is written piece by piece.
pub(super) fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let temporary = beside(path);
    let done = fill_and_rename(path, &temporary, fill);
    if done.is_err() {
        // The first error is the one to tell; what is left is named .tmp and never read.
        let _ = fs::remove_file(&temporary);
    }
    done
}

fn fill_and_rename(path: &Path, temporary: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(temporary)?;
    fill(&mut file)?;
    file.sync_all()?;
    drop(file);
    rename(temporary, path)?;
    sync_folder(path)
}

/// Replaces what stands there, also while it is read.
#[cfg(unix)]
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let done = fs::rename(from, to);
    look::forget();
    done
}

/// The same. Virus scanners and backups hold a file for a moment in a way that lets nobody replace it.
#[cfg(windows)]
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    use crate::base::limits::FILE_HELD_MILLISECONDS;
    use std::time::{Duration, Instant};
    const SHARING_VIOLATION: i32 = 32;
    let until = Instant::now() + Duration::from_millis(FILE_HELD_MILLISECONDS);
    loop {
        match fs::rename(from, to) {
            Err(error) if is_held(&error, SHARING_VIOLATION) && Instant::now() < until => {
                std::thread::park_timeout(Duration::from_millis(20))
            }
            done => {
                look::forget();
                return done;
            }
        }
    }
}

#[cfg(windows)]
fn is_held(error: &io::Error, violation: i32) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(violation)
}

/// A name in the same folder (a rename does not cross file systems), unique among threads and processes.
pub(super) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}.{number}.tmp", std::process::id()))
}

/// Makes a rename or a removal outlast a power cut.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// NTFS journals its folders; they cannot be opened as files.
#[cfg(not(unix))]
pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Explain;

    #[test]
    fn what_stands_there_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&path, 9).unwrap().as_deref(), Some(&b"one"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn written_whole_and_for_this_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap().as_deref(), Some(&b"two"[..]));
        assert!(matches!(read(&path, 2), Err(StoreError::TooLarge(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old").unwrap();
        let error = write_with(&path, |file| {
            file.write_all(b"half of the n")?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .map_err(StoreError::write(&path))
        .unwrap_err();
        assert_eq!(error.explain().code, "SP-DISK-FULL");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn removing_what_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(remove(&folder.path().join("x")), Err(StoreError::Absent)));
        assert_eq!(read(&folder.path().join("x"), 9).unwrap(), None);
    }
}
