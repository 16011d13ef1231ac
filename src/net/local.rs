//! The certificate that Souspli shows to the mail program: a leaf (CA:FALSE) for this computer only, so that trusting it
//! gives no power over any other name (RFC 5280 §4.2.1.9).

use super::NetError;
use super::tls::provider;
use crate::base::UnixTime;
use crate::store::{Home, StoreError, atomic};
use crate::text::{Explain, Explanation};
use der::{Decode, DecodePem};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::PathBuf;
use x509_cert::Certificate;
use x509_cert::time::Time;

const DAY: i64 = 86_400;
/// What platforms still accept of a leaf.
const LIFE: i64 = 397 * DAY;
const RENEWED_BEFORE: i64 = 31 * DAY;

/// The certificate and its key.
#[derive(Debug)]
pub struct LocalCertificate {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    begins: UnixTime,
    ends: UnixTime,
    file: PathBuf,
}

/// Why there is no local certificate.
#[derive(Debug, thiserror::Error)]
pub enum LocalCertificateError {
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be made.
    #[error(transparent)]
    Net(#[from] NetError),
}

impl LocalCertificate {
    /// That of the home; made where there is none that serves for another 31 days.
    pub fn open(home: &Home, now: UnixTime) -> Result<Self, LocalCertificateError> {
        let _lock = home.lock()?;
        // One of the future was made by a clock that was wrong: mail programs would refuse it.
        if let Some(kept) = read(home)?
            && !Self::is_due(kept.ends, now)
            && kept.begins <= now
        {
            return Ok(kept);
        }
        let (certificate, key) = make(now).map_err(|error| NetError::Setup(error.to_string()))?;
        // The key first: a certificate whose key is missing does not match and is made again.
        atomic::write(&key_file(home), key.as_bytes())?;
        atomic::write(&certificate_file(home), certificate.as_bytes())?;
        let made = read(home)?;
        Ok(made.ok_or_else(|| NetError::Setup("local certificate".to_owned()))?)
    }

    /// The certificate in PEM, to be trusted by a mail program; holds no key.
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    /// Whether one that ends then is to be replaced now.
    pub fn is_due(ends: UnixTime, now: UnixTime) -> bool {
        ends < now.plus(RENEWED_BEFORE)
    }

    /// notAfter.
    pub fn ends(&self) -> UnixTime {
        self.ends
    }

    /// In DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }
}

impl Explain for LocalCertificateError {
    fn explain(&self) -> Explanation {
        match self {
            LocalCertificateError::Store(error) => error.explain(),
            LocalCertificateError::Net(error) => error.explain(),
        }
    }
}

fn certificate_file(home: &Home) -> PathBuf {
    home.tls().join("local.pem")
}

fn key_file(home: &Home) -> PathBuf {
    home.tls().join("local.key")
}

/// `None`: nothing there, or a pair that does not match; it is nobody's identity, and simply made again.
fn read(home: &Home) -> Result<Option<LocalCertificate>, StoreError> {
    let file = certificate_file(home);
    let (Some(pem), Some(key)) = (atomic::read(&file, 64 * 1024)?, atomic::read(&key_file(home), 64 * 1024)?) else {
        return Ok(None);
    };
    let key = zeroize::Zeroizing::new(key);
    let parsed = (
        CertificateDer::from_pem_slice(&pem),
        PrivateKeyDer::from_pem_slice(&key),
        Certificate::from_pem(&pem),
    );
    let (Ok(certificate), Ok(key), Ok(fields)) = parsed else {
        return Ok(None);
    };
    if CertifiedKey::from_der(vec![certificate.clone()], key.clone_key(), &provider()).is_err() {
        return Ok(None);
    }
    let validity = fields.tbs_certificate().validity();
    let moment = |time: &Time| UnixTime(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX));
    Ok(Some(LocalCertificate {
        certificate,
        key,
        begins: moment(&validity.not_before),
        ends: moment(&validity.not_after),
        file,
    }))
}

fn make(now: UnixTime) -> Result<(String, zeroize::Zeroizing<String>), rcgen::Error> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.distinguished_name.push(DnType::OrganizationName, "Souspli, cet ordinateur");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = now.plus(-DAY).civil();
    params.not_after = now.plus(LIFE - DAY).civil();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    // Read back before it is kept: a certificate that nobody can read must not replace one.
    Certificate::from_der(certificate.der()).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
    Ok((certificate.pem(), zeroize::Zeroizing::new(key.serialize_pem())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

    const NOW: UnixTime = UnixTime(1_800_000_000);

    #[test]
    fn kept_until_a_month_before_its_end() {
        let (_guard, home) = home();
        let made = LocalCertificate::open(&home, NOW).unwrap();
        let kept = LocalCertificate::open(&home, made.ends().plus(-RENEWED_BEFORE)).unwrap();
        assert_eq!(kept.certificate(), made.certificate());
        let renewed = LocalCertificate::open(&home, made.ends().plus(-RENEWED_BEFORE + 1)).unwrap();
        assert_ne!(renewed.certificate(), made.certificate());
    }

    #[test]
    fn one_made_by_a_clock_that_was_wrong_is_made_again() {
        let (_guard, home) = home();
        let made = LocalCertificate::open(&home, NOW.plus(100 * DAY)).unwrap();
        assert_ne!(LocalCertificate::open(&home, NOW).unwrap().certificate(), made.certificate());
        let made = LocalCertificate::open(&home, NOW).unwrap();
        let later = LocalCertificate::open(&home, NOW.plus(-3600)).unwrap();
        assert_eq!(later.certificate(), made.certificate(), "an hour is no reason");
    }

    #[test]
    fn a_leaf_for_this_computer_of_397_days() {
        let (_guard, home) = home();
        let made = LocalCertificate::open(&home, NOW).unwrap();
        let certificate = Certificate::from_der(made.certificate()).unwrap();
        let fields = certificate.tbs_certificate();
        let (_, constraints) = fields.get_extension::<BasicConstraints>().unwrap().unwrap();
        assert!(!constraints.ca);
        let (_, usage) = fields.get_extension::<KeyUsage>().unwrap().unwrap();
        assert!(usage.digital_signature() && !usage.key_cert_sign());
        assert_eq!(fields.get_extension::<ExtendedKeyUsage>().unwrap().unwrap().1.0.len(), 1);
        let begins = fields.validity().not_before.to_unix_duration().as_secs() as i64;
        assert_eq!(made.ends().0 - begins, LIFE);
    }

    #[test]
    fn a_pair_that_does_not_match_is_made_again_and_the_key_is_private() {
        let (_guard, home) = home();
        let first = LocalCertificate::open(&home, NOW).unwrap();
        let (_, other_key) = make(NOW).unwrap();
        std::fs::write(key_file(&home), other_key.as_bytes()).unwrap();
        assert_ne!(LocalCertificate::open(&home, NOW).unwrap().certificate(), first.certificate());
        std::fs::write(certificate_file(&home), "rubbish").unwrap();
        assert!(LocalCertificate::open(&home, NOW).is_ok());
        let exported = std::fs::read_to_string(first.file()).unwrap();
        assert!(!exported.contains("PRIVATE"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(key_file(&home)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    fn home() -> (tempfile::TempDir, Home) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        (guard, home)
    }
}
