//! What a provider publishes for mail programs: `config-v1.1.xml` (draft-ietf-mailmaint-autoconfig). Hostile input: only hosts that are
//! names, only TLS, nothing else is kept. A document with a DOCTYPE or an entity of its own is refused.

use super::parse::is_host;
use crate::base::Address;
use crate::base::limits::{AUTOCONFIG_DEPTH_MAX, AUTOCONFIG_FILE_MAX, AUTOCONFIG_SERVERS_MAX, AUTOCONFIG_TEXT_MAX};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A server that is offered to mail programs, in the provider's order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferedServer {
    /// What it is for.
    pub kind: ServerKind,
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS from the first octet, else STARTTLS.
    pub implicit: bool,
    /// What the provider knows the user by.
    pub login: String,
}

/// What a server is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerKind {
    /// `incomingServer type="imap"`.
    Imap,
    /// `outgoingServer type="smtp"`.
    Smtp,
}

/// The document is none, or too large.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no autoconfig document")]
pub struct NotAutoconfig;

/// The servers for `address`; those that speak no TLS, or are not named as hosts are, left out.
pub fn parse(document: &[u8], address: &Address) -> Result<Vec<OfferedServer>, NotAutoconfig> {
    if document.len() as u64 > AUTOCONFIG_FILE_MAX {
        return Err(NotAutoconfig);
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let text = std::str::from_utf8(document).map_err(|_| NotAutoconfig)?;
    let mut reader = Reader::from_str(text);
    let mut reading = Reading::default();
    loop {
        match reader.read_event().map_err(|_| NotAutoconfig)? {
            Event::Start(tag) => reading.begin(&tag)?,
            Event::End(_) => reading.end(address)?,
            Event::Text(text) => reading.take(text.as_ref())?,
            Event::CData(text) => reading.take(text.as_ref())?,
            // Nothing that is asked here has one: a value with an entity in it is no host, no number, no login that is known.
            Event::GeneralRef(_) => reading.take("&")?,
            Event::DocType(_) => return Err(NotAutoconfig),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match reading.open.is_empty() && reading.seen_root {
        true => Ok(reading.servers),
        false => Err(NotAutoconfig),
    }
}

/// Where in the document we are.
#[derive(Default)]
struct Reading {
    open: Vec<String>,
    text: String,
    seen_root: bool,
    server: Option<Raw>,
    servers: Vec<OfferedServer>,
}

/// A server as it is written.
struct Raw {
    kind: ServerKind,
    depth: usize,
    host: String,
    port: String,
    socket: String,
    login: String,
}

impl Reading {
    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), NotAutoconfig> {
        if self.open.len() >= AUTOCONFIG_DEPTH_MAX {
            return Err(NotAutoconfig);
        }
        let name = tag.local_name().as_ref().to_owned();
        self.seen_root |= self.open.is_empty() && name == "clientConfig";
        if let Some(kind) = kind(&name, tag)
            && self.server.is_none()
        {
            self.server = Some(Raw::new(kind, self.open.len()));
        }
        self.open.push(name);
        self.text.clear();
        Ok(())
    }

    fn end(&mut self, address: &Address) -> Result<(), NotAutoconfig> {
        let name = self.open.pop().ok_or(NotAutoconfig)?;
        let text = std::mem::take(&mut self.text);
        let Some(server) = &mut self.server else { return Ok(()) };
        if self.open.len() == server.depth + 1 {
            server.take(&name, text.trim());
        } else if self.open.len() == server.depth {
            let offered = server.offered(address);
            self.server = None;
            self.servers.extend(offered);
            if self.servers.len() > AUTOCONFIG_SERVERS_MAX {
                return Err(NotAutoconfig);
            }
        }
        Ok(())
    }

    fn take(&mut self, text: &str) -> Result<(), NotAutoconfig> {
        if self.server.is_some() {
            self.text.push_str(text);
        }
        match self.text.len() > AUTOCONFIG_TEXT_MAX {
            true => Err(NotAutoconfig),
            false => Ok(()),
        }
    }
}

fn kind(name: &str, tag: &BytesStart<'_>) -> Option<ServerKind> {
    let of_type = |wanted: &str| {
        let mut attributes = tag.attributes().filter_map(Result::ok);
        attributes.any(|attribute| attribute.key.as_ref() == "type" && attribute.value.as_ref() == wanted)
    };
    match name {
        "incomingServer" if of_type("imap") => Some(ServerKind::Imap),
        "outgoingServer" if of_type("smtp") => Some(ServerKind::Smtp),
        _ => None,
    }
}

impl Raw {
    fn new(kind: ServerKind, depth: usize) -> Self {
        Self {
            kind,
            depth,
            host: String::new(),
            port: String::new(),
            socket: String::new(),
            login: String::new(),
        }
    }

    /// The first of each counts.
    fn take(&mut self, name: &str, text: &str) {
        let field = match name {
            "hostname" => &mut self.host,
            "port" => &mut self.port,
            "socketType" => &mut self.socket,
            "username" => &mut self.login,
            _ => return,
        };
        if field.is_empty() {
            field.push_str(text);
        }
    }

    fn offered(&self, address: &Address) -> Option<OfferedServer> {
        let implicit = match self.socket.to_ascii_uppercase().as_str() {
            "SSL" => true,
            "STARTTLS" => false,
            // `plain` is not taken even where a provider offers it.
            _ => return None,
        };
        let filled = |text: &str| {
            text.replace("%EMAILADDRESS%", address.as_str())
                .replace("%EMAILLOCALPART%", address.local())
                .replace("%EMAILDOMAIN%", address.domain().as_str())
        };
        let host = filled(&self.host).to_lowercase();
        let login = filled(&self.login);
        let port = self.port.parse().ok().filter(|port| *port != 0)?;
        let is_login = !login.is_empty() && login.len() <= 254 && !login.contains(|c: char| c.is_control() || "%&<>".contains(c));
        is_host(&host).then_some(OfferedServer {
            kind: self.kind,
            host,
            port,
            implicit,
            login: if is_login { login } else { address.as_str().to_owned() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="b.fr"><domain>b.fr</domain>
<incomingServer type="pop3"><hostname>pop.b.fr</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>Imap.%EMAILDOMAIN%</hostname><port> 993 </port><socketType>SSL</socketType>
<username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
<incomingServer type="imap"><hostname>imap.b.fr</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.b.fr</hostname><port>587</port><socketType>STARTTLS</socketType>
<restriction><hostname>other.b.fr</hostname></restriction><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"#;

    #[test]
    fn servers_in_tls_and_nothing_else() {
        let servers = read(USUAL).unwrap();
        assert_eq!(servers.len(), 2);
        let (imap, smtp) = (&servers[0], &servers[1]);
        assert_eq!(
            (imap.host.as_str(), imap.port, imap.implicit, imap.login.as_str()),
            ("imap.b.fr", 993, true, "zoe")
        );
        assert_eq!(
            (smtp.host.as_str(), smtp.port, smtp.implicit, smtp.login.as_str()),
            ("smtp.b.fr", 587, false, "zoe@b.fr")
        );
    }

    #[test]
    fn what_is_no_document_offers_nothing() {
        let doctype = format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{USUAL}");
        for text in [
            "",
            "hello",
            "<html><body>404</body></html>",
            "<clientConfig>",
            &doctype,
            &"<a>".repeat(1000),
            &USUAL.replace("</clientConfig>", ""),
        ] {
            assert_eq!(read(text), Err(NotAutoconfig), "{text:.40}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_left_out() {
        for host in ["", "a b", "a/b", "a&amp;b", "<b/>x y", "..", "a\u{0}b", "-%X%-"] {
            let found = read(&USUAL.replace("Imap.%EMAILDOMAIN%", host)).unwrap_or_default();
            assert!(found.iter().all(|server| server.kind == ServerKind::Smtp), "{host}: {found:?}");
        }
        assert!(read(&USUAL.replace(" 993 ", "99999")).unwrap().len() == 1);
    }

    fn read(text: &str) -> Result<Vec<OfferedServer>, NotAutoconfig> {
        parse(text.as_bytes(), &Address::parse("zoe@b.fr").unwrap())
    }
}
