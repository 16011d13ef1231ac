//! `souspli key list`: every key with its state, and what its owner should know of its end.

use super::super::Failure;
use super::super::out::Out;
use super::Keys;
use crate::base::UnixTime;
use crate::keys::request::RequestedKey;
use crate::keys::shelf::Shelved;
use crate::pki::Certificate;
use crate::relay::clock;
use crate::smime::port::PrivateKey;
use crate::store::{Fingerprint, HeldPlaces};
use crate::text::{Explanation, held, key_life as say};

pub(super) fn list(keys: &Keys, out: &mut Out) -> Result<(), Failure> {
    let (all, now) = (keys.all()?, clock());
    for key in &all {
        let certificate = key.certificate();
        let state = key.state(now);
        out.line(format_args!("{}\t{}\t{}\t{state}", key.id, key.account, described(certificate)));
        key.warning(&all, now).into_iter().for_each(|warning| below(&warning, out));
        not_in_file(keys, key)?.into_iter().for_each(|warning| below(&warning, out));
    }
    for waiting in keys.requested.list().map_err(|e| Failure::from(&e))? {
        let bytes = keys.requested.load(&waiting.id).map_err(|e| Failure::from(&e))?;
        let key = RequestedKey::from_bytes(&bytes).map_err(|e| Failure::from(&e))?;
        let ((holder, kind), made) = (key.described(), key.made().civil().date());
        out.line(format_args!(
            "{}\t{}\t{holder}\t{kind}\t{made}\t–\t{}",
            waiting.id,
            waiting.account,
            say::REQUESTED
        ));
    }
    Ok(())
}

/// A key that came after its account's file was written: nobody but the keyring has it.
fn not_in_file(keys: &Keys, key: &Shelved) -> Result<Option<Explanation>, Failure> {
    let Some(software) = key.software() else {
        return Ok(None);
    };
    let places = HeldPlaces::new(&keys.home, &keys.secrets);
    let record = places.record(&key.account).map_err(|e| Failure::from(&e))?;
    let fingerprint = Fingerprint::of(software.certificate().der()).to_string();
    let misses = record.is_some_and(|record| !record.keys.contains(&fingerprint));
    Ok(misses.then(|| held::not_in_file(&key.account)))
}

/// Under its row.
fn below(warning: &Explanation, out: &mut Out) {
    for said in warning.to_string().lines() {
        out.line(format_args!("    {said}"));
    }
}

/// What is to be told of the ends of these keys.
pub(in crate::cli) fn warnings(all: &[Shelved], now: UnixTime) -> impl Iterator<Item = Explanation> {
    all.iter().filter_map(move |key| key.warning(all, now))
}

/// One line on a certificate: holder, issuer, end, serial number.
pub(in crate::cli) fn described(certificate: &Certificate) -> String {
    format!(
        "{}\t{}\t{}\t{}",
        certificate.holder(),
        certificate.issuer_common_name(),
        certificate.not_after().civil().date(),
        certificate.serial_hex()
    )
}
