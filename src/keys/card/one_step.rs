//! C_Decrypt, asked once. `cryptoki` asks for the length first, which OpenSC answers by having the card decrypt: two operations for
//! each message. An RSA plaintext is shorter than its ciphertext: nobody needs to ask.

#![allow(unsafe_code)]

use super::words::Octets;
use cryptoki::context::Function;
use cryptoki::error::{Error, Rv};
use cryptoki::session::Session;
use cryptoki_sys::{CK_C_Decrypt, CK_FUNCTION_LIST, CK_RV, CKR_OK};
use libloading::Library;
use std::path::Path;
use std::ptr;

type List = unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV;

/// The function of a module that is loaded.
pub(super) struct OneStep {
    decrypt: CK_C_Decrypt,
    /// It is in there.
    _library: Library,
}

impl OneStep {
    /// Of the module at that place, which `cryptoki` has loaded: the system gives the same one again.
    pub(super) fn of(path: &Path) -> Option<Self> {
        // SAFETY: it is loaded already. C_GetFunctionList has this type, and gives a list that lives as long as the library (PKCS#11
        // §5.4.4); its elements stand in packed memory on some platforms and are read by copy.
        unsafe {
            let library = Library::new(path).ok()?;
            let mut list: *mut CK_FUNCTION_LIST = ptr::null_mut();
            let said = library.get::<List>(b"C_GetFunctionList").ok()?(&mut list);
            if said != CKR_OK || list.is_null() {
                return None;
            }
            Some(Self {
                decrypt: (*list).C_Decrypt,
                _library: library,
            })
        }
    }

    /// Ends the operation that `Session::decrypt_init` began.
    pub(super) fn decrypt(&self, session: &Session, octets: &[u8]) -> Result<Octets, Error> {
        let decrypt = self.decrypt.ok_or(Error::NullFunctionPointer)?;
        let mut given = octets.to_vec();
        let mut plain = zeroize::Zeroizing::new(vec![0_u8; octets.len()]);
        let mut length = plain.len().try_into()?;
        // SAFETY: both buffers are ours, and as long as is said.
        let said = unsafe {
            decrypt(
                session.handle(),
                given.as_mut_ptr(),
                given.len().try_into()?,
                plain.as_mut_ptr(),
                &mut length,
            )
        };
        Rv::from(said).into_result(Function::Decrypt)?;
        plain.truncate(usize::try_from(length).unwrap_or_default());
        Ok(Octets::from(plain))
    }
}
