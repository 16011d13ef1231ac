//! From an entry to a person, and from an address to the name that may stand in it.

use super::wire::Entry;
use crate::base::Address;
use crate::config::Attributes;
use crate::directory::answer::{Known, held};

/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 100;
/// Addresses of one person that are kept.
const ADDRESSES_MAX: usize = 20;

/// What an entry says of somebody.
pub(super) fn person(entry: &Entry, attributes: &Attributes) -> Known {
    let addresses = attributes.mail.iter().flat_map(|name| entry.texts(name)).take(ADDRESSES_MAX);
    Known {
        name: name(entry, attributes),
        addresses: addresses.map(str::to_owned).collect(),
        certificates: held(attributes.certificate.iter().flat_map(|name| entry.values(name))),
    }
}

/// The common name of a card holder is a number: first name and name where both are there.
fn name(entry: &Entry, attributes: &Attributes) -> String {
    let first = |attribute: &str| entry.texts(attribute).next();
    let name = match (first(&attributes.given_name), first(&attributes.surname)) {
        (Some(given), Some(surname)) => format!("{given} {surname}"),
        (_, surname) => first(&attributes.full_name).or(surname).unwrap_or("?").to_owned(),
    };
    name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}

/// First name and name in an address of the form `prenom.nom@`; digits behind tell namesakes apart.
pub(super) fn sought_names(address: &Address) -> Option<(String, String)> {
    let local = address.local().trim_end_matches(|c: char| c.is_ascii_digit());
    let (given, surname) = local.split_once('.')?;
    let is_name = |part: &str| part.chars().count() > 1 && part.chars().all(|c| c.is_alphabetic() || c == '-' || c == '\'');
    (is_name(given) && is_name(surname)).then(|| (given.to_owned(), surname.to_owned()))
}

/// Where a name of several words may part: `Marie Claire LE GOFF`.
pub(super) fn splits(name: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = name.split_whitespace().take(6).collect();
    (1..words.len()).map(|at| (words[..at].join(" "), words[at..].join(" "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sought_only_where_an_address_has_one() {
        for (address, names) in [
            ("jean.dupont@x.fr", Some(("jean", "dupont"))),
            ("marie-claire.legoff2@x.fr", Some(("marie-claire", "legoff"))),
            ("secretariat@x.fr", None),
            ("j.dupont@x.fr", None),
            ("jean.dupont.cardio@x.fr", None),
            ("jean.*@x.fr", None),
        ] {
            let found = sought_names(&Address::parse(address).unwrap());
            let names = names.map(|(given, surname): (&str, &str)| (given.to_owned(), surname.to_owned()));
            assert_eq!(found, names, "{address}");
        }
    }

    #[test]
    fn a_card_holder_is_called_by_name_and_not_by_number() {
        let attribute = |name: &str, value: &str| (name.to_owned(), vec![value.as_bytes().to_vec()]);
        let attributes = Attributes {
            mail: vec!["mail".into()],
            certificate: vec!["userCertificate;binary".into()],
            given_name: "givenName".into(),
            surname: "sn".into(),
            full_name: "cn".into(),
        };
        let mut entry = Entry {
            attributes: vec![
                attribute("cn", "899700000001"),
                attribute("givenName", "Jean\u{7}"),
                attribute("sn", "DUPONT"),
            ],
        };
        assert_eq!(person(&entry, &attributes).name, "Jean DUPONT");
        entry.attributes.truncate(1);
        assert_eq!(person(&entry, &attributes).name, "899700000001");
    }
}
