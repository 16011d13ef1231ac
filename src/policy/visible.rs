//! The addresses that a header shows (RFC 5322 §3.6.3).

use crate::base::Address;
use crate::base::limits::HALF_TYPED_MAX;
use crate::mime::header::Header;
use std::collections::BTreeSet;

/// Every readable address of the fields of these names, however many fields there are.
pub fn addresses(message: &[u8], names: &[&str]) -> BTreeSet<Address> {
    let (header, _) = Header::parse(message);
    let listed = names.iter().flat_map(|name| header.addresses(name));
    listed.map(|(_, address)| address).collect()
}

/// What is meant for an address in these fields, whatever stands around it: a draft is saved while it is typed. Of each the domain alone
/// is right.
pub fn half_typed(message: &[u8], names: &[&str]) -> BTreeSet<Address> {
    let (header, _) = Header::parse(message);
    let fields = names.iter().flat_map(|name| header.all(name));
    fields.flat_map(|field| domains(&field.text())).collect()
}

/// Signs that name servers take for a dot (UTS 46) are dots.
fn domains(text: &str) -> Vec<Address> {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
    let begun = text.split('@').skip(1).take(HALF_TYPED_MAX);
    let names = begun.map(|rest| rest.split(|c| !is_of_name(c)).next().unwrap_or_default());
    let dotted = names.map(|name| name.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], "."));
    dotted.filter_map(|name| Address::parse(&format!("x@{name}")).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_folds_and_repeated_fields_are_read() {
        let message =
            b"To: \"A, B\" <a@x.fr>,\r\n b@x.fr\r\nto: g: c@x.fr, D <d@x.fr>;\r\nCc: =?utf-8?q?=C3=A9?= <e@x.fr>\r\nBcc: f@x.fr\r\n\r\n";
        let found: Vec<_> = addresses(message, &["To", "Cc"]).iter().map(|a| a.as_str().to_owned()).collect();
        assert_eq!(found, ["a@x.fr", "b@x.fr", "c@x.fr", "d@x.fr", "e@x.fr"]);
        assert!(addresses(b"To: undisclosed-recipients:;\r\n\r\n", &["To"]).is_empty());
    }
}
