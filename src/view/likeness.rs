//! By what a text and its files are known again once nothing else tells where they come from: "edit as new" of an own letter
//! carries no mark, no reference and another identifier.
//!
//! Compared are words, whatever stands between them: quoting, wrapping and the tags of HTML differ with every program. Nothing
//! here is kept as it is; `store::letters` keeps keyed digests.

use super::html;
use crate::base::limits::{LIKENESS_FILES_MAX, LIKENESS_WORDS_MAX};
use crate::mime::Contents;
use crate::mime::base64::ends;
use crate::mime::edit::{ENCODED_MAX, is_html, text_of};
use crate::mime::entity::{Entity, Kind};
use crate::mime::packed::{may_hold_files, unpacked};
use crate::mime::parameters::{TransferEncoding, disposition, transfer_encoding};
use crate::mime::words::octets_to_text;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of a text that is known again as a whole: below it a greeting is a letter.
const WHOLE_MIN: usize = 12;
/// Words of a stretch.
const STRETCH: usize = 5;
/// Octets of a file that is known again.
const FILE_MIN: usize = 512;
/// Octets of either end of a file that stand for it, with its length.
const FILE_ENDS: usize = 1 << 10;

/// The words and files of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Likeness {
    /// The words of each text.
    pub texts: Vec<Words>,
    /// What stands for each file.
    pub files: Vec<Vec<u8>>,
}

/// The words of one text, plain.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Words {
    /// All of them.
    all: Vec<String>,
    /// Those before the formula that closes a letter: without signature, disclaimer and what it quotes.
    own: Vec<String>,
}

/// What the message, or an entity of one, is known by.
pub fn likeness(message: &[u8]) -> Likeness {
    likeness_in(&Contents::of(message))
}

/// The same of a message that has been read.
pub fn likeness_in(message: &Contents<'_>) -> Likeness {
    let mut out = Likeness::default();
    collect(message, &message.root, 0, &mut out);
    out
}

impl Words {
    /// The letter as a whole; `None`: it is too short to be told from others.
    pub fn whole(&self) -> Option<String> {
        (self.own.len() >= WHOLE_MIN).then(|| self.own.join(" "))
    }

    /// Every stretch of its own words.
    pub fn own_stretches(&self) -> impl Iterator<Item = String> {
        self.own.windows(STRETCH).map(|words| words.join(" "))
    }

    /// Every stretch of it.
    pub fn stretches(&self) -> impl Iterator<Item = String> {
        self.all.windows(STRETCH).map(|words| words.join(" "))
    }

    /// What leads to the word that closes belongs to it.
    fn unclose(&mut self) {
        while self.own.last().is_some_and(|word| BEFORE_CLOSING.contains(&word.as_str())) {
            self.own.pop();
        }
    }

    fn of(text: &str, room: usize) -> Self {
        let mut words = Words::default();
        let mut place = Place::Letter;
        for line in text.lines() {
            let found = words_of(line);
            if begins_quote(line, &found) {
                // What is quoted is known by itself, where it was sealed; alone it is all that there is.
                place = if words.own.len() < WHOLE_MIN {
                    Place::Letter
                } else {
                    Place::Beside
                };
            } else if line.trim_end() == "--" || is_disclaimer(&found) {
                place = Place::Beside;
            }
            for word in found {
                if words.all.len() >= room {
                    return words;
                }
                if place == Place::Letter && CLOSING.contains(&word.as_str()) {
                    place = Place::Beside;
                    words.unclose();
                }
                if place == Place::Letter {
                    words.own.push(word.clone());
                }
                words.all.push(word);
            }
        }
        words
    }
}

/// Whose words a line has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The letter's own.
    Letter,
    /// Those of every letter, or of another one.
    Beside,
}

/// What begins the formula at the end of a letter; behind it stands what is in every letter.
const CLOSING: [&str; 10] = [
    "cordialement",
    "confraternellement",
    "amicalement",
    "respectueusement",
    "sincerement",
    "salutations",
    "sentiments",
    "regards",
    "sincerely",
    "grussen",
];

const BEFORE_CLOSING: [&str; 12] = [
    "bien",
    "tres",
    "avec",
    "mes",
    "nos",
    "meilleures",
    "sinceres",
    "best",
    "kind",
    "warm",
    "yours",
    "with",
];

/// The line above a quoted or forwarded letter, in the languages of the programs seen.
fn begins_quote(line: &str, words: &[String]) -> bool {
    const LAST: [&str; 3] = ["ecrit", "wrote", "schrieb"];
    const FIELD: [&str; 4] = ["De :", "De:", "From:", "Von:"];
    const TITLE: [&str; 4] = ["message d origine", "message transfere", "original message", "forwarded message"];
    let written = line
        .trim_start_matches(|c: char| c.is_whitespace() || ">*".contains(c))
        .replace('\u{a0}', " ");
    words.last().is_some_and(|last| LAST.contains(&last.as_str()))
        || FIELD.iter().any(|field| written.starts_with(field))
        || TITLE.contains(&words.join(" ").as_str())
}

