//! OCSPRequest (RFC 6960 §4.1).

use super::Asked;
use crate::pki::ber::tag;
use crate::pki::der;
use crate::pki::oid;

/// Octets of a nonce (RFC 9654 §2.1: clients use 32).
pub const NONCE_OCTETS: usize = 32;

/// Asks about one certificate; the nonce ties the answer to the question.
pub fn request(asked: &Asked, nonce: &[u8; NONCE_OCTETS]) -> Vec<u8> {
    let one = der::sequence(&[&asked.to_der()]);
    let value = der::octets(&der::octets(nonce));
    let extension = der::sequence(&[&der::oid(oid::OCSP_NONCE), &value]);
    let extensions = der::tlv(tag::context(2), &[&der::sequence(&[&extension])]);
    der::sequence(&[&der::sequence(&[&der::sequence(&[&one]), &extensions])])
}
