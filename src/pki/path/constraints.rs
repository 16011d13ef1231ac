//! Name constraints (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c); RFC 9598 §6 for addresses beyond ASCII): what an authority may
//! certify binds every certificate below it.
//!
//! What is bound and cannot be computed - a malformed name, a form that is not known here - is refused.

use super::PathError;
use crate::base::Address;
use crate::pki::cert::Certificate;
use crate::pki::extensions::{NameConstraints, Subtrees};
use crate::pki::name::{self, DistinguishedName, Form};

/// How many names may still be compared.
pub(super) struct Allowance(pub(super) usize);

impl Allowance {
    fn spend(&mut self, names: usize, subtrees: usize) -> Result<(), PathError> {
        self.0 = self.0.checked_sub(names.saturating_mul(subtrees)).ok_or(PathError::TooComplex)?;
        Ok(())
    }
}

/// Every authority's constraints against the names of every certificate below it, but for the self-issued ones between.
pub(super) fn permitted(path: &[Certificate], allowance: &mut Allowance) -> Result<(), PathError> {
    for (level, authority) in path.iter().enumerate().skip(1) {
        let Some(constraints) = authority.name_constraints() else {
            continue;
        };
        for (below, certificate) in path[..level].iter().enumerate() {
            if below == 0 || !certificate.is_self_issued() {
                within(constraints, certificate, allowance)?;
            }
        }
    }
    Ok(())
}

fn within(constraints: &NameConstraints, certificate: &Certificate, allowance: &mut Allowance) -> Result<(), PathError> {
    let (permitted, excluded) = (&constraints.permitted, &constraints.excluded);
    let names = certificate.alternative_names();
    let subject = Some(certificate.subject_name()).filter(|n| !n.is_empty());
    let directories: Vec<&DistinguishedName> = subject.into_iter().chain(&names.directories).collect();
    let mailboxes = certificate.emails();
    allowance.spend(mailboxes.len(), permitted.mail.len() + excluded.mail.len())?;
    allowance.spend(directories.len(), permitted.directories.len() + excluded.directories.len())?;
    allowance.spend(names.hosts.len(), permitted.hosts.len() + excluded.hosts.len())?;
    allowance.spend(names.uris.len(), permitted.uris.len() + excluded.uris.len())?;
    allowance.spend(names.addresses.len(), permitted.addresses.len() + excluded.addresses.len())?;
    allowance.spend(names.others.len(), permitted.others.len() + excluded.others.len() + 6)?;
    let fits = directories
        .iter()
        .all(|n| allowed(n, &permitted.directories, &excluded.directories, |n, s| n.starts_with(s)))
        && mailboxes.iter().all(|m| mail_fits(m, permitted, excluded))
        && names.hosts.iter().all(|h| host_fits(h, permitted, excluded))
        && names.uris.iter().all(|u| uri_fits(u, permitted, excluded))
        && names
            .addresses
            .iter()
            .all(|a| allowed(a, &permitted.addresses, &excluded.addresses, |a, s| in_network(a, s)))
        && !names.others.iter().any(|form| binds(permitted, form) || binds(excluded, form))
        && !forms(certificate)
            .iter()
            .any(|form| permitted.others.contains(form) || excluded.others.contains(form));
    fits.then_some(()).ok_or(PathError::NameNotPermitted)
}

/// In one of the permitted subtrees of its form, where there are some, and in none of the excluded ones.
fn allowed<N: ?Sized, S>(name: &N, permitted: &[S], excluded: &[S], is_within: impl Fn(&N, &S) -> bool) -> bool {
    (permitted.is_empty() || permitted.iter().any(|s| is_within(name, s))) && !excluded.iter().any(|s| is_within(name, s))
}

/// The forms of which it has a readable name.
fn forms(certificate: &Certificate) -> Vec<Form> {
    let names = certificate.alternative_names();
    let mut found = Vec::new();
    let has_directory = !certificate.subject_name().is_empty() || !names.directories.is_empty();
    for (there, tag) in [
        (!certificate.emails().is_empty(), name::MAILBOX),
        (has_directory, name::DIRECTORY),
        (!names.hosts.is_empty(), name::HOST),
        (!names.uris.is_empty(), name::URI),
        (!names.addresses.is_empty(), name::ADDRESS),
    ] {
        found.extend(there.then_some(Form::of(tag)));
    }
    found
}

