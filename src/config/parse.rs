//! The grammar of `souspli.toml` and of the machine policy: text in, a checked value or every fault out. Reads no file.

use super::fault::{Fault, FaultKind};
use super::ldap;
use super::model::*;
use super::reader::{At, Faults, Section};
use super::{card, dashboard, defaults, desktop, journal, revocation};
use crate::base::limits::TAG_CHARS_MAX;
use crate::base::{Address, Domain, Realm};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use toml::de::DeTable;

/// Reads a configuration file. Paths stay as written; no account is no fault here (see `load`).
pub fn parse(text: &str) -> Result<Config, Vec<Fault>> {
    parse_with(text, &Defaults::default())
}

/// The same, on a machine that says something for those who say nothing.
pub fn parse_with(text: &str, machine: &Defaults) -> Result<Config, Vec<Fault>> {
    read(text, |root, faults| {
        let listen = root.table("listen", faults);
        let upstream = root.table("upstream", faults);
        let upstream = upstream.map(|s| read_upstream(s, faults)).unwrap_or_default();
        let accounts = root.tables("account", faults);
        let directories = root.tables("directory", faults);
        let policy = root.table("policy", faults);
        let mssante = root.table("mssante", faults);
        let mssante = mssante.map(|s| read_mssante(s, faults)).unwrap_or_default();
        let trust = root.table("trust", faults);
        let trust = trust.map(|s| read_trust(s, faults)).unwrap_or_default();
        let revocation = root.table("revocation", faults);
        let keys = root.table("keys", faults);
        let card = root.table("card", faults);
        let journal = root.table("journal", faults);
        let page = root.table("dashboard", faults);
        let desk = root.table("desktop", faults);
        let line = listen.as_ref().map_or(0, Section::line);
        let listen = listen.map(|s| read_listen(s, faults)).unwrap_or_default();
        let accounts = read_accounts(accounts, &mssante, machine, faults);
        let served = accounts.is_empty() || accounts.iter().any(|account| account.pop3.is_some());
        if listen.pop3.is_some() && !served && faults.is_empty() {
            faults.add(line, FaultKind::NoPop3Server);
        }
        Config {
            listen,
            upstream_authorities: upstream.authorities,
            upstream_silence: upstream.silence,
            accounts,
            directories: ldap::read(directories, faults),
            policy: policy
                .map(|s| read_policy(s, faults))
                .unwrap_or_default()
                .applied_to(Policy::default()),
            mssante,
            trust,
            revocation: revocation.map(|s| revocation::read(s, faults)).unwrap_or_default(),
            keys: keys.map(|s| read_keys(s, faults)).unwrap_or_default(),
            card: card.map(|s| card::read(s, faults)).unwrap_or_default(),
            journal: journal.map(|s| journal::read(s, faults)).unwrap_or_default(),
            dashboard: dashboard::read(page, machine.language, faults),
            desktop: desk.map(|s| desktop::read(s, faults)).unwrap_or_default(),
        }
    })
}

/// Reads a machine policy: a file with the tables `[policy]` and `[defaults]` and nothing else.
pub fn parse_machine(text: &str) -> Result<(PolicyRules, Defaults), Vec<Fault>> {
    read(text, |root, faults| {
        let policy = root.table("policy", faults).map(|s| read_policy(s, faults));
        let defaults = root.table("defaults", faults).map(|s| defaults::read(s, faults));
        (policy.unwrap_or_default(), defaults.unwrap_or_default())
    })
}

/// True for names and addresses that stay on this machine.
pub fn is_loopback_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn read<T>(text: &str, build: impl FnOnce(&mut Section<'_, '_>, &mut Faults) -> T) -> Result<T, Vec<Fault>> {
    let mut faults = Faults::of(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let line = error.span().map_or(0, |span| faults.line(&span));
            // What follows on the same line follows from the first.
            if !faults.has(line) {
                faults.add(line, FaultKind::Syntax(error.message().to_owned()));
            }
        }
        // What was recovered from broken TOML would be blamed for faults that are not its own.
        return Err(faults.into_sorted());
    }
    let mut root = Section::new("", 0, document.get_ref());
    let value = build(&mut root, &mut faults);
    root.finish(&mut faults);
    if faults.is_empty() { Ok(value) } else { Err(faults.into_sorted()) }
}

