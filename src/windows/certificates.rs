//! The authorities that this user's Windows trusts, for one certificate: whether it stands there, put there, taken out.
//! Windows asks the user before it changes them, and says no where he does.

use super::{done, wide};
use std::io;
use std::ptr;
use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_FIND_EXISTING, CERT_STORE_ADD_USE_EXISTING, CERT_STORE_CTRL_COMMIT, CertAddEncodedCertificateToStore,
    CertCloseStore, CertControlStore, CertCreateCertificateContext, CertDeleteCertificateFromStore, CertFindCertificateInStore,
    CertFreeCertificateContext, CertOpenSystemStoreW, HCERTSTORE, X509_ASN_ENCODING,
};

/// Whether this certificate, in DER, is trusted there.
pub(crate) fn has(der: &[u8]) -> io::Result<bool> {
    let store = Store::open()?;
    Ok(store.find(&Context::of(der)?).is_some())
}

/// Puts it there, where the user agrees.
pub(crate) fn add(der: &[u8]) -> io::Result<()> {
    let store = Store::open()?;
    let none = ptr::null_mut();
    // SAFETY: the store is open; the octets live for the call and their number is theirs; NULL: no context is wanted.
    done(unsafe {
        CertAddEncodedCertificateToStore(
            store.0,
            X509_ASN_ENCODING,
            der.as_ptr(),
            length(der)?,
            CERT_STORE_ADD_USE_EXISTING,
            none,
        )
    })
}

/// Takes it out, where the user agrees; nothing is to be done where it is not there.
pub(crate) fn remove(der: &[u8]) -> io::Result<()> {
    let store = Store::open()?;
    let Some(found) = store.find(&Context::of(der)?) else {
        return Ok(());
    };
    let given = found.0;
    // The call below frees it, whatever it answers.
    std::mem::forget(found);
    // SAFETY: a context of that open store, which is not used any more behind it.
    done(unsafe { CertDeleteCertificateFromStore(given) })?;
    // Not every Windows writes it as the store is closed. SAFETY: the store is open; NULL: nothing more is said.
    done(unsafe { CertControlStore(store.0, 0, CERT_STORE_CTRL_COMMIT, ptr::null()) })
}

fn length(der: &[u8]) -> io::Result<u32> {
    u32::try_from(der.len()).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// The user's store of authorities, open.
struct Store(HCERTSTORE);

impl Store {
    fn open() -> io::Result<Self> {
        let name = wide("Root");
        // SAFETY: `name` is a text with its NUL; 0 is what the first argument has to be.
        let store = unsafe { CertOpenSystemStoreW(0, name.as_ptr()) };
        if store.is_null() {
            Err(io::Error::last_os_error())
        } else {
            Ok(Self(store))
        }
    }

    fn find(&self, sought: &Context) -> Option<Context> {
        // SAFETY: the store is open and `sought` whole; NULL: from the first one on.
        let found = unsafe { CertFindCertificateInStore(self.0, X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, sought.0.cast(), ptr::null()) };
        (!found.is_null()).then_some(Context(found))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it was opened by us and is closed once; contexts that live on keep what they need.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

/// A certificate as Windows holds it.
struct Context(*mut CERT_CONTEXT);

impl Context {
    fn of(der: &[u8]) -> io::Result<Self> {
        // SAFETY: the octets live for the call, which copies them, and their number is theirs.
        let made = unsafe { CertCreateCertificateContext(X509_ASN_ENCODING, der.as_ptr(), length(der)?) };
        if made.is_null() {
            Err(io::Error::last_os_error())
        } else {
            Ok(Self(made))
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: ours, and freed once.
        unsafe { CertFreeCertificateContext(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn certificate() -> Vec<u8> {
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn put_there_and_taken_out_and_no_other_with_it() {
        let (ours, other) = (certificate(), certificate());
        assert!(!has(&ours).unwrap());
        add(&ours).unwrap();
        add(&ours).unwrap();
        assert!(has(&ours).unwrap() && !has(&other).unwrap());
        remove(&other).unwrap();
        assert!(has(&ours).unwrap());
        remove(&ours).unwrap();
        assert!(!has(&ours).unwrap());
        assert!(add(b"no certificate").is_err());
    }
}
