//! Certificates that a message brings: whatever comes, bounded, and each once. Names that are typed, requests that rest in a home.

use souspli::base::Secret;
use souspli::base::limits::CMS_CERTIFICATES_MAX;
use souspli::keys::request::RequestedKey;
use souspli::pki::subject::Subject;
use souspli::smime::brought::certificates_brought;

pub fn run(input: &[u8]) {
    let found = certificates_brought(input);
    assert!(found.len() <= CMS_CERTIFICATES_MAX);
    for (at, certificate) in found.iter().enumerate() {
        assert!(!found[..at].contains(certificate), "twice");
    }
    let _ = RequestedKey::from_bytes(&Secret::new(input.to_vec()));
    if let Ok(subject) = std::str::from_utf8(input).map_or(Err(()), |text| Subject::parse(text).map_err(drop)) {
        assert!(subject.der().len() < 1 << 16, "many attributes are refused");
    }
}
