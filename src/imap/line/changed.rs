//! A line with something of it changed.

use super::{Line, Span};

impl Line {
    /// The line with texts put in at places of its text, which stand in order; the literals stay as they are, and what is
    /// put in at the end of one stands behind it.
    pub fn with_insertions(&self, insertions: &[(usize, String)]) -> Self {
        let added: usize = insertions.iter().map(|(_, text)| text.len()).sum();
        let mut out = Vec::with_capacity(self.text.len() + added);
        let mut from = 0;
        for (at, text) in insertions {
            out.extend_from_slice(self.text.get(from..*at).unwrap_or_default());
            out.extend_from_slice(text.as_bytes());
            from = *at;
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default());
        let before = |end: usize| {
            insertions
                .iter()
                .take_while(|(at, _)| *at < end)
                .map(|(_, text)| text.len())
                .sum::<usize>()
        };
        let mut literals = self.literals.clone();
        literals.iter_mut().for_each(|held| held.at += before(held.at));
        Self {
            text: out,
            literals,
            literal_octets: self.literal_octets,
        }
    }

    /// The line with what stands in a span, text and literals, changed to as many octets; `None`: nothing of it changes.
    pub fn with_changes(&self, span: &Span, change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Self> {
        let same = |octets: &[u8]| change(octets).filter(|anew| anew.len() == octets.len());
        let mut out: Option<Self> = None;
        if let Some(anew) = same(self.span_text(span)) {
            out.get_or_insert_with(|| self.clone()).text[span.text.clone()].copy_from_slice(&anew);
        }
        for index in span.literals.clone() {
            if let Some(anew) = same(self.literal(index)) {
                out.get_or_insert_with(|| self.clone()).literals[index].bytes = anew;
            }
        }
        out
    }

    /// Puts other text in the place of a span that holds no literal.
    pub fn replace(&mut self, span: &Span, with: &[u8]) {
        if !span.literals.is_empty() || span.text.end > self.text.len() {
            return;
        }
        let was = span.text.len();
        self.text.splice(span.text.clone(), with.iter().copied());
        for held in self.literals.iter_mut().filter(|held| held.at >= span.text.end) {
            held.at = held.at + with.len() - was;
        }
    }
}
