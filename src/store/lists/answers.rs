//! OCSP answers, as they came, under the digest of what was asked. Whoever reads one judges it anew (`pki::revocation`).

use crate::base::limits::{OCSP_KEPT_MAX, OCSP_RESPONSE_MAX};
use crate::pki::Certificate;
use crate::pki::ocsp::Asked;
use crate::store::owner::create_private_folder;
use crate::store::{StoreError, atomic, hex};
use aws_lc_rs::digest;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// The folder of them.
#[derive(Debug)]
pub struct Answers {
    folder: PathBuf,
}

impl Answers {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The last answer about a certificate.
    pub fn find(&self, certificate: &Certificate, issuer: &Certificate) -> Option<Vec<u8>> {
        atomic::read(&self.path(certificate, issuer), OCSP_RESPONSE_MAX as u64)
            .ok()
            .flatten()
    }

    /// Keeps one in place of the last.
    pub fn keep(&self, certificate: &Certificate, issuer: &Certificate, answer: &[u8]) -> Result<(), StoreError> {
        create_private_folder(&self.folder).map_err(StoreError::write(&self.folder))?;
        self.make_room();
        atomic::write(&self.path(certificate, issuer), answer)
    }

    /// The oldest go when there are too many; what cannot be removed stays.
    fn make_room(&self) {
        let mut kept: Vec<(SystemTime, PathBuf)> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path())))
            .collect();
        if kept.len() >= OCSP_KEPT_MAX {
            kept.sort();
            for (_, path) in kept.iter().take(OCSP_KEPT_MAX / 4) {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn path(&self, certificate: &Certificate, issuer: &Certificate) -> PathBuf {
        let asked = Asked::of(certificate, issuer).to_der();
        let digest = digest::digest(&digest::SHA256, &asked);
        self.folder.join(format!("{}.ocsp", hex::encode(&digest.as_ref()[..16])))
    }
}
