//! Files inside a file of any octets (winmail.dat, compressed RTF, uuencode, ZIP, a saved message), what an RTF and an invitation
//! say, and the escapes of a text: no panic, the same each time, never more than there is room for.

use souspli::base::limits::{PACKED_FILES_MAX, PACKED_OUT_MAX};
use souspli::mime::{calendar, escapes, packed, rtf};
use souspli::view::likeness::likeness;
use souspli::view::marks;

/// The longest match of a compressed RTF may pass the bound.
const SLACK: usize = 17 + 3;

/// One input.
pub fn run(octets: &[u8]) {
    let files = packed::unpacked(octets);
    assert!(files.len() <= PACKED_FILES_MAX);
    assert!(files.iter().map(Vec::len).sum::<usize>() <= PACKED_OUT_MAX + SLACK * PACKED_FILES_MAX);
    assert_eq!(packed::unpacked(octets), files);
    let text = String::from_utf8_lossy(octets);
    // Each escape takes at least as much as what it says, but for a character of windows-1252 that becomes one of UTF-8.
    assert!(escapes::readings(&text).iter().all(|read| read.len() <= 3 * text.len() + 32));
    assert!(rtf::text(octets).len() <= octets.len() + 1);
    assert!(calendar::texts(&text).iter().map(String::len).sum::<usize>() <= text.len());
    for kind in ["application/ms-tnef", "text/calendar", "application/octet-stream"] {
        let message = [b"Content-Type: ", kind.as_bytes(), b"\r\n\r\n", octets].concat();
        let _ = marks(&message);
        assert_eq!(likeness(&message), likeness(&message));
    }
}
