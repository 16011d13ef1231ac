//! The local certificate among what this user's Windows trusts, for mail programs that go by it (classic Outlook). No other system has one
//! place that they all read: nothing is offered there.

#[cfg(not(windows))]
use self::elsewhere as store;
#[cfg(windows)]
use crate::windows::certificates as store;

use crate::base::limits::LOCAL_CERTIFICATE_MAX;
use crate::net::local::LocalCertificate;
use crate::relay::clock;
use crate::store::{Home, atomic};
use crate::text::{Explain, Explanation, setup as say};

/// Whether Windows trusts the certificate of now; `None`: this system has no such place, or does not tell.
pub fn is_trusted(home: &Home) -> Option<bool> {
    let local = LocalCertificate::open(home, clock()).ok()?;
    store::has(local.certificate()).ok()
}

/// Has it trusted, where the user agrees: Windows asks him.
pub fn trust(home: &Home) -> Result<(), Explanation> {
    let local = LocalCertificate::open(home, clock()).map_err(|error| error.explain())?;
    store::add(local.certificate()).map_err(|why| say::not_trusted_by_windows(&why))?;
    kept(home, Some(local.certificate()))
}

/// Takes it back.
pub fn distrust(home: &Home) -> Result<(), Explanation> {
    let local = LocalCertificate::open(home, clock()).map_err(|error| error.explain())?;
    store::remove(local.certificate()).map_err(|why| say::not_trusted_by_windows(&why))?;
    kept(home, None)
}

/// The certificate is another one each year: the new one takes the place of the old one. A user who says no is not asked again.
pub(super) fn follow(home: &Home, local: &LocalCertificate) -> Result<(), Explanation> {
    let before = atomic::read(&home.trusted_by_windows(), LOCAL_CERTIFICATE_MAX).map_err(|error| error.explain())?;
    let Some(before) = before.filter(|before| before.as_slice() != local.certificate().as_ref()) else {
        return Ok(());
    };
    kept(home, None)?;
    store::add(local.certificate()).map_err(|why| say::not_trusted_by_windows(&why))?;
    kept(home, Some(local.certificate()))?;
    store::remove(&before).map_err(|why| say::not_trusted_by_windows(&why))
}

/// Which one it was, for the day when it is another.
fn kept(home: &Home, certificate: Option<&[u8]>) -> Result<(), Explanation> {
    let file = home.trusted_by_windows();
    let done = match certificate {
        Some(der) => atomic::write(&file, der),
        None => atomic::remove(&file),
    };
    done.map_err(|error| error.explain())
}

#[cfg(not(windows))]
mod elsewhere {
    use std::io;

    pub(super) fn has(_: &[u8]) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn add(_: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn remove(_: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(windows)]
    #[test]
    fn trusted_followed_and_taken_back() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        assert_eq!(is_trusted(&home), Some(false));
        trust(&home).unwrap();
        assert_eq!(is_trusted(&home), Some(true));
        let first = LocalCertificate::open(&home, clock()).unwrap();
        std::fs::remove_file(first.file()).unwrap();
        let second = LocalCertificate::open(&home, clock()).unwrap();
        assert_eq!(is_trusted(&home), Some(false), "another year, another certificate");
        follow(&home, &second).unwrap();
        assert_eq!(is_trusted(&home), Some(true));
        assert!(!store::has(first.certificate()).unwrap());
        distrust(&home).unwrap();
        assert_eq!(is_trusted(&home), Some(false));
        follow(&home, &first).unwrap();
        assert_eq!(is_trusted(&home), Some(false), "what was taken back stays so");
    }

    #[cfg(not(windows))]
    #[test]
    fn elsewhere_nothing_is_offered_and_nothing_left() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        assert_eq!(is_trusted(&home), None);
        assert_eq!(trust(&home).unwrap_err().code, "SP-WINDOWS-TRUST");
        assert!(!home.trusted_by_windows().exists());
        follow(&home, &LocalCertificate::open(&home, clock()).unwrap()).unwrap();
    }
}
