//! `[defaults]` of the machine policy: what an account and the dashboard have where their user's file says nothing. A clinic writes its
//! provider once; whoever writes his own servers keeps them.

use super::model::{Channel, Server, ServerTls, Terms};
use super::parse::{read_host, read_port, refuse_plain};
use super::reader::{Faults, Section};
use crate::text::dashboard::Language;

/// What the machine says for those who say nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Defaults {
    /// The provider's submission server.
    pub smtp: Option<Server>,
    /// The provider's IMAP server.
    pub imap: Option<Server>,
    /// What kind of provider it is.
    pub channel: Option<Channel>,
    /// What the dashboard speaks.
    pub language: Option<Language>,
}

/// The names of one server's keys, and its ports: TLS from the first octet, then STARTTLS (RFC 8314 §3.2, §3.3; RFC 3501; RFC 6409).
struct Keys {
    host: &'static str,
    port: &'static str,
    tls: &'static str,
    ports: [u16; 2],
}

const SMTP: Keys = Keys {
    host: "smtp_host",
    port: "smtp_port",
    tls: "smtp_tls",
    ports: [465, 587],
};
const IMAP: Keys = Keys {
    host: "imap_host",
    port: "imap_port",
    tls: "imap_tls",
    ports: [993, 143],
};

impl Defaults {
    /// With what `other` says besides; what both say is as here.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            smtp: self.smtp.or(other.smtp),
            imap: self.imap.or(other.imap),
            channel: self.channel.or(other.channel),
            language: self.language.or(other.language),
        }
    }
}

pub(super) fn read(mut section: Section<'_, '_>, faults: &mut Faults) -> Defaults {
    let smtp = read_server(&mut section, &SMTP, faults);
    let imap = read_server(&mut section, &IMAP, faults);
    let channel = section.choice("channel", &Channel::WORDS, faults);
    let languages = [Language::French, Language::English].map(|language| (language.tag(), language));
    let language = section.choice("language", &languages, faults);
    section.finish(faults);
    Defaults {
        smtp,
        imap,
        channel,
        language,
    }
}

/// Flat keys, so that a value of the registry is one of them. A port or a way of TLS without a host would be nobody's.
fn read_server(section: &mut Section<'_, '_>, keys: &Keys, faults: &mut Faults) -> Option<Server> {
    if section.has(keys.port) || section.has(keys.tls) {
        section.require(keys.host, faults);
    }
    let host = section.text(keys.host, faults);
    let line = host.as_ref().map_or(0, |at| at.line);
    let host = host.and_then(|at| read_host(at, faults));
    let port = section.number(keys.port, faults).map(|at| read_port(at, faults));
    let tls = section.choice(keys.tls, &ServerTls::WORDS, faults).unwrap_or(ServerTls::Implicit);
    let usual = keys.ports[usize::from(tls != ServerTls::Implicit)];
    let (host, port) = (host?, port.unwrap_or(Some(usual))?);
    refuse_plain(tls, &host, line, faults);
    Some(Server {
        host,
        port,
        tls,
        terms: Terms::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse::{parse, parse_machine, parse_with};

    fn defaults(text: &str) -> Result<Defaults, Vec<&'static str>> {
        use crate::text::Explain;
        let read = parse_machine(&format!("[defaults]\n{text}"));
        read.map(|(_, defaults)| defaults)
            .map_err(|faults| faults.iter().map(|fault| fault.explain().code).collect())
    }

    fn server(host: &str, port: u16, tls: ServerTls) -> Option<Server> {
        let terms = Terms::default();
        let host = host.to_owned();
        Some(Server { host, port, tls, terms })
    }

    #[test]
    fn a_host_is_enough_and_its_port_follows_its_tls() {
        let read = defaults("smtp_host = \"s.fr\"\nsmtp_tls = \"starttls\"\nimap_host = \"i.fr\"\n").unwrap();
        assert_eq!(read.smtp, server("s.fr", 587, ServerTls::StartTls));
        assert_eq!(read.imap, server("i.fr", 993, ServerTls::Implicit));
        let read = defaults("smtp_host = \"s.fr\"\nsmtp_port = 2525\nchannel = \"mssante\"\nlanguage = \"en\"\n").unwrap();
        assert_eq!(read.smtp, server("s.fr", 2525, ServerTls::Implicit));
        assert_eq!((read.channel, read.language), (Some(Channel::Mssante), Some(Language::English)));
        assert_eq!(defaults(""), Ok(Defaults::default()));
    }

    #[test]
    fn a_fault_is_told_and_never_left_out() {
        let rows = [
            ("smtp_port = 25\n", "SP-CONFIG-MISSING-KEY"),
            ("smtp_host = \"a b\"\n", "SP-CONFIG-HOST"),
            ("smtp_host = \"s.fr\"\nsmtp_port = 0\n", "SP-CONFIG-PORT"),
            ("smtp_host = \"s.fr\"\nsmtp_tls = \"plain\"\n", "SP-CONFIG-PLAIN"),
            ("channel = \"odd\"\n", "SP-CONFIG-CHOICE"),
            ("language = \"de\"\n", "SP-CONFIG-CHOICE"),
            ("tag = \"#x#\"\n", "SP-CONFIG-UNKNOWN-KEY"),
        ];
        for (text, code) in rows {
            assert_eq!(defaults(text), Err(vec![code]), "{text}");
        }
    }

    #[test]
    fn an_account_has_what_it_does_not_say_from_the_machine() {
        let machine = defaults("smtp_host = \"s.fr\"\nimap_host = \"i.fr\"\nchannel = \"mssante\"\nlanguage = \"en\"\n").unwrap();
        let bare = "[[account]]\naddress = \"a@b.fr\"\n";
        let config = parse_with(bare, &machine).unwrap();
        assert_eq!(config.accounts[0].smtp.host, "s.fr");
        assert_eq!(config.accounts[0].imap.as_ref().map(|s| s.host.as_str()), Some("i.fr"));
        assert_eq!(config.accounts[0].channel, Channel::Mssante);
        // As trusted as the channel asks, like a server that the account writes itself.
        assert_eq!(config.accounts[0].smtp.terms.roots, crate::config::Roots::Space);
        assert_eq!(config.dashboard.language, Language::English);
        let own = "[[account]]\naddress = \"a@b.fr\"\nchannel = \"ordinary\"\nsmtp = { host = \"own.fr\", port = 465, tls = \"implicit\" }\n\
                   [dashboard]\nlanguage = \"fr\"\n";
        let config = parse_with(own, &machine).unwrap();
        assert_eq!(config.accounts[0].smtp.host, "own.fr");
        assert_eq!(config.accounts[0].channel, Channel::Ordinary);
        assert_eq!(config.dashboard.language, Language::French);
        assert!(parse(bare).is_err(), "no server from anywhere");
    }

    #[test]
    fn the_nearer_word_wins_server_by_server() {
        let near = defaults("smtp_host = \"near.fr\"\n").unwrap();
        let far = defaults("smtp_host = \"far.fr\"\nsmtp_port = 26\nimap_host = \"i.fr\"\n").unwrap();
        let both = near.or(far);
        assert_eq!(both.smtp, server("near.fr", 465, ServerTls::Implicit));
        assert_eq!(both.imap, server("i.fr", 993, ServerTls::Implicit));
    }
}
