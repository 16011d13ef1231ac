//! Whom a certificate names: by an address, or as the cards of health professionals do, by a national number and a name
//! (RFC 8550 §3; requirements of IGC-Santé).

use crate::base::Address;
use crate::pki::authority::Profile;
use crate::pki::cert::Certificate;
use crate::text::unaccent;

/// How a certificate names the holder of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// By this address: rfc822Name, SmtpUTF8Mailbox, or emailAddress of the subject.
    Address,
    /// By no address at all, but as a health professional, under rules that know them by their number.
    Number,
    /// Not, or somebody else.
    Otherwise,
}

/// Whether `certificate`, of an authority of that profile, names the holder of `address`. The domain is compared as name servers
/// ask for it, the local part in any case.
pub fn named(certificate: &Certificate, address: &Address, profile: Profile) -> Named {
    if certificate.has_email(address.as_str()) {
        return Named::Address;
    }
    let by_number = profile == Profile::IgcSante && certificate.emails().is_empty() && certificate.rpps().is_some();
    if by_number { Named::Number } else { Named::Otherwise }
}

/// True for two certificates of one person.
pub fn same_person(a: &Certificate, b: &Certificate) -> bool {
    let numbers = a.rpps().zip(b.rpps());
    a.subject() == b.subject() || numbers.is_some_and(|(a, b)| a == b) || a.emails().iter().any(|address| b.has_email(address))
}

/// The holder's name as it is shown: a physician is called doctor; nobody else is, whatever he is called elsewhere.
pub fn titled(certificate: &Certificate) -> String {
    let name = certificate.holder();
    let physician = certificate
        .profession()
        .is_some_and(|p| unaccent(&p.to_lowercase()).starts_with("medecin"));
    match physician && !name.starts_with("Dr ") {
        true => format!("Dr {name}"),
        false => name,
    }
}
