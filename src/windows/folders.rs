//! A folder that is held: what is done with it is done with that one, wherever its path may lead meanwhile.

use super::{done, wide};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::offset_of;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES, FILE_RENAME_INFO, FileRenameInfo, GetFinalPathNameByHandleW, SetFileInformationByHandle,
};
use windows_sys::Win32::UI::Shell::GetProfilesDirectoryW;

/// The longest path, with its NUL.
const PATH_MAX: usize = 32_768;

/// What stands at a path, itself where it is a link or a junction.
#[derive(Debug)]
pub(crate) struct Folder(File);

impl Folder {
    /// To ask about it.
    pub(crate) fn look(path: &Path) -> io::Result<Self> {
        Self::open(path, FILE_READ_ATTRIBUTES)
    }

    /// To move it.
    pub(crate) fn hold(path: &Path) -> io::Result<Self> {
        Self::open(path, FILE_READ_ATTRIBUTES | DELETE)
    }

    fn open(path: &Path, access: u32) -> io::Result<Self> {
        let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
        let file = OpenOptions::new().access_mode(access).custom_flags(flags).open(path)?;
        Ok(Self(file))
    }

    /// Whether it is a folder, and nothing that leads elsewhere.
    pub(crate) fn is_plain(&self) -> io::Result<bool> {
        let kind = self.0.metadata()?.file_attributes();
        Ok(kind & FILE_ATTRIBUTE_DIRECTORY != 0 && kind & FILE_ATTRIBUTE_REPARSE_POINT == 0)
    }

    /// Where it is, with no link on the way.
    pub(crate) fn place(&self) -> io::Result<PathBuf> {
        let mut room = vec![0_u16; PATH_MAX];
        // SAFETY: the handle is held by `self`; `room` has as many words as is said, and Windows writes no more.
        let length = unsafe { GetFinalPathNameByHandleW(self.0.as_raw_handle(), room.as_mut_ptr(), PATH_MAX as u32, 0) };
        match length as usize {
            0 => Err(io::Error::last_os_error()),
            length if length < PATH_MAX => Ok(path(&room[..length])),
            _ => Err(io::ErrorKind::InvalidFilename.into()),
        }
    }

    /// Gives it another name on the same disk, where nothing stands yet.
    pub(crate) fn move_to(&self, to: &Path) -> io::Result<()> {
        let name = wide(to);
        let octets = (name.len() - 1) * 2;
        let start = offset_of!(FILE_RENAME_INFO, FileName);
        // Of whole words of eight octets, for its alignment; zeros say that nothing is replaced, and that the name is a whole path.
        let mut room = vec![0_u64; (start + octets + 2).div_ceil(8)];
        let info = room.as_mut_ptr().cast::<FILE_RENAME_INFO>();
        // SAFETY: `room` is aligned for the structure, is longer than it and has `octets` and a NUL behind `FileName`; the handle is held
        // by `self`.
        done(unsafe {
            (*info).FileNameLength = u32::try_from(octets).map_err(io::Error::other)?;
            let place = info.cast::<u8>().add(start).cast::<u16>();
            std::ptr::copy_nonoverlapping(name.as_ptr(), place, name.len());
            SetFileInformationByHandle(self.0.as_raw_handle(), FileRenameInfo, info.cast(), (room.len() * 8) as u32)
        })
    }
}

/// Where this computer keeps its users' own folders (`C:\Users`).
pub(crate) fn profiles() -> io::Result<PathBuf> {
    let mut room = vec![0_u16; PATH_MAX];
    let mut length = PATH_MAX as u32;
    // SAFETY: `room` has `length` words; Windows writes no more.
    done(unsafe { GetProfilesDirectoryW(room.as_mut_ptr(), &mut length) })?;
    let end = room.iter().position(|word| *word == 0).unwrap_or(PATH_MAX);
    Ok(path(&room[..end]))
}

fn path(words: &[u16]) -> PathBuf {
    use std::os::windows::ffi::OsStringExt;
    std::ffi::OsString::from_wide(words).into()
}
