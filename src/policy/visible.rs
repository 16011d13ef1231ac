//! The addresses that a header shows (RFC 5322 §3.6.3).

use super::fields::fields;
use crate::base::Address;
use mail_parser::MessageParser;
use std::collections::BTreeSet;

/// Every readable address of the fields of these names, however many fields there are.
pub fn addresses(message: &[u8], names: &[&str]) -> BTreeSet<Address> {
    fields(message)
        .filter(|field| names.iter().any(|name| field.is(name)))
        .flat_map(|field| in_value(field.value))
        .collect()
}

fn in_value(value: &[u8]) -> Vec<Address> {
    let alone = [b"To:".as_slice(), value, b"\r\n"].concat();
    let parsed = MessageParser::new().parse_headers(&alone);
    let list = parsed.as_ref().and_then(|message| message.to());
    list.into_iter()
        .flat_map(|list| list.iter())
        .filter_map(|entry| Address::parse(entry.address.as_deref()?.trim()).ok())
        .collect()
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
