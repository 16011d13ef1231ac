//! A window of a mail program, drawn: rows of fields, boxes and buttons, with what is to be done marked. Colours and letters are those of the
//! page (`style.css`), for the policy of the pages allows no style in the drawing itself.

use crate::text::dashboard::Language;
use crate::text::outlook as words;
use maud::{Markup, html};

/// In units of the drawing; the page makes it as wide as it has room.
const WIDTH: u32 = 580;
const MARGIN: u32 = 22;
const TITLE: u32 = 34;
const ROW: u32 = 34;
/// Where a value begins, beside a label of usual length and beside a long one.
const VALUE: u32 = 305;
const SHORT_VALUE: u32 = 400;
const RIGHT: u32 = WIDTH - MARGIN;
/// Letters that a field has room for, how many are squeezed into it, and which of a longer one are shown: the table of the page has it whole.
const FITS: usize = 26;
const SQUEEZED: usize = 44;

/// What one line of a window holds.
pub(super) enum Row<'a> {
    /// A heading.
    Group(&'a str),
    /// A label and what is typed.
    Field(&'a str, &'a str),
    /// The same with a long label and a few letters.
    Short(&'a str, &'a str),
    /// A box to be ticked.
    Tick(&'a str),
    /// A box that stays empty.
    Empty(&'a str),
    /// What is chosen of several.
    Choose(&'a str),
    /// What is not.
    Other(&'a str),
    /// A button, or an entry of a menu, to be pressed.
    Press(&'a str),
    /// One that is left alone.
    Button(&'a str),
}

/// A window.
pub(super) struct Window<'a> {
    pub(super) title: &'a str,
    /// Its tabs, and which is in front.
    pub(super) tabs: (&'a [&'a str], usize),
    pub(super) rows: &'a [Row<'a>],
}

impl Window<'_> {
    /// As a picture with a name and, for who does not see it, all that it says; `id` is its own in the page.
    pub(super) fn drawn(&self, id: &str, language: Language) -> Markup {
        let tabs = if self.tabs.0.is_empty() { 0 } else { ROW };
        let height = TITLE + tabs + 14 + ROW * u32::try_from(self.rows.len()).unwrap_or_default();
        let (name, all) = (format!("{id}-nom"), format!("{id}-tout"));
        html! {
            svg.window viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-labelledby=(name) aria-describedby=(all) {
                title id=(name) { (words::DRAWING_OF.of(language)) (language.colon()) (self.title) }
                desc id=(all) { (self.spoken(language)) }
                rect.pane x="1" y="1" width=(WIDTH - 2) height=(height - 2) rx="6" {}
                path.bar d=(format!("M1 {TITLE}V7a6 6 0 0 1 6-6H{}a6 6 0 0 1 6 6V{TITLE}z", WIDTH - 7)) {}
                text.strong x=(MARGIN) y="23" { (self.title) }
                (cross())
                (self.tabs())
                @for (at, row) in (0u32..).zip(self.rows) { (row.drawn(TITLE + tabs + 7 + ROW * at)) }
            }
        }
    }

    fn tabs(&self) -> Markup {
        let (tabs, front) = self.tabs;
        let width = (RIGHT - MARGIN) / u32::try_from(tabs.len().max(1)).unwrap_or(1);
        let place = |at: usize| MARGIN + width * u32::try_from(at).unwrap_or_default();
        html! {
            @for (at, tab) in tabs.iter().enumerate() {
                rect class=(if at == front { "field act" } else { "field" }) x=(place(at)) y=(TITLE + 8) width=(width - 6) height="26" {}
                text class=[(at == front).then_some("strong")] x=(place(at) + 8) y=(TITLE + 26) { (tab) }
            }
        }
    }

    /// The same in words.
    fn spoken(&self, language: Language) -> String {
        let (tabs, front) = self.tabs;
        let front = tabs.get(front).map(|tab| format!("{tab} ({})", words::IN_FRONT.of(language)));
        let all: Vec<_> = front.into_iter().chain(self.rows.iter().map(|row| row.spoken(language))).collect();
        format!("{}.", all.join(" ; "))
    }
}

impl Row<'_> {
    fn drawn(&self, y: u32) -> Markup {
        let base = y + 23;
        match self {
            Self::Group(name) => html! { text.strong x=(MARGIN) y=(base) { (name) } },
            Self::Field(label, value) => field(label, value, VALUE, y),
            Self::Short(label, value) => field(label, value, SHORT_VALUE, y),
            Self::Tick(label) => html! {
                rect.field.act x=(MARGIN + 2) y=(y + 9) width="16" height="16" {}
                path.mark d=(format!("M{} {}l4 5 7-10", MARGIN + 4, y + 17)) {}
                text x=(MARGIN + 28) y=(base) { (label) }
            },
            Self::Empty(label) => html! {
                rect.field x=(MARGIN + 2) y=(y + 9) width="16" height="16" {}
                text x=(MARGIN + 28) y=(base) { (label) }
            },
            Self::Choose(label) => html! {
                circle.field.act cx=(MARGIN + 10) cy=(y + 17) r="8" {}
                circle.dot cx=(MARGIN + 10) cy=(y + 17) r="4" {}
                text x=(MARGIN + 28) y=(base) { (label) }
            },
            Self::Other(label) => html! {
                circle.field cx=(MARGIN + 10) cy=(y + 17) r="8" {}
                text x=(MARGIN + 28) y=(base) { (label) }
            },
            Self::Press(label) => html! {
                rect.field.act x=(MARGIN + 28) y=(y + 3) width="300" height="27" rx="4" {}
                text.strong x=(MARGIN + 40) y=(base) { (label) }
            },
            Self::Button(label) => html! {
                rect.field x=(MARGIN + 28) y=(y + 3) width="300" height="27" rx="4" {}
                text x=(MARGIN + 40) y=(base) { (label) }
            },
        }
    }

    fn spoken(&self, language: Language) -> String {
        let noted = |label: &str, note: crate::text::dashboard::Words| format!("{label} ({})", note.of(language));
        match self {
            Self::Group(name) | Self::Button(name) => (*name).to_owned(),
            Self::Field(label, value) | Self::Short(label, value) => format!("{label} {value}"),
            Self::Tick(label) | Self::Choose(label) => noted(label, words::TICKED),
            Self::Empty(label) | Self::Other(label) => noted(label, words::NOT_TICKED),
            Self::Press(label) => noted(label, words::TO_PRESS),
        }
    }
}

fn field(label: &str, value: &str, at: u32, y: u32) -> Markup {
    let (count, room) = (value.chars().count(), RIGHT - at);
    let is_cut = count > SQUEEZED;
    let shown: String = value.chars().take(if is_cut { SQUEEZED } else { count }).collect();
    let shown = if is_cut { shown + "…" } else { shown };
    // A number or a short word is never too long.
    let width = (count > FITS).then(|| room - 16);
    html! {
        text x=(MARGIN + 6) y=(y + 22) { (label) }
        rect.field.act x=(at) y=(y + 3) width=(room) height="27" {}
        text.strong x=(at + 8) y=(y + 22) textLength=[width] lengthAdjust=[width.map(|_| "spacingAndGlyphs")] { (shown) }
    }
}

/// What closes a window.
fn cross() -> Markup {
    html! { path.mark.soft d=(format!("M{} 13l9 9m0-9l-9 9", RIGHT - 9)) {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stays_text_and_a_long_value_stays_inside() {
        let long = "é".repeat(254);
        let rows = [Row::Field("Nom :", "<b>&\"zoe"), Row::Field("Nom :", &long), Row::Tick("Oui")];
        let window = Window {
            title: "</title><script>",
            tabs: (&["A", "B"], 1),
            rows: &rows,
        };
        let drawn = window.drawn("pas-1", Language::French).into_string();
        assert!(!drawn.contains("<b>") && !drawn.contains("<script>"), "{drawn}");
        assert!(drawn.contains("&lt;b&gt;&amp;&quot;zoe</text>"), "{drawn}");
        assert!(drawn.contains(&format!("{}…</text>", "é".repeat(SQUEEZED))), "{drawn}");
        assert!(
            drawn.contains(&format!("Nom : {long} ; Oui (coché).</desc>")),
            "whole for who hears it"
        );
        assert!(drawn.contains("B (onglet ouvert)") && !drawn.contains("style="), "{drawn}");
    }
}
