//! What `souspli explain` shows of each recipient.

use super::directory::age;
use crate::base::{Address, UnixTime};

/// A certificate as people see it.
pub struct ShownCertificate {
    /// Whose it is.
    pub holder: String,
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// Common name of the authority that issued it.
    pub issuer: String,
    /// Until when it is valid.
    pub until: UnixTime,
}

impl ShownCertificate {
    fn shown(&self) -> String {
        let (holder, serial, issuer) = (&self.holder, &self.serial, &self.issuer);
        // A name may be anything: nothing of it may move a cursor.
        let shown = format!("{holder}, n° {serial}, {issuer}, → {}", self.until.civil().date());
        shown.replace(char::is_control, " ")
    }
}

/// A recipient, and the certificate that is encrypted to.
pub fn encrypted_to(address: &Address, certificate: &ShownCertificate) -> String {
    format!("\n{address} : chiffré pour / encrypted to: {}", certificate.shown())
}

/// One of the doctor's own addresses.
pub fn own(address: &Address, certificate: &ShownCertificate) -> String {
    format!("\n{address} : une de vos adresses / one of your addresses: {}", certificate.shown())
}

/// A recipient without a certificate that will do.
pub fn without(address: &Address, cause: &str) -> String {
    format!("\n{address} : aucun certificat utilisable / no usable certificate\n{cause}")
}

/// Where a certificate came from, and when that source had it last.
pub fn source(source: &str, as_of: Option<UnixTime>, now: UnixTime) -> String {
    let seen = as_of.map(|at| format!(", {}", age(at, now))).unwrap_or_default();
    format!("    origine / source: {source}{seen}")
}

/// Why this one of those that fit.
pub fn choice(others: usize) -> String {
    match others {
        0 => "    choix / choice: le seul qui convienne / the only one that fits".to_owned(),
        others => {
            let all = others + 1;
            format!("    choix / choice: le plus récent des {all} qui conviennent / the newest of {all} that fit")
        }
    }
}

/// By which proof it is known to stand.
pub fn stands((proof_fr, proof_en): (&str, &str), as_of: UnixTime, until: UnixTime, (age_fr, age_en): (&str, &str)) -> String {
    let (as_of, until) = (as_of.rfc3339(), until.rfc3339());
    format!("    révocation / revocation: non révoqué / not revoked – {proof_fr} / {proof_en}, {as_of} → {until}, {age_fr} / {age_en}")
}

/// An authority that publishes nothing.
pub fn not_published(issuer: &str) -> String {
    format!("    révocation / revocation: « {issuer} » ne publie aucune liste / “{issuer}” publishes no list")
}

/// The cipher of the content, and why.
pub fn cipher(everyone_reads_gcm: bool) -> &'static str {
    match everyone_reads_gcm {
        true => {
            "Contenu / content: AES-256-GCM – tous les destinataires le lisent (reads_gcm, ou annoncé dans leurs lettres) / every recipient reads it (reads_gcm, or their letters say so)"
        }
        false => "Contenu / content: AES-256-CBC – tous les logiciels le lisent / every mail program reads it",
    }
}
