//! The servers of an address, proposed: by what its domain publishes (RFC 6186, RFC 8314, autoconfig), by whom its mail goes to, by a
//! list of common providers. The user decides; whoever is not under the address's domain is named as such (RFC 6186 §6).

mod known;

use super::{Draft, Place};
use crate::base::limits::{AUTOCONFIG_FILE_MAX, DISCOVERY_SECONDS};
use crate::base::{Address, Domain};
use crate::config::autoconfig::{OfferedServer, ServerKind, parse};
use crate::config::{Defaults, Server, ServerTls};
use crate::net::dns::Resolver;
use crate::net::http::{Client, Got, Held, Hosts, Url};
use crate::net::port::Upstreams;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Servers for an address, and who says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::desktop) struct Offer {
    pub(in crate::desktop) imap: Place,
    pub(in crate::desktop) smtp: Place,
    pub(in crate::desktop) login: String,
    pub(in crate::desktop) source: Source,
}

/// Who says so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::desktop) enum Source {
    /// The administrators of this computer.
    Machine,
    /// The list that Souspli brings.
    Known,
    /// A document of this host, in TLS under its name.
    Published(String),
    /// The DNS of the domain, signed by nobody.
    Dns,
    /// The host that takes the domain's mail is a known provider's; by the same DNS.
    Exchange(String),
}

impl Offer {
    /// Takes it for granted, until its servers are tried.
    pub(in crate::desktop) fn put_into(self, draft: &mut Draft) {
        draft.imap = Some(self.imap);
        draft.smtp = Some(self.smtp);
        draft.login = self.login;
        draft.source = Some(self.source);
        draft.is_tried = false;
    }

    /// Its hosts that are not under the domain of the address.
    pub(in crate::desktop) fn strangers(&self, address: &Address) -> Vec<&str> {
        strangers([&self.imap, &self.smtp], address)
    }

    /// Whether its user has to choose it: what anybody on the way can answer does not fill in somebody else's servers.
    pub(in crate::desktop) fn wants_a_click(&self, address: &Address) -> bool {
        self.source == Source::Dns && !self.strangers(address).is_empty()
    }
}

impl Source {
    /// Whether it says no more than Souspli or this computer's administrators do.
    pub(in crate::desktop) fn is_ours(&self) -> bool {
        matches!(self, Self::Machine | Self::Known)
    }
}

/// The hosts of these places that are not under the domain of the address (RFC 6186 §6).
pub(in crate::desktop) fn strangers<'a>(places: [&'a Place; 2], address: &Address) -> Vec<&'a str> {
    let is_stranger = |host: &&str| !Domain::parse(host).is_ok_and(|host| host.is_within(address.domain()));
    let mut strangers: Vec<&str> = places.map(|place| place.host.as_str()).into_iter().filter(is_stranger).collect();
    strangers.dedup();
    strangers
}

/// Everything that is found in `DISCOVERY_SECONDS`, what is most worth first.
pub(in crate::desktop) async fn discover(
    upstreams: &Arc<dyn Upstreams>,
    resolver: &Resolver,
    address: &Address,
    machine: &Defaults,
) -> Vec<Offer> {
    let limit = Duration::from_secs(DISCOVERY_SECONDS);
    let known = of_machine(machine, address).or_else(|| known::of_address(address));
    if known.is_some() {
        // A doctor of a clinic, or of a large provider, waits for nobody.
        return known.into_iter().collect();
    }
    let (published, dns, exchange) = tokio::join!(
        published(upstreams, address),
        timeout(limit, by_dns(resolver, address)),
        timeout(limit, by_exchange(resolver, address)),
    );
    let mut offers: Vec<Offer> = Vec::new();
    for offer in [published, dns.ok().flatten(), exchange.ok().flatten()].into_iter().flatten() {
        let same = |other: &Offer| (&other.imap, &other.smtp) == (&offer.imap, &offer.smtp);
        if !offers.iter().any(same) {
            offers.push(offer);
        }
    }
    offers
}

/// The provider of a clinic.
fn of_machine(machine: &Defaults, address: &Address) -> Option<Offer> {
    let place = |server: &Server| {
        let tls = match server.tls {
            ServerTls::Implicit => true,
            ServerTls::StartTls => false,
            ServerTls::Plain => return None,
        };
        Some(Place {
            host: server.host.clone(),
            port: server.port,
            implicit: tls,
        })
    };
    Some(Offer {
        imap: place(machine.imap.as_ref()?)?,
        smtp: place(machine.smtp.as_ref()?)?,
        login: address.as_str().to_owned(),
        source: Source::Machine,
    })
}

/// The address itself is told to nobody: what is published is for the whole domain.
async fn published(upstreams: &Arc<dyn Upstreams>, address: &Address) -> Option<Offer> {
    let domain = address.domain().as_str();
    let places = [
        format!("https://autoconfig.{domain}/mail/config-v1.1.xml"),
        format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
    ];
    let urls = places.iter().filter_map(|place| Url::parse(place));
    let asked = urls.map(|url| async move {
        // One that is silent takes nothing from the other.
        let document = timeout(Duration::from_secs(DISCOVERY_SECONDS), fetched(upstreams, &url))
            .await
            .ok()??;
        let servers = parse(&document, address).ok()?;
        offer(&servers, Source::Published(url.host().to_owned()))
    });
    join_all(asked).await.into_iter().flatten().next()
}

/// Redirects lead to the same host, or nowhere.
async fn fetched(upstreams: &Arc<dyn Upstreams>, url: &Url) -> Option<Vec<u8>> {
    let client = Client::new(Arc::clone(upstreams), Arc::new(Hosts::from_iter([url.host()])));
    let Got::Content(mut content) = client.get(url, Held::default(), AUTOCONFIG_FILE_MAX).await.ok()? else {
        return None;
    };
    let mut document = Vec::new();
    while let Some(piece) = content.next().await.ok()? {
        document.extend_from_slice(&piece);
    }
    Some(document)
}

fn offer(servers: &[OfferedServer], source: Source) -> Option<Offer> {
    let first = |kind| servers.iter().find(|server| server.kind == kind);
    let place = |server: &OfferedServer| Place {
        host: server.host.clone(),
        port: server.port,
        implicit: server.implicit,
    };
    let (imap, smtp) = (first(ServerKind::Imap)?, first(ServerKind::Smtp)?);
    Some(Offer {
        imap: place(imap),
        smtp: place(smtp),
        login: imap.login.clone(),
        source,
    })
}

/// TLS from the first octet before STARTTLS (RFC 8314 §3, §5.1).
async fn by_dns(resolver: &Resolver, address: &Address) -> Option<Offer> {
    let domain = address.domain().as_str();
    let (imaps, imap, submissions, submission) = tokio::join!(
        resolver.services("_imaps._tcp", domain),
        resolver.services("_imap._tcp", domain),
        resolver.services("_submissions._tcp", domain),
        resolver.services("_submission._tcp", domain),
    );
    let place = |of: Vec<crate::net::dns::Service>, implicit| {
        let first = of.into_iter().next();
        first.map(|service| Place {
            host: service.host,
            port: service.port,
            implicit,
        })
    };
    Some(Offer {
        imap: place(imaps, true).or_else(|| place(imap, false))?,
        smtp: place(submissions, true).or_else(|| place(submission, false))?,
        login: address.as_str().to_owned(),
        source: Source::Dns,
    })
}

async fn by_exchange(resolver: &Resolver, address: &Address) -> Option<Offer> {
    let exchanges = resolver.exchanges(address.domain().as_str()).await;
    exchanges.iter().find_map(|exchange| known::of_exchange(exchange, address))
}
