//! Header protection (RFC 9788) as it is written: the payload of a signature or an envelope carries copies of the message's
//! own fields, and the provider sees fewer of them outside.
//!
//! The policy is `hcp_baseline` (§3.2.1), and Thread-Topic with it: Outlook repeats the Subject there.

use crate::mime::Octets;
use crate::mime::canonical::{self, content_fields, is_structural};
use crate::mime::header::{Field, Header, without_line_end};
use crate::mime::parameters::{content_type, labelled};
use crate::mime::safe::safe_field;
use crate::pki::algorithm::Digest;
use bytes::Bytes;
use std::borrow::Cow;

/// Parameter of the payload's Content-Type (§2.1.1).
pub const PARAMETER: &str = "hp";
/// Field of the payload: how another field stands outside (§2.2).
pub const OUTER_FIELD: &str = "HP-Outer";
/// What stands outside for a hidden Subject (§3.2.1).
pub const HIDDEN_SUBJECT: &str = "[...]";

/// Fields that are left out outside when the Subject is hidden.
const REMOVED: [&str; 3] = ["Comments", "Keywords", "Thread-Topic"];

/// What a message is protected for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A signature alone: whoever carries the message reads it, nothing is hidden.
    Signed,
    /// An envelope for others.
    Sealed(Subject),
    /// An envelope for its owner, who must find Bcc again.
    OwnCopy(Subject),
}

/// Whether the provider sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// As it is.
    Shown,
    /// `[...]`, and what repeats or describes it is left out.
    Hidden,
}

impl Purpose {
    /// The value of the `hp` parameter (§2.1.1): encrypted or not, whatever is hidden.
    fn parameter(self) -> &'static str {
        match self {
            Purpose::Signed => "clear",
            Purpose::Sealed(_) | Purpose::OwnCopy(_) => "cipher",
        }
    }

    fn hides(self) -> bool {
        matches!(self, Purpose::Sealed(Subject::Hidden) | Purpose::OwnCopy(Subject::Hidden))
    }
}

/// The fields that stay outside, without MIME-Version and `Content-*`, safe for every provider.
pub fn outer_header(message: &[u8], purpose: Purpose) -> Vec<u8> {
    let (header, _) = Header::parse(message);
    own_fields(&header, purpose)
        .filter_map(|field| outside(field, purpose))
        .fold(Vec::new(), |mut out, field| {
            push_field(&mut out, &field);
            out
        })
}

/// What is signed or encrypted, safe for every transport: the body of the message as it came, under a root that has its
/// `Content-*` fields and copies of those of `header`, which is to be protected.
pub fn protected(header: &[u8], message: &Bytes, purpose: Purpose) -> Octets {
    let mut out = protected_fields(&Header::parse(header).0, purpose);
    let (content, body) = content_fields(message);
    if is_cryptographic_layer(&content) {
        push_wrapped(&content, &message[body..], purpose, &mut out);
        return canonical::for_signing(&out).into_owned().into();
    }
    push_labelled(&content, purpose, &mut out);
    canonical::content(message, out)
}

/// The Subject that a reader who knows nothing of header protection would miss (§5.2.2); `None`: none is hidden.
pub fn hidden_subject(message: &[u8], purpose: Purpose) -> Option<String> {
    let subject = Header::parse(message).0.text("Subject").filter(|_| purpose.hides())?;
    let subject = subject.trim();
    (!subject.is_empty() && subject != HIDDEN_SUBJECT).then(|| subject.to_owned())
}

/// The fields to protect: all that describe the message and not its parts (RFC 9787 §1.1.1), but for Bcc.
fn own_fields<'h, 'a>(header: &'h Header<'a>, purpose: Purpose) -> impl Iterator<Item = &'h Field<'a>> {
    let blind = |f: &Field<'_>| f.is("Bcc") || f.is("Resent-Bcc");
    let keeps_blind = matches!(purpose, Purpose::OwnCopy(_));
    header.fields().iter().filter(move |f| {
        let ours = f.begins("X-Souspli-") || f.is(OUTER_FIELD);
        !f.name.is_empty() && !is_structural(f) && !ours && (keeps_blind || !blind(f))
    })
}

/// The field as the provider sees it; `None`: it does not.
fn outside<'a>(field: &Field<'a>, purpose: Purpose) -> Option<Cow<'a, [u8]>> {
    if purpose.hides() && (REMOVED.iter().any(|name| field.is(name)) || repeats_subject(field)) {
        None
    } else if purpose.hides() && field.is("Subject") {
        Some(Cow::Owned(format!("Subject: {HIDDEN_SUBJECT}\r\n").into_bytes()))
    } else {
        Some(safe_field(field))
    }
}

