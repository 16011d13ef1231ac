//! A revocation list from a directory: what an `ldap:` URL names (RFC 4516, RFC 4523 §2.7). What comes is believed by its signature
//! alone, so that it may come in clear.

use super::connection::Connection;
use super::error::LdapError;
use super::wire::{Filter, Search};
use crate::base::limits::{LDAP_LIST_MAX, LDAP_LIST_SECONDS};
use crate::config::{Server, ServerTls, Terms};
use crate::net::port::Upstreams;
use crate::text::{Explanation, revocation as say};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Fetches lists from whatever directory a URL names; whether it may be asked is decided elsewhere.
pub struct LdapLists {
    upstreams: Arc<dyn Upstreams>,
}

impl LdapLists {
    /// By these connections.
    pub fn new(upstreams: Arc<dyn Upstreams>) -> Self {
        Self { upstreams }
    }

    /// The list that a URL names.
    pub async fn fetch(&self, url: &str) -> Result<Vec<u8>, Explanation> {
        let place = Place::parse(url).ok_or_else(say::list_scheme)?;
        match self.ask(&place).await {
            Ok(Some(list)) => Ok(list),
            Ok(None) | Err(LdapError::NoBase) => Err(say::list_not_there()),
            Err(LdapError::Net(why)) => Err(why),
            Err(_) => Err(say::list_scheme()),
        }
    }

    async fn ask(&self, place: &Place) -> Result<Option<Vec<u8>>, LdapError> {
        let end = Instant::now() + Duration::from_secs(LDAP_LIST_SECONDS);
        let mut connection = Connection::open(&place.server, &*self.upstreams, None, end)
            .await?
            .taking(LDAP_LIST_MAX);
        let attributes = [place.attribute.as_str()];
        let search = Search {
            base: &place.base,
            filter: &place.filter,
            attributes: &attributes,
            most: 1,
            seconds: LDAP_LIST_SECONDS as u32,
        };
        let mut results = [None];
        let searched = connection.search(&[search], &mut results).await;
        connection.close().await;
        searched?;
        let [found] = results;
        let found = found.unwrap_or(Err(LdapError::Cut))?;
        let list = found.entries.iter().find_map(|entry| entry.values(&place.attribute).next());
        Ok(list.map(<[u8]>::to_vec))
    }
}

/// What a URL names.
#[derive(PartialEq, Eq, Debug)]
struct Place {
    server: Server,
    base: String,
    attribute: String,
    filter: Filter,
}

impl Place {
    /// `ldap://host[:port]/dn?attribute?scope?filter`: the first attribute, and a filter of one equality.
    fn parse(url: &str) -> Option<Self> {
        let (tls, rest, port) = match url.split_once("://")? {
            ("ldap", rest) => (ServerTls::Plain, rest, 389),
            ("ldaps", rest) => (ServerTls::Implicit, rest, 636),
            _ => return None,
        };
        let (authority, path) = rest.split_once('/')?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, given)) => (host, given.parse().ok()?),
            None => (authority, port),
        };
        let mut parts = path.split('?');
        let base = decoded(parts.next()?)?;
        let attribute = parts.next().and_then(|list| list.split(',').next()).filter(|a| !a.is_empty());
        let filter = parts.nth(1).and_then(decoded);
        let filter = filter.as_deref().map(|f| f.trim_start_matches('(').trim_end_matches(')'));
        let (kind, value) = filter.and_then(|f| f.split_once('=')).unwrap_or(("objectClass", "pkiCA"));
        Some(Self {
            server: Server {
                host: host.to_owned(),
                port,
                tls,
                terms: Terms::default(),
            },
            base: Some(base).filter(|b| !b.is_empty())?,
            attribute: attribute.unwrap_or("certificateRevocationList;binary").to_owned(),
            filter: Filter::Equal(kind.to_owned(), value.to_owned()),
        })
    }
}

/// Percent-encoding undone (RFC 3986 §2.1).
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_urls_name() {
        let said = |url: &str| {
            let place = Place::parse(url)?;
            Some((place.server.host, place.server.port, place.base, place.attribute, place.filter))
        };
        let equal = |kind: &str, value: &str| Filter::Equal(kind.to_owned(), value.to_owned());
        let igc = "ldap://annuaire-igc.esante.gouv.fr/CN=AC%20IGC-SANTE,O=ASIP-SANTE,C=FR?certificaterevocationlist;binary?base?objectclass=pkiCa";
        assert_eq!(
            said(igc),
            Some((
                "annuaire-igc.esante.gouv.fr".to_owned(),
                389,
                "CN=AC IGC-SANTE,O=ASIP-SANTE,C=FR".to_owned(),
                "certificaterevocationlist;binary".to_owned(),
                equal("objectclass", "pkiCa")
            ))
        );
        let bare = said("ldaps://h:700/o=x").unwrap();
        assert_eq!(
            (bare.1, bare.3.as_str(), bare.4),
            (700, "certificateRevocationList;binary", equal("objectClass", "pkiCA"))
        );
        for url in [
            "ldap://h",
            "ldap://h/",
            "ldap://h/%zz",
            "http://h/o=x",
            "ldap://h:x/o=x",
            "ldap://h/%ff",
        ] {
            assert_eq!(said(url), None, "{url}");
        }
    }
}
