//! Whose files they are, and that nobody else reads them.

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Rights of a folder, as far as others are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(unix), allow(dead_code))]
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
pub(super) fn access(folder: &Metadata) -> Access {
    use std::os::unix::fs::MetadataExt;
    if folder.uid() != effective_uid() {
        Access::Foreign
    } else if folder.mode() & 0o077 != 0 {
        Access::Open
    } else {
        Access::Private
    }
}

/// The user's profile is private by its access list, which a home inside it inherits.
#[cfg(not(unix))]
pub(super) fn access(_folder: &Metadata) -> Access {
    Access::Private
}

/// Makes a folder, and those above it, for this user only. A folder that exists keeps its rights.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Files made with these options are for this user only.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}
