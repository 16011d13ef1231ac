//! Words that a reader would take for the tokens of our banner, in whatever letters and however hidden: taken out of what
//! others wrote before ours are put in.
//!
//! Not a general table of confusable characters (UTS 39): two words are looked for, so only their seven letters, brackets
//! and what cannot be seen between them matter.

use super::header::{self, is_ours};
use super::html::{self, ATTRIBUTE, Piece};
use crate::mime::edit::{Change, Editor, TextPart, edit, is_marked_up, is_readable};
use crate::mime::header::Field;
use crate::mime::parameters::Parameterized;
use crate::mime::words;
use std::ops::Range;

/// What stands in the place of a token of ours that somebody else wrote. Never longer than what it replaces.
const FAKE: &str = "(faux)";
/// What [`ATTRIBUTE`] of others becomes, as long as it.
const FOREIGN: &str = "data-foreign";

/// The content of others without our marks; `None`: it has none.
pub fn neutralise(content: &[u8]) -> Option<Vec<u8>> {
    edit(content, &mut Neutralise)
}

/// A text of others without our tokens; `None`: it has none.
pub fn defanged(text: &str) -> Option<String> {
    let found = tokens(text, false);
    // Characters that turn the direction of writing show a word that is not the one written.
    let turned = text.contains(TURNS);
    if found.is_empty() && !turned {
        return None;
    }
    let whole = found.iter().map(|token| (token.start()..token.end(), FAKE)).collect();
    Some(replaced(text, whole).replace(TURNS, ""))
}

/// The name of a file without our word: a report is ours alone. `None`: it has none.
pub fn renamed(name: &str) -> Option<String> {
    let letters: Vec<(Range<usize>, u8)> = shown(name)
        // "sous pli" is good French.
        .filter_map(|(range, c)| Some((range, if c == ' ' { b' ' } else { seen(c)? })))
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = letters.get(at..at + WORD.len()) {
        if word.iter().map(|(_, letter)| *letter).eq(WORD.iter().copied()) {
            found.push((word[0].0.start..word[WORD.len() - 1].0.end, FAKE));
            at += WORD.len();
        } else {
            at += 1;
        }
    }
    (!found.is_empty()).then(|| replaced(name, found))
}

/// A field that names a file, the name without our word; `None`: as it is.
fn renamed_field(field: &Field<'_>) -> Option<Vec<u8>> {
    let parameter = match field {
        field if field.is("Content-Type") => "name",
        field if field.is("Content-Disposition") => "filename",
        _ => return None,
    };
    let mut read = Parameterized::parse(field.value);
    let name = words::decode(read.parameter(parameter)?.as_bytes());
    let shown = defanged(&name);
    let name = renamed(shown.as_deref().unwrap_or(&name)).or(shown)?;
    read.parameters.insert(parameter.to_owned(), name);
    Some(format!("{}: {}\r\n", field.name, read.write()).into_bytes())
}

/// The same for HTML: tags between the letters of a token stay, our attribute is renamed.
fn defanged_html(document: &str) -> Option<String> {
    let mut changes: Vec<(Range<usize>, &str)> = Vec::new();
    for token in tokens(document, true) {
        let put = |at: usize| if at == 0 { FAKE } else { "" };
        changes.extend(token.0.into_iter().enumerate().map(|(at, range)| (range, put(at))));
    }
    changes.extend(attributes(document).map(|at| (at..at + ATTRIBUTE.len(), FOREIGN)));
    let out = replaced(document, changes).replace(TURNS, "");
    (out != document).then_some(out)
}

/// What makes the tokens and the attribute harmless where they stand: octets of the text in their order, and what they
/// become. Only a turned word costs the characters that turn it.
pub(super) fn overwritten(text: &str, html: bool) -> Vec<(usize, u8)> {
    let mut changes = Vec::new();
    for token in tokens(text, html) {
        let letters = FAKE.bytes().chain(std::iter::repeat(b' '));
        for (range, letter) in token.0.into_iter().zip(letters) {
            changes.extend(range.clone().map(|at| (at, if at == range.start { letter } else { b' ' })));
        }
    }
    for at in attributes(text).filter(|_| html) {
        changes.extend(FOREIGN.bytes().enumerate().map(|(n, letter)| (at + n, letter)));
    }
    if text.contains(TURNS) && holds_turned_word(text) {
        let turns = text.char_indices().filter(|(_, c)| TURNS.contains(c));
        changes.extend(turns.flat_map(|(at, c)| (at..at + c.len_utf8()).map(|at| (at, b' '))));
    }
    changes.sort_unstable();
    changes
}

