//! What has been said of an account that is being set up.

use super::discover::{Source, strangers};
use crate::base::{Address, Domain};
use crate::config::parse::is_host;
use crate::config::{Channel, Server, ServerTls, Terms};
use serde::{Deserialize, Serialize};

/// An account that is not in the configuration yet, or has just come into it.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::desktop) struct Draft {
    /// Whose letters.
    pub(in crate::desktop) address: String,
    /// What the provider knows him by.
    pub(in crate::desktop) login: String,
    /// Whether the provider is an operator of the space of trust.
    pub(in crate::desktop) is_mssante: bool,
    /// The submission server.
    pub(in crate::desktop) smtp: Option<Place>,
    /// The IMAP server.
    pub(in crate::desktop) imap: Option<Place>,
    /// Who said so; `None`: its user.
    pub(in crate::desktop) source: Option<Source>,
    /// Whether these servers answered as they should.
    pub(in crate::desktop) is_tried: bool,
    /// The user has a key later.
    pub(in crate::desktop) key_later: bool,
    /// The mail program knows Souspli, says the user.
    pub(in crate::desktop) program_done: bool,
}

/// Where a server is; in TLS always.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::desktop) struct Place {
    pub(in crate::desktop) host: String,
    pub(in crate::desktop) port: u16,
    /// TLS from the first octet, else STARTTLS.
    pub(in crate::desktop) implicit: bool,
}

/// Where somebody is on the way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::desktop) enum Step {
    Address,
    Servers,
    Key,
    Service,
    Program,
    Letter,
}

impl Step {
    pub(in crate::desktop) const ALL: [Self; 6] = [Self::Address, Self::Servers, Self::Key, Self::Service, Self::Program, Self::Letter];
}

/// What is known beside the draft.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::desktop) struct Known {
    /// The account has a key in the home.
    pub(in crate::desktop) has_key: bool,
    /// The account is in the configuration.
    pub(in crate::desktop) is_in_service: bool,
}

impl Draft {
    /// The first step that is not done.
    pub(in crate::desktop) fn step(&self, known: Known) -> Step {
        if self.parsed_address().is_none() {
            return Step::Address;
        }
        if !known.is_in_service && !self.is_tried {
            return Step::Servers;
        }
        if !known.has_key && !self.key_later {
            return Step::Key;
        }
        if !known.is_in_service {
            return Step::Service;
        }
        match self.program_done {
            true => Step::Letter,
            false => Step::Program,
        }
    }

    /// `None`: nothing that is one was said yet.
    pub(in crate::desktop) fn parsed_address(&self) -> Option<Address> {
        Address::parse(&self.address).ok()
    }

    /// A draft for another address: nothing that was said of the one before counts.
    pub(in crate::desktop) fn begun(address: &Address) -> Self {
        let space = Domain::parse("mssante.fr").ok();
        Self {
            address: address.as_str().to_owned(),
            login: address.as_str().to_owned(),
            is_mssante: space.is_some_and(|space| address.domain().is_within(&space)),
            ..Self::default()
        }
    }

    /// Its hosts that are not under the domain of the address, unless Souspli itself or this computer's administrators name them: they
    /// are told wherever they stand, whoever has said them and however long ago.
    pub(in crate::desktop) fn strangers(&self) -> Vec<&str> {
        match (self.parsed_address(), &self.imap, &self.smtp) {
            (Some(address), Some(imap), Some(smtp)) if !self.source.as_ref().is_some_and(Source::is_ours) => {
                strangers([imap, smtp], &address)
            }
            _ => Vec::new(),
        }
    }

    pub(in crate::desktop) fn channel(&self) -> Channel {
        match self.is_mssante {
            true => Channel::Mssante,
            false => Channel::Ordinary,
        }
    }
}

impl Place {
    /// As somebody has typed it; `None`: no host, or no port.
    pub(in crate::desktop) fn typed(host: &str, port: &str, implicit: bool) -> Option<Self> {
        let host = host.trim().to_lowercase();
        let port = port.trim().parse().ok().filter(|port| *port != 0)?;
        is_host(&host).then_some(Self { host, port, implicit })
    }

    pub(in crate::desktop) fn server(&self) -> Server {
        Server {
            host: self.host.clone(),
            port: self.port,
            tls: if self.implicit { ServerTls::Implicit } else { ServerTls::StartTls },
            terms: Terms::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_after_the_other() {
        let mut draft = Draft::default();
        let step = |draft: &Draft, has_key, is_in_service| draft.step(Known { has_key, is_in_service });
        assert_eq!(step(&draft, true, true), Step::Address);
        draft = Draft::begun(&Address::parse("zoe@cabinet.mssante.fr").unwrap());
        assert!(draft.is_mssante);
        assert_eq!(step(&draft, false, false), Step::Servers);
        assert_eq!(step(&draft, false, true), Step::Key);
        draft.is_tried = true;
        assert_eq!(step(&draft, false, false), Step::Key);
        assert_eq!(step(&draft, true, false), Step::Service);
        draft.key_later = true;
        assert_eq!(step(&draft, false, false), Step::Service);
        assert_eq!(step(&draft, false, true), Step::Program);
        draft.program_done = true;
        assert_eq!(step(&draft, false, true), Step::Letter);
    }

    #[test]
    fn whose_servers_are_not_of_the_domain_is_known_after_a_restart_too() {
        let place = |host: &str| Place::typed(host, "993", true);
        let mut draft = Draft {
            imap: place("imap.cabinet.fr"),
            smtp: place("smtp.voisin.fr"),
            source: Some(Source::Dns),
            ..Draft::begun(&Address::parse("zoe@cabinet.fr").unwrap())
        };
        let kept: Draft = serde_json::from_slice(&serde_json::to_vec(&draft).unwrap()).unwrap();
        assert_eq!((kept.strangers(), &kept.source), (vec!["smtp.voisin.fr"], &Some(Source::Dns)));
        draft.source = None;
        assert_eq!(draft.strangers(), ["smtp.voisin.fr"], "typed, or of a draft that is older");
        draft.source = Some(Source::Machine);
        assert!(draft.strangers().is_empty());
    }

    #[test]
    fn a_place_is_a_host_and_a_port() {
        assert!(Place::typed(" IMAP.orange.fr ", "993", true).is_some_and(|p| p.host == "imap.orange.fr"));
        for (host, port) in [
            ("", "993"),
            ("a b", "993"),
            ("a..b", "993"),
            ("<b>", "993"),
            ("a.fr", "0"),
            ("a.fr", "65536"),
            ("a.fr", "x"),
        ] {
            assert_eq!(Place::typed(host, port, true), None, "{host}:{port}");
        }
    }
}
