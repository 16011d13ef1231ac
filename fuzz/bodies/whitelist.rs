//! The liste blanche: whatever the document, its domains are names in ASCII, and it is read the same each time.

use souspli::base::Domain;
use souspli::directory::whitelist::{NotAList, parse};

/// One input.
pub fn run(input: &[u8]) {
    let read = parse(input);
    assert_eq!(read, parse(input));
    let Ok(list) = read else { return };
    assert!(!list.domains.is_empty() && !list.generated.contains(char::is_control));
    for domain in &list.domains {
        assert!(domain.as_str().is_ascii() && domain.as_str().contains('.'));
        assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(domain));
    }
    // What defines a type of its own is no list, wherever that stands.
    let typed = [b"<!DOCTYPE x>".as_slice(), input].concat();
    assert_eq!(parse(&typed).err(), Some(NotAList::Doctype));
}
