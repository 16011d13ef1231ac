//! What elements do to the text inside them, as far as a reader of text must be told, and where they end: of the tree that a
//! browser builds (HTML, "tree construction") what that needs.

use crate::base::limits::PAGE_DEPTH_MAX;
use crate::view::html::{self, Tag};

/// What is done to a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    /// It is not shown.
    Hidden,
    /// It is struck out.
    Deleted,
    /// It stands higher.
    Raised,
    /// It stands lower.
    Lowered,
    /// Its white space counts.
    Kept,
}

const EFFECTS: usize = 5;

/// The elements that are open.
#[derive(Default)]
pub(super) struct Effects {
    open: Vec<Open>,
    /// How many of them do what.
    last: [usize; EFFECTS],
}

struct Open {
    name: String,
    effects: Vec<Effect>,
}

impl Effects {
    pub(super) fn has(&self, effect: Effect) -> bool {
        self.last[effect as usize] > 0
    }

    /// Beyond the depth that is followed an element lasts as long as the one around it.
    pub(super) fn start(&mut self, name: &str, effects: Vec<Effect>) {
        effects.iter().for_each(|effect| self.last[*effect as usize] += 1);
        let room = self.open.len() < PAGE_DEPTH_MAX;
        match self.open.last_mut().filter(|_| !room) {
            Some(around) => around.effects.extend(effects),
            None => self.open.push(Open {
                name: name.to_owned(),
                effects,
            }),
        }
    }

    pub(super) fn end(&mut self, name: &str) {
        if is_formatting(name) {
            if let Some(at) = self.find(|open| open == name, is_wall) {
                self.remove(at);
            }
            return;
        }
        let at = match name {
            "table" => self.find(|open| open == name, |_| false),
            "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" => self.find(|open| open == name, |open| open == "table"),
            _ if ends_paragraph(name) => self.find(|open| open == name, is_wall),
            _ => self.find(|open| open == name, |open| is_wall(open) || ends_paragraph(open)),
        };
        if let Some(at) = at {
            self.pop(at);
        }
    }

    /// Ends what ends where that element starts (HTML, "optional tags").
    pub(super) fn end_before(&mut self, next: &str) {
        let at = match next {
            "td" | "th" => self.find(|open| matches!(open, "td" | "th"), |open| open == "table"),
            "tr" => self.find(|open| open == "tr", |open| open == "table"),
            "tbody" | "thead" | "tfoot" => self.find(|open| matches!(open, "tbody" | "thead" | "tfoot" | "tr"), |open| open == "table"),
            "li" => self.find(
                |open| open == "li",
                |open| matches!(open, "ul" | "ol" | "menu" | "dir") || is_wall(open),
            ),
            "dt" | "dd" => self.find(|open| matches!(open, "dt" | "dd"), |open| open == "dl" || is_wall(open)),
            "option" | "optgroup" => self.find(|open| open == "option", |open| open == "select"),
            _ => None,
        };
        if let Some(at) = at {
            self.pop(at);
        }
        if ends_paragraph(next)
            && let Some(at) = self.find(|open| open == "p", |open| is_wall(open) || open == "button")
        {
            self.pop(at);
        }
    }

    /// The innermost such element, unless one of the others is around what is open there.
    fn find(&self, wanted: impl Fn(&str) -> bool, wall: impl Fn(&str) -> bool) -> Option<usize> {
        let at = self.open.iter().rposition(|open| wanted(&open.name) || wall(&open.name))?;
        wanted(&self.open[at].name).then_some(at)
    }

    /// Ends it and what is in it; but formatting goes on behind the end of a paragraph, up to that of a cell.
    fn pop(&mut self, at: usize) {
        let is_cell = is_wall(&self.open[at].name);
        for inner in (at..self.open.len()).rev() {
            if inner == at || is_cell || !is_formatting(&self.open[inner].name) {
                self.remove(inner);
            }
        }
    }

    fn remove(&mut self, at: usize) {
        let open = self.open.remove(at);
        open.effects.iter().for_each(|effect| self.last[*effect as usize] -= 1);
    }
}

/// Elements of which each is ended by its own tag, however they stand in one another.
fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u"
    )
}

/// What is open around these is not ended by a tag inside them.
fn is_wall(name: &str) -> bool {
    matches!(name, "table" | "td" | "th" | "tr" | "caption" | "template" | "object" | "select")
}

fn ends_paragraph(name: &str) -> bool {
    matches!(
        name,
        "p" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "li" | "dl" | "dt" | "dd" | "table" | "blockquote" | "pre"
    ) || matches!(
        name,
        "address" | "article" | "aside" | "center" | "details" | "dialog" | "dir" | "fieldset" | "figcaption" | "figure" | "footer"
    ) || matches!(
        name,
        "form" | "header" | "hgroup" | "hr" | "listing" | "main" | "menu" | "nav" | "search" | "section" | "summary" | "xmp"
    )
}

/// What an element does by its name, its attributes and the styles in its tag.
pub(super) fn of(tag: &Tag, page: &str) -> Vec<Effect> {
    let mut found = Vec::new();
    match tag.name.as_str() {
        "del" | "s" | "strike" => found.push(Effect::Deleted),
        "sup" => found.push(Effect::Raised),
        "sub" => found.push(Effect::Lowered),
        "pre" | "listing" | "xmp" | "textarea" => found.push(Effect::Kept),
        "template" | "datalist" => found.push(Effect::Hidden),
        _ => {}
    }
    if tag.attribute("hidden").is_some() {
        found.push(Effect::Hidden);
    }
    if let Some(style) = tag.attribute_value(page, "style") {
        let style = without_comments(&html::unescape(style)).to_ascii_lowercase();
        for effect in style.split(';').filter_map(styled) {
            if !found.contains(&effect) {
                found.push(effect);
            }
        }
    }
    found
}

fn styled(declaration: &str) -> Option<Effect> {
    let (property, value) = declaration.split_once(':')?;
    let value = value.split('!').next().unwrap_or_default().trim();
    let is_nothing = || {
        let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
        number.parse::<f32>().is_ok_and(|number| number == 0.0)
    };
    match (property.trim(), value) {
        ("display", "none") | ("visibility", "hidden" | "collapse") | ("mso-hide", "all") => Some(Effect::Hidden),
        ("opacity" | "font-size", _) if is_nothing() => Some(Effect::Hidden),
        ("text-decoration" | "text-decoration-line", _) if value.contains("line-through") => Some(Effect::Deleted),
        ("vertical-align", "super") => Some(Effect::Raised),
        ("vertical-align", "sub") => Some(Effect::Lowered),
        ("white-space", "pre" | "pre-wrap" | "pre-line" | "break-spaces") => Some(Effect::Kept),
        _ => None,
    }
}

fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once("*/").map_or("", |(_, rest)| rest))
}
