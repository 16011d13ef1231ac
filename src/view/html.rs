//! A small HTML scanner: enough to find tags as a browser does, so that a banner can be put in, found and taken out, and
//! a text made of a document that must not be shown ([`super::page`]). It renders nothing and fetches nothing.

use std::borrow::Cow;
use std::ops::Range;

/// The attribute that marks our banner.
pub const ATTRIBUTE: &str = "data-souspli";

/// A piece of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Characters between tags.
    Text(Range<usize>),
    /// A tag.
    Tag(Tag),
    /// A comment, a doctype, the inside of a script or a style.
    Hidden(Range<usize>),
}

/// A start or end tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// From `<` to `>`.
    pub span: Range<usize>,
    /// In lower case.
    pub name: String,
    /// `</name>`.
    pub ends: bool,
    /// Its first attributes: where each stands, white space before it included, and its name in lower case.
    pub attributes: Vec<(Range<usize>, String)>,
}

/// Cuts a document into pieces, one after the other: their spans cover it in order, and a page is many times as large when all
/// of them are held.
pub fn scan(html: &str) -> Pieces<'_> {
    Pieces { html, at: 0, inside: None }
}

/// The pieces of a document.
#[derive(Debug)]
pub struct Pieces<'d> {
    html: &'d str,
    at: usize,
    /// What stands inside the tag that was read last and is no markup.
    inside: Option<Range<usize>>,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if let Some(span) = self.inside.take() {
            self.at = span.end;
            return Some(Piece::Hidden(span));
        }
        let (html, at) = (self.html, self.at);
        if at >= html.len() {
            return None;
        }
        let open = find_markup(html, at).unwrap_or(html.len());
        if open > at {
            self.at = open;
            return Some(Piece::Text(at..open));
        }
        Some(self.markup(open))
    }
}

/// The characters of a document without its tags, for those who look for something that tags cut: cells are glued and what is
/// hidden counts. Readers get [`super::page`].
pub fn to_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    for piece in scan(html) {
        match piece {
            Piece::Text(span) => push_words(&html[span], &mut out),
            Piece::Tag(tag) if breaks_line(&tag.name) => push_break(&mut out),
            Piece::Tag(_) | Piece::Hidden(_) => {}
        }
    }
    let text = out.trim();
    format!("{}\r\n", text.replace('\n', "\r\n"))
}

/// Text that shows as itself in HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

impl Tag {
    /// Where the attribute of that name stands.
    pub fn attribute(&self, name: &str) -> Option<&Range<usize>> {
        self.attributes.iter().find(|(_, n)| n == name).map(|(span, _)| span)
    }

    /// The attribute's value as written, without its quotes.
    pub fn attribute_value<'d>(&self, document: &'d str, name: &str) -> Option<&'d str> {
        let written = document.get(self.attribute(name)?.clone())?;
        let value = written.split_once('=')?.1.trim();
        let quoted = |quote| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
        Some(quoted('"').or(quoted('\'')).unwrap_or(value))
    }

    /// True for an element without content (HTML, "void elements").
    pub fn is_void(&self) -> bool {
        matches!(
            self.name.as_str(),
            "br" | "img" | "hr" | "input" | "meta" | "link" | "area" | "base" | "col" | "embed" | "source" | "track" | "wbr" | "param"
        )
    }
}

fn find_markup(html: &str, mut at: usize) -> Option<usize> {
    let bytes = html.as_bytes();
    while let Some(n) = memchr::memchr(b'<', &bytes[at..]) {
        let open = at + n;
        let next = bytes.get(open + 1).copied().unwrap_or(0);
        let end_tag = next == b'/' && bytes.get(open + 2).is_some_and(|b| *b != b'>');
        if next.is_ascii_alphabetic() || matches!(next, b'!' | b'?') || end_tag {
            return Some(open);
        }
        at = open + 1;
    }
    None
}

impl Pieces<'_> {
    fn markup(&mut self, open: usize) -> Piece {
        let html = self.html;
        let rest = &html[open..];
        if rest.starts_with("<!") || rest.starts_with("<?") {
            self.at = open + comment(rest);
            return Piece::Hidden(open..self.at);
        }
        let tag = tag(html, open);
        self.at = tag.span.end;
        if !tag.ends && is_raw(&tag.name) {
            let close = format!("</{}", tag.name);
            let end = find_ignoring_case(&html.as_bytes()[self.at..], close.as_bytes()).map_or(html.len(), |n| self.at + n);
            self.inside = Some(self.at..end).filter(|inside| !inside.is_empty());
        }
        Piece::Tag(tag)
    }
}

