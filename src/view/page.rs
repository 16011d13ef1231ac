//! The text of a page that is not shown as one, and its words. What a browser would show apart stands apart; what it would show
//! otherwise is told in characters. Styles of a sheet are not looked at, only those that stand in the tag.

mod effect;

use super::html::{self, Piece, Tag};
use crate::text::page::{DELETED, HIDDEN, IMAGE};
use effect::{Effect, Effects};

/// For a reader: cells in a row with ` | ` between them, what is struck out or hidden in brackets, `10^9`, `[x]`, `[image : ...]`.
/// Nothing is left out because it is hidden: where a hidden part ends is for a browser to say, and a word of the letter may not be lost.
pub fn told(page: &str) -> String {
    Writer::of(page, Reading::Told)
}

/// As a browser shows it, nothing added to its words: what stands inside one line is glued as it is written.
pub fn plain(page: &str) -> String {
    Writer::of(page, Reading::Plain)
}

/// The same with every tag between two words: what programs make of `<span>a</span><span>b</span>` differs.
pub fn apart(page: &str) -> String {
    Writer::of(page, Reading::Apart)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Told,
    Plain,
    Apart,
}

struct Writer<'d> {
    page: &'d str,
    reading: Reading,
    out: String,
    effects: Effects,
    /// Line ends to be written before the next character.
    lines: usize,
    /// A blank, likewise.
    blank: bool,
    /// The row has a cell already.
    cells: bool,
    /// Where the text of the last one begins: no line ends before it.
    cell: usize,
    /// The bracket that is open, by what its first word is.
    bracket: Option<&'static str>,
    script: Script,
    /// The next piece is the text of an element in which nothing is a tag.
    raw: Option<Raw>,
    /// The last character was the first of a line end that has two, or an element's first line end is no text.
    past: Past,
}

