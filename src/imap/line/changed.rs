//! A line with something of it changed.

use super::{Line, Span};

impl Line {
    /// Adds text that holds no literal.
    pub fn add(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Adds a stretch of another line, its literals with it.
    pub fn add_span(&mut self, other: &Line, span: &Span) {
        let before = self.text.len();
        for held in other.literals.get(span.literals.clone()).unwrap_or_default() {
            let mut held = held.clone();
            held.at = held.at.saturating_sub(span.text.start) + before;
            self.literal_octets += held.bytes.len();
            self.literals.push(held);
        }
        self.text.extend_from_slice(other.span_text(span));
    }

    /// The line with what stands in a span, text and literals, changed to as many octets; `None`: nothing of it changes.
    pub fn with_changes(
        &self,
        span: &Span,
        of_text: impl Fn(&[u8]) -> Option<Vec<u8>>,
        of_literal: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Option<Self> {
        let same = |octets: &[u8], anew: Option<Vec<u8>>| anew.filter(|anew| anew.len() == octets.len());
        let mut out: Option<Self> = None;
        let text = self.span_text(span);
        if let Some(anew) = same(text, of_text(text)) {
            out.get_or_insert_with(|| self.clone()).text[span.text.clone()].copy_from_slice(&anew);
        }
        for index in span.literals.clone() {
            let octets = self.literal(index);
            if let Some(anew) = same(octets, of_literal(octets)) {
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