/// Elements that hold text, whatever it looks like (HTML, "RCDATA" and "raw text" states).
fn is_raw(name: &str) -> bool {
    matches!(name, "script" | "style" | "title" | "textarea" | "xmp" | "noembed" | "noframes")
}

/// Octets of the comment, or of what is taken for one, that a text begins with. As browsers see it, `<!-->` is a whole
/// comment, and `--!>` ends one too (HTML, "comment start" and "comment end bang" states).
fn comment(text: &str) -> usize {
    let Some(inside) = text.strip_prefix("<!--") else {
        return text.find('>').map_or(text.len(), |n| n + 1);
    };
    for short in [">", "->"] {
        if inside.starts_with(short) {
            return 4 + short.len();
        }
    }
    let mut at = 0;
    while let Some(n) = inside[at..].find("--") {
        at += n + 2;
        // The last two of several dashes end it.
        let rest = inside[at..].trim_start_matches('-');
        let end = rest.strip_prefix('!').unwrap_or(rest);
        if end.starts_with('>') {
            return text.len() - end.len() + 1;
        }
        at = inside.len() - rest.len();
    }
    text.len()
}

fn tag(html: &str, open: usize) -> Tag {
    let bytes = html.as_bytes();
    let ends = bytes.get(open + 1) == Some(&b'/');
    let start = open + 1 + usize::from(ends);
    let mut at = start;
    while at < bytes.len() && !is_space(bytes[at]) && !matches!(bytes[at], b'>' | b'/') {
        at += 1;
    }
    let name = html.get(start..at).unwrap_or_default().to_ascii_lowercase();
    let mut attributes = Vec::new();
    while at < bytes.len() && bytes[at] != b'>' {
        let (end, name) = attribute(html, at);
        if !name.is_empty() && attributes.len() < ATTRIBUTES_MAX {
            attributes.push((at..end, name));
        }
        at = end;
    }
    let end = (at + 1).min(bytes.len());
    Tag {
        span: open..end,
        name,
        ends,
        attributes,
    }
}

/// Attributes of one tag that are told; in a hostile one there are millions.
const ATTRIBUTES_MAX: usize = 200;

/// One attribute from `at`, white space before it included; always moves on.
fn attribute(html: &str, at: usize) -> (usize, String) {
    let bytes = html.as_bytes();
    let mut pos = at;
    while pos < bytes.len() && (is_space(bytes[pos]) || bytes[pos] == b'/') {
        pos += 1;
    }
    let start = pos;
    // A `=` in first place is part of the name (HTML tokenization, "before attribute name").
    while pos < bytes.len() && !is_space(bytes[pos]) && !matches!(bytes[pos], b'>' | b'/') && (bytes[pos] != b'=' || pos == start) {
        pos += 1;
    }
    let name = html[start..pos].to_ascii_lowercase();
    let mut value = skip_space(bytes, pos);
    if name.is_empty() || bytes.get(value) != Some(&b'=') {
        return (pos, name);
    }
    value = skip_space(bytes, value + 1);
    let end = match bytes.get(value) {
        Some(&quote @ (b'"' | b'\'')) => memchr::memchr(quote, &bytes[value + 1..]).map_or(bytes.len(), |n| value + 1 + n + 1),
        _ => {
            value
                + bytes[value..]
                    .iter()
                    .position(|&b| is_space(b) || b == b'>')
                    .unwrap_or(bytes.len() - value)
        }
    };
    (end, name)
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x0c)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && is_space(bytes[at]) {
        at += 1;
    }
    at
}

/// The first place of an ASCII word, whatever its case.
pub fn find_ignoring_case(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let (low, up) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(low, up, text).find(|&n| text[n..].get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word)))
}

fn breaks_line(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "br"
            | "tr"
            | "table"
            | "li"
            | "ul"
            | "ol"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "blockquote"
            | "pre"
            | "hr"
            | "body"
    )
}

