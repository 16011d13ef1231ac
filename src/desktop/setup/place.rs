//! Where an account stands in Thunderbird's settings, and what these are to say for it to go through the relay.

use super::Told;
use super::prefs::{Prefs, quoted};
use crate::config::ListenTls;
use std::net::SocketAddr;

/// What Thunderbird means by "normal password".
const PASSWORD: &str = "3";
/// The list of outgoing servers.
pub(super) const SERVERS: &str = "mail.smtpservers";

/// One account in the settings of a profile.
pub(super) struct Place<'a> {
    prefs: &'a Prefs,
    told: &'a Told,
    /// `mail.server.serverN`
    server: String,
    /// All of its own, aliases too, and those of its address wherever they are: a reply quotes what was opened, whoever it is from.
    identities: Vec<String>,
}

/// Which way an account's letters go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Direct,
    Half,
    Here,
}

impl<'a> Place<'a> {
    /// The IMAP account of the address: the one whose first identity has it, else one that has it as an alias.
    pub(super) fn find(prefs: &'a Prefs, told: &'a Told) -> Option<Self> {
        let address = told.address.as_str();
        let accounts = listed(prefs, "mail.accountmanager.accounts");
        let accounts = accounts.iter().filter_map(|account| imap(prefs, account));
        let accounts: Vec<(String, Vec<String>)> = accounts.collect();
        let by_first = accounts
            .iter()
            .find(|(_, ids)| ids.first().is_some_and(|id| has(prefs, id, address)));
        let by_any = || accounts.iter().find(|(_, ids)| ids.iter().any(|id| has(prefs, id, address)));
        let (server, own) = by_first.or_else(by_any)?.clone();
        let mut identities = own;
        for id in everywhere(prefs).into_iter().filter(|id| has(prefs, id, address)) {
            if !identities.contains(&id) {
                identities.push(id);
            }
        }
        Some(Self {
            prefs,
            told,
            server,
            identities,
        })
    }

    /// Where it reads, and by which server each identity sends.
    pub(super) fn way(&self) -> Way {
        let reads_here = is_at(self.prefs, &self.server, self.told.imap);
        let here = self.identities.iter().filter(|id| self.sends_here(id)).count();
        match (reads_here, here) {
            (true, here) if here == self.identities.len() => Way::Here,
            (false, 0) => Way::Direct,
            _ => Way::Half,
        }
    }

    /// What its settings are to be; `known`: an outgoing server that was added before. No other account's settings are touched.
    pub(super) fn wanted(&self, known: Option<&str>) -> Vec<(String, String)> {
        let mut wanted = Vec::new();
        let mut want = |name: String, value: String| wanted.push((name, value));
        let security = match self.told.tls {
            ListenTls::StartTls => "2",
            ListenTls::Implicit => "3",
        };
        let server = &self.server;
        want(format!("{server}.hostname"), quoted(&self.told.imap.ip().to_string()));
        want(format!("{server}.port"), self.told.imap.port().to_string());
        want(format!("{server}.socketType"), security.to_owned());
        want(format!("{server}.authMethod"), PASSWORD.to_owned());
        want(format!("{server}.userName"), quoted(&self.told.login));
        for (name, value) in self.folders() {
            want(name, value);
        }
        let (key, all) = self.outgoing(known);
        let smtp = format!("mail.smtpserver.{key}");
        want(SERVERS.to_owned(), quoted(&all));
        want(format!("{smtp}.description"), quoted("Souspli"));
        want(format!("{smtp}.hostname"), quoted(&self.told.smtp.ip().to_string()));
        want(format!("{smtp}.port"), self.told.smtp.port().to_string());
        want(format!("{smtp}.try_ssl"), security.to_owned());
        want(format!("{smtp}.authMethod"), PASSWORD.to_owned());
        want(format!("{smtp}.username"), quoted(&self.told.login));
        // One that goes through Souspli in another account's name stays as it is.
        for identity in self.identities.iter().filter(|id| !self.sends_here(id)) {
            want(format!("{identity}.smtpServer"), quoted(&key));
        }
        wanted
    }

