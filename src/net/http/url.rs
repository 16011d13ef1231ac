//! `http:` and `https:` URLs (RFC 9110 §4.2), as far as a client needs them.

use crate::config::{Server, ServerTls, Terms};
use hyper::Uri;
use std::collections::BTreeSet;
use std::fmt;

/// A URL that can be asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Url {
    text: String,
    host: String,
    port: u16,
    secure: bool,
    target: String,
}

impl Url {
    /// `None`: another scheme, no host, a user's name before it, or a character that does not belong there.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let target = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        Some(Self {
            text: text.to_owned(),
            host,
            port,
            secure,
            target,
        })
    }

    /// Where a Location leads from here: a whole URL, or a path from the root. From TLS it never leads out of it: what is believed for
    /// the sake of its server would come from anybody (RFC 9110 §17.1).
    pub(super) fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            let scheme = if self.secure { "https" } else { "http" };
            return Self::parse(&format!("{scheme}://{}{location}", self.authority()));
        }
        Self::parse(location).filter(|next| next.secure || !self.secure)
    }

    /// Host name or address, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Path and query.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Host, and port where it is not the usual one.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    pub(super) fn server(&self) -> Server {
        Server {
            host: self.host.clone(),
            port: self.port,
            tls: if self.secure { ServerTls::Implicit } else { ServerTls::Plain },
            terms: Terms::default(),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Hosts that may be contacted, in lower case. Nobody else's are, whatever a message or a server says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts(BTreeSet<String>);

impl Hosts {
    /// Whether this host is one of them.
    pub fn allow(&self, host: &str) -> bool {
        self.0.contains(host)
    }
}

impl<S: AsRef<str>> FromIterator<S> for Hosts {
    fn from_iter<I: IntoIterator<Item = S>>(hosts: I) -> Self {
        Self(
            hosts
                .into_iter()
                .map(|h| h.as_ref().trim_end_matches('.').to_ascii_lowercase())
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked() {
        for (text, expected) in [
            (
                "http://Igc-Sante.esante.gouv.fr/CRL/a%20b.crl?x",
                Some(("igc-sante.esante.gouv.fr", 80, "/CRL/a%20b.crl?x")),
            ),
            ("https://h", Some(("h", 443, "/"))),
            ("http://127.0.0.1:8080/x", Some(("127.0.0.1", 8080, "/x"))),
            ("http://[::1]:81/", Some(("::1", 81, "/"))),
            ("http://good.test@evil.test/", None),
            ("http://h/a b", None),
            ("ldap://h/cn=x", None),
            ("file:///etc/passwd", None),
            ("/x", None),
            ("", None),
            ("http:///x", None),
        ] {
            let url = Url::parse(text);
            let found = url.as_ref().map(|u| (u.host(), u.port, u.target()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn where_a_redirect_leads() {
        let from = Url::parse("http://h:81/a/b").unwrap();
        for (location, expected) in [
            ("/c", Some("http://h:81/c")),
            ("https://other/x", Some("https://other/x")),
            ("//other/x", None),
            ("c", None),
        ] {
            assert_eq!(from.join(location).as_ref().map(Url::as_str), expected, "{location}");
        }
        let secure = Url::parse("https://h/a").unwrap();
        assert!(secure.join("http://h/b").is_none(), "out of TLS");
        assert!(secure.join("https://h/b").is_some());
    }

    #[test]
    fn hosts_are_compared_whole() {
        let hosts: Hosts = ["Crl.lab.test."].into_iter().collect();
        assert!(hosts.allow("crl.lab.test"));
        assert!(!hosts.allow("x.crl.lab.test") && !hosts.allow("lab.test"));
    }
}