fn tokens(text: &str, html: bool) -> Vec<Token> {
    if !may_open(text, html) {
        return Vec::new();
    }
    if !html {
        return find(shown(text));
    }
    tokens_of_page(text, 0..text.len(), Inside::Read)
}

/// What is done with what is no text between tags.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Read as a page of its own.
    Read,
    /// Taken for one text.
    Whole,
}

/// Those in the text between tags, and in what is shown all the same: the values of attributes (a field of a form, words in
/// place of a picture), what stands in a field of several lines, in a style sheet that shows itself, in a comment that Outlook
/// reads.
fn tokens_of_page(text: &str, page: Range<usize>, inside: Inside) -> Vec<Token> {
    let start = page.start;
    let moved = move |span: Range<usize>| start + span.start..start + span.end;
    let pieces = || html::scan(&text[page.clone()]);
    let texts = pieces().filter_map(|piece| match piece {
        Piece::Text(span) => Some(moved(span)),
        Piece::Tag(_) | Piece::Hidden(_) => None,
    });
    let mut found = find(texts.flat_map(|span| html::characters(text, span)));
    for piece in pieces() {
        found.extend(match piece {
            Piece::Text(_) => continue,
            Piece::Tag(tag) => find(html::characters(text, moved(tag.span))),
            Piece::Hidden(span) if inside == Inside::Whole => find(html::characters(text, moved(span))),
            Piece::Hidden(span) => {
                let span = moved(span);
                // A comment without its first sign is none any more.
                let from = span.start + usize::from(text[span.clone()].starts_with('<'));
                tokens_of_page(text, from..span.end, Inside::Whole)
            }
        });
    }
    found
}

/// Whether there is any opening bracket at all: of most texts this can be said without reading them letter by letter. Those
/// beyond ASCII begin at U+2045.
fn may_open(text: &str, html: bool) -> bool {
    let bytes = text.as_bytes();
    let reference = |at: usize| html && matches!(bytes.get(at + 1), Some(b'#' | b'l' | b'L'));
    bytes.iter().enumerate().any(|(at, octet)| match octet {
        b'[' | b'{' => true,
        b'&' => reference(at),
        0xe2 => bytes.get(at + 1) != Some(&0x80),
        _ => *octet > 0xe2,
    })
}

/// Where our attribute stands in a document.
fn attributes(document: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = at + html::find_ignoring_case(document.as_bytes().get(at..)?, ATTRIBUTE.as_bytes())?;
        at = found + ATTRIBUTE.len();
        Some(found)
    })
}

fn holds_turned_word(text: &str) -> bool {
    let letters: Vec<u8> = text.chars().rev().filter_map(seen).collect();
    memchr::memmem::find(&letters, WORD).is_some()
}

struct Neutralise;

impl Editor for Neutralise {
    fn keeps(&self, field: &Field<'_>) -> bool {
        !is_ours(field)
    }

    fn field(&self, field: &Field<'_>) -> Option<Vec<u8>> {
        header::defanged(field).or_else(|| renamed_field(field))
    }

    fn reads(&self, media_type: &str) -> bool {
        is_readable(media_type)
    }

    fn text(&mut self, part: &TextPart<'_>) -> Change {
        let html = is_marked_up(&part.entity.media_type);
        let changed = if html { defanged_html(part.text) } else { defanged(part.text) };
        changed.map_or(Change::Keep, Change::Text)
    }
}

/// Where each visible character of a token stands.
struct Token(Vec<Range<usize>>);

impl Token {
    fn start(&self) -> usize {
        self.0.first().map_or(0, |r| r.start)
    }

    fn end(&self) -> usize {
        self.0.last().map_or(0, |r| r.end)
    }
}

/// Left-to-right and right-to-left override.
const TURNS: [char; 2] = ['\u{202d}', '\u{202e}'];

