//! The report on a message ([`crate::text::report`]): of what the message itself proves, and, on demand, of the way to an
//! authority as it is today.
//!
//! The one that is part of a View hangs on the message and on the verdict that was first said of it, on no day and no authority:
//! a View never changes.

use super::letter::Letter;
use super::verdict::{Grade, Verdict};
use crate::base::{Address, Realm, UnixTime};
use crate::mime::edit::{is_attachment, text_of};
use crate::mime::entity::{Entity, Kind};
use crate::mime::header::Header;
use crate::pki::revocation::{ProofKind, Status};
use crate::pki::{Certificate, Path, PathError};
use crate::smime::opened::{Encryption, Layer, Opened};
use crate::smime::protected::{self, Scheme};
use crate::smime::verify::{Integrity, SignerReport};
use crate::text::banner::{OPENING, TEST};
use crate::text::report::{self as said, line, quoted, quoted_all, sentence, title};
use crate::text::{Explain, Explanation};

/// What is reported on.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// The message as it is stored.
    pub stored: &'a [u8],
    /// What it opened to; `None`: it did not open.
    pub opened: Option<&'a Opened>,
    /// How it is shown.
    pub letter: Option<&'a Letter<'a>>,
    /// Whom a signer was compared with.
    pub sender: Option<&'a Address>,
    /// What is said of it.
    pub verdict: &'a Verdict,
}

/// Whether a View of that grade carries one: what is right says so in its banner.
pub fn is_attached(verdict: &Verdict) -> bool {
    match verdict.grade {
        Grade::Unassured | Grade::Altered | Grade::Unopenable => !verdict.own,
        Grade::Verified | Grade::Unchecked | Grade::Plain => false,
    }
}

/// The one that is part of a View.
pub fn attached(of: &Reported<'_>) -> String {
    said::opening(of.verdict.encrypted) + &report(of, |_| line(said::PATH, said::path_on_demand()))
}

/// The one that is asked for.
pub fn on_demand(of: &Reported<'_>) -> String {
    report(of, |signer| {
        line(said::PATH, &way(signer)) + &signer.status.as_ref().map(stands).unwrap_or_default()
    })
}

/// True for a part of a message that is such a report: others cannot write its first words into what Souspli shows.
pub fn is_report(bytes: &[u8], part: &Entity) -> bool {
    let leaf = part.kind == Kind::Leaf && part.media_type == "text/plain";
    let listed = || is_attachment(&Header::parse(&bytes[part.header.clone()]).0);
    let begins = || {
        let begins = format!("{OPENING} {}", said::TITLE);
        text_of(bytes, part).is_some_and(|(text, _)| text.trim_start_matches('\u{feff}').starts_with(&begins))
    };
    leaf && listed() && begins()
}

fn report(of: &Reported<'_>, way: fn(&SignerReport) -> String) -> String {
    let mut out = verdict(of.verdict);
    out.push_str(&title(said::LAYERS));
    let layers = of.opened.map(|opened| opened.layers.as_slice()).unwrap_or_default();
    match layers {
        [] => out.push_str(&line(said::NO_LAYER, "—")),
        layers => layers.iter().for_each(|layer| out.push_str(&layered(layer))),
    }
    for signer in of.opened.iter().flat_map(|opened| opened.signers()) {
        out.push_str(&signed(signer, way));
    }
    if let Some(opened) = of.opened {
        out.push_str(&header(of, opened));
    }
    out.push_str(&title(said::MESSAGE));
    out.push_str(&line(said::SIZE, &of.stored.len().to_string()));
    out.push_str(&title(said::NOT_CHECKED));
    out + &said::not_checked()
}

fn verdict(verdict: &Verdict) -> String {
    let obsolete = match verdict.obsolete.as_slice() {
        [] => said::NONE.to_owned(),
        names => quoted_all(names.iter().map(String::as_str)),
    };
    [
        title(said::VERDICT),
        line(said::GRADE, verdict.grade.as_str()),
        line(said::CODE, verdict.code),
        sentence(&verdict.french),
        sentence(&verdict.english),
        if verdict.realm == Realm::Test {
            sentence(TEST)
        } else {
            String::new()
        },
        line(said::OBSOLETE, &obsolete),
    ]
    .concat()
}

fn layered(layer: &Layer) -> String {
    match layer {
        Layer::Compressed => line(said::COMPRESSED, said::YES),
        Layer::Signed(signers) => line(said::SIGNED, &signers.len().to_string()),
        Layer::Encrypted(Encryption {
            content,
            key,
            recipients,
            authenticated,
            ..
        }) => [
            line(said::ENCRYPTED, content),
            line(said::KEY, key),
            line(said::RECIPIENTS, &recipients.to_string()),
            line(said::NOTICES, if *authenticated { said::YES } else { said::NO }),
        ]
        .concat(),
    }
}