fn read_listen(mut section: Section<'_, '_>, faults: &mut Faults) -> Listen {
    let default = Listen::default();
    let smtp = read_listener(&mut section, "smtp", default.smtp, faults);
    let imap = read_listener(&mut section, "imap", default.imap, faults);
    let pop3 = read_listener(&mut section, "pop3", default.pop3, faults);
    let words = [("starttls", ListenTls::StartTls), ("implicit", ListenTls::Implicit)];
    let tls = section.choice("tls", &words, faults).unwrap_or_default();
    let doors = [("smtp", smtp), ("imap", imap), ("pop3", pop3)];
    for (at, (key, place)) in doors.iter().enumerate() {
        let taken = place.filter(|place| place.port() != 0).filter(|place| {
            let others = doors.iter().take(at);
            others.into_iter().any(|(_, other)| *other == Some(*place))
        });
        if let Some(place) = taken {
            let first = doors.iter().find(|(_, other)| *other == Some(place)).map_or(*key, |(key, _)| key);
            // Where one of them is not written, it is the other that was.
            let line = section.line_of(key, faults).or_else(|| section.line_of(first, faults));
            let given = place.to_string();
            faults.add(line.unwrap_or(section.line()), FaultKind::SameListen { given });
            break;
        }
    }
    section.finish(faults);
    Listen { smtp, imap, pop3, tls }
}

pub(super) fn read_listener(
    section: &mut Section<'_, '_>,
    key: &'static str,
    default: Option<SocketAddr>,
    faults: &mut Faults,
) -> Option<SocketAddr> {
    let Some(At { value, line }) = section.text(key, faults) else {
        return default;
    };
    if value == "off" {
        return None;
    }
    let (key, given) = (section.path(key), value.to_owned());
    match value.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => return Some(address),
        Ok(_) => faults.add(line, FaultKind::NotLoopback { key, given }),
        Err(_) => faults.add(line, FaultKind::BadListen { key, given }),
    }
    default
}

#[derive(Default)]
struct Upstream {
    authorities: Vec<PathBuf>,
    silence: Option<u64>,
}

fn read_upstream(mut section: Section<'_, '_>, faults: &mut Faults) -> Upstream {
    let authorities = read_paths(&mut section, "authorities", faults);
    let silence = section.number("silence_seconds", faults).and_then(|at| read_silence(at, faults));
    section.finish(faults);
    Upstream { authorities, silence }
}

fn read_paths(section: &mut Section<'_, '_>, key: &'static str, faults: &mut Faults) -> Vec<PathBuf> {
    let given = section.texts(key, faults).unwrap_or_default();
    given.into_iter().map(|at| read_path(section.path(key), at, faults)).collect()
}

fn read_path(key: String, At { value, line }: At<&str>, faults: &mut Faults) -> PathBuf {
    if value.trim().is_empty() {
        faults.add(line, FaultKind::EmptyPath { key });
    }
    PathBuf::from(value)
}

fn read_mssante(mut section: Section<'_, '_>, faults: &mut Faults) -> Mssante {
    let authorities = read_paths(&mut section, "authorities", faults);
    let applicative = section.texts("applicative", faults).unwrap_or_default();
    let applicative = applicative.into_iter().filter_map(|at| read_correspondents(at, faults)).collect();
    let hosts = section.texts("hosts", faults).unwrap_or_default();
    let hosts = hosts.into_iter().filter_map(|at| read_domain(at, faults)).collect();
    let whitelist = section.text("whitelist", faults).and_then(|at| read_secure_url(at, faults));
    section.finish(faults);
    Mssante {
        authorities,
        applicative,
        hosts,
        whitelist,
    }
}

