//! Any bytes as BER, as a certificate, as a bundle, as a PKCS#12 file.

use souspli::base::Secret;
use souspli::pki::ber::Value;

/// One input.
pub fn run(bytes: &[u8]) {
    if let Ok(value) = Value::only(bytes) {
        let _ = value.octets();
        if let Ok(der) = value.to_der() {
            // What was transcoded stays as it is.
            assert_eq!(Value::only(&der).and_then(|v| v.to_der()).as_deref(), Ok(der.as_slice()));
        }
    }
    for certificate in souspli::pki::certificates_in(bytes) {
        let _ = (certificate.holder(), certificate.emails(), certificate.rpps());
    }
    let _ = souspli::keys::pkcs12::read(bytes, &Secret::from(""));
}
