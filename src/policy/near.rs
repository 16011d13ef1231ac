//! Domains that are taken for one whose mail is always sealed: `mssanté.fr` as a French hand types it, `mss-ante.fr`, `msssante.fr`.
//!
//! They are other domains, and may be somebody's: what is bound there neither passes nor is sealed.

use crate::base::{Address, Domain};
use crate::text::unaccent;

/// The one of `domains` that this address seems to be meant for, and is not of.
pub fn near<'d>(address: &Address, domains: &'d [Domain]) -> Option<&'d Domain> {
    if domains.iter().any(|domain| address.domain().is_within(domain)) {
        return None;
    }
    let written = skeleton(address.domain());
    domains.iter().find(|domain| {
        let ends = written.strip_suffix(&skeleton(domain));
        ends.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// The name without accents and hyphens, and no letter more than twice in a row.
fn skeleton(domain: &Domain) -> String {
    let shown = idna::domain_to_unicode(domain.as_str()).0;
    let mut out = String::with_capacity(shown.len());
    for letter in unaccent(&shown).chars().filter(|c| *c != '-') {
        let mut last = out.chars().rev();
        if [last.next(), last.next()] != [Some(letter); 2] {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_for_a_sealed_domain_is_told_from_it() {
        let domains = ["lab.example", "mssante.fr"].map(|name| Domain::parse(name).unwrap());
        for (address, is_near) in [
            ("zoe@mssanté.fr", true),
            ("zoe@MSSANTÉ.fr", true),
            ("zoe@mssante\u{301}.fr", true),
            ("zoe@xn--mssant-gva.fr", true),
            ("zoe@a.mssanté.fr", true),
            ("zoe@mss-ante.fr", true),
            ("zoe@msssante.fr", true),
            ("zoe@mssante.fr", false),
            ("zoe@a.mssante.fr", false),
            ("zoe@xmssante.fr", false),
            ("zoe@msante.fr", false),
            ("zoe@mssante.com", false),
            ("zoe@mssante.fr.evil.com", false),
            ("mssante@lab.test", false),
        ] {
            let address = Address::parse(address).unwrap();
            assert_eq!(near(&address, &domains), is_near.then_some(&domains[1]), "{address}");
        }
    }

    #[test]
    fn two_sealed_domains_may_resemble_each_other() {
        let domains = ["chu-ville.example", "chuville.example"].map(|name| Domain::parse(name).unwrap());
        for address in ["zoe@chu-ville.example", "zoe@chuville.example"] {
            assert_eq!(near(&Address::parse(address).unwrap(), &domains), None, "{address}");
        }
    }
}