    /// Settings that name folders of this server (`imap://user@host/Sent`), with the host that they are at from now on.
    fn folders(&self) -> Vec<(String, String)> {
        let of = |what: &str| self.prefs.text_of(&format!("{}.{what}", self.server)).unwrap_or_default();
        let (user, host) = (of("userName"), of("hostname"));
        let old = format!("imap://{}@{host}", encoded(&user));
        let new = format!("imap://{}@{}", encoded(&self.told.login), self.told.imap.ip());
        let mut all = Vec::new();
        for name in self.prefs.under("").into_keys().filter(|name| name.starts_with("mail.")) {
            let Some(value) = self.prefs.text_of(name) else { continue };
            if let Some(rest) = value.strip_prefix(&old).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                all.push((name.to_owned(), quoted(&format!("{new}{rest}"))));
            }
        }
        all
    }

    /// The key of the outgoing server, one that no other has, and the list with it.
    fn outgoing(&self, known: Option<&str>) -> (String, String) {
        let all = self.prefs.text_of(SERVERS).unwrap_or_default();
        let keys = listed(self.prefs, SERVERS);
        if let Some(key) = known.filter(|known| keys.iter().any(|key| key == known)) {
            return (key.to_owned(), all);
        }
        let taken = self.prefs.under("mail.smtpserver.");
        let is_free = |key: &String| !keys.contains(key) && !taken.keys().any(|name| name.split('.').next() == Some(key));
        let key = (1..).map(|n| format!("souspli{n}")).find(is_free).unwrap_or_default();
        let all = if all.is_empty() { key.clone() } else { format!("{all},{key}") };
        (key, all)
    }

    /// By its own server, else by the one that counts for all, as Thunderbird chooses it: a server that is not listed is none.
    fn sends_here(&self, identity: &str) -> bool {
        let keys = listed(self.prefs, SERVERS);
        let named = |name: &str| self.prefs.text_of(name).filter(|key| keys.contains(key));
        let key = named(&format!("{identity}.smtpServer"))
            .or_else(|| named("mail.smtp.defaultserver"))
            .or_else(|| keys.first().cloned());
        key.is_some_and(|key| is_at(self.prefs, &format!("mail.smtpserver.{key}"), self.told.smtp))
    }
}

/// What a list names.
pub(super) fn listed(prefs: &Prefs, name: &str) -> Vec<String> {
    let all = prefs.text_of(name).unwrap_or_default();
    let keys = all.split(',').map(str::trim).filter(|key| !key.is_empty());
    keys.map(str::to_owned).collect()
}

/// Server and identities of an account, if it reads over IMAP.
fn imap(prefs: &Prefs, account: &str) -> Option<(String, Vec<String>)> {
    let server = format!("mail.server.{}", prefs.text_of(&format!("mail.account.{account}.server"))?);
    let identities = listed(prefs, &format!("mail.account.{account}.identities"));
    let identities = identities.iter().map(|id| format!("mail.identity.{id}")).collect();
    (prefs.text_of(&format!("{server}.type")).as_deref() == Some("imap")).then_some((server, identities))
}

/// Every identity of the profile.
fn everywhere(prefs: &Prefs) -> Vec<String> {
    let names = prefs.under("mail.identity.").into_keys();
    let names = names.filter_map(|name| name.strip_suffix(".useremail"));
    names.map(|id| format!("mail.identity.{id}")).collect()
}

fn has(prefs: &Prefs, identity: &str, address: &str) -> bool {
    let known = prefs.text_of(&format!("{identity}.useremail"));
    known.is_some_and(|known| known.trim().eq_ignore_ascii_case(address))
}

fn is_at(prefs: &Prefs, server: &str, door: SocketAddr) -> bool {
    let port = prefs.raw(&format!("{server}.port")).and_then(|port| port.parse().ok());
    prefs.text_of(&format!("{server}.hostname")) == Some(door.ip().to_string()) && port == Some(door.port())
}

/// A user's name in a folder's URI, as Thunderbird escapes it.
fn encoded(text: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~".contains(&octet);
    text.bytes().fold(String::new(), |mut out, octet| {
        match plain(octet) {
            true => out.push(char::from(octet)),
            false => out.push_str(&format!("%{octet:02X}")),
        }
        out
    })
}