/// The paragraph of lawyers, which is as long as a letter and in all of them.
fn is_disclaimer(words: &[String]) -> bool {
    let confidential = words.iter().any(|word| word.starts_with("confidenti"));
    confidential
        && words
            .iter()
            .any(|word| ["message", "courriel", "mail", "email"].contains(&word.as_str()))
}

/// Letters and digits, without case and accents.
fn words_of(line: &str) -> Vec<String> {
    let plain: String = line
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn collect(message: &Contents<'_>, entity: &Entity, encoded: usize, out: &mut Likeness) {
    match &entity.kind {
        Kind::Multipart(parts) => parts.iter().for_each(|part| collect(message, part, encoded, out)),
        Kind::Message(inner) => collect(message, inner, encoded, out),
        Kind::Leaf => {
            if let Some(inner) = message.encoded_message(entity).filter(|_| encoded < ENCODED_MAX) {
                let inner = Contents::of(&inner);
                collect(&inner, &inner.root, encoded + 1, out);
            } else if let Some((text, _)) = text_of(message.octets, entity) {
                let room = LIKENESS_WORDS_MAX.saturating_sub(out.texts.iter().map(|words| words.all.len()).sum());
                let words = match is_html(&entity.media_type) {
                    true => Words::of(&html::to_text(&text), room),
                    false => Words::of(&text, room),
                };
                out.texts.push(words);
            } else if out.files.len() < LIKENESS_FILES_MAX {
                file(message, entity, out);
            }
        }
    }
}

/// A file, and those packed in it. Not of what is in every letter: the pictures of a signature, cards, keys, signatures.
fn file(message: &Contents<'_>, entity: &Entity, out: &mut Likeness) {
    let header = message.header(entity);
    let kind = entity.media_type.as_str();
    let in_the_text = header.first("Content-ID").is_some() || disposition(&header).is_some_and(|said| said.value == "inline");
    let usual = [
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/calendar",
        "text/rfc822-headers",
    ]
    .contains(&kind)
        || ["application/pgp-", "application/pkcs7-", "application/x-pkcs7-", "message/"]
            .iter()
            .any(|start| kind.starts_with(start));
    if usual || (kind.starts_with("image/") && in_the_text) {
        return;
    }
    if transfer_encoding(&header) == TransferEncoding::Base64 {
        let long = message
            .body_at_hand(entity)
            .filter(|octets| octets.is_plain_base64 && octets.len() >= 8 * FILE_ENDS);
        if let Some(octets) = long {
            if !may_hold_files(&octets[..FILE_ENDS]) {
                return out.files.extend(stand_in(&octets));
            }
        } else if let Some(known) = ends(message.at(&entity.body), FILE_ENDS)
            && !may_hold_files(&known.start)
        {
            return out.files.push(stand_in_of(known.octets, &known.start, &known.end));
        }
    }
    let Some(octets) = message.body(entity) else { return };
    let packed = unpacked(&octets);
    let files = std::iter::once(&**octets).chain(packed.iter().map(Vec::as_slice));
    out.files
        .extend(files.filter_map(stand_in).take(LIKENESS_FILES_MAX - out.files.len()));
    // What Outlook wrote as rich text is the letter.
    if matches!(kind, "application/ms-tnef" | "application/vnd.ms-tnef") {
        let room = LIKENESS_WORDS_MAX.saturating_sub(out.texts.iter().map(|words| words.all.len()).sum());
        out.texts.extend(packed.first().map(|text| Words::of(&octets_to_text(text), room)));
    }
}

/// The length of a file and both its ends.
fn stand_in(octets: &[u8]) -> Option<Vec<u8>> {
    let (start, rest) = octets.split_at(octets.len().min(FILE_ENDS));
    let end = &rest[rest.len().saturating_sub(FILE_ENDS)..];
    let known = octets.len() >= FILE_MIN;
    known.then(|| stand_in_of(octets.len(), start, end))
}

fn stand_in_of(octets: usize, start: &[u8], end: &[u8]) -> Vec<u8> {
    [&(octets as u64).to_be_bytes(), start, end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Words {
        let mail = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{body}");
        likeness(mail.as_bytes()).texts.remove(0)
    }

    const LETTER: &str = "Chère consœur,\r\nje vous adresse M. Dupont pour une toux qui dure depuis deux mois.\r\n";

    #[test]
    fn a_letter_is_the_same_however_it_is_written() {
        let whole = text(LETTER).whole();
        assert!(whole.is_some());
        let html = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Chère consœur,</p><p>je&nbsp;vous <b>adresse</b> M. Dupont pour\r\nune toux qui dure depuis deux mois.";
        assert_eq!(likeness(html.as_bytes()).texts[0].whole(), whole);
        for other in [
            LETTER.replace("\r\n", "\r\n> "),
            LETTER.replace(" une toux", " \r\nune toux"),
            LETTER.to_uppercase(),
            format!("{LETTER}\r\nBien cordialement\r\nDr Zoé, 1 rue des Érables\r\n"),
            format!("{LETTER}--\u{20}\r\nDr Zoé\r\n"),
            format!("{LETTER}\r\nCe message et ses pièces jointes sont confidentiels et destinés à vous seul.\r\n"),
        ] {
            assert_eq!(text(&other).whole(), whole, "{other}");
        }
        assert_ne!(text(&LETTER.replace("Dupont", "Durand")).whole(), whole);
    }

    #[test]
    fn what_is_in_every_letter_tells_nothing() {
        for body in [
            "Bonjour,\r\n\r\nVeuillez trouver ci-joint le document.\r\nBien cordialement,\r\nDr Zoé Martin, cabinet des Érables, 12 rue Longue, Nantes",
            "Ce courriel est confidentiel. S'il ne vous est pas destiné, merci de le détruire et de prévenir son expéditeur.",
            "Merci !\r\n-- \r\nDr Zoé Martin, médecin généraliste, cabinet des Érables, 12 rue Longue, 44000 Nantes, sur rendez-vous",
        ] {
            assert_eq!(text(body).whole(), None, "{body}");
        }
        let card = "Content-Type: text/vcard\r\nContent-Disposition: attachment; filename=a.vcf\r\n\r\n";
        let logo = "Content-Type: image/png\r\nContent-ID: <logo>\r\n\r\n";
        for head in [card, logo, "Content-Type: application/pdf\r\n\r\n"] {
            let octets = format!("{head}{}", "x".repeat(FILE_MIN - usize::from(head.contains("pdf"))));
            assert!(likeness(octets.as_bytes()).files.is_empty(), "{head}");
        }
    }

    #[test]
    fn what_is_quoted_behind_a_signature_counts() {
        let quoted = LETTER.replace("\r\n", "\r\n> ");
        let answer = format!("Merci.\r\nCordialement\r\nDr Zoé\r\n\r\nLe 3 mai, Dr Bob a écrit :\r\n> {quoted}\r\n");
        let words = text(&answer);
        assert!(words.whole().unwrap().contains("pour une toux qui dure"));
        assert!(!words.whole().unwrap().contains("zoe"));
        assert!(words.stretches().any(|stretch| stretch.contains("dr zoe")));
        // Beside a letter of its own what it quotes is another's, and may have come in clear.
        let answer = format!("{LETTER}\r\nDe\u{a0}: Bob\r\nObjet : Réunion\r\n> La réunion est déplacée à jeudi.\r\n");
        assert_eq!(text(&answer).whole(), text(LETTER).whole());
    }

    #[test]
    fn a_large_file_is_the_same_in_every_encoding() {
        let octets: Vec<u8> = (0..60_001u32).map(|n| (n * n / 7) as u8 | 0x80).collect();
        let head = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: ";
        let of = |encoding: &str, body: &[u8]| likeness(&[format!("{head}{encoding}\r\n\r\n").as_bytes(), body].concat()).files;
        let plain = of("8bit", &octets);
        assert_eq!(plain.len(), 1);
        for columns in [64, 76] {
            let body = crate::mime::encode::base64_wrapped(&octets, columns);
            assert_eq!(of("base64", &body), plain);
            let mail = [format!("{head}base64\r\n\r\n").as_bytes(), &body].concat();
            let decoded = Contents::of(&mail);
            assert!(decoded.body(&decoded.root).is_some_and(|body| body.is_plain_base64));
            assert_eq!(likeness_in(&decoded).files, plain);
        }
        let mut other = octets.clone();
        other[59_000] ^= 1;
        assert_ne!(of("base64", &crate::mime::encode::base64_lines(&other)), plain);
        // What may hold other files is looked into.
        let packed = [b"PK\x03\x04".as_slice(), &octets].concat();
        assert_eq!(of("base64", &crate::mime::encode::base64_lines(&packed)), of("8bit", &packed));
    }

    #[test]
    fn hostile_texts_are_bounded() {
        let words = text(&"mot ".repeat(LIKENESS_WORDS_MAX * 2));
        assert_eq!(words.all.len(), LIKENESS_WORDS_MAX);
        let part = format!("--b\r\nContent-Type: a/b\r\n\r\n{}\r\n", "x".repeat(FILE_MIN));
        let many = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
            part.repeat(LIKENESS_FILES_MAX + 9)
        );
        assert_eq!(likeness(many.as_bytes()).files.len(), LIKENESS_FILES_MAX);
    }
}
