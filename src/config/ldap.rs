//! `[[directory]]`: where certificates of colleagues are looked up.

use super::fault::FaultKind;
use super::model::{Server, ServerTls, Terms};
use super::parse::{is_loopback_host, read_host};
use super::reader::{At, Faults, Section};
use crate::base::limits::DIRECTORY_NAME_CHARS_MAX;

/// A directory that speaks LDAP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectoryServer {
    /// As it is called where a certificate of it is shown.
    pub name: String,
    /// Where it is. [`ServerTls::Plain`] to another machine only where the user has said so.
    pub server: Server,
    /// The entry below which is searched.
    pub base: String,
    /// Under which attributes things are found.
    pub attributes: Attributes,
    /// As whom it is asked; `None`: as anybody.
    pub bind: Option<Bind>,
    /// Whether people are sought by name where nobody has the address; the user has to confirm one.
    pub by_name: bool,
    /// Seconds that its answers for one message may take.
    pub timeout: u64,
    /// How long its answers count.
    pub life: Life,
}

/// Attribute descriptions (RFC 4512 §2.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// Addresses.
    pub mail: Vec<String>,
    /// Certificates: DER, or the PKCS#7 of userSMIMECertificate.
    pub certificate: Vec<String>,
    /// First name.
    pub given_name: String,
    /// Name.
    pub surname: String,
    /// Both, as it is shown.
    pub full_name: String,
}

/// A name and where its password is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bind {
    /// The distinguished name.
    pub dn: String,
    /// A program that prints the password, with its arguments; empty: it rests in the home, sealed.
    pub command: Vec<String>,
}

/// How long answers count, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Life {
    /// Certificates, before they are asked again.
    pub fresh: i64,
    /// That there are none.
    pub absent: i64,
    /// Certificates, while the directory does not answer, or nobody writes to their owner.
    pub keep: i64,
}

/// What is usual in some directories; each key can say otherwise.
struct Preset {
    base: &'static str,
    mail: &'static [&'static str],
    certificate: &'static [&'static str],
}

const BINARY: &str = "userCertificate;binary";
const INETORGPERSON: Preset = Preset {
    base: "",
    mail: &["mail"],
    certificate: &[BINARY, "userSMIMECertificate"],
};
/// The directory that published the certificates of card holders (requirements A.9).
const GIP_CPS: Preset = Preset {
    base: "o=gip-cps,c=fr",
    mail: &["mail"],
    certificate: &[BINARY],
};
/// Where IGC-Santé publishes (requirements A.10).
const IGC_SANTE: Preset = Preset {
    base: "ou=IGC-SANTE,ou=0002 187512751,o=ASIP-SANTE,c=FR",
    mail: &["mail"],
    certificate: &[BINARY, "userSMIMECertificate"],
};

const HOUR: i64 = 3600;

/// Reads every section; two directories of one name could not be told apart.
pub(super) fn read(sections: Vec<Section<'_, '_>>, faults: &mut Faults) -> Vec<DirectoryServer> {
    let mut found: Vec<At<DirectoryServer>> = Vec::new();
    for section in sections {
        let line = section.line();
        let Some(value) = read_one(section, faults) else { continue };
        if let Some(first) = found.iter().find(|f| f.value.name == value.name) {
            let (given, first) = (value.name.clone(), first.line);
            faults.add(line, FaultKind::SameDirectory { given, first });
        }
        found.push(At { value, line });
    }
    found.into_iter().map(|at| at.value).collect()
}

fn read_one(mut section: Section<'_, '_>, faults: &mut Faults) -> Option<DirectoryServer> {
    let presets = [("inetorgperson", &INETORGPERSON), ("gip-cps", &GIP_CPS), ("igc-sante", &IGC_SANTE)];
    let preset = section.choice("preset", &presets, faults).unwrap_or(&INETORGPERSON);
    let name = section.required("name", faults).and_then(|at| read_name(at, faults));
    let bind = read_bind(&mut section, faults);
    let server = read_server(&mut section, bind.is_some(), faults);
    let base = match section.text("base", faults) {
        Some(at) => at.value.trim().to_owned(),
        None => preset.base.to_owned(),
    };
    if base.is_empty() {
        section.require("base", faults);
    }
    let attributes = read_attributes(&mut section, preset, faults);
    let by_name = section.switch("by_name", faults).unwrap_or(true);
    let timeout = read_number(&mut section, "timeout_seconds", 1..=60, 8, faults);
    let life = Life {
        fresh: HOUR * read_number(&mut section, "fresh_hours", 1..=720, 24, faults),
        absent: HOUR * read_number(&mut section, "absent_hours", 0..=168, 1, faults),
        keep: 24 * HOUR * read_number(&mut section, "keep_days", 1..=365, 30, faults),
    };
    section.finish(faults);
    Some(DirectoryServer {
        name: name?,
        server: server?,
        base,
        attributes,
        bind,
        by_name,
        timeout: timeout.unsigned_abs(),
        life,
    })
}

