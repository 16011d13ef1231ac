//! Any bytes as a message, and as the CMS of one: no panic, and nothing is ever verified without an authority.

use souspli::base::UnixTime;
use souspli::pki::Trust;
use souspli::smime::open;
use souspli::view::verdict::{Grade, judge};

const NOW: UnixTime = UnixTime(1_795_400_000);

/// One input.
pub fn run(bytes: &[u8]) {
    let wrapped = [
        b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n",
        bytes,
    ]
    .concat();
    for message in [bytes, &wrapped] {
        let verdict = judge(&open(message, &[], &Trust::default(), NOW), &[]);
        assert_ne!(verdict.grade, Grade::Verified);
    }
}