/// Whether subtrees say something of names of this form.
fn binds(subtrees: &Subtrees, form: &Form) -> bool {
    let of_form = match form.tag {
        name::MAILBOX => !subtrees.mail.is_empty(),
        name::DIRECTORY => !subtrees.directories.is_empty(),
        name::HOST => !subtrees.hosts.is_empty(),
        name::URI => !subtrees.uris.is_empty(),
        name::ADDRESS => !subtrees.addresses.is_empty(),
        _ => false,
    };
    of_form || subtrees.others.contains(form)
}

fn mail_fits(mailbox: &str, permitted: &Subtrees, excluded: &Subtrees) -> bool {
    let Ok(address) = Address::parse(mailbox) else {
        return permitted.mail.is_empty() && excluded.mail.is_empty();
    };
    allowed(&address, &permitted.mail, &excluded.mail, |a, s| mail_within(a, s))
}

/// A mailbox, all of a host, or with a leading dot all below a domain. The domain is compared as name servers ask for it.
fn mail_within(address: &Address, subtree: &str) -> bool {
    let host = address.domain().as_str();
    match subtree {
        mailbox if mailbox.contains('@') => Address::parse(mailbox).is_ok_and(|m| m == *address),
        domain if domain.starts_with('.') => host.ends_with(domain),
        "" => true,
        only => host == only,
    }
}

fn host_fits(host: &str, permitted: &Subtrees, excluded: &Subtrees) -> bool {
    // `*.b` holds for all below `b`: an excluded `a.b` is among them.
    let stands_for = |host: &str, subtree: &str| match host.strip_prefix("*.") {
        Some(parent) => host_within(parent, subtree) || host_within(subtree, parent),
        None => host_within(host, subtree),
    };
    let base = host.strip_prefix("*.").unwrap_or(host);
    (permitted.hosts.is_empty() || permitted.hosts.iter().any(|s| host_within(base, s)))
        && !excluded.hosts.iter().any(|s| stands_for(host, s))
}

/// The host itself or any below it.
fn host_within(host: &str, subtree: &str) -> bool {
    subtree.is_empty() || host == subtree || host.strip_suffix(subtree).is_some_and(|rest| rest.ends_with('.'))
}

fn uri_fits(uri: &str, permitted: &Subtrees, excluded: &Subtrees) -> bool {
    if permitted.uris.is_empty() && excluded.uris.is_empty() {
        return true;
    }
    // Bound, but without the name of a host that could be compared: refused.
    name::host_of(uri).is_some_and(|host| {
        allowed(host.as_str(), &permitted.uris, &excluded.uris, |host, s| {
            match s.strip_prefix('.') {
                Some(_) => host.ends_with(s.as_str()),
                None => host == s,
            }
        })
    })
}

/// An address and its mask, one after the other, of the same family.
fn in_network(address: &[u8], network: &[u8]) -> bool {
    let (base, mask) = network.split_at(network.len() / 2);
    base.len() == address.len() && address.iter().zip(base).zip(mask).all(|((a, b), m)| a & m == b & m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_within_subtrees() {
        for (address, subtree, within) in [
            ("A@b.fr", "a@b.fr", true),
            ("a@b.fr", "b.fr", true),
            ("a@x.b.fr", "b.fr", false),
            ("a@x.b.fr", ".b.fr", true),
            ("a@b.fr", ".b.fr", false),
            ("a@xb.fr", ".b.fr", false),
            ("zoé@évreux.fr", "xn--vreux-9ra.fr", true),
            ("zoé@x.ÉVREUX.fr", ".xn--vreux-9ra.fr", true),
            ("zoé@evreux.fr", "xn--vreux-9ra.fr", false),
        ] {
            assert_eq!(
                mail_within(&Address::parse(address).unwrap(), subtree),
                within,
                "{address} {subtree}"
            );
        }
    }

    #[test]
    fn networks_hold_addresses_of_their_family() {
        let net = [127, 0, 0, 0, 255, 0, 0, 0];
        assert!(in_network(&[127, 1, 2, 3], &net));
        assert!(!in_network(&[128, 1, 2, 3], &net));
        assert!(!in_network(&[127; 16], &net));
    }

    #[test]
    fn hosts_that_stand_for_many() {
        let trees = |hosts: &[&str]| Subtrees {
            hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
            ..Subtrees::default()
        };
        let none = Subtrees::default();
        assert!(host_fits("*.b.fr", &trees(&["b.fr"]), &none));
        assert!(!host_fits("*.fr", &trees(&["b.fr"]), &none));
        assert!(!host_fits("*.b.fr", &none, &trees(&["a.b.fr"])));
        assert!(host_fits("xb.fr", &none, &trees(&["b.fr"])));
    }
}