/// An opening bracket, perhaps a slash, the word, perhaps a closing bracket; no letter behind.
fn find(characters: impl Iterator<Item = (Range<usize>, char)>) -> Vec<Token> {
    let mut found = Vec::new();
    let mut open: Vec<Range<usize>> = Vec::new();
    let mut matched = 0;
    for (range, c) in characters {
        // Most of any text: see `may_open`.
        if open.is_empty() && c < '\u{2045}' && !matches!(c, '[' | '{') {
            continue;
        }
        let Some(seen) = seen(c) else { continue };
        match seen {
            CLOSING if matched == WORD.len() => {
                open.push(range);
                found.push(Token(std::mem::take(&mut open)));
                matched = 0;
            }
            _ if matched == WORD.len() => {
                let ends = !plain(c).is_alphanumeric() && seen != SLASH;
                let token = std::mem::take(&mut open);
                found.extend(ends.then_some(Token(token)));
                (matched, open) = begun(seen, range);
            }
            SLASH if matched == 0 && !open.is_empty() => open.push(range),
            _ if !open.is_empty() && seen == WORD[matched] => {
                open.push(range);
                matched += 1;
            }
            _ => (matched, open) = begun(seen, range),
        }
    }
    if matched == WORD.len() {
        found.push(Token(open));
    }
    found
}

fn begun(seen: u8, range: Range<usize>) -> (usize, Vec<Range<usize>>) {
    (0, if seen == OPENING { vec![range] } else { Vec::new() })
}

/// The word as it is seen: `l` stands for `i` as well.
const WORD: &[u8] = b"souspll";
const OPENING: u8 = b'[';
const CLOSING: u8 = b']';
const SLASH: u8 = b'/';

/// What a reader sees in a character, as far as it matters; `None`: nothing.
fn seen(c: char) -> Option<u8> {
    if is_unseen(c) {
        return None;
    }
    let plain = plain(c);
    let small = plain.to_lowercase().next().unwrap_or(plain);
    let like = LIKE.iter().find(|(_, all)| all.contains(small) || all.contains(plain));
    Some(match like {
        Some((seen, _)) => *seen,
        None if small.is_alphanumeric() => b'x',
        None => b'.',
    })
}

/// What is taken for each of the signs of a token.
#[rustfmt::skip]
const LIKE: [(u8, &str); 8] = [
    (b's', "s$śŝşšșſṡṣṥṧṩʂˢₛѕꜱƽꮪՏꓢᏚᏕ𐊖𐐠𑣁"),
    (b'o', "o0°ºòóôõöøōŏőọỏốồổỗộớờởỡợᵒₒℴᴏοσоӧөօⲟჿס०੦ං〇ꓳ๐໐၀௦౦೦ଠഠဝ𐊒𐐄𐐬𐓂𐓪߀"),
    (b'u', "uùúûüũūŭůűųụủứừửữựᵘᵤᴜʋμµυսꭎꓴᑌ∪⋃ꞟꭒ𐓎𐓶"),
    (b'p', "pƥṕṗᵖₚᴘρрⲣƿþꮲꓑᑭ⍴ᑮ𐊕"),
    (b'l', "li1|!¡ìíîïĩīĭįıỉịĺļľŀłḷḹḻḽⁱᵢˡₗℓℹⅰⅼɩɪɫʟιίϊіїӏⲓꮮוןا∣ⵏꓲꓡᒪǀᛁ￨׀⏽ⳑᎥꭵꙇ𐐛𐊊𐌠"),
    (OPENING, "[{【〔〖〘〚⟦⟬⁅❲❴⦃⦋⦍⦏⦗⌈⌊「『｢⎡⎢⎣﹇"),
    (CLOSING, "]}】〕〗〙〛⟧⟭⁆❳❵⦄⦌⦎⦐⦘⌉⌋」』｣⎤⎥⎦﹈"),
    (SLASH, "/⁄∕⟋⧸╱\\"),
];