/// `Resent-Subject`, `X-Original-Subject`, `Objet`: the Subject once more, under a name of the program's own.
fn repeats_subject(field: &Field<'_>) -> bool {
    let name = field.name.to_ascii_lowercase();
    name != "subject" && ["subject", "objet", "sujet"].iter().any(|word| name.ends_with(word))
}

/// Copies of the fields; in an envelope also how each of them stands outside.
fn protected_fields(header: &Header<'_>, purpose: Purpose) -> Vec<u8> {
    let mut out = Vec::new();
    for field in own_fields(header, purpose) {
        push_field(&mut out, &safe_field(field));
    }
    if purpose == Purpose::Signed {
        return out;
    }
    for field in own_fields(header, purpose) {
        let Some(shown) = outside(field, purpose) else { continue };
        let record = [format!("{OUTER_FIELD}: ").as_bytes(), without_line_end(&shown), b"\r\n"].concat();
        // Ten octets more may be too many for its line.
        if let Some(field) = Header::parse(&record).0.fields().first() {
            push_field(&mut out, &safe_field(field));
        }
    }
    out
}

fn push_labelled(content: &[u8], purpose: Purpose, out: &mut Vec<u8>) {
    let mut label = Some([(PARAMETER, purpose.parameter())]);
    for field in Header::parse(content).0.fields() {
        match label.take_if(|_| field.is("Content-Type")) {
            Some(label) => out.extend(labelled(field, &label)),
            None => out.extend_from_slice(field.raw),
        }
    }
}

/// A message that its program has signed or encrypted itself goes inside a multipart: the fields belong into the innermost
/// payload (RFC 9787 §4.4), and what that signature covers is not ours to change.
fn push_wrapped(content: &[u8], body: &[u8], purpose: Purpose, out: &mut Vec<u8>) {
    let digest = Digest::Sha256.of(&[body]);
    let mut boundary: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
    boundary.insert_str(0, "=_hp-");
    while memchr::memmem::find(body, boundary.as_bytes()).is_some() {
        boundary.push_str("-x");
    }
    let parameter = purpose.parameter();
    let head = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\";\r\n {PARAMETER}=\"{parameter}\"\r\n\r\n--{boundary}\r\n");
    for piece in [
        head.as_bytes(),
        content,
        b"\r\n",
        body,
        format!("\r\n--{boundary}--\r\n").as_bytes(),
    ] {
        out.extend_from_slice(piece);
    }
}

/// A layer of cryptography by its media type (RFC 9787 §4.1).
pub fn is_cryptographic_layer(header: &[u8]) -> bool {
    let media = content_type(&Header::parse(header).0).value;
    media == "multipart/signed" || media == "multipart/encrypted" || media.ends_with("/pkcs7-mime") || media.ends_with("/x-pkcs7-mime")
}

