//! What `souspli explain` shows of each recipient.

use super::dashboard::Language;
use super::directory::age;
use super::{Explanation, Tongue, verdict};
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
    fn shown(&self, tongue: Tongue) -> String {
        let (holder, serial, issuer) = (&self.holder, &self.serial, &self.issuer);
        // A name may be anything: nothing of it may move a cursor.
        let shown = format!("{holder}, n° {serial}, {issuer}, → {}", day(tongue, self.until));
        shown.replace(char::is_control, " ")
    }
}

/// A recipient, and the certificate that is encrypted to.
pub fn encrypted_to(tongue: Tongue, address: &Address, certificate: &ShownCertificate) -> String {
    let said = tongue.words("chiffré pour", "encrypted to");
    format!(
        "\n{address}{colon}{said}{colon}{}",
        certificate.shown(tongue),
        colon = colon(tongue)
    )
}

/// One of the doctor's own addresses.
pub fn own(tongue: Tongue, address: &Address, certificate: &ShownCertificate) -> String {
    let said = tongue.words("une de vos adresses", "one of your addresses");
    format!(
        "\n{address}{colon}{said}{colon}{}",
        certificate.shown(tongue),
        colon = colon(tongue)
    )
}

/// A recipient without a certificate that will do.
pub fn without(tongue: Tongue, address: &Address, cause: Option<&Explanation>) -> String {
    let said = tongue.words("aucun certificat utilisable", "no usable certificate");
    let cause = cause.map(|cause| tongue.sentence(cause)).unwrap_or_default();
    format!("\n{address}{}{said}\n{cause}", colon(tongue))
}

/// Where a certificate came from, and when that source had it last.
pub fn source(tongue: Tongue, source: &str, as_of: Option<UnixTime>, now: UnixTime) -> String {
    let seen = as_of.map(|at| format!(", {}", age(tongue, at, now))).unwrap_or_default();
    format!("    {}{}{source}{seen}", tongue.words("origine", "source"), colon(tongue))
}

/// Why this one of those that fit.
pub fn choice(tongue: Tongue, others: usize) -> String {
    let all = others + 1;
    let said = match others {
        0 => tongue.words("le seul qui convienne", "the only one that fits"),
        _ => tongue.words(
            format_args!("le plus récent des {all} qui conviennent"),
            format_args!("the newest of {all} that fit"),
        ),
    };
    format!("    {}{}{said}", tongue.words("choix", "choice"), colon(tongue))
}

/// By which proof it is known to stand.
pub fn stands(tongue: Tongue, proof: (&str, &str), as_of: UnixTime, until: UnixTime, age: (&str, &str)) -> String {
    let (as_of, until) = (moment(tongue, as_of), moment(tongue, until));
    let said = tongue.words("non révoqué", "not revoked");
    let (proof, age) = (tongue.words(proof.0, proof.1), tongue.words(age.0, age.1));
    format!("    {}{said} – {proof}, {as_of} → {until}, {age}", revocation(tongue))
}

/// An authority that publishes nothing.
pub fn not_published(tongue: Tongue, issuer: &str) -> String {
    let said = tongue.words(
        format_args!("« {issuer} » ne publie aucune liste"),
        format_args!("“{issuer}” publishes no list"),
    );
    format!("    {}{said}", revocation(tongue))
}

fn revocation(tongue: Tongue) -> String {
    tongue.words("révocation", "revocation") + colon(tongue)
}

/// The cipher of the content, and why.
pub fn cipher(tongue: Tongue, everyone_reads_gcm: bool) -> String {
    let (name, why) = match everyone_reads_gcm {
        true => (
            "AES-256-GCM",
            tongue.words(
                "tous les destinataires le lisent (reads_gcm, ou annoncé dans leurs lettres)",
                "every recipient reads it (reads_gcm, or their letters say so)",
            ),
        ),
        false => (
            "AES-256-CBC",
            tongue.words("tous les logiciels le lisent", "every mail program reads it"),
        ),
    };
    let content = match tongue {
        Tongue::One(Language::English) => "Content".to_owned(),
        _ => tongue.words("Contenu", "content"),
    };
    format!("{content}{}{name} – {why}", colon(tongue))
}

/// A day as its reader writes it.
fn day(tongue: Tongue, at: UnixTime) -> String {
    let (fr, en) = verdict::day(at);
    match tongue {
        Tongue::One(Language::French) => fr,
        _ => en,
    }
}

/// To the second where both languages are told: a terminal, which people in charge read.
fn moment(tongue: Tongue, at: UnixTime) -> String {
    match tongue {
        Tongue::One(_) => day(tongue, at),
        Tongue::Both => at.rfc3339(),
    }
}

fn colon(tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::One(Language::English) => ": ",
        _ => " : ",
    }
}