/// Raised or lowered characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Level,
    /// They begin there, behind their sign.
    Open(Effect, usize),
    /// They ended with the text, and began there.
    Closed(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Raw {
    /// References stand for characters.
    Text,
    /// They do not.
    Verbatim,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Past {
    Other,
    Return,
    Start,
}

impl<'d> Writer<'d> {
    fn of(page: &'d str, reading: Reading) -> String {
        let mut writer = Writer {
            page,
            reading,
            out: String::with_capacity(page.len() / 2),
            effects: Effects::default(),
            lines: 0,
            blank: false,
            cells: false,
            cell: 0,
            bracket: None,
            script: Script::Level,
            raw: None,
            past: Past::Other,
        };
        html::scan(page).for_each(|piece| writer.piece(&piece));
        writer.effects = Effects::default();
        writer.settle();
        let text = writer.out.trim_start_matches('\n').trim_end();
        format!("{}\r\n", text.replace('\n', "\r\n"))
    }

    fn piece(&mut self, piece: &Piece) {
        let raw = self.raw.take();
        match piece {
            Piece::Tag(tag) if tag.ends => self.end(tag),
            Piece::Tag(tag) => self.start(tag),
            Piece::Text(span) => html::characters(self.page, span.clone()).for_each(|(_, c)| self.character(c)),
            Piece::Hidden(span) => match raw {
                None => {}
                Some(Raw::Text) => html::characters(self.page, span.clone()).for_each(|(_, c)| self.character(c)),
                Some(Raw::Verbatim) => self.page[span.clone()].chars().for_each(|c| self.character(c)),
            },
        }
    }

    fn start(&mut self, tag: &Tag) {
        self.effects.end_before(&tag.name);
        self.place(tag);
        let effects = effect::of(tag, self.page);
        if tag.is_void() {
            if !effects.contains(&Effect::Hidden) {
                self.void(tag);
            }
            return;
        }
        self.effects.start(&tag.name, effects);
        match tag.name.as_str() {
            "option" => self.choice(tag, "selected"),
            "textarea" => self.raw = Some(Raw::Text),
            "xmp" => self.raw = Some(Raw::Verbatim),
            _ => {}
        }
        if matches!(tag.name.as_str(), "pre" | "listing" | "textarea") {
            self.past = Past::Start;
        }
    }

    fn end(&mut self, tag: &Tag) {
        self.effects.end(&tag.name);
        self.place(tag);
    }

    /// Where the tag stands to what is before it.
    fn place(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "td" | "th" if !tag.ends => self.cell(),
            "td" | "th" => self.blank = true,
            "tr" => {
                self.cells = false;
                self.break_lines(1);
            }
            "dt" if !tag.ends => {
                self.break_lines(1);
                self.first_cell();
            }
            "dd" if !tag.ends => self.cell(),
            "table" | "dl" => {
                self.cells = false;
                self.cell = 0;
                self.break_lines(2);
            }
            "br" => {
                self.settle();
                self.lines = (self.lines + 1).min(2);
            }
            "wbr" if self.reading != Reading::Apart => {}
            name => match lines_around(name) {
                Some(0) => self.blank = true,
                Some(lines) => self.break_lines(lines),
                None => self.blank |= self.reading == Reading::Apart,
            },
        }
    }

    /// A cell of a row: what its lines were broken by at its end does not count beside another one.
    fn cell(&mut self) {
        self.settle();
        if !self.cells {
            return self.first_cell();
        }
        (self.lines, self.blank) = (0, false);
        let between = if self.reading == Reading::Told { " | " } else { " " };
        let stands_free = self.out.is_empty() || self.out.ends_with(['\n', ' ']);
        self.out.push_str(if stands_free { between.trim_start() } else { between });
        self.cell = self.out.len();
    }

    fn first_cell(&mut self) {
        self.settle();
        self.lines = self.lines.max(1);
        self.write_lines();
        self.cells = true;
        self.cell = self.out.len();
    }

    fn void(&mut self, tag: &Tag) {
        let value = |name: &str| html::unescape(tag.attribute_value(self.page, name).unwrap_or_default()).into_owned();
        let kind = value("type").to_ascii_lowercase();
        let told = self.reading == Reading::Told;
        match (tag.name.as_str(), kind.as_str()) {
            ("input", "checkbox" | "radio") => self.choice(tag, "checked"),
            ("input", "hidden" | "password" | "file") => {}
            ("img", _) | ("input", "image") if told => {
                let words = value("alt");
                if !words.trim().is_empty() {
                    self.bracketed(IMAGE, &words);
                }
            }
            ("input", "image") | ("img", _) => {}
            ("input", _) => {
                self.blank = true;
                value("value").chars().for_each(|c| self.character(c));
                self.blank = true;
            }
            _ => {}
        }
    }

    /// What can be chosen, and whether it was.
    fn choice(&mut self, tag: &Tag, attribute: &str) {
        self.blank = true;
        if self.reading == Reading::Told {
            let sign = if tag.attribute(attribute).is_some() { 'x' } else { ' ' };
            self.begin();
            let (before, after) = self.brackets();
            self.out.extend([before, sign, after]);
            self.blank = true;
        }
    }

    fn bracketed(&mut self, label: &str, words: &str) {
        self.begin();
        let (before, after) = self.brackets();
        self.out.push(before);
        self.out.push_str(label);
        self.out.push_str(" :");
        for word in words
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
        {
            self.out.push(' ');
            self.out.extend(word.chars().map(unbracketed));
        }
        self.out.push(after);
    }

    /// Those of what is told by itself.
    fn brackets(&self) -> (char, char) {
        if self.bracket.is_some() { ('(', ')') } else { ('[', ']') }
    }

    fn character(&mut self, c: char) {
        let past = std::mem::replace(&mut self.past, Past::Other);
        if !self.effects.has(Effect::Kept) {
            match c.is_whitespace() || c.is_control() {
                true => self.blank = true,
                false => self.write(c),
            }
            return;
        }
        match c {
            '\r' | '\n' => {
                // One of two characters counts once.
                let goes_on = c == '\n' && past == Past::Return;
                if c == '\r' {
                    self.past = Past::Return;
                }
                if !goes_on && past != Past::Start {
                    self.line();
                }
            }
            _ if c != '\t' && c.is_control() => self.write(' '),
            _ => self.write(c),
        }
    }

    /// A line end that is text.
    fn line(&mut self) {
        self.begin();
        self.out.push('\n');
    }

    fn write(&mut self, c: char) {
        self.settle();
        let joined = self.lines == 0 && !self.blank;
        if let Script::Closed(start) = self.script {
            // `10^9` before a digit would be another number.
            let last = self.out.chars().next_back().unwrap_or(' ');
            if joined && self.bracket == self.wanted() && is_one_word(last, c) {
                self.wrap(start);
            }
            self.script = Script::Level;
        }
        self.begin();
        self.out.push(if self.bracket.is_some() { unbracketed(c) } else { c });
    }

    /// What stands before the next character.
    fn begin(&mut self) {
        self.settle();
        self.write_lines();
        if std::mem::take(&mut self.blank) && !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        if self.bracket.is_none()
            && let Some(word) = self.wanted()
        {
            self.out.push('[');
            self.out.push_str(word);
            self.out.push_str(" : ");
            self.bracket = Some(word);
        }
        if !matches!(self.script, Script::Open(..))
            && let Some((script, sign)) = self.raised()
        {
            self.out.push(sign);
            self.script = Script::Open(script, self.out.len());
        }
    }

    /// Ends what is written and no longer in effect.
    fn settle(&mut self) {
        if let Script::Open(script, start) = self.script
            && self.raised().is_none_or(|(raised, _)| raised != script)
        {
            self.script = Script::Closed(start);
            let is_word = |c: char| c.is_alphanumeric() || "+-−,.".contains(c);
            if !self.out[start..].chars().all(is_word) {
                self.wrap(start);
                self.script = Script::Level;
            }
        }
        if self.bracket.is_some() && self.bracket != self.wanted() {
            self.out.push(']');
            self.bracket = None;
            self.script = Script::Level;
        }
    }

    fn wrap(&mut self, start: usize) {
        self.out.insert(start, '(');
        self.out.push(')');
    }

    /// The first word of the bracket in which the text stands.
    fn wanted(&self) -> Option<&'static str> {
        match self.reading {
            Reading::Told if self.effects.has(Effect::Hidden) => Some(HIDDEN),
            Reading::Told if self.effects.has(Effect::Deleted) => Some(DELETED),
            Reading::Told | Reading::Plain | Reading::Apart => None,
        }
    }

    fn raised(&self) -> Option<(Effect, char)> {
        let signs = [(Effect::Raised, '^'), (Effect::Lowered, '_')];
        signs
            .into_iter()
            .find(|(effect, _)| self.reading == Reading::Told && self.effects.has(*effect))
    }

    fn break_lines(&mut self, lines: usize) {
        self.settle();
        self.lines = self.lines.max(lines);
        self.blank = false;
    }

    fn write_lines(&mut self) {
        let wanted = std::mem::take(&mut self.lines);
        if wanted == 0 || self.out.len() == self.cell {
            return;
        }
        self.blank = false;
        self.out.truncate(self.out.trim_end_matches(' ').len());
        let there = self.out.len() - self.out.trim_end_matches('\n').len();
        (there..wanted).for_each(|_| self.out.push('\n'));
    }
}

/// A bracket that the text holds does not end the one in which it is told.
fn unbracketed(c: char) -> char {
    match c {
        '[' => '(',
        ']' => ')',
        c => c,
    }
}

fn is_one_word(last: char, next: char) -> bool {
    (last.is_numeric() && next.is_numeric()) || (last.is_alphabetic() && next.is_alphabetic())
}

/// Line ends between the element and what is around it; `Some(0)`: a blank, `None`: nothing (HTML, "Rendering").
fn lines_around(name: &str) -> Option<usize> {
    Some(match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "pre" | "listing" | "xmp" | "ul" | "ol" | "hr" => 2,
        "div" | "li" | "body" | "html" | "dt" | "caption" | "section" | "article" | "header" | "footer" | "aside" | "nav" | "main"
        | "address" | "fieldset" | "legend" | "figure" | "figcaption" | "details" | "summary" | "thead" | "tbody" | "tfoot" | "form"
        | "center" | "dir" | "menu" | "select" | "optgroup" | "option" | "textarea" | "hgroup" | "search" | "dialog" => 1,
        "label" | "button" | "dd" | "rt" | "rp" | "iframe" | "object" | "video" | "audio" => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
