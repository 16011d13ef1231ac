//! Domain names as name servers ask for them: in lower case, in ASCII (RFC 5890, UTS 46).

use super::addr::{AddressError, fold};
use idna::AsciiDenyList;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A domain name in ASCII and lower case, without a final dot; an address literal as it was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Domain(String);

impl Domain {
    /// Reads a domain name; a leading `@`, `.` or `*.` (as people write in lists of domains) is dropped.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Self::written(text.trim().trim_start_matches(['@', '.', '*']).trim_end_matches('.'))
    }

    /// A name as it stands in an address, without a final dot.
    pub(super) fn written(name: &str) -> Result<Self, AddressError> {
        if name.is_empty() {
            return Err(AddressError::Incomplete);
        }
        if name.contains(|c: char| c.is_control() || c.is_whitespace() || "<>(),;\\\"@*".contains(c)) {
            return Err(AddressError::Character);
        }
        if name.is_ascii() {
            return match is_host_name(name) || is_literal(name) {
                true => Ok(Self(name.to_ascii_lowercase())),
                false => Err(AddressError::Character),
            };
        }
        let ascii = idna::domain_to_ascii_cow(name.as_bytes(), AsciiDenyList::EMPTY).map_err(|_| AddressError::Character)?;
        if is_disguise(name, &ascii) || !is_host_name(&ascii) {
            return Err(AddressError::Character);
        }
        Ok(Self(fold(&ascii)))
    }

    /// The name in ASCII and lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the domain itself and for every subdomain; `xmssante.fr` is not within `mssante.fr`.
    pub fn is_within(&self, parent: &Domain) -> bool {
        self.0 == parent.0 || self.0.strip_suffix(&parent.0).is_some_and(|rest| rest.ends_with('.'))
    }
}

/// Letters, digits, hyphens and full stops (RFC 5321 §4.1.2), and the underscore, which names of hosts have here and there.
fn is_host_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3): no name in brackets.
fn is_literal(name: &str) -> bool {
    let Some(inside) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    let tagged = inside.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    match tagged {
        Some(_) => inside[5..].parse::<Ipv6Addr>().is_ok(),
        None => inside.parse::<Ipv4Addr>().is_ok(),
    }
}

/// Full-width and mathematical letters, other full stops, soft hyphens: with them `ｍｓｓａｎｔｅ。fr` is plain `mssante.fr` to a
/// name server. Nobody's address has them.
fn is_disguise(name: &str, ascii: &str) -> bool {
    let (written, asked): (Vec<_>, Vec<_>) = (name.split('.').collect(), ascii.split('.').collect());
    written.len() != asked.len() || written.iter().zip(&asked).any(|(w, a)| !w.is_ascii() && !a.starts_with("xn--"))
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_holds_its_subdomains_only() {
        let parent = Domain::parse("@mssante.fr").unwrap();
        for (name, within) in [
            ("mssante.fr", true),
            ("Medecin.MSSANTE.fr", true),
            ("cabinet-évreux.mssante.fr", true),
            ("xmssante.fr", false),
            ("mssante.fr.evil.com", false),
        ] {
            assert_eq!(Domain::parse(name).unwrap().is_within(&parent), within, "{name}");
        }
        for list in ["*.mssante.fr", "*@mssante.fr", " .mssante.fr. "] {
            assert_eq!(Domain::parse(list).ok(), Some(Domain::parse("mssante.fr").unwrap()), "{list}");
        }
        for name in ["[192.0.2.1]", "[IPv6:2001:db8::1]", "a_b.fr"] {
            assert_eq!(Domain::parse(name).unwrap().as_str(), name.to_lowercase());
        }
        for wrong in [
            "[mssante.fr]",
            "[192.0.2]",
            "mssante.fr:25",
            "mssante.fr/lab.test",
            "mssante.fr]",
            "a!b.fr",
        ] {
            assert!(Domain::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["*", "mss*.fr", "a@mssante.fr", "mssante.fr, x.fr", ""] {
            assert!(Domain::parse(wrong).is_err(), "{wrong}");
        }
        let parent = Domain::parse("hôpital-évreux.fr").unwrap();
        for name in [
            "xn--hpital-vreux-heb1m.fr",
            "Labo.HÔPITAL-ÉVREUX.fr",
            "ho\u{302}pital-e\u{301}vreux.fr.",
        ] {
            assert!(Domain::parse(name).unwrap().is_within(&parent), "{name} {parent}");
        }
    }
}
