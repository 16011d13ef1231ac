//! `[revocation]`: how it is known whether certificates still stand.

use super::fault::FaultKind;
use super::ldap::read_number;
use super::parse::read_host;
use super::reader::{At, Faults, Section};

/// How it is known whether certificates still stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revocation {
    /// What is looked at first.
    pub prefer: StatusSource,
    /// Seconds beyond its end in which a list still counts.
    pub grace: i64,
    /// Seconds that an OCSP server may take while a letter waits to be sent.
    pub ocsp_seconds: u64,
    /// Hosts that may be contacted beside those of the authorities.
    pub hosts: Vec<String>,
    /// Lists that are fetched whether or not a certificate names them.
    pub lists: Vec<String>,
}

/// What is looked at first; the other one where it says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StatusSource {
    /// Revocation lists.
    #[default]
    Lists,
    /// OCSP.
    Ocsp,
}

const HOUR: i64 = 3600;

impl Default for Revocation {
    fn default() -> Self {
        Self {
            prefer: StatusSource::default(),
            grace: 24 * HOUR,
            ocsp_seconds: 5,
            hosts: Vec::new(),
            lists: Vec::new(),
        }
    }
}

pub(super) fn read(mut section: Section<'_, '_>, faults: &mut Faults) -> Revocation {
    let words = [("lists", StatusSource::Lists), ("ocsp", StatusSource::Ocsp)];
    let prefer = section.choice("prefer", &words, faults).unwrap_or_default();
    let grace = HOUR * read_number(&mut section, "grace_hours", 0..=720, 24, faults);
    let ocsp_seconds = read_number(&mut section, "ocsp_seconds", 1..=30, 5, faults).unsigned_abs();
    let hosts = section.texts("hosts", faults).unwrap_or_default();
    let hosts = hosts.into_iter().filter_map(|at| read_host(at, faults)).collect();
    let lists = section.texts("lists", faults).unwrap_or_default();
    let lists = lists.into_iter().filter_map(|at| read_list(at, faults)).collect();
    section.finish(faults);
    Revocation {
        prefer,
        grace,
        ocsp_seconds,
        hosts,
        lists,
    }
}

/// A URL with a scheme that lists are fetched by, a host, and nothing that cannot stand in one.
fn read_list(At { value, line }: At<&str>, faults: &mut Faults) -> Option<String> {
    let known = |scheme: &str| ["http", "https", "ldap", "ldaps"].contains(&scheme);
    let named = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    let printed = value.bytes().all(|b| b.is_ascii_graphic());
    match value.split_once("://") {
        Some((scheme, rest)) if known(scheme) && named(rest) && printed && !rest.contains('@') => Some(value.to_owned()),
        _ => {
            faults.add(line, FaultKind::BadListUrl { given: value.to_owned() });
            None
        }
    }
}
