//! Any bytes as the file that holds an account's keys, its key known: what is inside is a PKCS#12 of anybody's making.

use souspli::base::Secret;
use souspli::keys::SoftwareKey;
use souspli::smime::lockbox::Lockbox;

/// One input: a file, or what a file opens to.
pub fn run(bytes: &[u8]) {
    let _ = SoftwareKey::import(bytes, &Secret::from(""));
    let Ok(file) = Lockbox::read(bytes) else { return };
    for certificate in &file.owner {
        let _ = file.is_for(certificate);
    }
    // What is not authenticated is not had.
    if let Some(content) = file.open(&Secret::new(vec![7; 32])) {
        assert!(SoftwareKey::import(content.expose(), &Secret::from("")).is_ok());
    }
}
