//! What a provider publishes for mail programs: whatever the document, what is offered are hosts by their names, and it is read the same each
//! time.

use souspli::base::Address;
use souspli::config::autoconfig::{NotAutoconfig, parse};
use souspli::config::parse::is_host;

/// One input.
pub fn run(input: &[u8]) {
    let Ok(address) = Address::parse("zoe.martin@cabinet.fr") else {
        return;
    };
    let read = parse(input, &address);
    assert_eq!(read, parse(input, &address));
    for server in read.iter().flatten() {
        assert!(is_host(&server.host) && server.port != 0, "{server:?}");
        assert!(!server.login.is_empty() && !server.login.contains(char::is_control), "{server:?}");
    }
    // What defines a type of its own is no document, wherever that stands.
    let typed = [b"<!DOCTYPE x>".as_slice(), input].concat();
    assert_eq!(parse(&typed, &address), Err(NotAutoconfig));
}
