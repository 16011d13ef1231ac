//! Mail addresses: `addr-spec` of RFC 5322 §3.4.1, with the octets of RFC 6531 allowed.
//!
//! Two addresses are equal when they differ in case only. RFC 5321 §2.4 leaves the case of a local part to its host;
//! no provider that a doctor uses tells `Dr.Martin` from `dr.martin`, and a certificate often spells it otherwise
//! than the envelope does.

use std::fmt;

/// An `addr-spec` as it was written, comparable without case.
#[derive(Clone)]
pub struct Address {
    written: String,
    folded: String,
    at: usize,
}

/// A domain name in lower case, without a final dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Domain(String);

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
        let bad_local = |c: char| c.is_control() || (!quoted && (c.is_whitespace() || "<>(),;:\\\"[]@".contains(c)));
        let bad_domain = |c: char| c.is_control() || c.is_whitespace() || "<>(),;\\\"@".contains(c) || is_disguise(c);
        if local.contains(bad_local) || domain.contains(bad_domain) {
            return Err(AddressError::Character);
        }
        let written = format!("{local}@{domain}");
        let folded = fold(&written);
        Ok(Self { written, folded, at })
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The address in lower case: what two spellings of one mailbox have in common.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.written[..self.at]
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> Domain {
        Domain(fold(&self.written[self.at + 1..]))
    }
}

/// Characters that IDNA (UTS 46 §4) maps to others or drops: full-width and mathematical letters, other full stops, soft
/// hyphens. With them `ｍｓｓａｎｔｅ。fr` is `mssante.fr` to the provider and another domain to us. Nobody's address has them.
fn is_disguise(c: char) -> bool {
    matches!(c,
        '\u{aa}' | '\u{ad}' | '\u{b2}'..='\u{b5}' | '\u{b8}'..='\u{be}' | '\u{17f}' | '\u{2b0}'..='\u{2ff}' | '\u{34f}'
        | '\u{1d00}'..='\u{1dbf}' | '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{303f}' | '\u{fb00}'..='\u{fb06}'
        | '\u{fe00}'..='\u{fe6f}' | '\u{feff}'..='\u{ffef}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}'
        | '\u{1fbf0}'..='\u{1fbf9}' | '\u{e0000}'..='\u{e0fff}')
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

impl Domain {
    /// Reads a domain name; a leading `@` or `.` (as people write in lists of domains) is dropped.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let name = text.trim().trim_start_matches(['@', '.']).trim_end_matches('.');
        let name = fold(name);
        if name.is_empty() {
            return Err(AddressError::Incomplete);
        }
        if name.contains(|c: char| c.is_control() || c.is_whitespace() || "<>(),;\\\"@".contains(c)) {
            return Err(AddressError::Character);
        }
        Ok(Self(name))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the domain itself and for every subdomain; `xmssante.fr` is not within `mssante.fr`.
    pub fn is_within(&self, parent: &Domain) -> bool {
        self.0 == parent.0 || self.0.strip_suffix(&parent.0).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        assert_eq!(Address::parse("\"x@mssante.fr\"@évreux.fr").unwrap().domain().as_str(), "évreux.fr");
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

    #[test]
    fn a_domain_holds_its_subdomains_only() {
        let parent = Domain::parse("@mssante.fr").unwrap();
        for (name, within) in [
            ("mssante.fr", true),
            ("Medecin.MSSANTE.fr", true),
            ("xmssante.fr", false),
            ("mssante.fr.evil.com", false),
        ] {
            assert_eq!(Domain::parse(name).unwrap().is_within(&parent), within, "{name}");
        }
    }
}