fn push_break(out: &mut String) {
    while out.ends_with(' ') {
        out.pop();
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

fn push_words(text: &str, out: &mut String) {
    let text = unescape(text);
    for c in text.chars() {
        let blank = c.is_whitespace() || c.is_control();
        if !blank {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with([' ', '\n']) {
            out.push(' ');
        }
    }
}

/// Character references: numbers and the commonest names; others stay as written.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    match text.contains('&') {
        true => characters(text, 0..text.len()).map(|(_, c)| c).collect(),
        false => Cow::Borrowed(text),
    }
}

/// The characters of a text between tags, each with the place where it, or the reference to it, stands.
pub fn characters(document: &str, text: Range<usize>) -> impl Iterator<Item = (Range<usize>, char)> {
    let mut at = text.start;
    std::iter::from_fn(move || {
        let rest = document.get(at..text.end)?;
        let first = rest.chars().next()?;
        let (length, c) = Some(rest)
            .filter(|_| first == '&')
            .and_then(reference_at)
            .unwrap_or((first.len_utf8(), first));
        at += length;
        Some((at - length..at, c))
    })
}

/// The reference that a text begins with, and its length. Numbers may lack their semicolon.
fn reference_at(text: &str) -> Option<(usize, char)> {
    if let Some(number) = text.strip_prefix("&#") {
        let (prefix, radix) = if number.starts_with(['x', 'X']) { (1, 16) } else { (0, 10) };
        let digits = number[prefix..].bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
        let code = u32::from_str_radix(&number[prefix..prefix + digits], radix).ok()?;
        let end = 2 + prefix + digits;
        let length = end + usize::from(text[end..].starts_with(';'));
        return Some((length, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
    let whole = text.bytes().take(NAME_MAX).position(|b| b == b';').and_then(|end| {
        let name = text.get(1..end)?;
        Some((end + 1, named(name).or_else(|| listed(name))?))
    });
    whole.or_else(|| {
        let bare = BARE.iter().find(|(name, _)| text[1..].starts_with(name));
        bare.map(|(name, c)| (1 + name.len(), *c))
    })
}

/// Octets of a reference by name, its semicolon included.
const NAME_MAX: usize = 40;

/// What browsers read without a semicolon, before letters too (HTML, "named character references"), as far as it is unseen
/// or taken for a letter of [`super::lookalike`].
#[rustfmt::skip]
const BARE: [(&str, char); 22] = [
    ("nbsp", ' '), ("shy", '\u{ad}'), ("deg", '°'), ("ordm", 'º'), ("iexcl", '¡'), ("brvbar", '¦'), ("oslash", 'ø'), ("ograve", 'ò'),
    ("oacute", 'ó'), ("ocirc", 'ô'), ("otilde", 'õ'), ("ouml", 'ö'), ("ugrave", 'ù'), ("uacute", 'ú'), ("ucirc", 'û'), ("uuml", 'ü'),
    ("igrave", 'ì'), ("iacute", 'í'), ("icirc", 'î'), ("iuml", 'ï'), ("thorn", 'þ'), ("amp", '&'),
];

/// The other names, some two thousand, from the table of mail-parser.
fn listed(name: &str) -> Option<char> {
    let spelled = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let text = spelled.then(|| mail_parser::decoders::html::html_to_text(&format!("&{name};")))?;
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

fn named(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "eacute" => Some('é'),
        "egrave" => Some('è'),
        "agrave" => Some('à'),
        "ecirc" => Some('ê'),
        "ccedil" => Some('ç'),
        "euro" => Some('€'),
        "lsqb" | "lbrack" => Some('['),
        "rsqb" | "rbrack" => Some(']'),
        "lcub" | "lbrace" => Some('{'),
        "rcub" | "rbrace" => Some('}'),
        "sol" => Some('/'),
        "shy" => Some('\u{ad}'),
        "zwnj" => Some('\u{200c}'),
        "zwj" => Some('\u{200d}'),
        "ZeroWidthSpace" => Some('\u{200b}'),
        "NoBreak" => Some('\u{2060}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_becomes_text() {
        for (html, text) in [
            ("<p>Un<br>deux</p>", "Un\r\ndeux\r\n"),
            ("a &lt;b&gt; &#233; &amp;amp; &bogus; 1 < 2", "a <b> é &amp; &bogus; 1 < 2\r\n"),
            ("<style>x{}</style><script>if(a<b)</script>t<!-- <p>no -->", "t\r\n"),
            ("<img src='http://evil/?", "\r\n"),
            ("<a href=\"http://evil/>x\">lien</a>", "lien\r\n"),
            ("<title>t</title>b", "b\r\n"),
            ("<!-->a<!-- x -->b<!--->c<!-- -- -!> -- >d --->e<!-- --!>f<!---->g", "abcefg\r\n"),
            ("a<!-- > --! > -", "a\r\n"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn pieces_cover_the_document(html in "([<>/!a-c=\"' \\-&;é]|<!--|<style>){0,60}") {
            let mut at = 0;
            for piece in scan(&html) {
                let span = match piece { Piece::Text(s) | Piece::Hidden(s) => s, Piece::Tag(t) => t.span };
                prop_assert_eq!(span.start, at);
                prop_assert!(span.end > span.start);
                at = span.end;
                let _ = &html[span];
            }
            prop_assert_eq!(at, html.len());
            to_text(&html);
        }
    }
}
