//! By what a text and its files are known again once nothing else tells where they come from: "edit as new" of an own letter
//! carries no mark, no reference and another identifier.
//!
//! Compared are words, whatever stands between them: quoting, wrapping and the tags of HTML differ with every program. Nothing
//! here is kept as it is; `store::letters` keeps keyed digests.

use super::{html, page};
use crate::base::limits::{LIKENESS_FILES_MAX, LIKENESS_WORDS_MAX};
use crate::mime::base64::ends;
use crate::mime::edit::{ENCODED_MAX, decode_text, is_attachment, is_html, is_text};
use crate::mime::entity::{Entity, Kind};
use crate::mime::header::Header;
use crate::mime::packed::{may_hold_files, unpacked};
use crate::mime::parameters::{TransferEncoding, content_type, disposition, transfer_encoding};
use crate::mime::words::octets_to_text;
use crate::mime::{Contents, calendar, rtf};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of a text that is known again as a whole: below it a greeting is a letter.
const WHOLE_MIN: usize = 12;
/// Words of a stretch.
const STRETCH: usize = 5;
/// Octets of the initials in front of a quoted line.
const INITIALS_MAX: usize = 12;
/// Octets of a file that is known again.
const FILE_MIN: usize = 512;
/// Octets of a picture in the text that is known again: below it, it is the logo that is in every letter.
const PICTURE_MIN: usize = 128 << 10;
/// Octets of either end of a file that stand for it, with its length.
const FILE_ENDS: usize = 1 << 10;

/// Octets of a file that are read as words.
const FILE_TEXT_MAX: usize = 64 * LIKENESS_WORDS_MAX;

/// The words and files of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Likeness {
    /// The words of each text, in each reading of it.
    pub texts: Vec<Words>,
    /// What stands for each file.
    pub files: Vec<Vec<u8>>,
    /// Texts that are asked and not remembered: a Subject, what stands around parts and what a file holds may be in every message.
    pub asked_texts: Vec<Words>,
    /// The same of files: the letter's own texts, were they files, and small pictures in them.
    pub asked_files: Vec<Vec<u8>>,
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
    let mut search = Search {
        found: Likeness::default(),
        letter: LIKENESS_WORDS_MAX,
        attached: LIKENESS_WORDS_MAX,
        files: LIKENESS_FILES_MAX,
    };
    search.message(message, &message.root, 0);
    search.found
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
            let line = without_initials(line);
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

