//! Any bytes as an authority's certificate, one below it, and an OCSP response about that one.

use souspli::base::UnixTime;
use souspli::pki::Certificate;
use souspli::pki::ber::Reader;
use souspli::pki::ocsp::{Asked, NONCE_OCTETS, answer, request};
use souspli::pki::revocation::sources;

/// November 2026.
const NOW: UnixTime = UnixTime(1_795_400_000);

/// One input.
pub fn run(bytes: &[u8]) {
    let mut parts = Reader::new(bytes);
    let mut certificate = || Certificate::from_der(parts.value().ok()?.raw).ok();
    let (Some(issuer), Some(leaf)) = (certificate(), certificate()) else {
        return;
    };
    let _ = (sources(&issuer), sources(&leaf));
    let _ = request(&Asked::of(&leaf, &issuer), &[7; NONCE_OCTETS]);
    let free = answer(parts.rest(), &leaf, &issuer, NOW, None);
    // A nonce that was not asked for is never an answer to one that was.
    if answer(parts.rest(), &leaf, &issuer, NOW, Some(&[7; NONCE_OCTETS])).is_ok() {
        assert!(free.is_ok());
    }
}