fn read_trust(mut section: Section<'_, '_>, faults: &mut Faults) -> TrustRules {
    let realms = [Realm::Production, Realm::Test].map(|realm| (realm.as_str(), realm));
    let environment = section.choice("environment", &realms, faults).unwrap_or_default();
    section.finish(faults);
    TrustRules { environment }
}

fn read_keys(mut section: Section<'_, '_>, faults: &mut Faults) -> KeyRules {
    let default = KeyRules::default().remember_days;
    let days = ldap::read_number(&mut section, "remember_days", 0..=3650, i64::from(default), faults);
    section.finish(faults);
    KeyRules {
        remember_days: u32::try_from(days).unwrap_or(default),
    }
}

fn read_silence(at: At<(String, Option<i64>)>, faults: &mut Faults) -> Option<u64> {
    let (given, number) = at.value;
    let seconds = number.and_then(|n| u64::try_from(n).ok()).filter(|n| (1..=600).contains(n));
    if seconds.is_none() {
        faults.add(at.line, FaultKind::BadSilence { given });
    }
    seconds
}

fn read_accounts(sections: Vec<Section<'_, '_>>, mssante: &Mssante, machine: &Defaults, faults: &mut Faults) -> Vec<Account> {
    let mut accounts: Vec<At<Account>> = Vec::new();
    for section in sections {
        let line = section.line();
        let Some(account) = read_account(section, machine, faults) else {
            continue;
        };
        if let Some(first) = accounts.iter().find(|a| a.value.address == account.address) {
            let kind = FaultKind::SameAddress {
                given: account.address.to_string(),
                first: first.line,
            };
            faults.add(line, kind);
        } else if let Some(first) = accounts.iter().find(|a| a.value.login.eq_ignore_ascii_case(&account.login)) {
            faults.add(line, FaultKind::SameLogin { first: first.line });
        }
        accounts.push(At { value: account, line });
    }
    space::check(&accounts, mssante, faults);
    accounts.into_iter().map(|at| space::with_terms(at.value)).collect()
}

/// In clear anybody on the way could say who is inside.
fn read_secure_url(At { value, line }: At<&str>, faults: &mut Faults) -> Option<String> {
    let host = value.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain = |host: &&str| !host.is_empty() && !host.contains('@') && value.bytes().all(|b| b.is_ascii_graphic());
    if host.filter(plain).is_none() {
        faults.add(line, FaultKind::BadSecureUrl { given: value.to_owned() });
        return None;
    }
    Some(value.to_owned())
}

/// In place of the name of a file: the certificate is on the card. A file of this name is `./card`.
const CARD: &str = "card";

/// Every key is looked at before the account is given up, so that all its faults are told at once.
fn read_account(mut section: Section<'_, '_>, machine: &Defaults, faults: &mut Faults) -> Option<Account> {
    let address = section.required("address", faults).and_then(|at| read_address(at, faults));
    let login = section.text("login", faults);
    if let Some(At { value, line }) = login
        && (value.is_empty() || value.contains(char::is_control))
    {
        faults.add(line, FaultKind::BadLogin);
    }
    let channel = section
        .choice("channel", &Channel::WORDS, faults)
        .or(machine.channel)
        .unwrap_or_default();
    let always_sign = section.switch("always_sign", faults).unwrap_or(false);
    let always_encrypt = section.switch("always_encrypt", faults).unwrap_or(false);
    // Whoever reads over POP3 needs no IMAP server.
    let needs_imap = !section.has("pop3");
    let smtp = read_server_or("smtp", machine.smtp.as_ref(), true, &mut section, faults);
    let imap = read_server_or(
        "imap",
        machine.imap.as_ref().filter(|_| needs_imap),
        needs_imap,
        &mut section,
        faults,
    );
    let pop3 = section.table("pop3", faults).and_then(|s| read_server(s, faults));
    let mssante_via = section.text("mssante_via", faults).and_then(|at| read_address(at, faults));
    let token_command = read_command(&mut section, faults);
    let client_certificate = section.text("client_certificate", faults);
    let client_certificate = client_certificate.map(|at| match at.value {
        CARD => ClientCertificate::Card,
        _ => ClientCertificate::File(read_path(section.path("client_certificate"), at, faults)),
    });
    let held = read_held(&mut section, faults);
    section.finish(faults);
    let address = address?;
    let login = login.map_or_else(|| address.as_str().to_owned(), |at| at.value.to_owned());
    Some(Account {
        address,
        login,
        channel,
        smtp: smtp?,
        imap,
        pop3,
        always_sign,
        always_encrypt,
        mssante_via,
        token_command,
        client_certificate,
        held,
    })
}

