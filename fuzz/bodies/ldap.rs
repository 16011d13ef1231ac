//! A directory that says anything: messages are cut the same however they come, values are octets that were sent, and what is
//! taken for a certificate can be read as one.

use souspli::directory::answer::held;
use souspli::directory::ldap::wire::{self, Said};
use souspli::pki::Certificate;

/// One input.
pub fn run(input: &[u8]) {
    let mut rest = input;
    while let Ok(Some(length)) = wire::length(rest) {
        assert!(length > 1);
        // A beginning says the same, or nothing yet.
        assert!(
            (0..rest.len().min(6))
                .all(|cut| matches!(wire::length(&rest[..cut]), Ok(None)) || wire::length(&rest[..cut]) == Ok(Some(length)))
        );
        let Some((message, after)) = rest.split_at_checked(length) else {
            break;
        };
        one(message);
        rest = after;
    }
    one(input);
}

fn one(message: &[u8]) {
    let Ok(read) = wire::read(message) else { return };
    match read.said {
        Said::Entry(entry) => {
            for (name, values) in &entry.attributes {
                assert!(entry.values(name).count() >= values.len());
                assert!(
                    values
                        .iter()
                        .all(|value| message.windows(value.len().max(1)).any(|w| w == value) || value.is_empty())
                );
            }
            let all = entry.attributes.iter().flat_map(|(_, values)| values.iter().map(Vec::as_slice));
            for held in held(all) {
                assert!(Certificate::from_der(held.der).is_ok_and(|certificate| !certificate.is_ca()));
            }
        }
        Said::Bound(outcome) | Said::Done(outcome) | Said::Extended(outcome) => {
            assert!(!outcome.diagnostic.contains(char::is_control));
        }
        Said::Elsewhere | Said::Other => {}
    }
}