/// Shown in tables and in sentences.
fn read_name(At { value, line }: At<&str>, faults: &mut Faults) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || " -_.".contains(c);
    let fits = !value.trim().is_empty() && value.chars().count() <= DIRECTORY_NAME_CHARS_MAX && value.chars().all(plain);
    if !fits {
        faults.add(line, FaultKind::BadDirectoryName { given: value.to_owned() });
    }
    fits.then(|| value.trim().to_owned())
}

fn read_bind(section: &mut Section<'_, '_>, faults: &mut Faults) -> Option<Bind> {
    let dn = section.text("bind_dn", faults).map(|at| at.value.to_owned());
    let command = section.texts("password_command", faults).unwrap_or_default();
    if dn.is_none() && section.has("password_command") {
        section.require("bind_dn", faults);
    }
    Some(Bind {
        dn: dn.filter(|dn| !dn.is_empty())?,
        command: command.into_iter().map(|at| at.value.to_owned()).collect(),
    })
}

/// `ldap://host[:port]` or `ldaps://host[:port]`. In clear, anybody on the way could give another certificate in the place of the
/// colleague's, which its path would catch, and read who is written to, which nothing would.
fn read_server(section: &mut Section<'_, '_>, with_password: bool, faults: &mut Faults) -> Option<Server> {
    let url = section.required("url", faults);
    let starttls = section.switch("starttls", faults).unwrap_or(true);
    let insecure = section.switch("insecure", faults).unwrap_or(false);
    let At { value, line } = url?;
    let Some((tls, host, port)) = split(value, starttls) else {
        faults.add(line, FaultKind::BadDirectoryUrl { given: value.to_owned() });
        return None;
    };
    let host = read_host(At { value: host, line }, faults)?;
    let far = tls == ServerTls::Plain && !is_loopback_host(&host);
    if far && (!insecure || with_password) {
        faults.add(line, FaultKind::ClearDirectory { host: host.clone() });
    }
    Some(Server {
        host,
        port,
        tls,
        terms: Terms::default(),
    })
}

fn split(url: &str, starttls: bool) -> Option<(ServerTls, &str, u16)> {
    let (tls, rest, port) = match url.split_once("://")? {
        (scheme, rest) if scheme.eq_ignore_ascii_case("ldaps") => (ServerTls::Implicit, rest, 636),
        (scheme, rest) if scheme.eq_ignore_ascii_case("ldap") && starttls => (ServerTls::StartTls, rest, 389),
        (scheme, rest) if scheme.eq_ignore_ascii_case("ldap") => (ServerTls::Plain, rest, 389),
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    // [::1]:389
    if let Some((inside, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        return Some((tls, inside, read_port(after, port)?));
    }
    let at = rest.find(':').unwrap_or(rest.len());
    Some((tls, &rest[..at], read_port(&rest[at..], port)?))
}

fn read_port(text: &str, default: u16) -> Option<u16> {
    match text.strip_prefix(':') {
        Some(digits) => digits.parse().ok().filter(|port| *port != 0),
        None => text.is_empty().then_some(default),
    }
}

fn read_attributes(section: &mut Section<'_, '_>, preset: &Preset, faults: &mut Faults) -> Attributes {
    let mut several = |key, usual: &[&str]| match section.texts(key, faults) {
        Some(list) => list.into_iter().filter_map(|at| read_attribute(at, faults)).collect(),
        None => usual.iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    let (mail, certificate) = (several("mail", preset.mail), several("certificate", preset.certificate));
    let mut one = |key, usual: &str| {
        let given = section.text(key, faults).and_then(|at| read_attribute(at, faults));
        given.unwrap_or_else(|| usual.to_owned())
    };
    Attributes {
        mail,
        certificate,
        given_name: one("given_name", "givenName"),
        surname: one("surname", "sn"),
        full_name: one("full_name", "cn"),
    }
}

/// A name or a number with dots, and options (RFC 4512 §2.5).
fn read_attribute(At { value, line }: At<&str>, faults: &mut Faults) -> Option<String> {
    let fits = !value.is_empty() && value.len() <= 128 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.;".contains(&b));
    if !fits {
        faults.add(line, FaultKind::BadAttribute { given: value.to_owned() });
    }
    fits.then(|| value.to_owned())
}

pub(super) fn read_number(
    section: &mut Section<'_, '_>,
    key: &'static str,
    range: std::ops::RangeInclusive<i64>,
    default: i64,
    faults: &mut Faults,
) -> i64 {
    let Some(At {
        value: (given, number),
        line,
    }) = section.number(key, faults)
    else {
        return default;
    };
    match number.filter(|n| range.contains(n)) {
        Some(number) => number,
        None => {
            let (key, least, most) = (section.path(key), *range.start(), *range.end());
            faults.add(line, FaultKind::OutOfRange { key, given, least, most });
            default
        }
    }
}

#[cfg(test)]
#[path = "ldap_tests.rs"]
mod tests;
