//! Mail addresses: `addr-spec` of RFC 5322 §3.4.1, with the octets of RFC 6531 allowed.
//!
//! Two addresses are equal when they differ in case only. RFC 5321 §2.4 leaves the case of a local part to its host;
//! no provider that a doctor uses tells `Dr.Martin` from `dr.martin`, and a certificate often spells it otherwise
//! than the envelope does. The domain counts as name servers ask for it: `évreux.fr` is `xn--vreux-9ra.fr`.

use super::domain::Domain;
use std::borrow::Cow;
use std::fmt;

/// An `addr-spec` as it was written, comparable without case.
#[derive(Clone)]
pub struct Address {
    written: String,
    folded: String,
    at: usize,
    domain: Domain,
}

/// Why a text is not an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// No `@`, or nothing on one side of it.
    #[error("an address needs a local part, an @ and a domain")]
    Incomplete,
    /// A control character, a space outside quotes, an angle bracket, or a sign that name servers take for another one.
    #[error("the address holds a character that no address may hold")]
    Character,
    /// Longer than RFC 5321 §4.5.3.1.3 allows (254 octets).
    #[error("the address is longer than 254 octets")]
    TooLong,
}

/// What stands in a local part within quotes only (RFC 5322 §3.2.3).
const SPECIALS: &str = "<>(),;:\\\"[]@";

impl Address {
    /// Reads `local@domain`. A quoted local part (`"a b"@x.fr`) keeps its quotes.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > 254 {
            return Err(AddressError::TooLong);
        }
        let at = text.rfind('@').ok_or(AddressError::Incomplete)?;
        let (local, domain) = (&text[..at], &text[at + 1..]);
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        if local.is_empty() || domain.split('.').any(str::is_empty) {
            return Err(AddressError::Incomplete);
        }
        let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
        let bad_local = |c: char| c.is_control() || (!quoted && (c.is_whitespace() || SPECIALS.contains(c)));
        if local.contains(bad_local) {
            return Err(AddressError::Character);
        }
        let domain = Domain::written(domain)?;
        Ok(Self {
            written: text.strip_suffix('.').unwrap_or(text).to_owned(),
            folded: [&fold(&unquoted(local)), "@", domain.as_str()].concat(),
            at,
            domain,
        })
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The address in lower case, its domain in ASCII: what two spellings of one mailbox have in common.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.written[..self.at]
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The domains that a server which honours such routes would send it on to: `zoe%mssante.fr@lab.test`,
    /// `mssante.fr!zoe@lab.test`, `"zoe@mssante.fr"@lab.test` (RFC 5321 §F.2, RFC 1123 §5.2.16).
    pub fn routed_domains(&self) -> impl Iterator<Item = Domain> {
        let pieces = self
            .local()
            .split(['%', '!', '@', '"', ':', ','])
            .filter(|piece| piece.contains('.'));
        pieces.filter_map(|piece| Domain::parse(piece).ok())
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Address {}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl std::hash::Hash for Address {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A local part without the quotes and quoted pairs that it has no need of (RFC 5321 §4.1.2): `"a\l"` is `al`. What needs them keeps its
/// quotes.
fn unquoted(local: &str) -> Cow<'_, str> {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return local.into();
    };
    let mut bare = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        bare.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    let is_atom = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || SPECIALS.contains(c));
    match bare.split('.').all(is_atom) {
        true => bare.into(),
        false => format!("\"{bare}\"").into(),
    }
}

