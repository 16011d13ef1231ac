//! Whose files they are, and that nobody else reads them.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// Rights of a folder, as far as others are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    /// Its owner only, who is us.
    Private,
    /// Ours, but others may read or write it.
    Open,
    /// Somebody else's.
    Foreign,
}

/// The user this program runs as.
#[cfg(unix)]
#[allow(unsafe_code)]
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, touches no memory and cannot fail (POSIX).
    unsafe { libc::geteuid() }
}

/// How private a folder is. Root is no exception: what it wrote into another's home the owner could not read, and what it
/// follows there the owner may have laid.
#[cfg(unix)]
pub(super) fn access(folder: &Path) -> io::Result<Access> {
    use std::os::unix::fs::MetadataExt;
    let folder = std::fs::metadata(folder)?;
    Ok(if folder.uid() != effective_uid() {
        Access::Foreign
    } else if folder.mode() & 0o077 != 0 {
        Access::Open
    } else {
        Access::Private
    })
}

/// How private a folder is, by its access list. Administrators are no others: nothing on this computer is closed to them.
#[cfg(windows)]
pub(super) fn access(folder: &Path) -> io::Result<Access> {
    let (rights, own) = rights_of(folder)?;
    Ok(if !rights.is_owned_by(&own) {
        Access::Foreign
    } else if rights.are_given_to_others(&own, u32::MAX) {
        Access::Open
    } else {
        Access::Private
    })
}

/// Whether a file that binds every user of this computer, or the folder that it is in, can be changed by administrators and this
/// user only. `/etc` is the administrator's.
#[cfg(unix)]
pub(crate) fn binds(_path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Whether a file that binds every user of this computer, or the folder that it is in, can be changed by administrators and this
/// user only: in C:\ProgramData everybody may make files and folders.
#[cfg(windows)]
pub(crate) fn binds(path: &Path) -> io::Result<bool> {
    let (rights, own) = rights_of(path)?;
    Ok(rights.bind_all_but(&own, path.is_dir()))
}

/// Whether administrators alone can change what binds every user, or the folder that it is in. `/etc` is the administrator's.
#[cfg(unix)]
pub(crate) fn is_administrators(_path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Whether administrators alone can change what binds every user, or the folder that it is in: it is theirs, nobody else may write it,
/// and it leads nowhere else. What this user has himself counts only while he acts as an administrator.
#[cfg(windows)]
pub(crate) fn is_administrators(path: &Path) -> io::Result<bool> {
    let is_folder = {
        let found = path.symlink_metadata()?;
        if found.is_symlink() {
            return Ok(false);
        }
        found.is_dir()
    };
    let (rights, own) = rights_of(path)?;
    let own = if crate::windows::process::is_administrator()? {
        own
    } else {
        String::new()
    };
    Ok(rights.bind_all_but(&own, is_folder))
}

/// With this user's account, as it stands in such lists.
#[cfg(windows)]
fn rights_of(path: &Path) -> io::Result<(super::rights::Rights, String)> {
    use crate::windows::{process, rights};
    let own = rights::as_written(&process::own_user()?)?;
    let found = super::rights::Rights::parse(&rights::of(path)?);
    Ok((found.ok_or(io::ErrorKind::InvalidData)?, own))
}

/// Makes a folder, and those above it, for this user only. A folder that exists keeps its rights.
#[cfg(unix)]
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder for this user only, and those above it as they come: whatever is in it later has the same rights. A folder that
/// exists keeps its own.
#[cfg(windows)]
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    use crate::windows::{process, rights};
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let all = |who: &str| format!("(A;OICI;FA;;;{who})");
    let only = format!("D:P{}{}{}", all("SY"), all("BA"), all(&process::own_user()?));
    match rights::create_folder(path, &only) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        done => done,
    }
}

/// Administrators write, everybody reads.
#[cfg(windows)]
const OF_MACHINE: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)";

/// Makes the folder of what binds every user, or closes the one that administrators have made. In C:\ProgramData anybody could have
/// made it first: such a one goes if there is nothing in it, and is an error of `DirectoryNotEmpty` else. `PermissionDenied`: we are
/// no administrator.
#[cfg(windows)]
pub(crate) fn own_machine_folder(path: &Path) -> io::Result<()> {
    use crate::windows::{process, rights};
    if !process::is_administrator()? {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    match is_administrators(path) {
        Ok(true) => return rights::set(path, OF_MACHINE),
        // Of a link the link itself.
        Ok(false) => std::fs::remove_dir(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    rights::create_folder(path, OF_MACHINE)
}

/// Files made with these options are for this user only; on Windows, whoever may open the folder they are in.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}
