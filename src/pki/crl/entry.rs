//! What a list says of single certificates (RFC 5280 §5.3).

use super::head::each;
use crate::base::UnixTime;
use crate::base::limits::LIST_ISSUERS_MAX;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::cert::time;
use crate::pki::name::{self, DistinguishedName};
use crate::pki::oid;
use std::sync::Arc;

/// Since when a certificate is revoked, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// revocationDate.
    pub since: UnixTime,
    /// reasonCode.
    pub reason: Reason,
}

/// CRLReason (RFC 5280 §5.3.1), under its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reason {
    /// None is given, or none that is known.
    #[default]
    Unspecified = 0,
    /// keyCompromise.
    KeyCompromise = 1,
    /// cACompromise.
    AuthorityCompromise = 2,
    /// affiliationChanged.
    AffiliationChanged = 3,
    /// superseded.
    Superseded = 4,
    /// cessationOfOperation.
    CessationOfOperation = 5,
    /// certificateHold: suspended, perhaps not for good.
    Hold = 6,
    /// removeFromCRL, in a delta list: not revoked any more.
    Removed = 8,
    /// privilegeWithdrawn.
    PrivilegeWithdrawn = 9,
    /// aACompromise.
    AttributeAuthorityCompromise = 10,
}

impl Reason {
    /// From its number; one that is not known is none, the certificate is revoked all the same.
    pub fn of(number: u8) -> Self {
        match number {
            1 => Self::KeyCompromise,
            2 => Self::AuthorityCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::Hold,
            8 => Self::Removed,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AttributeAuthorityCompromise,
            _ => Self::Unspecified,
        }
    }
}

/// An entry and the certificate that it names.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// Content octets of the serial number.
    pub serial: &'a [u8],
    /// Who issued that certificate: another than the list's issuer on indirect lists (§5.3.3).
    pub issuer: Arc<DistinguishedName>,
    /// What is said.
    pub entry: Entry,
}

/// The entries of a list in its own order. An error ends them: a list with an entry that cannot be read must not be used (§5.3).
#[derive(Debug)]
pub struct Entries<'a> {
    rest: Reader<'a>,
    issuer: Arc<DistinguishedName>,
    issuers: usize,
    failed: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(rest: Reader<'a>, issuer: &DistinguishedName) -> Self {
        Self {
            rest,
            issuer: Arc::new(issuer.clone()),
            issuers: 1,
            failed: false,
        }
    }

    fn read(&mut self, value: Value<'a>) -> Result<Listed<'a>, BerError> {
        if value.tag != tag::SEQUENCE {
            return Err(BerError::Unexpected);
        }
        let mut inside = value.inside();
        let serial = inside.expect(tag::INTEGER)?.content;
        let since = time(inside.value()?)?;
        let mut reason = Reason::Unspecified;
        if !inside.rest().is_empty() {
            let extensions = Reader::new(inside.rest());
            each(extensions, |id, critical, value| match id {
                oid::REASON_CODE => {
                    reason = reason_of(value)?;
                    Ok(())
                }
                oid::CERTIFICATE_ISSUER => self.now_of(value),
                // invalidityDate is a claim that changes nothing here.
                oid::INVALIDITY_DATE => Ok(()),
                _ if critical => Err(BerError::Unexpected),
                _ => Ok(()),
            })?;
        }
        Ok(Listed {
            serial,
            issuer: Arc::clone(&self.issuer),
            entry: Entry { since, reason },
        })
    }

    /// From here on the entries are of certificates of another issuer (§5.3.3).
    fn now_of(&mut self, value: &[u8]) -> Result<(), BerError> {
        let mut names = Value::only(value)?.inside();
        while let Some(general) = names.next_value()? {
            if general.tag == tag::context(name::DIRECTORY) {
                self.issuers += 1;
                if self.issuers > LIST_ISSUERS_MAX {
                    return Err(BerError::TooLarge);
                }
                self.issuer = Arc::new(name::comparable(Value::only(general.content)?)?);
                return Ok(());
            }
        }
        Err(BerError::Malformed)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Listed<'a>, BerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.rest.next_value().transpose()?.and_then(|value| self.read(value));
        self.failed = next.is_err();
        Some(next)
    }
}

/// ENUMERATED.
fn reason_of(value: &[u8]) -> Result<Reason, BerError> {
    const ENUMERATED: u8 = 0x0a;
    match Reader::new(value).expect(ENUMERATED)?.content {
        [number] => Ok(Reason::of(*number)),
        _ => Err(BerError::Malformed),
    }
}