fn push_field(out: &mut Vec<u8>, raw: &[u8]) {
    out.extend_from_slice(raw);
    if !raw.is_empty() && !raw.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(message: &[u8], purpose: Purpose) -> Vec<u8> {
        protected(message, &Bytes::copy_from_slice(message), purpose).to_vec()
    }

    use crate::mime::canonical::is_seven_bit;

    const SEALED: Purpose = Purpose::Sealed(Subject::Hidden);
    const MAIL: &str = "From: Alice <a@x.fr>\r\nTo: b@x.fr\r\nBcc: c@x.fr\r\nSubject: Bilan de\r\n M. Dupont\r\nKeywords: dos\r\n\
        Comments: genou\r\nThread-Topic: Bilan\r\nX-Subject: Bilan\r\nMessage-ID: <1@x.fr>\r\nX-MSS-NIL: 7\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=us-ascii\r\nContent-Language: fr\r\n\r\nBonjour  \r\n";

    fn text(octets: Vec<u8>) -> String {
        String::from_utf8(octets).unwrap()
    }

    /// §5.2 and §3.2.1, line for line.
    #[test]
    fn an_envelope_holds_every_field_and_how_it_stands_outside() {
        let outside = "From: Alice <a@x.fr>\r\nTo: b@x.fr\r\nSubject: [...]\r\nMessage-ID: <1@x.fr>\r\nX-MSS-NIL: 7\r\n";
        assert_eq!(text(outer_header(MAIL.as_bytes(), SEALED)), outside);
        assert_eq!(
            text(payload(MAIL.as_bytes(), SEALED)),
            "From: Alice <a@x.fr>\r\nTo: b@x.fr\r\nSubject: Bilan de\r\n M. Dupont\r\nKeywords: dos\r\nComments: genou\r\n\
             Thread-Topic: Bilan\r\nX-Subject: Bilan\r\nMessage-ID: <1@x.fr>\r\nX-MSS-NIL: 7\r\nHP-Outer: From: Alice <a@x.fr>\r\nHP-Outer: To: b@x.fr\r\n\
             HP-Outer: Subject: [...]\r\nHP-Outer: Message-ID: <1@x.fr>\r\nHP-Outer: X-MSS-NIL: 7\r\n\
             Content-Type: text/plain; charset=us-ascii;\r\n hp=\"cipher\"\r\nContent-Language: fr\r\n\r\nBonjour  \r\n"
        );
        assert_eq!(hidden_subject(MAIL.as_bytes(), SEALED).as_deref(), Some("Bilan de M. Dupont"));
    }

    #[test]
    fn a_signature_alone_hides_nothing_and_a_shown_subject_stays() {
        let shown = MAIL.replace("Bcc: c@x.fr\r\n", "").split("MIME-Version").next().unwrap().to_owned();
        for (purpose, parameter, outer) in [(Purpose::Signed, "clear", 0), (Purpose::Sealed(Subject::Shown), "cipher", 9)] {
            assert_eq!(text(outer_header(MAIL.as_bytes(), purpose)), shown);
            let payload = text(payload(MAIL.as_bytes(), purpose));
            assert!(
                payload.starts_with(&shown) && payload.contains(&format!("hp=\"{parameter}\"")),
                "{payload}"
            );
            assert_eq!(payload.matches("HP-Outer: ").count(), outer, "{payload}");
            assert_eq!(hidden_subject(MAIL.as_bytes(), purpose), None);
        }
    }

    #[test]
    fn the_copy_of_its_owner_keeps_bcc() {
        let own = Purpose::OwnCopy(Subject::Hidden);
        assert!(text(outer_header(MAIL.as_bytes(), own)).contains("Bcc: c@x.fr\r\nSubject: [...]\r\n"));
        let payload = text(payload(MAIL.as_bytes(), own));
        assert!(payload.contains("\nBcc: c@x.fr\r\n") && payload.contains("HP-Outer: Bcc: c@x.fr\r\n"));
    }

    #[test]
    fn claims_of_the_mail_program_are_not_passed_on() {
        let mail = "From: a@b\r\nHP-Outer: Subject: x\r\nX-Souspli-View: t\r\nContent-Type: text/plain; hp=\"clear\"; hp=cipher\r\n\r\n";
        assert_eq!(outer_header(mail.as_bytes(), Purpose::Signed), b"From: a@b\r\n");
        let payload = text(payload(mail.as_bytes(), SEALED));
        assert_eq!(
            payload,
            "From: a@b\r\nHP-Outer: From: a@b\r\nContent-Type: text/plain;\r\n hp=\"cipher\"\r\n\r\n"
        );
    }

    #[test]
    fn fields_of_every_kind_are_safe_inside() {
        let long = format!("<{}@x>", "x".repeat(400));
        let mail = format!(
            "From: Zoé <a@b>\r\nSubject: =?utf-8?Q?=C3=A9?=\r\nReferences: {long} {long}\r\n {}\r\nX-Long: {}\r\n\r\nx",
            "y".repeat(990),
            "mot ".repeat(500)
        );
        let payload = payload(mail.as_bytes(), Purpose::Sealed(Subject::Shown));
        assert!(is_seven_bit(&payload), "{}", String::from_utf8_lossy(&payload));
        let header = Header::parse(&payload).0;
        assert_eq!(header.text("From").as_deref(), Some("Zoé <a@b>"));
        assert_eq!(header.text("Subject").as_deref(), Some("é"));
        let outer: Vec<String> = header.all(OUTER_FIELD).map(Field::text).collect();
        assert_eq!(outer.len(), 4);
        assert!(outer[0] == "From: Zoé <a@b>" && outer[1] == "Subject: é" && outer[2].starts_with(&format!("References: {long} {long}")));
    }

    #[test]
    fn an_address_that_is_not_ascii_is_one_inside_and_outside() {
        let mail = "From: a@b\r\nTo: \"Zoé M\" <zoé@b>, c@d\r\nSubject: s\r\n\r\né";
        let to = "To: =?utf-8?Q?Zo=C3=A9_M?= <zoé@b>, c@d\r\n";
        assert!(text(outer_header(mail.as_bytes(), SEALED)).contains(to));
        let payload = text(payload(mail.as_bytes(), SEALED));
        assert!(payload.contains(&format!("\r\n{to}")), "{payload}");
    }

    #[test]
    fn what_is_signed_by_its_program_stays_whole_in_a_part() {
        let signed = "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=s\r\n\r\n--s\r\n\r\nx\r\n--s\r\n\r\ny\r\n--s--\r\n";
        let payload = payload(format!("Subject: s\r\n{signed}").as_bytes(), SEALED);
        let tree = crate::mime::entity::parse(&payload);
        assert_eq!((tree.media_type.as_str(), tree.children().len()), ("multipart/mixed", 1));
        assert_eq!(&payload[tree.children()[0].range()], signed.as_bytes());
        assert_eq!(content_type(&Header::parse(&payload).0).parameter(PARAMETER), Some("cipher"));
    }
}
