//! Providers that many doctors have. Each as the register that Thunderbird itself asks has it (github.com/thunderbird/autoconfig, folder
//! `ispdb`, read in its state of 12 March 2026; IONOS: its commit dcf6dd2): the name of the file stands beside each.

use super::{Offer, Source};
use crate::base::{Address, Domain};
use crate::desktop::assistant::Place;

/// What a provider knows its users by.
#[derive(Clone, Copy)]
enum Login {
    Address,
    LocalPart,
}

struct Provider {
    /// Of addresses, and of the hosts that take the mail of its customers' own domains.
    domains: &'static [&'static str],
    imap: (&'static str, u16, bool),
    smtp: (&'static str, u16, bool),
    login: Login,
}

const KNOWN: [Provider; 10] = [
    // orange.fr.xml
    usual(&["orange.fr", "wanadoo.fr"], "imap.orange.fr", "smtp.orange.fr", Login::Address),
    // free.fr.xml
    usual(&["free.fr"], "imap.free.fr", "smtp.free.fr", Login::LocalPart),
    // sfr.fr.xml
    usual(
        &["sfr.fr", "neuf.fr", "club-internet.fr"],
        "imap.sfr.fr",
        "smtp.sfr.fr",
        Login::Address,
    ),
    // laposte.net.xml
    usual(&["laposte.net"], "imap.laposte.net", "smtp.laposte.net", Login::LocalPart),
    // googlemail.com.xml
    usual(
        &["gmail.com", "googlemail.com", "google.com"],
        "imap.gmail.com",
        "smtp.gmail.com",
        Login::Address,
    ),
    // yahoo.com.xml
    usual(
        &["yahoo.fr", "yahoo.com", "ymail.com", "yahoodns.net"],
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        Login::Address,
    ),
    // hotmail.com.xml
    Provider {
        domains: &[
            "outlook.com",
            "outlook.fr",
            "hotmail.com",
            "hotmail.fr",
            "live.com",
            "live.fr",
            "msn.com",
        ],
        imap: ("outlook.office365.com", 993, true),
        smtp: ("smtp-mail.outlook.com", 587, false),
        login: Login::Address,
    },
    // ovh.net.xml
    usual(&["ovh.net"], "ssl0.ovh.net", "ssl0.ovh.net", Login::Address),
    // gandi.net.xml
    usual(&["gandi.net"], "mail.gandi.net", "mail.gandi.net", Login::Address),
    // ionos.fr
    usual(
        &["ionos.fr", "1and1.fr", "unetun.com"],
        "imap.ionos.fr",
        "smtp.ionos.fr",
        Login::Address,
    ),
];

const fn usual(domains: &'static [&'static str], imap: &'static str, smtp: &'static str, login: Login) -> Provider {
    Provider {
        domains,
        imap: (imap, 993, true),
        smtp: (smtp, 465, true),
        login,
    }
}

/// By the domain of the address.
pub(super) fn of_address(address: &Address) -> Option<Offer> {
    let domain = address.domain().as_str();
    let provider = KNOWN.iter().find(|provider| provider.domains.contains(&domain));
    provider.map(|provider| provider.offer(address, Source::Known))
}

/// By the host that takes its mail.
pub(super) fn of_exchange(exchange: &str, address: &Address) -> Option<Offer> {
    let host = Domain::parse(exchange).ok()?;
    let is_theirs = |provider: &&Provider| {
        let mut domains = provider.domains.iter().filter_map(|domain| Domain::parse(domain).ok());
        domains.any(|domain| host.is_within(&domain))
    };
    let provider = KNOWN.iter().find(is_theirs);
    provider.map(|provider| provider.offer(address, Source::Exchange(exchange.to_owned())))
}

impl Provider {
    fn offer(&self, address: &Address, source: Source) -> Offer {
        let place = |(host, port, implicit): (&str, u16, bool)| Place {
            host: host.to_owned(),
            port,
            implicit,
        };
        Offer {
            imap: place(self.imap),
            smtp: place(self.smtp),
            login: match self.login {
                Login::Address => address.as_str(),
                Login::LocalPart => address.local(),
            }
            .to_owned(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse::is_host;

    #[test]
    fn every_host_is_one_and_every_domain_is_once() {
        let mut all: Vec<&str> = Vec::new();
        for provider in &KNOWN {
            assert!(is_host(provider.imap.0) && is_host(provider.smtp.0));
            all.extend(provider.domains.iter());
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(count, all.len());
    }

    #[test]
    fn by_address_and_by_exchange() {
        let offer = of_address(&Address::parse("zoe.martin@laposte.net").unwrap()).unwrap();
        assert_eq!((offer.login.as_str(), offer.imap.host.as_str()), ("zoe.martin", "imap.laposte.net"));
        let own = Address::parse("zoe@cabinet.fr").unwrap();
        assert!(of_address(&own).is_none());
        assert_eq!(of_exchange("mx1.mail.ovh.net", &own).unwrap().imap.host, "ssl0.ovh.net");
        assert!(of_exchange("mx.evil-ovh.net", &own).is_none());
    }
}