/// The letter behind a styled one: full width, mathematical, circled, in brackets or squares.
fn plain(c: char) -> char {
    let letter = |from: u32, first: char| char::from_u32(u32::from(first) + (u32::from(c) - from) % 26).unwrap_or(c);
    match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        0x1d400..=0x1d6a3 => letter(0x1d400, 'a'),
        0x249c..=0x24b5 => letter(0x249c, 'a'),
        0x24b6..=0x24e9 => letter(0x24b6, 'a'),
        0x1f110..=0x1f129 => letter(0x1f110, 'a'),
        0x1f130..=0x1f149 => letter(0x1f130, 'a'),
        0x1f150..=0x1f169 => letter(0x1f150, 'a'),
        0x1f170..=0x1f189 => letter(0x1f170, 'a'),
        _ => c,
    }
}

/// White space, controls, accents to be set on the letter before, marks of direction, fillers: also the sign of a quotation,
/// which stands between two lines of one word.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '>' | '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The characters of a plain text with their places. The shifts of ISO 2022, which show nothing, are left out.
fn shown(text: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let mut hidden = 0..0;
    text.char_indices().filter_map(move |(at, c)| {
        if c == '\u{1b}' {
            hidden = at..at + shift(&text[at..]);
        }
        (!hidden.contains(&at)).then(|| (at..at + c.len_utf8(), c))
    })
}

/// Octets of the shift that a text begins with (ISO 2022: escape, one or two signs, a final letter or digit).
fn shift(text: &str) -> usize {
    let signs = text.bytes().skip(1).take_while(|b| b"$()*+-./".contains(b)).count();
    let ended = text
        .as_bytes()
        .get(1 + signs)
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'@');
    if (1..=2).contains(&signs) && ended { signs + 2 } else { 0 }
}

