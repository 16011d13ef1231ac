//! Whether a folder is on a disk of another machine.

use std::path::Path;

/// Of the file systems that Linux mounts over a network (statfs(2)).
#[cfg(target_os = "linux")]
const NETWORKED: &[u64] = &[
    0x6969,      // NFS
    0x517b,      // SMB
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB 2
    0x0102_1997, // 9P
    0x5346_414f, // AFS
    0x00c3_6400, // Ceph
    0x7375_7245, // Coda
];

/// Whether it is, as far as the system tells.
#[cfg(target_os = "linux")]
pub(super) fn is_of_another_machine(folder: &Path) -> bool {
    // As wide as the platform has it; the numbers have 32 bits.
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast)]
    let kind = |found: rustix::fs::StatFs| found.f_type as u64 & 0xffff_ffff;
    rustix::fs::statfs(folder).is_ok_and(|found| NETWORKED.contains(&kind(found)))
}

/// A share, by its name or as a drive of its own.
#[cfg(windows)]
pub(super) fn is_of_another_machine(folder: &Path) -> bool {
    use std::path::{Component, Prefix};
    let whole = folder.canonicalize();
    let first = whole.as_deref().unwrap_or(folder).components().next();
    matches!(first, Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..)))
}

#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn is_of_another_machine(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_of_this_machine_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_of_another_machine(folder.path()));
        assert!(!is_of_another_machine(Path::new("/nowhere/at/all")));
    }
}