/// An account is one's own, or somebody else's.
fn read_held(section: &mut Section<'_, '_>, faults: &mut Faults) -> Option<HeldAt> {
    let own = section.text("held", faults);
    let own = own.map(|at| HeldAt::Own(read_path(section.path("held"), at, faults)));
    let delegated = section.text("delegated", faults);
    if own.is_some() && delegated.is_some() {
        faults.add(section.line(), FaultKind::HeldAndDelegated);
    }
    let delegated = delegated.map(|at| HeldAt::Delegated(read_path(section.path("delegated"), at, faults)));
    delegated.or(own)
}

/// A program and its arguments, run without a shell.
fn read_command(section: &mut Section<'_, '_>, faults: &mut Faults) -> Vec<String> {
    let Some(words) = section.texts("token_command", faults) else {
        return Vec::new();
    };
    if words.first().is_none_or(|first| first.value.trim().is_empty()) {
        let line = words.first().map_or(section.line(), |first| first.line);
        let key = section.path("token_command");
        faults.add(line, FaultKind::EmptyCommand { key });
    }
    words.into_iter().map(|at| at.value.to_owned()).collect()
}

fn read_address(At { value, line }: At<&str>, faults: &mut Faults) -> Option<Address> {
    Address::parse(value)
        .map_err(|why| {
            faults.add(
                line,
                FaultKind::BadAddress {
                    given: value.to_owned(),
                    why,
                },
            )
        })
        .ok()
}

/// The server that the account says; else the machine's.
fn read_server_or(
    key: &'static str,
    machine: Option<&Server>,
    required: bool,
    section: &mut Section<'_, '_>,
    faults: &mut Faults,
) -> Option<Server> {
    if section.has(key) {
        return section.table(key, faults).and_then(|s| read_server(s, faults));
    }
    if required && machine.is_none() {
        section.require(key, faults);
    }
    // Known, even where it is not there: what else could be meant is told by its name.
    section.table(key, faults);
    machine.cloned()
}

fn read_server(mut section: Section<'_, '_>, faults: &mut Faults) -> Option<Server> {
    let host = section.required("host", faults).and_then(|at| read_host(at, faults));
    section.require("port", faults);
    let port = section.number("port", faults).and_then(|at| read_port(at, faults));
    section.require("tls", faults);
    let tls = section.choice("tls", &ServerTls::WORDS, faults);
    let line = section.line();
    section.finish(faults);
    let (host, port, tls) = (host?, port?, tls?);
    refuse_plain(tls, &host, line, faults);
    Some(Server {
        host,
        port,
        tls,
        terms: Terms::default(),
    })
}

/// Passwords and letters cross no network in clear.
pub(super) fn refuse_plain(tls: ServerTls, host: &str, line: usize, faults: &mut Faults) {
    if tls == ServerTls::Plain && !is_loopback_host(host) {
        faults.add(line, FaultKind::PlainUpstream { host: host.to_owned() });
    }
}