/// The text with these ranges exchanged; they do not overlap.
fn replaced(text: &str, mut changes: Vec<(Range<usize>, &str)>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, put) in changes {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(put);
        at = range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_of_others_has_not_the_name_of_our_report() {
        for (name, want) in [
            ("rapport-souspli.txt", Some("rapport-(faux).txt")),
            ("Rapport_S\u{200b}OUSPLI.TXT", Some("Rapport_(faux).TXT")),
            ("rapport-ѕоuѕрlі.txt", Some("rapport-(faux).txt")),
            ("compte rendu.pdf", None),
            ("sous pli.pdf", None),
        ] {
            assert_eq!(renamed(name).as_deref(), want, "{name}");
        }
        let mail = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; name=\"=?utf-8?Q?rapport-souspli.txt?=\"\r\nContent-Disposition: attachment; filename*=utf-8''rapport-sousp%6Ci.txt\r\n\r\nx\r\n--b--\r\n";
        let out = String::from_utf8(neutralise(mail).unwrap()).unwrap();
        assert_eq!(
            (out.contains("ouspli"), out.matches("rapport-(faux).txt").count()),
            (false, 2),
            "{out}"
        );
    }

    #[test]
    fn tokens_in_every_disguise() {
        for text in [
            "[Souspli]",
            "[/Souspli]",
            "[SOUSPLI]",
            "[ S o u s\r\n p l i ]",
            "[Sous\u{200b}p\u{ad}li\u{feff}]",
            "[S\u{301}ouspli]",
            "[Ѕоuѕрlі]",
            "[Sousp1i]",
            "[SouspIi]",
            "［Ｓｏｕｓｐｌｉ］",
            "[𝐒𝗼𝑢𝓼𝕡𝚕𝔦]",
            "[ⓢⓞⓤⓢⓟⓛⓘ]",
            "⟦Souspli⟧",
            "【Ṣọụṣṗḷị】",
            "{Souspli}",
            "[ꓢꓳꓴꓢꓑꓡꓲ]",
            "[Ꮪ𐐄ᑌᏚᑭᒪǀ]",
            "[S၀∪s⍴ᛁꙇ]",
            "[\u{1b}(BSous\u{1b}(Bpli]",
            "[\u{202a}Souspli\u{202c}]",
        ] {
            assert_eq!(defanged(&format!("a {text} b")).as_deref(), Some("a (faux) b"), "{text}");
        }
        for (text, expected) in [
            ("[Souspli : vérifié]", "(faux) : vérifié]"),
            ("[[Souspli]]", "[(faux)]"),
            ("\u{1b}[Souspli]", "\u{1b}(faux)"),
            ("\u{1b}( [Souspli]", "\u{1b}( (faux)"),
            ("\u{1b}(B[Souspli]", "\u{1b}(B(faux)"),
            ("[Sous[Souspli]", "[Sous(faux)"),
            ("[Souspli", "(faux)"),
            ("> [Sous\r\n> pli] x", "> (faux) x"),
            ("a \u{202e}]ilpsuoS[", "a ]ilpsuoS["),
        ] {
            assert_eq!(defanged(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "Souspli",
            "(Souspli)",
            "[souspli/souspli#12]",
            "[Sousplier]",
            "[Sous] [pli]",
            "[Sous, pli]",
            "[1, 2, 3] {a}",
            "Dr Zoé, sous pli fermé",
        ] {
            assert_eq!(defanged(text), None, "{text}");
        }
    }

    #[test]
    fn marks_in_html_and_in_fields() {
        let mail = b"X-Souspli-Verdict: verified\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<div DATA-sousp=\r\nli=3D\"verified\">[souspli] ok =5B/Souspli]</div>";
        let out = neutralise(mail).unwrap();
        let out = String::from_utf8(crate::mime::encode::qp_decode(&out)).unwrap();
        assert!(out.contains("<div data-foreign=\"verified\">(faux) ok (faux)</div>"), "{out}");
        assert!(!out.contains("X-Souspli"));
        assert_eq!(neutralise(b"Content-Type: text/html\r\n\r\n<p>Souspli"), None);
        for (html, expected) in [
            ("&#91;Souspli&#x5D", "(faux)"),
            ("&lbrack;/Sous&shy;pli&rsqb; x", "(faux)&shy; x"),
            ("[So<b>us</b>p<!-- x -->li]", "(faux)<b></b><!-- x -->"),
            ("<p>[Sous</p><p>pli]</p>", "<p>(faux)</p><p></p>"),
            ("&amp;#91;Souspli&amp;#93;", "&amp;#91;Souspli&amp;#93;"),
            ("&lobrk;&dscy;&omicron;u&scaron;pli&robrk;", "(faux)"),
            ("[Sous&shypli&nbsp]", "(faux)&shy&nbsp"),
            ("&bogus;[a &or; b]", "&bogus;[a &or; b]"),
            ("<!-->[Souspli] a<!-- -->", "<!-->(faux) a<!-- -->"),
            ("<!-- --!>[Souspli] a<!-- -->", "<!-- --!>(faux) a<!-- -->"),
            ("<textarea>&#91;Souspli] a</textarea>", "<textarea>(faux) a</textarea>"),
            ("<xmp>[Souspli] a</xmp>", "<xmp>(faux) a</xmp>"),
            (
                "<style style=display:block>[Souspli] a</style>",
                "<style style=display:block>(faux) a</style>",
            ),
            ("<style>[Souspli] a</style>", "<style>(faux) a</style>"),
            ("<p t=x><input value='&lsqb;Souspli] a'>", "<p t=x><input value='(faux) a'>"),
            ("<img alt=[Souspli]>", "<img alt=(faux)>"),
            (
                "<!--[if mso]><b>[Sous</b>pli]<p>[Souspli]<![endif]-->",
                "<!--[if mso]><b>(faux)</b><p>(faux)<![endif]-->",
            ),
            (
                "<svg><text><![CDATA[[Souspli] a]]></text></svg>",
                "<svg><text><![CDATA[(faux) a]]></text></svg>",
            ),
        ] {
            assert_eq!(defanged_html(html).unwrap_or(html.to_owned()), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_left_holds_none(text in "([\\[\\]/ sSouUsplLiI<>&#9135;a\u{200b}\u{202e}\u{1b}(B]|\\[Souspli\\]){0,40}") {
            let out = defanged(&text).unwrap_or(text.clone());
            prop_assert!(out.len() <= text.len());
            prop_assert!(find(shown(&out)).is_empty(), "{text:?} {out:?}");
            let html = defanged_html(&text).unwrap_or(text.clone());
            prop_assert!(!html::to_text(&html).to_lowercase().contains("[souspli]"), "{text:?} {html:?}");
        }
    }
}