/// `BM> `: some programs quote under the initials of who wrote.
fn without_initials(line: &str) -> &str {
    let rest = line.trim_start().trim_start_matches(char::is_alphanumeric);
    match rest.strip_prefix('>') {
        Some(quoted) if line.len() - rest.len() <= INITIALS_MAX => quoted,
        _ => line,
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

/// What was found, and what room is left for more.
struct Search {
    found: Likeness,
    /// For words of the letter's own texts, and of files: a file in front leaves the letter its own.
    letter: usize,
    attached: usize,
    files: usize,
}

impl Search {
    fn entity(&mut self, message: &Contents<'_>, entity: &Entity, encoded: usize) {
        match &entity.kind {
            Kind::Multipart(parts) => {
                self.beside(message, entity, parts);
                parts.iter().for_each(|part| self.entity(message, part, encoded));
            }
            Kind::Message(inner) => self.message(message, inner, encoded),
            Kind::Leaf => {
                self.leaf(message, entity);
                if let Some(inner) = message.attached_message(entity).filter(|_| encoded < ENCODED_MAX) {
                    let inner = Contents::of(&inner);
                    self.message(&inner, &inner.root, encoded + 1);
                }
            }
        }
    }

    fn message(&mut self, message: &Contents<'_>, root: &Entity, encoded: usize) {
        for subject in message.header(root).all("Subject") {
            self.found.asked_texts.extend(readings(&subject.text(), false, &mut self.attached));
        }
        self.entity(message, root, encoded);
    }

    /// What stands in front of the parts and behind them.
    fn beside(&mut self, message: &Contents<'_>, entity: &Entity, parts: &[Entity]) {
        let body = &entity.body;
        let first = parts.first().map_or(body.end, |first| first.header.start);
        let last = parts.last().map_or(body.end, |last| last.body.end);
        for around in [body.start..first, last..body.end] {
            let octets = message.at(&around);
            let text = octets_to_text(&octets[..octets.len().min(FILE_TEXT_MAX)]);
            // Without the lines that part them.
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("--")).collect();
            self.found
                .asked_texts
                .extend(readings(&lines.join("\n"), false, &mut self.attached));
        }
    }

    fn leaf(&mut self, message: &Contents<'_>, entity: &Entity) {
        let header = message.header(entity);
        let said = content_type(&header);
        let is_file = is_attachment(&header) || said.parameter("name").is_some();
        if entity.media_type == "text/calendar" {
            return message.body(entity).into_iter().for_each(|octets| self.calendar(&octets));
        }
        if !is_text(&entity.media_type) {
            return self.file(message, entity, &header);
        }
        let Some(octets) = message.body(entity) else { return };
        let Some((text, _)) = decode_text(said.parameter("charset"), Cow::Borrowed(&octets)) else {
            return self.file(message, entity, &header);
        };
        let room = if is_file { &mut self.attached } else { &mut self.letter };
        self.found.texts.extend(readings(&text, is_html(&entity.media_type), room));
        match is_file {
            true => self.file(message, entity, &header),
            // The letter itself is no file; but a file may be sent on as a letter.
            false => self.found.asked_files.extend(stand_ins(&octets)),
        }
    }

    /// What people wrote into an invitation. Of one that came sealed nothing else is remembered.
    fn calendar(&mut self, octets: &[u8]) {
        let calendar = octets_to_text(&octets[..octets.len().min(FILE_TEXT_MAX)]);
        for text in calendar::texts(&calendar) {
            self.found.texts.extend(readings(&text, false, &mut self.attached));
        }
    }

    /// A file, and those packed in it. Not of what is in every letter: cards, keys, signatures.
    fn file(&mut self, message: &Contents<'_>, entity: &Entity, header: &Header<'_>) {
        if self.files == 0 || is_usual(&entity.media_type) {
            return;
        }
        let in_text = is_in_text(&entity.media_type, header);
        if transfer_encoding(header) == TransferEncoding::Base64 && message.body_at_hand(entity).is_none() {
            let ends = ends(message.at(&entity.body), FILE_ENDS);
            if let Some(known) = ends.filter(|known| !may_hold_files(&known.start) && !begins_as_text(&known.start)) {
                return self.known(known.octets, in_text, [stand_in_of(known.octets, &known.start, &known.end)]);
            }
        }
        let Some(octets) = message.body(entity) else { return };
        let packed = match octets.is_plain_base64 && octets.len() >= 8 * FILE_ENDS && !may_hold_files(&octets[..FILE_ENDS]) {
            true => Vec::new(),
            false => unpacked(&octets),
        };
        for file in std::iter::once(&**octets).chain(packed.iter().map(Vec::as_slice)) {
            if self.files > 0 && file.len() >= FILE_MIN {
                self.known(file.len(), in_text, stand_ins(file));
            }
        }
        // What Outlook wrote as rich text is the letter.
        if matches!(entity.media_type.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef") {
            let text = packed.first().map(|text| octets_to_text(text)).unwrap_or_default();
            return self.found.texts.extend(readings(&text, false, &mut self.letter));
        }
        if !is_text(&entity.media_type) {
            let read = self.read(&octets);
            self.found.texts.extend(read);
        }
        for file in packed {
            let read = self.read(&file);
            self.found.asked_texts.extend(read);
        }
    }

    fn known(&mut self, octets: usize, in_text: bool, file: impl IntoIterator<Item = Vec<u8>>) {
        self.files -= 1;
        match in_text && octets < PICTURE_MIN {
            true => self.found.asked_files.extend(file),
            false => self.found.files.extend(file),
        }
    }

    /// What can be read in a file.
    fn read(&mut self, octets: &[u8]) -> Vec<Words> {
        if !is_text_of_any_kind(octets) {
            return Vec::new();
        }
        let text = octets_to_text(&octets[..octets.len().min(FILE_TEXT_MAX)]);
        readings(&text, false, &mut self.attached)
    }
}

fn is_usual(kind: &str) -> bool {
    ["text/vcard", "text/x-vcard", "text/directory", "text/rfc822-headers"].contains(&kind)
        || ["application/pgp-", "application/pkcs7-", "application/x-pkcs7-", "message/"]
            .iter()
            .any(|start| kind.starts_with(start))
}

/// A picture that a page names. Some programs give every file such a name.
fn is_in_text(kind: &str, header: &Header<'_>) -> bool {
    let is_listed = disposition(header).is_some_and(|said| said.value == "attachment");
    kind.starts_with("image/") && header.first("Content-ID").is_some() && !is_listed
}

/// The words of a text, as programs differ in what they make of a page: as earlier versions read it, as a browser shows it, with
/// every tag between two words, and with what is told of it in a View. Each reading that differs counts, and all have the same room.
fn readings(text: &str, is_html: bool, room: &mut usize) -> Vec<Words> {
    let mut found = Vec::new();
    if *room == 0 {
        return found;
    }
    if !is_html {
        found.push(Words::of(text, *room));
    }
    if text.as_bytes().starts_with(rtf::SIGNATURE) {
        found.push(Words::of(&octets_to_text(&rtf::text(text.as_bytes())), *room));
    }
    if is_html || html::find_ignoring_case(text.as_bytes(), b"</").is_some() {
        for read in [html::to_text, page::plain, page::apart, page::told] {
            let words = Words::of(&read(text), *room);
            if !found.contains(&words) {
                found.push(words);
            }
        }
    }
    let most = found.iter().map(|words| words.all.len()).max();
    *room -= most.unwrap_or_default().min(*room);
    found.retain(|words| !words.all.is_empty());
    found
}

/// Whether nothing in these octets tells that they are no text of one octet a character.
fn begins_as_text(octets: &[u8]) -> bool {
    !octets.iter().any(|b| *b < b' ' && !b"\t\n\r\x0c\x1b".contains(b))
}

fn is_text_of_any_kind(octets: &[u8]) -> bool {
    begins_as_text(&octets[..octets.len().min(FILE_ENDS)]) && begins_as_text(octets)
}

/// What a file is known by: as it is, and where it may be a text, by its lines, however they end.
fn stand_ins(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = stand_in(octets).into_iter().collect();
    if begins_as_text(&octets[..octets.len().min(FILE_ENDS)]) {
        let lines = stand_in_of_lines(octets).filter(|lines| !found.contains(lines));
        found.extend(lines);
    }
    found
}

/// The same as of the text with plain line ends and nothing blank behind it.
fn stand_in_of_lines(octets: &[u8]) -> Option<Vec<u8>> {
    let octets = octets.trim_ascii_end();
    let pairs = memchr::memchr_iter(b'\r', octets).filter(|at| octets.get(at + 1) == Some(&b'\n'));
    let length = octets.len() - pairs.count();
    // No character is more than two octets long before.
    let near = octets.len().min(2 * FILE_ENDS);
    let mut start = with_plain_line_ends(&octets[..near]);
    start.truncate(length.min(FILE_ENDS));
    let end = with_plain_line_ends(&octets[octets.len() - near..]);
    let end = &end[end.len().saturating_sub((length - start.len()).min(FILE_ENDS))..];
    (length >= FILE_MIN).then(|| stand_in_of(length, &start, end))
}

fn with_plain_line_ends(octets: &[u8]) -> Vec<u8> {
    let second = |at: usize| at > 0 && octets[at] == b'\n' && octets[at - 1] == b'\r';
    let kept = octets.iter().enumerate().filter(|(at, _)| !second(*at));
    kept.map(|(_, b)| if *b == b'\r' { b'\n' } else { *b }).collect()
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
mod tests;
