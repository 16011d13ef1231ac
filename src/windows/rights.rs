//! Who may open a file or a folder, in the text form of Windows (SDDL).

use super::{Local, done, succeeded, wide};
use std::io;
use std::path::Path;
use std::ptr;
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW,
    SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, OBJECT_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION,
    PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, SetFileSecurityW,
};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

/// Owner and access list of what stands there: `O:…D:…`.
pub(crate) fn of(path: &Path) -> io::Result<String> {
    let what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let name = wide(path);
    let mut found = ptr::null_mut();
    let none = ptr::null_mut;
    // SAFETY: `name` is a text with its NUL; `found` is ours to write to; NULL is allowed for what is not asked.
    succeeded(unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            what,
            none(),
            none(),
            none().cast(),
            none().cast(),
            &mut found,
        )
    })?;
    as_text(&Local(found), what)
}

/// An account as [`of`] writes it: well-known ones have two letters there.
pub(crate) fn as_written(account: &str) -> io::Result<String> {
    let owner = as_text(&descriptor(&format!("O:{account}"))?, OWNER_SECURITY_INFORMATION)?;
    Ok(owner.trim_start_matches("O:").to_owned())
}

/// Makes one folder with these rights, whatever the folder above it hands down.
pub(crate) fn create_folder(path: &Path, rights: &str) -> io::Result<()> {
    with_rights(rights, |attributes| {
        let name = wide(path);
        // SAFETY: `name` is a text with its NUL; `attributes` are whole.
        done(unsafe { CreateDirectoryW(name.as_ptr(), attributes) })
    })
}

/// Gives a folder these rights, and none that the folder above hands down. Its owner stays.
pub(crate) fn set(path: &Path, rights: &str) -> io::Result<()> {
    let (name, descriptor) = (wide(path), descriptor(rights)?);
    let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    // SAFETY: `name` is a text with its NUL; `descriptor` is one that Windows has made.
    done(unsafe { SetFileSecurityW(name.as_ptr(), what, descriptor.0) })
}

/// Attributes for what is to be made with these rights; they live for that call.
pub(super) fn with_rights<T>(rights: &str, make: impl FnOnce(&SECURITY_ATTRIBUTES) -> io::Result<T>) -> io::Result<T> {
    let descriptor = descriptor(rights)?;
    make(&SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    })
}

fn descriptor(text: &str) -> io::Result<Local> {
    let text = wide(text);
    let mut made: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: `text` is a text with its NUL; `made` is ours to write to.
    done(unsafe { ConvertStringSecurityDescriptorToSecurityDescriptorW(text.as_ptr(), SDDL_REVISION_1, &mut made, ptr::null_mut()) })?;
    Ok(Local(made))
}

fn as_text(descriptor: &Local, what: OBJECT_SECURITY_INFORMATION) -> io::Result<String> {
    let mut text = ptr::null_mut();
    // SAFETY: `descriptor` is one that Windows has made; `text` is ours to write to.
    done(unsafe { ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor.0, SDDL_REVISION_1, what, &mut text, ptr::null_mut()) })?;
    // SAFETY: it succeeded, so that `text` is a text with its NUL, to be freed by LocalFree.
    Ok(unsafe { Local(text.cast()).text() })
}
