//! The MSSanté space of trust: who is inside (requirements A.2, A.8, A.9).
//!
//! Being inside says which way a letter may go, and what it may be there. It never says that a letter is right.

use crate::base::{Address, Domain};
use crate::config::Correspondents;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who is inside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Space {
    /// The domains of the liste blanche, each for itself: it names subdomains one by one.
    pub listed: Arc<BTreeSet<Domain>>,
    /// Mailboxes that a machine reads, by configuration.
    pub applicative: Vec<Correspondents>,
}

/// What an address is to the space of trust.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// Outside.
    None,
    /// A person, or several.
    Colleague,
    /// A machine, which S/MIME would blind.
    Machine,
    /// A patient, whose address is a number of social insurance, and who cannot open S/MIME.
    Patient,
}

impl Space {
    /// What `address` is.
    pub fn member(&self, address: &Address) -> Member {
        if is_within(address.domain(), PATIENT) {
            Member::Patient
        } else if self.applicative.iter().any(|machine| machine.include(address)) {
            Member::Machine
        } else if self.has(address.domain()) {
            Member::Colleague
        } else {
            Member::None
        }
    }

    /// True for every member.
    pub fn holds(&self, address: &Address) -> bool {
        self.member(address) != Member::None
    }

    /// The domain inside that an address leads to, by itself or by a route that a server might follow. It asks for protection
    /// only: what is not itself inside never passes for a member.
    pub fn led_to(&self, address: &Address) -> Option<Domain> {
        if self.holds(address) {
            return Some(address.domain().clone());
        }
        address.routed_domains().find(|domain| self.has(domain))
    }

    fn has(&self, domain: &Domain) -> bool {
        is_within(domain, SPACE) || self.listed.contains(domain)
    }
}

/// The space itself; its operators take mail from one another only.
const SPACE: &str = "mssante.fr";
const PATIENT: &str = "patient.mssante.fr";

fn is_within(domain: &Domain, parent: &str) -> bool {
    Domain::parse(parent).is_ok_and(|parent| domain.is_within(&parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_and_the_suffix_say_who_is_inside() {
        let domain = |name| Domain::parse(name).unwrap();
        let space = Space {
            listed: Arc::new([domain("chu-exemple.fr"), domain("hôpital-évreux.fr")].into()),
            applicative: vec![
                Correspondents::One(Address::parse("labo@chu-exemple.fr").unwrap()),
                Correspondents::Within(domain("app.mssante.fr")),
            ],
        };
        for (address, member) in [
            ("d@mssante.fr", Member::Colleague),
            ("d@Medecin.MSSante.fr", Member::Colleague),
            ("d@CHU-exemple.fr", Member::Colleague),
            ("d@xn--hpital-vreux-heb1m.fr", Member::Colleague),
            ("d@service.chu-exemple.fr", Member::None),
            ("d@xmssante.fr", Member::None),
            ("d@mssante.fr.evil.com", Member::None),
            ("labo@chu-exemple.fr", Member::Machine),
            ("x@app.mssante.fr", Member::Machine),
            ("1@patient.mssante.fr", Member::Patient),
            ("1@x.patient.mssante.fr", Member::Patient),
            ("1@xpatient.mssante.fr", Member::Colleague),
        ] {
            assert_eq!(space.member(&Address::parse(address).unwrap()), member, "{address}");
        }
        let led = |address| space.led_to(&Address::parse(address).unwrap()).map(|d| d.to_string());
        assert_eq!(led("d%chu-exemple.fr@x.fr").as_deref(), Some("chu-exemple.fr"));
        assert_eq!(led("\"d@mssante.fr\"@x.fr").as_deref(), Some("mssante.fr"));
        assert_eq!(led("d@x.fr"), None);
    }
}
