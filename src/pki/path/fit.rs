//! What each certificate of a path must be: sound in itself, valid at the moment, made for the use, as its authority's profile
//! wants it (RFC 5280 §4.2, RFC 8550 §4.4).

use super::{PathError, Purpose};
use crate::base::UnixTime;
use crate::pki::algorithm::KeyKind;
use crate::pki::authority::Profile;
use crate::pki::cert::{Certificate, KeyUsage};
use crate::pki::oid::{self, Oid};

/// Conditions on every certificate of a path, the configured one too.
pub(super) fn sound(certificate: &Certificate) -> Result<(), PathError> {
    if !certificate.unknown_critical().is_empty() {
        return Err(PathError::UnknownExtension);
    }
    match certificate.public_key().kind {
        KeyKind::Rsa { bits } if bits < 2048 => Err(PathError::WeakKey),
        KeyKind::Other => Err(PathError::Unsupported),
        _ => Ok(()),
    }
}

/// May this certificate issue others at `at`, with so many others below it?
pub(super) fn issuer(certificate: &Certificate, below: usize, at: UnixTime) -> Result<(), PathError> {
    let certifies = certificate.is_ca()
        && certificate.key_usage().is_none_or(|u| u.has_one_of(&[KeyUsage::KEY_CERT_SIGN]))
        && !certificate.subject_name().is_empty();
    let long = certificate.path_length().is_some_and(|max| below > max as usize);
    if !certifies || long {
        return Err(PathError::NotAnAuthority);
    }
    sound(certificate)?;
    if at < certificate.not_before() || at > certificate.not_after() {
        return Err(PathError::AuthorityExpired);
    }
    Ok(())
}

/// Whether its extended uses, where it has some, allow this one; those of intermediates bind what is below them.
pub(super) fn allows(certificate: &Certificate, purpose: Purpose) -> bool {
    let Some(uses) = certificate.extended_key_usage() else {
        return true;
    };
    extended_use(purpose).is_none_or(|wanted| uses.iter().any(|u| *u == wanted || *u == oid::ANY_EXTENDED_KEY_USAGE))
}

/// What the certificate itself must be. The moment is said last: it is what most often is wrong.
pub(super) fn leaf(certificate: &Certificate, at: UnixTime, purpose: Purpose) -> Result<(), PathError> {
    if at > certificate.not_after() {
        return Err(PathError::Expired {
            until: certificate.not_after(),
        });
    }
    if at < certificate.not_before() {
        return Err(PathError::NotYetValid {
            from: certificate.not_before(),
        });
    }
    let usages = usages(purpose);
    let used = usages.is_empty() || certificate.key_usage().is_none_or(|u| u.has_one_of(usages));
    if !used || !allows(certificate, purpose) {
        return Err(PathError::WrongUsage);
    }
    sound(certificate)
}

/// A certificate that claims rights of an authority without being one (RFC 5280 §4.2.1.3, §4.2.1.10).
pub(super) fn consistent(certificate: &Certificate) -> Result<(), PathError> {
    let certifies = certificate.key_usage().is_some_and(|u| u.has_one_of(&[KeyUsage::KEY_CERT_SIGN]));
    match !certificate.is_ca() && (certifies || certificate.name_constraints().is_some()) {
        true => Err(PathError::Contradictory),
        false => Ok(()),
    }
}

/// What the anchor's profile asks beyond RFC 8550, of the certificate and of those between it and the anchor.
pub(super) fn profile(profile: Profile, path: &[Certificate], purpose: Purpose) -> Result<(), PathError> {
    let [leaf, above @ ..] = path else { return Ok(()) };
    if !matches!(purpose, Purpose::Sign | Purpose::Encrypt) {
        return Ok(());
    }
    let between = above.split_last().map(|(_, between)| between).unwrap_or_default();
    let fits = match profile {
        Profile::Mail => true,
        Profile::WebSmime => says_mail(leaf) && between.iter().all(|c| c.extended_key_usage().is_none() || names_mail(c)),
        // Its intermediates say nothing of extended uses: the use of the key is what there is.
        Profile::IgcSante => leaf.key_usage().is_some(),
    };
    fits.then_some(()).ok_or(PathError::WrongUsage)
}

/// CA/Browser Forum, S/MIME Baseline Requirements §7.1.2.3: emailProtection, and none of the uses that a mailbox never has.
fn says_mail(leaf: &Certificate) -> bool {
    const NEVER: [Oid; 4] = [oid::SERVER_AUTH, oid::CODE_SIGNING, oid::TIME_STAMPING, oid::ANY_EXTENDED_KEY_USAGE];
    let uses = leaf.extended_key_usage().unwrap_or_default();
    leaf.key_usage().is_some() && names_mail(leaf) && !uses.iter().any(|u| NEVER.contains(u))
}

fn names_mail(certificate: &Certificate) -> bool {
    certificate
        .extended_key_usage()
        .is_some_and(|uses| uses.contains(&oid::EMAIL_PROTECTION))
}

fn extended_use(purpose: Purpose) -> Option<Oid> {
    match purpose {
        Purpose::Sign | Purpose::Encrypt => Some(oid::EMAIL_PROTECTION),
        Purpose::SignLists | Purpose::Any => None,
    }
}

fn usages(purpose: Purpose) -> &'static [KeyUsage] {
    match purpose {
        Purpose::Sign => &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION],
        Purpose::Encrypt => &[KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT],
        Purpose::SignLists => &[KeyUsage::CRL_SIGN],
        Purpose::Any => &[],
    }
}