/// Lower case, but what is no ASCII never becomes it: the Kelvin sign is not the letter k, so that no address can pass for
/// another one.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() || c.to_lowercase().any(|l| l.is_ascii()) {
            out.push(c.to_ascii_lowercase());
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_by_more_than_case() {
        let a = Address::parse("Dr.Martin@Mssante.FR").unwrap();
        assert_eq!(a, Address::parse("dr.martin@mssante.fr.").unwrap());
        assert_eq!(a.as_str(), "Dr.Martin@Mssante.FR");
        assert_ne!(a, Address::parse("dr.martin@mssante.com").unwrap());
        assert_eq!(Address::parse("\"a b\"@b.fr").unwrap().local(), "\"a b\"");
        assert_eq!(Address::parse("\"x@mssante.fr\"@lab.fr").unwrap().domain().as_str(), "lab.fr");
    }

    #[test]
    fn quotes_and_quoted_pairs_that_are_not_needed_make_no_other_mailbox() {
        let alice = Address::parse("alice@b.fr").unwrap();
        for same in ["\"alice\"@b.fr", "\"al\\ice\"@b.fr", "\"\\a\\l\\i\\c\\e\"@B.fr"] {
            assert_eq!(Address::parse(same).unwrap(), alice, "{same}");
        }
        for other in ["\"al ice\"@b.fr", "\"alice@b.fr\"@b.fr", "\"alice.\"@b.fr", "\"al\\\\ice\"@b.fr"] {
            assert_ne!(Address::parse(other).unwrap(), alice, "{other}");
        }
        assert_eq!(Address::parse("\"a \\b\"@b.fr").unwrap(), Address::parse("\"a b\"@b.fr").unwrap());
    }

    #[test]
    fn a_domain_has_two_spellings() {
        let (shown, asked) = ("Zoé@ÉVREUX.fr", "zoé@XN--vreux-9ra.fr");
        assert_eq!(Address::parse(shown).unwrap(), Address::parse(asked).unwrap());
        assert_eq!(Address::parse(shown).unwrap().as_str(), shown);
        assert_ne!(Address::parse(shown).unwrap(), Address::parse("zoé@evreux.fr").unwrap());
    }

    #[test]
    fn a_route_in_the_local_part_is_seen() {
        let routed = |text: &str| -> Vec<String> {
            let address = Address::parse(text).unwrap();
            address.routed_domains().map(|d| d.to_string()).collect()
        };
        assert_eq!(routed("zoe%Mssante.fr@lab.test"), ["mssante.fr"]);
        assert_eq!(routed("a.fr!b.fr!zoe@lab.test"), ["a.fr", "b.fr"]);
        assert_eq!(routed("\"zoe@mssante.fr\"@lab.test"), ["mssante.fr"]);
        assert_eq!(routed("\"@a.fr:zoe@b.fr\"@lab.test"), ["a.fr", "b.fr"]);
        assert!(routed("zoe+100%@lab.test").is_empty());
    }

    #[test]
    fn no_letter_passes_for_an_ascii_one() {
        for (a, b, same) in [
            ("ZOÉ@x.fr", "zoé@x.fr", true),
            ("\u{212a}im@x.fr", "kim@x.fr", false),
            ("\u{130}@x.fr", "i@x.fr", false),
            ("\u{455}@x.fr", "s@x.fr", false),
        ] {
            assert_eq!(Address::parse(a).unwrap() == Address::parse(b).unwrap(), same, "{a} {b}");
        }
        assert!(Address::parse("kim@\u{212a}abinet.fr").is_err());
        assert_ne!(Domain::parse("\u{212a}.fr").ok(), Domain::parse("k.fr").ok());
    }

    #[test]
    fn what_could_break_out_of_a_path_is_no_address() {
        for text in [
            "",
            "a",
            "a@",
            "@b",
            "a b@c",
            "a@b c",
            "a>@b",
            "a@b>",
            "a\r\n@b",
            "a@b\r\nRCPT TO:<x@y>",
            "<a@b>",
            "a@mssante.fr..",
            "a@.mssante.fr",
            "a@mssante..fr",
            "a@ｍｓｓａｎｔｅ.fr",
            "a@mssante\u{3002}fr",
            "a@mss\u{ad}ante.fr",
            "a@mſſante.fr",
            "a@\u{1d5c6}ssante.fr",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }
}
