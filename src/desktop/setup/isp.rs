//! The account as Thunderbird's own set-up reads it (`isp/DOMAIN.xml` in its program folder), for who sets up many computers.

use super::Told;
use crate::config::ListenTls;
use maud::{PreEscaped, html};

/// The document; its file is to be named by the domain of the address.
pub fn document(told: &Told) -> String {
    let socket = match told.tls {
        ListenTls::StartTls => "STARTTLS",
        ListenTls::Implicit => "SSL",
    };
    let domain = told.address.domain().as_str();
    let login = if told.login == told.address.as_str() {
        "%EMAILADDRESS%"
    } else {
        told.login.as_str()
    };
    let body = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        clientConfig version="1.1" {
            emailProvider id=(domain) {
                domain { (domain) }
                displayName { "Souspli" }
                incomingServer type="imap" {
                    hostname { (told.imap.ip()) }
                    port { (told.imap.port()) }
                    socketType { (socket) }
                    username { (login) }
                    authentication { "password-cleartext" }
                }
                outgoingServer type="smtp" {
                    hostname { (told.smtp.ip()) }
                    port { (told.smtp.port()) }
                    socketType { (socket) }
                    username { (login) }
                    authentication { "password-cleartext" }
                }
            }
        }
    };
    body.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Address;
    use crate::config::autoconfig::parse;

    #[test]
    fn our_own_reader_reads_it() {
        let address = Address::parse("zoe@b.fr").unwrap();
        let told = Told {
            address: address.clone(),
            login: "zoe&<martin>".to_owned(),
            imap: "127.0.0.1:2143".parse().unwrap(),
            smtp: "127.0.0.1:2587".parse().unwrap(),
            tls: ListenTls::StartTls,
        };
        let text = document(&told);
        let found = parse(text.as_bytes(), &address).unwrap();
        assert_eq!(
            found.iter().map(|s| (s.host.as_str(), s.port)).collect::<Vec<_>>(),
            [("127.0.0.1", 2143), ("127.0.0.1", 2587)]
        );
        assert!(text.contains("zoe&amp;&lt;martin&gt;"), "{text}");
    }
}
