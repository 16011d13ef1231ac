//! What administrators write into the registry, where users cannot change it: group policy below `HKLM\Software\Policies\Souspli`, and
//! what the installer was given.

use super::{succeeded, wide};
use crate::base::limits::{POLICY_VALUE_OCTETS_MAX, POLICY_VALUES_MAX};
use crate::config::distributed::Value;
use std::io;
use std::ptr;
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_NO_MORE_ITEMS};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_64KEY, RegCloseKey, RegEnumValueW, RegOpenKeyExW,
};

/// A key below `HKEY_LOCAL_MACHINE`.
#[derive(Debug)]
pub(crate) struct Place(&'static str);

/// The rules that are distributed.
pub(crate) const RULES: Place = Place(r"SOFTWARE\Policies\Souspli");
/// The defaults that are distributed.
pub(crate) const DEFAULTS: Place = Place(r"SOFTWARE\Policies\Souspli\Defaults");
/// The defaults that the installer was given.
pub(crate) const INSTALLED: Place = Place(r"SOFTWARE\Souspli\Defaults");
/// The longest name of a value, with its NUL.
const NAME_MAX: usize = 16_384;

impl Place {
    /// As administrators name it.
    pub(crate) fn shown(&self) -> String {
        format!(r"HKEY_LOCAL_MACHINE\{}", self.0)
    }

    /// Its values; `None` where there is no such key. One of which a part cannot be read is an error.
    pub(crate) fn values(&self) -> io::Result<Option<Vec<Value>>> {
        let name = wide(self.0);
        let mut key: HKEY = ptr::null_mut();
        // SAFETY: `name` is a text with its NUL; `key` is ours to write to, and ours to close if it succeeds.
        match unsafe { RegOpenKeyExW(HKEY_LOCAL_MACHINE, name.as_ptr(), 0, KEY_READ | KEY_WOW64_64KEY, &mut key) } {
            ERROR_FILE_NOT_FOUND => return Ok(None),
            other => succeeded(other)?,
        }
        let key = Key(key);
        let mut found = Vec::new();
        let mut room = (vec![0; NAME_MAX], vec![0; POLICY_VALUE_OCTETS_MAX]);
        while let Some(value) = key.value(found.len(), &mut room)? {
            found.push(value);
            if found.len() > POLICY_VALUES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Some(found))
    }
}

struct Key(HKEY);

impl Key {
    fn value(&self, at: usize, (name, octets): &mut (Vec<u16>, Vec<u8>)) -> io::Result<Option<Value>> {
        let (mut name_length, mut length, mut kind) = (name.len() as u32, octets.len() as u32, 0);
        // SAFETY: the key is open; both rooms are as long as is said, and Windows writes no more into them.
        let said = unsafe {
            RegEnumValueW(
                self.0,
                u32::try_from(at).map_err(io::Error::other)?,
                name.as_mut_ptr(),
                &mut name_length,
                ptr::null(),
                &mut kind,
                octets.as_mut_ptr(),
                &mut length,
            )
        };
        if said == ERROR_NO_MORE_ITEMS {
            return Ok(None);
        }
        succeeded(said)?;
        Ok(Some(Value {
            name: String::from_utf16_lossy(&name[..name_length as usize]),
            kind,
            octets: octets[..length as usize].to_vec(),
        }))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { RegCloseKey(self.0) };
    }
}