fn signed(signer: &SignerReport, way: fn(&SignerReport) -> String) -> String {
    let mut out = title(said::SIGNER);
    match &signer.certificate {
        Some(certificate) => out.push_str(&certified(certificate)),
        None => out.push_str(&line(said::CERTIFICATE, said::ABSENT)),
    }
    let claimed = signer.signing_time.map_or_else(|| said::ABSENT.to_owned(), said::moment);
    out.push_str(&line(said::INTEGRITY, integrity(signer.integrity)));
    out.push_str(&line(said::ALGORITHM, &quoted(&signer.algorithm)));
    out.push_str(&line(said::SIGNING_TIME, &claimed));
    if signer.certificate.is_some() {
        out.push_str(&way(signer));
    }
    out
}

fn certified(certificate: &Certificate) -> String {
    let between = |from: UnixTime, until: UnixTime| format!("{} – {}", said::moment(from), said::moment(until));
    let mut out = line(said::NAME, &quoted(&certificate.holder()));
    out.push_str(&line(said::ADDRESSES, &quoted_all(certificate.emails())));
    for (words, value) in [(said::PROFESSION, certificate.profession()), (said::RPPS, certificate.rpps())] {
        if let Some(value) = value {
            out.push_str(&line(words, &quoted(value)));
        }
    }
    out.push_str(&line(said::SERIAL, &certificate.serial_hex()));
    out.push_str(&line(said::ISSUER, &quoted(certificate.issuer_common_name())));
    out.push_str(&line(said::VALIDITY, &between(certificate.not_before(), certificate.not_after())));
    out.push_str(&line(said::ALGORITHM, &certificate.public_key().kind.name()));
    out
}

fn integrity(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Intact => "intacte / intact",
        Integrity::Altered => "ne correspond pas au contenu / does not fit the content",
        Integrity::Dishonest => "structure trompeuse / deceptive structure",
        Integrity::Unsupported => "algorithme non pris en charge / unsupported algorithm",
        Integrity::NoCertificate => "non vérifiable, certificat absent / cannot be checked, no certificate",
    }
}

/// Each certificate from the signer's to the configured one, or why there is no way.
fn way(signer: &SignerReport) -> String {
    match &signer.path {
        Some(Ok(Path { certificates, .. })) => {
            let names: Vec<String> = certificates.iter().map(|c| quoted(&c.holder())).collect();
            names.join(" → ")
        }
        Some(Err(error)) => refused(error),
        None => said::NONE.to_owned(),
    }
}

/// Whether the certificates of that way still stand, by what, or why nobody knows.
fn stands(status: &Status) -> String {
    let both = |said: &Explanation| format!("{} / {}", said.fr.what, said.en.what);
    let said = match status {
        Status::Good(proof) => {
            let how = match proof.kind {
                ProofKind::List => "CRL",
                ProofKind::Delta => "delta CRL",
                ProofKind::Answer => "OCSP",
            };
            said::stands(how, &said::moment(proof.as_of), &said::moment(proof.until), proof.age.words())
        }
        Status::Revoked(revoked) => both(&revoked.explain()),
        Status::NotPublished => said::NOT_PUBLISHED.to_owned(),
        Status::Unknown(unknown) => both(&unknown.explain()),
    };
    line(said::STATUS, &said)
}

fn refused(error: &PathError) -> String {
    let explained = error.explain();
    format!("{} / {} [{}]", explained.fr.what, explained.en.what, explained.code)
}

fn header(of: &Reported<'_>, opened: &Opened) -> String {
    let mut out = title(said::HEADER);
    let sender = of.sender.map_or_else(|| said::NONE.to_owned(), |sender| quoted(sender.as_str()));
    out.push_str(&line(said::SENDER, &sender));
    let Some(protected) = protected::read(opened, of.stored) else {
        return out + &line(said::SCHEME, said::NONE);
    };
    let scheme = match protected.scheme {
        Scheme::Clear | Scheme::Cipher => "RFC 9788",
        Scheme::Older => "protected-headers v1",
        Scheme::Wrapped => "RFC 8551 (message/rfc822)",
    };
    let changed = of.letter.map(|letter| quoted_all(letter.restored.names())).unwrap_or_default();
    out.push_str(&line(said::SCHEME, scheme));
    out.push_str(&line(said::FIELDS, &quoted_all(protected.fields().map(|field| field.name))));
    out + &line(said::CHANGED, if changed.is_empty() { said::NONE } else { &changed })
}