/// A host name or an IP address.
pub fn is_host(value: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '-' || c == '.' || c == '_';
    let labels = || {
        value
            .strip_suffix('.')
            .unwrap_or(value)
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63)
    };
    value.parse::<IpAddr>().is_ok() || (value.len() <= 253 && value.chars().all(name) && labels())
}

pub(super) fn read_host(At { value, line }: At<&str>, faults: &mut Faults) -> Option<String> {
    if is_host(value) {
        return Some(value.to_owned());
    }
    faults.add(line, FaultKind::BadHost { given: value.to_owned() });
    None
}

pub(super) fn read_port(at: At<(String, Option<i64>)>, faults: &mut Faults) -> Option<u16> {
    let (given, number) = at.value;
    let port = number.and_then(|n| u16::try_from(n).ok()).filter(|port| *port != 0);
    if port.is_none() {
        faults.add(at.line, FaultKind::BadPort { given });
    }
    port
}

fn read_policy(mut section: Section<'_, '_>, faults: &mut Faults) -> PolicyRules {
    let tag = section.text("tag", faults);
    let tag = tag.and_then(|at| read_tag(at, faults));
    let domains = section.texts("domains", faults);
    let domains = domains.map(|list| list.into_iter().filter_map(|at| read_domain(at, faults)).collect());
    let readers = section.texts("reads_gcm", faults);
    let reads_gcm = readers.map(|list| list.into_iter().filter_map(|at| read_correspondents(at, faults)).collect());
    let missing = [("refuse", MissingCertificate::Refuse), ("partial", MissingCertificate::Partial)];
    let missing_certificate = section.choice("missing_certificate", &missing, faults);
    let glued = [("secure", GluedTag::Secure), ("refuse", GluedTag::Refuse)];
    let glued_tag = section.choice("glued_tag", &glued, faults);
    let mssante_requires_certificate = section.switch("mssante_requires_certificate", faults);
    let mssante_notice = section.switch("mssante_notice", faults);
    let recognise_letters = section.switch("recognise_letters", faults);
    let protect_subject = section.switch("protect_subject", faults);
    let search_index = section.switch("search_index", faults);
    let harvest = section.switch("harvest", faults);
    let card_for_each_reading = section.switch("card_for_each_reading", faults);
    let banner = section.choice("banner", &[("text", BannerMode::Text), ("headers", BannerMode::Headers)], faults);
    section.finish(faults);
    PolicyRules {
        tag,
        domains,
        reads_gcm,
        missing_certificate,
        glued_tag,
        mssante_requires_certificate,
        mssante_notice,
        recognise_letters,
        protect_subject,
        search_index,
        harvest,
        card_for_each_reading,
        banner,
    }
}

/// An address, or a domain as in `domains`.
fn read_correspondents(at: At<&str>, faults: &mut Faults) -> Option<Correspondents> {
    match at.value.trim_start_matches('@').contains('@') {
        true => read_address(at, faults).map(Correspondents::One),
        false => read_domain(at, faults).map(Correspondents::Within),
    }
}

fn read_domain(At { value, line }: At<&str>, faults: &mut Faults) -> Option<Domain> {
    Domain::parse(value)
        .map_err(|_| faults.add(line, FaultKind::BadDomain { given: value.to_owned() }))
        .ok()
}

/// A tag that a doctor can see and type: otherwise every message would have it, or none could.
fn read_tag(At { value, line }: At<&str>, faults: &mut Faults) -> Option<String> {
    let fault = if value.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        FaultKind::EmptyTag
    } else if value.contains(|c: char| c.is_whitespace() || is_invisible(c)) {
        FaultKind::TagCharacter
    } else if value.chars().count() > TAG_CHARS_MAX {
        FaultKind::LongTag
    } else {
        return Some(value.to_owned());
    };
    faults.add(line, fault);
    None
}

/// Controls and the format characters that no font draws (Unicode categories Cc and the common Cf).
fn is_invisible(c: char) -> bool {
    let marks = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
    );
    let ranges = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}');
    c.is_control() || marks || ranges
}

mod space;

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
